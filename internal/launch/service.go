package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A service is a section of a service file (libpq-pgservice in the PostgreSQL documentation).
type service struct {
	name     string
	file     string // where it was found
	settings settings
}

// serviceFiles returns the files in which libpq would look for a service, the user's first. named
// is the file that the command names, or "".
func serviceFiles(env variableMap, named string) []string {
	user := named
	if user == "" {
		user = env.homeFile(".pg_service.conf")
	}
	files := []string{user}
	if dir := env["PGSYSCONFDIR"]; dir != "" {
		return append(files, filepath.Join(dir, "pg_service.conf"))
	}
	// libpq's own directory is fixed when it is built. These are the usual ones.
	for _, dir := range []string{"/etc/postgresql-common", "/etc", "/usr/local/etc/postgresql", "/opt/homebrew/etc/postgresql"} {
		if file := filepath.Join(dir, "pg_service.conf"); fileExists(file) {
			files = append(files, file)
		}
	}
	return files
}

// findService reads the named service from the first file that has it. source says, in messages,
// what asks for it.
func findService(env variableMap, named, name, source string) (*service, error) {
	files := serviceFiles(env, named)
	if named != "" && !fileExists(named) {
		return nil, fmt.Errorf("find the service of %s: the service file %s does not exist", source, named)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find the service of %s: %w", source, err)
		}
		s, err := readService(file, name, string(text))
		if s != nil || err != nil {
			return s, err
		}
	}
	return nil, fmt.Errorf("find service %q of %s: it is not in %s", name, source, strings.Join(files, " or "))
}

// readService returns the named section of a service file, or nil if there is none
// (parseServiceFile in fe-connect.c).
func readService(file, name, text string) (*service, error) {
	var found *service
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] == '[':
			if found != nil {
				return found, nil
			}
			if sectionName(line) == name {
				found = &service{name: name, file: file, settings: settings{}}
			}
		case found == nil:
			continue
		case strings.HasPrefix(line, "ldap"):
			return nil, fmt.Errorf("read %s: line %d looks the service up in LDAP, which pgpi can't do; name the server with --server-host", file, n+1)
		default:
			keyword, value, ok := cutSetting(line)
			if !ok || keyword == "service" {
				return nil, fmt.Errorf("read %s: line %d is not a parameter of a service", file, n+1)
			}
			if _, given := found.settings[keyword]; !given {
				found.settings[keyword] = setting{value, fmt.Sprintf("service %q", name)}
			}
		}
	}
	return found, nil
}

func sectionName(line string) string {
	name, _, _ := strings.Cut(line[1:], "]")
	return name
}

func cutSetting(line string) (keyword, value string, ok bool) {
	keyword, value, ok = strings.Cut(line, "=")
	return strings.TrimSpace(keyword), strings.TrimSpace(value), ok
}

// rewriteServices returns the text of a service file in which the services called names lead to the
// client leg. Everything else is unchanged.
func rewriteServices(text string, names map[string]bool, leg ClientLeg, files privateFiles) string {
	var b strings.Builder
	inside := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "[") {
			inside = names[sectionName(trimmed)]
			fmt.Fprintln(&b, trimmed)
			if inside {
				fmt.Fprintf(&b, "host=%s\nport=%s\n", leg.Host, leg.port())
			}
			continue
		}
		if inside {
			line = rewriteServiceLine(trimmed, leg, files)
		}
		b.WriteString(line)
	}
	return b.String()
}

// rewriteServiceLine returns a line of a service with its line end, or "" if it is dropped.
func rewriteServiceLine(line string, leg ClientLeg, files privateFiles) string {
	keyword, value, ok := cutSetting(line)
	if !ok || strings.HasPrefix(line, "#") {
		return line + "\n"
	}
	switch keyword {
	case "host", "hostaddr", "port":
		return ""
	}
	p := param{keyword: keyword, name: keyword, value: value}
	name, rewritten, keep := leg.parameter(p, keywordForm, files)
	if !keep {
		return ""
	}
	return name + "=" + rewritten + "\n"
}
