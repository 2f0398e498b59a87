//go:build unix

package janitor

import (
	"os/exec"
	"syscall"
)

// detach keeps the signals of our terminal from a command.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
