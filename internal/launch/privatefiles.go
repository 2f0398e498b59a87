package launch

import (
	"fmt"
	"os"
)

// privateFiles are copies that the command reads instead of the user's own service and password
// files. The maps lead from each original, as the command names it ("" for the default place), to
// the path of its copy.
type privateFiles struct {
	folder       *PrivateFolder
	passfiles    map[string]string
	servicefiles map[string]string
}

// passwords returns the copy of a password file, or the file itself if there is no copy.
func (f privateFiles) passwords(file string) string { return copyOf(f.passfiles, file) }

// services returns the copy of a service file, or the file itself if there is no copy.
func (f privateFiles) services(file string) string { return copyOf(f.servicefiles, file) }

func copyOf(copies map[string]string, file string) string {
	if private, ok := copies[file]; ok {
		return private
	}
	return file
}

// write makes the copies that the claims of t need.
func (f *privateFiles) write(t *Target, server ServerLeg, leg ClientLeg) error {
	vars := mapVariables(t.env)
	// A command that reads no URL uses the password file that the variables name.
	if err := f.copyPasswords(vars["PGPASSFILE"], vars, server, leg); err != nil {
		return err
	}
	for _, c := range t.claims {
		if err := f.copyPasswords(c.all.value("passfile"), vars, server, leg); err != nil {
			return err
		}
	}
	// Services may name password files, so those are copied first.
	services := map[string][]*service{}
	for _, c := range t.claims {
		if c.service != nil {
			name := c.all.value("servicefile")
			services[name] = append(services[name], c.service)
		}
	}
	for name, used := range services {
		if err := f.copyServices(name, used, vars, leg); err != nil {
			return err
		}
	}
	return nil
}

// copyPasswords writes the copy of a password file, unless there is one already or libpq would not
// read the original.
func (f *privateFiles) copyPasswords(named string, vars variableMap, server ServerLeg, leg ClientLeg) error {
	if _, done := f.passfiles[named]; done {
		return nil
	}
	original := named
	if original == "" {
		original = vars.homeFile(".pgpass")
	}
	text, ok := readPasswords(original)
	if !ok {
		return nil
	}
	private, err := f.folder.Write(fmt.Sprintf("pgpass%d", len(f.passfiles)), rewritePasswords(text, server, leg))
	if err == nil {
		f.passfiles[named] = private
	}
	return err
}

// copyServices writes the copy of a service file: first the whole file of the user, then the whole
// of the other files in which the used services were found.
func (f *privateFiles) copyServices(named string, used []*service, vars variableMap, leg ClientLeg) error {
	user := serviceFiles(vars, named)[0]
	paths, names := []string{user}, map[string]bool{}
	for _, s := range used {
		names[s.name] = true
		if s.file != user {
			paths = append(paths, s.file)
		}
	}
	text := ""
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("copy the service file: %w", err)
		}
		text += string(content) + "\n"
	}
	private, err := f.folder.Write(fmt.Sprintf("pg_service%d.conf", len(f.servicefiles)), rewriteServices(text, names, leg, *f))
	if err == nil {
		f.servicefiles[named] = private
	}
	return err
}
