package localpg

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// ErrNotFound is returned by Find if the machine has no suitable server programs.
var ErrNotFound = errors.New("there are no PostgreSQL server programs (initdb and postgres) on this machine: install them, " +
	"or set PGPI_POSTGRES_BIN to the folder they are in")

// oldest is the first version whose lock file shows when the server is ready.
const oldest = 10

// Find returns the folder with initdb and postgres of a major version, or, if it is 0, of any
// version from 10 on. If PGPI_POSTGRES_BIN is set, it looks only there. Otherwise it looks in PATH,
// in the places where distributions put servers (newest version first), and among the downloads of
// Fetch. The error is ErrNotFound if there is none, so that a caller can continue with Fetch.
func Find(version int) (string, error) {
	if chosen := os.Getenv("PGPI_POSTGRES_BIN"); chosen != "" {
		found, err := versionOf(chosen)
		if err != nil {
			return "", fmt.Errorf("find PostgreSQL in PGPI_POSTGRES_BIN: %w: name the folder of initdb and postgres", err)
		}
		if !fits(found, version) {
			return "", fmt.Errorf("PGPI_POSTGRES_BIN=%s has PostgreSQL %d, but %s is needed: change or unset it", chosen, found, versionText(version))
		}
		return chosen, nil
	}
	for _, candidate := range places() {
		if found, err := versionOf(candidate); err == nil && fits(found, version) {
			return candidate, nil
		}
	}
	if version != 0 {
		return "", fmt.Errorf("find PostgreSQL %d: %w", version, ErrNotFound)
	}
	return "", ErrNotFound
}

func fits(found, version int) bool {
	return found == version || version == 0 && found >= oldest
}

func versionText(version int) string {
	if version == 0 {
		return fmt.Sprintf("version %d or later", oldest)
	}
	return fmt.Sprintf("version %d", version)
}

// places returns the folders where servers are usually installed, best first.
func places() []string {
	var folders []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if program, err := filepath.EvalSymlinks(initdb); err == nil {
			folders = append(folders, filepath.Dir(program))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                               // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                        // PostgreSQL's own RPMs
		"/usr/libexec/postgresql*",                                // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",                      // Homebrew on ARM
		"/usr/local/opt/postgresql@*/bin",                         // Homebrew on Intel
		"/Applications/Postgres.app/Contents/Versions/[0-9]*/bin", // Postgres.app
		"/usr/local/pgsql/bin",                                    // built from source
		filepath.Join(fetchedDir(), "[0-9]*", "bin"),
	} {
		matches, _ := filepath.Glob(pattern) // fails only for an invalid pattern
		slices.SortFunc(matches, func(a, b string) int { return cmp.Compare(numberIn(b), numberIn(a)) })
		folders = append(folders, matches...)
	}
	return folders
}

var lastNumber = regexp.MustCompile(`(\d+)[^\d]*$`)

// numberIn returns the last number in a path, or 0. In all those places that is the version.
func numberIn(path string) int {
	match := lastNumber.FindStringSubmatch(path)
	if match == nil {
		return 0
	}
	number, _ := strconv.Atoi(match[1])
	return number
}

var versionOutput = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// versionOf returns the major version of the server in a folder, according to the server.
func versionOf(bin string) (int, error) {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(bin, program)); err != nil {
			return 0, err
		}
	}
	postgres := filepath.Join(bin, "postgres")
	cmd := exec.Command(postgres, "--version")
	cmd.Env = environment()
	output, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("run %s --version: %w", postgres, err)
	}
	match := versionOutput.FindSubmatch(output)
	if match == nil {
		return 0, fmt.Errorf("run %s --version: it answered %q", postgres, output)
	}
	return strconv.Atoi(string(match[1]))
}

// environment is the environment of every PostgreSQL program: without the user's PG… variables,
// with messages in English, and with a time zone whose name need not be searched for (which takes
// initdb longer than everything else).
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
}
