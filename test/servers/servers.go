// Package servers finds the programs that tests with real servers need, where test/install puts
// them.
//
// It guarantees that no test skips silently: it names what is missing and the command that installs
// it, and the test fails if CI=true says that nothing may be left out. It must not know what a test
// does with the programs; localpg starts servers from them. Start reading at [Require].
package servers

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pgpi/internal/localpg"
)

// Versions are the major versions of PostgreSQL that test/install provides.
var Versions = []int{14, 15, 16, 17, 18}

// Require returns the folder of initdb and postgres of a major version, for localpg.Config.Bin.
// With -short it skips the test.
func Require(t testing.TB, version int) string {
	t.Helper()
	if testing.Short() {
		t.Skip("the test needs a server, and -short leaves those out")
	}
	bin := filepath.Join(installed(t, version), "bin")
	if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
		return bin
	}
	bin, err := localpg.Find(version)
	if err != nil {
		Missing(t, "servers", err.Error())
	}
	return bin
}

// LibPQ18 returns the folder of libpq 18. With LD_LIBRARY_PATH set to it, any psql or pgbench knows
// sslnegotiation=direct, max_protocol_version and sslkeylogfile.
func LibPQ18(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(installed(t, 18), "lib")
	if _, err := os.Stat(filepath.Join(folder, "libpq.so.5")); err != nil {
		Missing(t, "servers", err.Error())
	}
	return folder
}

// NewestLibPQ returns the file of the newest packaged libpq. It is that of psycopg-binary, which
// test/drivers/requirements.txt pins. It finds its own libraries wherever it is loaded from.
func NewestLibPQ(t testing.TB) string {
	t.Helper()
	pattern := filepath.Join(Tools(t), "venv", "lib", "python3*", "site-packages", "psycopg_binary.libs", "libpq-*.so.*")
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err) // an invalid pattern
	}
	if len(files) != 1 {
		Missing(t, "drivers", fmt.Sprintf("%d files are %s", len(files), pattern))
	}
	return files[0]
}

// Program returns the path of a program such as psql, pgbench, pg_recvlogical, pgbouncer, openssl
// or tmux. PostgreSQL's own come from Debian's folder of the newest version: those in Debian's PATH
// are wrappers that choose a server themselves.
func Program(t testing.TB, name string) string {
	t.Helper()
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails only for an invalid pattern
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(versionOf(b), versionOf(a)) })
	for _, folder := range append(folders, "", "/usr/sbin") {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	Missing(t, "servers", name+" is not installed")
	return ""
}

// versionOf returns the version in the name of a folder VERSION/bin.
func versionOf(bin string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 is last in the order
	return version
}

// installed returns where test/install puts a version of PostgreSQL.
func installed(t testing.TB, version int) string {
	t.Helper()
	return filepath.Join(Tools(t), "postgres", strconv.Itoa(version))
}

// Tools returns where test/install puts what it installs.
func Tools(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the repository: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, ".tools")
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("find the repository: no folder above has a go.mod")
		}
		folder = filepath.Dir(folder)
	}
}

// Missing skips a test, or fails it if CI=true says that nothing may be left out. It names the part
// of test/install that installs what is missing.
func Missing(t testing.TB, part, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s (test/install %s installs what tests need)", what, part)
	}
	t.Skipf("%s (make test, or test/install %s, installs what tests need)", what, part)
}
