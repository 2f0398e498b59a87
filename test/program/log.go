package program

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Log is pgpi's log while it is being written.
type Log struct {
	mu      sync.Mutex
	changed *sync.Cond
	lines   []string
	closed  bool
}

func newLog() *Log {
	l := new(Log)
	l.changed = sync.NewCond(&l.mu)
	return l
}

// read reads lines until the log ends. Lines about messages are not kept: there may be millions.
func (l *Log) read(r io.Reader) {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadSlice('\n') // of a longer line, the beginning is enough
		if err == nil && isTraffic(line) {
			continue
		}
		l.mu.Lock()
		if line = bytes.TrimSuffix(line, []byte("\n")); len(line) > 0 && !isTraffic(line) {
			l.lines = append(l.lines, string(line))
		}
		l.closed = err != nil && !errors.Is(err, bufio.ErrBufferFull)
		l.changed.Broadcast()
		closed := l.closed
		l.mu.Unlock()
		if closed {
			return
		}
	}
}

// isTraffic reports whether a line is about a message: its first line, a continuation, or what was
// forwarded.
func isTraffic(line []byte) bool {
	if line[0] == '#' {
		_, line, _ = bytes.Cut(line, []byte("  "))
	}
	if bytes.HasPrefix(line, []byte("  ")) || bytes.HasPrefix(line, []byte("^^")) {
		return true
	}
	_, rest, found := bytes.Cut(line, []byte(" -> "))
	_, rest, found2 := bytes.Cut(rest, []byte(": "))
	return found && found2 && bytes.HasPrefix(rest, []byte(`"`))
}

// Wait waits for a line that contains a text, and returns that line.
func (l *Log) Wait(t testing.TB, text string) string {
	t.Helper()
	var found string
	l.await(t, text, func() bool {
		i := slices.IndexFunc(l.lines, func(line string) bool { return strings.Contains(line, text) })
		if i >= 0 {
			found = l.lines[i]
		}
		return i >= 0
	})
	return found
}

// Sentences waits for the end of the connection with a tag, such as #1, and returns what pgpi said
// about it, without the messages.
func (l *Log) Sentences(t testing.TB, tag string) []string {
	t.Helper()
	var said []string
	l.await(t, "end of connection "+tag, func() bool {
		said = nil
		for _, line := range l.lines {
			if rest, found := strings.CutPrefix(line, tag+"  "); found {
				said = append(said, rest)
			}
		}
		return len(said) > 0 && said[len(said)-1] == "connection end"
	})
	return said
}

// WaitEnds waits until n connections have ended.
func (l *Log) WaitEnds(t testing.TB, n int) {
	t.Helper()
	l.await(t, "end of all connections", func() bool {
		ended := 0
		for _, line := range l.lines {
			if strings.HasSuffix(line, "  connection end") {
				ended++
			}
		}
		return ended >= n
	})
}

// Lines returns what pgpi has said so far, without the messages.
func (l *Log) Lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// await waits until a condition holds, which is evaluated with the lock held.
func (l *Log) await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late := false
	limit := time.AfterFunc(Hang, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		late = true
		l.changed.Broadcast()
	})
	defer limit.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !holds() {
		if late || l.closed {
			t.Fatalf("pgpi's log has no %s:\n%s", what, strings.Join(l.lines, "\n"))
		}
		l.changed.Wait()
	}
}
