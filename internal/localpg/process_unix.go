//go:build unix

package localpg

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// detach keeps the signals of our terminal from a command.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}

// sendSignal sends a signal to a process. It is not an error if the process has ended.
func sendSignal(pid int, how syscall.Signal) {
	_ = syscall.Kill(pid, how)
}

// commandLine returns the command line of a process, or nothing if it has ended or is a zombie.
// Linux has it in /proc. Elsewhere there is ps, which small Linux systems lack.
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
