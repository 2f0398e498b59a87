//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// reportOnSignal writes the reports whenever SIGUSR1 comes, until stop is called.
func (p *pipeline) reportOnSignal() (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			if err := p.reportNow(); err != nil {
				p.complain(err)
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}
