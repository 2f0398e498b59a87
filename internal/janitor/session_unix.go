//go:build unix

package janitor

import (
	"os/exec"
	"syscall"
)

// inOwnSession keeps the signals of our terminal from a command.
func inOwnSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
