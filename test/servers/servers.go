// Package servers finds the programs that tests with real servers need, as test/install puts them.
//
// It guarantees that a test never skips silently: what is missing is named with the command that installs it,
// and fails the test where CI=true says that nothing may be left out. It must not know what a test does with
// the programs; localpg starts servers from them. Start reading at Require.
package servers

import (
	"cmp"
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

// Require returns the folder of initdb and postgres of a major version, for localpg.Config.Bin. With -short it
// skips the test.
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
		Missing(t, err.Error())
	}
	return bin
}

// LibPQ18 returns the folder of libpq 18, which any psql or pgbench loads with LD_LIBRARY_PATH set to it, and
// so learns sslnegotiation=direct, max_protocol_version and sslkeylogfile.
func LibPQ18(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(installed(t, 18), "lib")
	if _, err := os.Stat(filepath.Join(folder, "libpq.so.5")); err != nil {
		Missing(t, err.Error())
	}
	return folder
}

// Program returns the path of a program such as psql, pgbench, pg_recvlogical, pgbouncer, openssl or tmux.
// PostgreSQL's own are taken from Debian's folder of the newest version, because what Debian has in PATH are
// wrappers that choose a server themselves.
func Program(t testing.TB, name string) string {
	t.Helper()
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // fails only for a bad pattern
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(versionOf(b), versionOf(a)) })
	for _, folder := range append(folders, "", "/usr/sbin") {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}
	Missing(t, name+" is not installed")
	return ""
}

// versionOf returns the version in the name of a folder VERSION/bin.
func versionOf(bin string) int {
	version, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 sorts last
	return version
}

// installed returns where test/install puts a version of PostgreSQL.
func installed(t testing.TB, version int) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the repository: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, ".tools", "postgres", strconv.Itoa(version))
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("find the repository: no folder above has a go.mod")
		}
		folder = filepath.Dir(folder)
	}
}

// Missing skips a test that needs something which is not installed, or fails it where CI=true says that nothing may
// be left out.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s (test/install servers installs what tests need)", what)
	}
	t.Skipf("%s (make test, or test/install servers, installs what tests need)", what)
}
