//go:build unix

package localpg

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// inOwnSession keeps the signals of our terminal from a command.
func inOwnSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// sendSignal is for processes that may have ended: that is no error.
func sendSignal(pid int, how syscall.Signal) {
	_ = syscall.Kill(pid, how)
}

// commandLine returns the command line of a process, or nothing where it has ended, as a zombie too. Linux
// tells by itself; elsewhere there is ps, which small Linux systems lack.
func commandLine(pid int) string {
	if _, err := os.Stat("/proc/self/cmdline"); err == nil {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if err != nil {
			return ""
		}
		return strings.ReplaceAll(string(line), "\x00", " ")
	}
	line, err := exec.Command("ps", "-ww", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return string(line)
}
