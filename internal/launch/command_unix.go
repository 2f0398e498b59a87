//go:build unix

package launch

import (
	"os"
	"os/signal"
	"syscall"
)

// catchSignals catches the signals that would end pgpi before its command. Those to forward arrive
// on relayed.
//
// It must not use signal.Ignore, because a child process inherits ignored signals, while caught
// ones are reset for it. For the same reason it leaves alone a signal that pgpi was started to
// ignore (by nohup, or in the background).
func catchSignals() (relayed <-chan os.Signal, stop func()) {
	forwarded := make(chan os.Signal, 16)
	discarded := make(chan os.Signal, 1) // nobody reads it, so it may be full
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		if !signal.Ignored(sig) {
			signal.Notify(forwarded, sig)
		}
	}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(discarded, sig)
		}
	}
	return forwarded, func() {
		signal.Stop(forwarded)
		signal.Stop(discarded)
	}
}

func forward(p *os.Process, sig os.Signal) {
	_ = p.Signal(sig) // fails if the command has just ended
}

func terminate(p *os.Process) { forward(p, syscall.SIGTERM) }

// exitCode returns the code that a shell would show for the command.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
