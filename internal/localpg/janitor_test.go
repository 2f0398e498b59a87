//go:build unix

package localpg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// abandonVar has the test program start a server in that folder, and wait to be killed.
const abandonVar = "LOCALPG_TEST_ABANDON"

func abandonServer(folder string) {
	server, err := localpg.Start(context.Background(), localpg.Config{Bin: os.Getenv("LOCALPG_TEST_BIN"), Dir: folder})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	lock, err := os.ReadFile(filepath.Join(server.DataDir, "postmaster.pid"))
	process, _, _ := strings.Cut(string(lock), "\n")
	_, _ = fmt.Fprintln(os.Stdout, process, err)
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt) // shells have what runs in the background ignore it
	<-interrupt
	os.Exit(1)
}

// However a process ends that has a server, the server and its directory go.
func TestJanitor(t *testing.T) {
	for _, test := range []struct {
		name string
		how  syscall.Signal
		wait func(t *testing.T, folder string, output *bufio.Reader) // until the moment to end it
	}{
		{"killed", syscall.SIGKILL, waitForServer},
		{"terminated", syscall.SIGTERM, waitForServer},
		{"interrupted at the terminal", syscall.SIGINT, waitForServer},
		{"killed in initdb", syscall.SIGKILL, waitForInitdb},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := openFolder(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), abandonVar+"="+folder, "LOCALPG_TEST_BIN="+servers.Require(t, 15))
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			output, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			test.wait(t, folder, bufio.NewReader(output))
			// The whole process group, as a terminal does it: the janitor is not in it.
			if err := syscall.Kill(-cmd.Process.Pid, test.how); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // it was killed
			eventually(t, "the folder is empty", func() bool {
				left, err := os.ReadDir(folder)
				return err == nil && len(left) == 0
			})
		})
	}
}

// waitForServer waits for a server, and has the test check that it is down in the end.
func waitForServer(t *testing.T, folder string, output *bufio.Reader) {
	t.Helper()
	line, err := output.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	process := 0
	if _, err := fmt.Sscanf(line, "%d <nil>", &process); err != nil || !strings.Contains(localpg.CommandLine(process), folder) {
		t.Fatalf("no server: %s", line)
	}
	t.Cleanup(func() {
		if strings.Contains(localpg.CommandLine(process), folder) {
			t.Error("the server still runs")
		}
	})
}

func waitForInitdb(t *testing.T, folder string, _ *bufio.Reader) {
	t.Helper()
	eventually(t, "initdb is at work", func() bool {
		found, err := filepath.Glob(filepath.Join(folder, "*", "data", "base"))
		return err == nil && len(found) > 0
	})
}

// eventually waits for what another process does, which only shows in the file system.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("after a minute, it is still not so that %s", what)
		}
	}
}

// A janitor removes servers' directories only, whatever the environment says.
func TestJanitorOfAnotherFolder(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"PGPI_JANITOR=" + folder}
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v, want exit code 1", err)
	}
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder is gone")
	}
}
