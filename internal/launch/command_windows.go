package launch

import (
	"os"
	"os/signal"
)

// catchSignals keeps pgpi alive while the console's Ctrl-C reaches the command. Windows has no
// other signals to forward.
func catchSignals() (relayed <-chan os.Signal, stop func()) {
	discarded := make(chan os.Signal, 1)
	signal.Notify(discarded, os.Interrupt)
	return nil, func() { signal.Stop(discarded) }
}

func forward(*os.Process, os.Signal) {}

func terminate(p *os.Process) {
	_ = p.Kill() // fails if the command has just ended
}

func exitCode(state *os.ProcessState) int { return state.ExitCode() }
