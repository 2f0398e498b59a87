package launch

import (
	"io"
	"os"
	"slices"
	"strings"
)

// readPasswords returns the text of a password file. It returns ok=false if libpq would not read
// the file either: if it is missing, not a regular file, or readable by others (passwordFromFile in
// fe-connect.c).
func readPasswords(path string) (text string, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 && !onWindows {
		return "", false
	}
	content, err := io.ReadAll(f)
	return string(content), err == nil
}

// rewritePasswords returns the text with a copy of each entry for server, under the host and port
// of the client leg. The copies keep their order. They are at the beginning, because the first
// entry that matches counts.
func rewritePasswords(text string, server ServerLeg, leg ClientLeg) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		host, rest, ok := cutField(line)
		if !ok {
			continue
		}
		port, rest, ok := cutField(rest)
		if !ok || !matchesField(host, passwordHosts(server)...) || !matchesField(port, serverPort(server)) {
			continue
		}
		b.WriteString(escapeField(leg.Host) + ":" + leg.port() + ":" + rest + "\n")
	}
	return b.String() + text
}

// passwordHosts returns the names by which an entry can refer to server.
func passwordHosts(server ServerLeg) []string {
	switch {
	case server.Host == "":
		return []string{server.HostAddr}
	case slices.Contains(platformSocketDirs, server.Host):
		// libpq calls its default directory localhost. Which directory that is was fixed when libpq
		// was built.
		return []string{server.Host, "localhost"}
	}
	return []string{server.Host}
}

func serverPort(server ServerLeg) string { return ClientLeg{Port: server.Port}.port() }

// cutField cuts an entry at the first ":" without a backslash before it. The field is still
// escaped.
func cutField(line string) (field, rest string, ok bool) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case ':':
			return line[:i], line[i+1:], true
		}
	}
	return "", "", false
}

// matchesField reports whether an escaped field is one of names.
func matchesField(field string, names ...string) bool {
	if field == "*" {
		return true
	}
	var plain strings.Builder
	for i := 0; i < len(field); i++ {
		if field[i] == '\\' && i+1 < len(field) {
			i++
		}
		plain.WriteByte(field[i])
	}
	return slices.Contains(names, plain.String())
}

func escapeField(name string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(name)
}
