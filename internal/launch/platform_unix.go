//go:build unix

package launch

const onWindows = false

// platformSocketDirs are where servers keep their Unix sockets: the default of
// Debian's and Red Hat's builds, and that of the PostgreSQL sources.
var platformSocketDirs = []string{"/var/run/postgresql", "/tmp"}
