package text

import (
	"cmp"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// Where the lines of a finding end if no terminal says so, and where they go on.
const (
	findingWidth  = 100
	findingIndent = 7
)

// finding writes the lines of a finding, the first time it is found: what was seen, what would
// help, and the signature.
func (p *page) finding(f *event.Finding) {
	if f.Again || !p.showsFinding(f) {
		return
	}
	p.paint(findingColor(f))
	p.text = append(p.text, "!! "...)
	p.text = append(p.text, f.Rule...)
	p.unpaint()
	w := wrapping{page: p, column: len("!! ") + len(f.Rule), width: findingWidth}
	if terminal := p.terminal(); terminal > 0 {
		w.width, w.breaks = max(terminal, 3*findingIndent), true
	}
	w.words(Connections(f.Connections, f.More) + ":")
	text := f.Text
	if p.Time == NoTime {
		text = cmp.Or(f.Timeless, f.Text)
	}
	w.words(event.Stopped(text))
	w.words(event.Stopped(f.Remedy))
	w.word(f.Signature, 3)
	w.words(accepted(f))
	p.text = append(p.text, '\n')
}

// showsFinding reports whether a finding gets lines. Without times nothing is shown that depends on
// times.
func (p *page) showsFinding(f *event.Finding) bool {
	if p.Time == NoTime && f.Timed {
		return false
	}
	return p.Mode == Queries || p.Mode == Annotated && p.Findings
}

func findingColor(f *event.Finding) string {
	switch {
	case f.Accepted || f.Severity == event.Note:
		return blue
	case f.Severity == event.Error:
		return red
	}
	return yellow
}

// wrapping writes words on lines that are no wider than a number of columns.
type wrapping struct {
	*page

	column, width int
	// breaks is set if words that are wider than a line are broken.
	breaks bool
}

// words writes words with a space before each.
func (w *wrapping) words(text string) {
	for word := range strings.FieldsSeq(text) {
		w.word(word, 1)
	}
}

// word writes a word with spaces before it, or on the next line.
func (w *wrapping) word(word string, spaces int) {
	safe := AppendSafe(w.scratch[:0], word)
	w.scratch = safe
	size := columns(safe)
	switch {
	case w.column+spaces+size <= w.width:
		w.space(spaces)
	case w.column > findingIndent:
		w.next()
	}
	for w.breaks && size > w.width-w.column {
		n := fitting(safe, w.width-w.column)
		w.text = append(w.text, safe[:n]...)
		safe = safe[n:]
		size = columns(safe)
		w.next()
	}
	w.text = append(w.text, safe...)
	w.column += size
}

func (w *wrapping) space(n int) {
	for range n {
		w.text = append(w.text, ' ')
	}
	w.column += n
}

// next begins the next line.
func (w *wrapping) next() {
	w.text = append(w.text, '\n')
	w.column = 0
	w.space(findingIndent)
}

// accepted returns what follows the signature of a finding that the user has accepted.
func accepted(f *event.Finding) string {
	switch {
	case !f.Accepted:
		return ""
	case f.Reason == "":
		return "accepted"
	}
	return "accepted: " + f.Reason
}

// Connections returns the first connections of a finding, as "#1" or "#1, #2 and 3 more". others is
// how many there are besides those given.
func Connections(first []uint32, others int) string {
	const most = 4
	all := ""
	for i, c := range first {
		if i == most {
			break
		}
		if i > 0 {
			all += ", "
		}
		all += "#" + strconv.FormatUint(uint64(c), 10)
	}
	if more := len(first) + others - most; more > 0 {
		all += " and " + strconv.Itoa(more) + " more"
	}
	return all
}
