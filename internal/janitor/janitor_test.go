package janitor_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgpi/internal/janitor"
)

// ours are the folders of these tests. One that is ended has a file less.
var ours = janitor.Folders{Prefix: "pgpi-janitor-", End: func(dir string) { _ = os.Remove(filepath.Join(filepath.Dir(dir), "used")) }}

// abandonVar has the test program make a folder there and end, or wait to be killed.
const abandonVar = "JANITOR_TEST_ABANDON"

func TestMain(m *testing.M) {
	janitor.RunIfAsked(ours)
	if folder := os.Getenv(abandonVar); folder != "" {
		abandon(folder)
	}
	os.Exit(m.Run())
}

// abandon makes a folder with a name that is not absolute.
func abandon(parent string) {
	err := os.Chdir(parent)
	if err == nil {
		err = os.Mkdir("pgpi-janitor-1", 0o700)
	}
	if err == nil {
		_, err = janitor.Start("pgpi-janitor-1")
	}
	_, _ = fmt.Fprintln(os.Stdout, "made", err)
	select {}
}

// However a process ends, its folder goes, after what uses it.
func TestKilled(t *testing.T) {
	parent := t.TempDir()
	if err := os.WriteFile(filepath.Join(parent, "used"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), abandonVar+"="+parent)
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "made <nil>\n" {
		t.Errorf("it said %q: %v", line, err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 2 {
		t.Errorf("there is %v: %v", left, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for limit := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		left, err := os.ReadDir(parent)
		if err == nil && len(left) == 0 {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("there is still %v: %v", left, err)
		}
	}
}

// A janitor that is dismissed leaves nothing either.
func TestDismissed(t *testing.T) {
	dir, err := os.MkdirTemp(t.TempDir(), ours.Prefix)
	if err != nil {
		t.Fatal(err)
	}
	j, err := janitor.Start(dir)
	if err != nil {
		t.Fatal(err)
	}
	j.Dismiss()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

// A janitor removes folders of known names only, whatever the environment says.
func TestAnotherFolder(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"PGPI_JANITOR=" + dir}
	said, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.HasPrefix(string(said), "ready") {
		t.Errorf("it said %q, and ended with %v: want exit code 1", said, err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the folder is gone: %v", err)
	}
}
