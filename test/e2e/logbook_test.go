package e2e

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// logbook is pgpi's log while it is being written, whole and by connection.
type logbook struct {
	mu      sync.Mutex
	changed *sync.Cond
	lines   []string
	byTag   map[string][]string // without the tags; "" has what is about pgpi itself
	closed  bool
}

func newLogbook() *logbook {
	l := &logbook{byTag: map[string][]string{}}
	l.changed = sync.NewCond(&l.mu)
	return l
}

var tagged = regexp.MustCompile(`^(#\d+)  (.*)$`)

// read takes lines until the log ends.
func (l *logbook) read(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		l.mu.Lock()
		if line != "" {
			l.add(strings.TrimSuffix(line, "\n"))
		}
		l.closed = err != nil
		l.changed.Broadcast()
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (l *logbook) add(line string) {
	l.lines = append(l.lines, line)
	tag, rest := "", line
	if m := tagged.FindStringSubmatch(line); m != nil {
		tag, rest = m[1], m[2]
	}
	l.byTag[tag] = append(l.byTag[tag], rest)
}

// await waits until a condition holds, which is evaluated with the lock held.
func (l *logbook) await(t *testing.T, holds func() bool, what string) {
	t.Helper()
	late := false
	limit := time.AfterFunc(hang, func() {
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

// all returns the lines so far.
func (l *logbook) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

// waitLine waits for a line, and returns it.
func (l *logbook) waitLine(t *testing.T, matches func(string) bool, what string) (line string) {
	t.Helper()
	seen := 0
	l.await(t, func() bool {
		for ; seen < len(l.lines); seen++ {
			if matches(l.lines[seen]) {
				line = l.lines[seen]
				return true
			}
		}
		return false
	}, what)
	return line
}

// waitFor waits for a line that contains a text, and returns the tag of its connection.
func (l *logbook) waitFor(t *testing.T, text string) (tag string) {
	t.Helper()
	line := l.waitLine(t, func(line string) bool { return strings.Contains(line, text) }, text)
	if m := tagged.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// conversation waits for the end of the connection in which a text appears, and returns its lines.
func (l *logbook) conversation(t *testing.T, text string) conversation {
	t.Helper()
	return l.ended(t, l.waitFor(t, text))
}

// ended waits for the end of a connection, and returns its lines.
func (l *logbook) ended(t *testing.T, tag string) (c conversation) {
	t.Helper()
	l.await(t, func() bool {
		lines := l.byTag[tag]
		if len(lines) == 0 || lines[len(lines)-1] != "connection end" {
			return false
		}
		c = append(c, lines...)
		return true
	}, "end of connection "+tag)
	return c
}

// conversation is what the log has of one connection, tags removed.
type conversation []string

// has reports whether a line contains a text.
func (c conversation) has(text string) bool {
	for _, line := range c {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// count returns how many lines contain a text.
func (c conversation) count(text string) (n int) {
	for _, line := range c {
		n += min(strings.Count(line, text), 1)
	}
	return n
}

// mustHave fails the test if no line contains a text.
func (c conversation) mustHave(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !c.has(text) {
			t.Errorf("the log lacks %q:\n%s", text, c)
		}
	}
}

// mustLack fails the test if a line contains a text.
func (c conversation) mustLack(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if c.has(text) {
			t.Errorf("the log has %q:\n%s", text, c)
		}
	}
}

func (c conversation) String() string { return strings.Join(c, "\n") }
