package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progressBar shows a person the progress of something long. It shows nothing to programs, nothing
// if the log goes to the same terminal, and nothing about what is short.
type progressBar struct {
	out     *os.File // nil if no one watches
	started time.Time

	mu    sync.Mutex
	shown time.Time
}

// Times of a progress bar.
const (
	showAfter = time.Second
	showEvery = 100 * time.Millisecond
)

func newProgressBar(out, log *os.File) *progressBar {
	if !term.IsTerminal(int(out.Fd())) || term.IsTerminal(int(log.Fd())) {
		out = nil
	}
	return &progressBar{out: out, started: time.Now()}
}

// show draws how many bytes of how many were read. The total may be 0, for unknown.
func (p *progressBar) show(read, total int64) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out == nil || now.Sub(p.started) < showAfter || now.Sub(p.shown) < showEvery {
		return
	}
	p.shown = now
	const width, mega = 40, 1e6
	if total <= 0 {
		p.draw("%.0f MB read", float64(read)/mega)
		return
	}
	done := min(1, float64(read)/float64(total))
	bar := strings.Repeat("█", int(done*width))
	p.draw("%3.0f%% ▕%-*s▏ %.0f of %.0f MB", 100*done, width, bar, float64(read)/mega, float64(total)/mega)
}

// clear removes the bar.
func (p *progressBar) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil && !p.shown.IsZero() {
		p.draw("\x1b[K") // erase the line (ECMA-48, EL)
		p.shown = time.Time{}
	}
}

// draw writes from the beginning of the line. It does not matter if that fails.
func (p *progressBar) draw(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, "\r"+format, args...)
}
