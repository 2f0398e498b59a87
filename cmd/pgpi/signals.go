package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// endBySignal returns a context that the first SIGINT, SIGTERM or SIGHUP ends. A second SIGINT or
// SIGTERM ends the process. SIGHUP comes twice if a terminal is closed, from the kernel and from
// the shell. It is left alone if pgpi was started to ignore it, as by nohup.
func endBySignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel()
		for sig := range signals {
			if sig != syscall.SIGHUP {
				os.Exit(exitFailure)
			}
		}
	}()
	// A log that no one reads any more is an error of the log, not the end of other people's
	// connections.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ctx, cancel
}
