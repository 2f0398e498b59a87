package localpg

import (
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pgpi/internal/janitor"
)

// Folders are the folders of servers. A janitor stops the server before it removes its folder.
var Folders = janitor.Folders{Prefix: "pgpi-postgres-", End: endServerOf}

// RunJanitorIfAsked is [janitor.RunIfAsked] for tests that start servers.
func RunJanitorIfAsked() { janitor.RunIfAsked(Folders) }

// endServerOf stops the server of a directory if it runs. A server that is still starting, or being
// initialized, fails when its directory is gone.
func endServerOf(dir string) {
	dataDir := filepath.Join(dir, "data")
	if lock := readLock(dataDir); len(lock) > 1 {
		if pid, err := strconv.Atoi(lock[0]); err == nil {
			endServer(pid, dataDir)
		}
	}
}

// endServer stops the process if it is the server of that data directory. Another process may have
// got its number since.
func endServer(pid int, dataDir string) {
	for _, how := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		limit := time.Now().Add(stopLimit / 2)
		for strings.Contains(commandLine(pid), dataDir) && time.Now().Before(limit) {
			sendSignal(pid, how)
			time.Sleep(pollEvery)
		}
	}
}
