package launch

import (
	"io"
	"os"
	"slices"
	"strings"
)

// readPasswords returns the text of a password file, or ok=false where libpq
// would not read it either: not there, no regular file, or open to others
// (passwordFromFile in fe-connect.c).
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

// rewritePasswords returns the text with a copy of each entry for server before
// it, in their order, under the host and port of the client leg: of the entries
// that match the first counts.
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

// passwordHosts are the names by which an entry may mean server.
func passwordHosts(server ServerLeg) []string {
	switch {
	case server.Host == "":
		return []string{server.HostAddr}
	case slices.Contains(platformSocketDirs, server.Host):
		// libpq knows its default directory as localhost; which one that is was
		// fixed when it was built.
		return []string{server.Host, "localhost"}
	}
	return []string{server.Host}
}

func serverPort(server ServerLeg) string { return ClientLeg{Port: server.Port}.port() }

// cutField cuts an entry at its first ":" that has no backslash before it. The
// field is still escaped.
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

// matchesField compares an escaped field with the names that it may be.
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
