package servertext

//go:generate go run ./gen -o templates.txt

import (
	_ "embed" // templates.txt
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
)

// Hole is a place in a template that is filled, by the kind of what fills it.
type Hole byte

// The kinds of holes.
const (
	// NumberHole has a number that is not data.
	NumberHole Hole = '#'
	// QuotedHole has a name in quotes, and NameHole one without quotes. Names of types can have
	// several words, and those of functions have arguments.
	QuotedHole Hole = 'q'
	NameHole   Hole = 'n'
	// CommandHole has a command or a clause, in capitals.
	CommandHole Hole = 'c'
	// OperatorHole has an operator between types.
	OperatorHole Hole = 'o'
	// KeyHole has columns and values: (id)=(42).
	KeyHole Hole = 'k'
	// MessageHole has another text of the server, without holes.
	MessageHole Hole = 'm'
	// SQLHole has a statement or the beginning of one, and DataHole has anything else.
	SQLHole  Hole = 's'
	DataHole Hole = 'd'
	// DoubtfulHole would have a name or a number if the template had more words.
	DoubtfulHole Hole = 'u'
)

// template is what is known about a text: the runs of words before, between and after its holes.
type template struct {
	runs  []wordRun
	holes []Hole
	words int // in all runs
}

// wordRun is a run of words in a template.
type wordRun struct {
	length int
	sum    uint64
}

// Encode returns the line of templates.txt for a template: its words before, between and after its
// holes.
func Encode(fixed []string, holes []Hole) string {
	var b strings.Builder
	for i, text := range fixed {
		w := split([]byte(text))
		fmt.Fprintf(&b, "%d:%x", w.count(), w.sum(0, w.count()))
		if i < len(holes) {
			fmt.Fprintf(&b, " %c ", holes[i])
		}
	}
	return b.String()
}

// decode reads such a line.
func decode(line string) (t template, err error) {
	for i, field := range strings.Fields(line) {
		if i%2 == 1 {
			t.holes = append(t.holes, Hole(field[0]))
			continue
		}
		length, sum, _ := strings.Cut(field, ":")
		var r wordRun
		if r.length, err = strconv.Atoi(length); err != nil {
			return t, fmt.Errorf("read %q: %w", line, err)
		}
		if r.sum, err = strconv.ParseUint(sum, 16, 64); err != nil {
			return t, fmt.Errorf("read %q: %w", line, err)
		}
		t.runs = append(t.runs, r)
		t.words += r.length
	}
	if len(t.runs) != len(t.holes)+1 {
		return t, fmt.Errorf("read %q: %d runs of words for %d holes", line, len(t.runs), len(t.holes))
	}
	return t, nil
}

//go:embed templates.txt
var encoded string

// index finds templates by their first or their last words, whichever are more.
type index struct {
	byFirst, byLast           map[wordRun][]*template
	longestFirst, longestLast int
}

// templates are all templates. A program makes the file and a test checks it, so a line that can't
// be read is a defect.
var templates = sync.OnceValue(func() *index {
	x := &index{byFirst: map[wordRun][]*template{}, byLast: map[wordRun][]*template{}}
	for line := range strings.Lines(encoded) {
		t, err := decode(line)
		if err != nil {
			panic(err)
		}
		x.add(&t)
	}
	return x
})

// candidates yields the templates with the first or last words of a text.
func (x *index) candidates(w *words, from, to int) iter.Seq[*template] {
	return func(yield func(*template) bool) {
		for n := 1; n <= min(x.longestFirst, to-from); n++ {
			for _, t := range x.byFirst[wordRun{n, w.sum(from, from+n)}] {
				if !yield(t) {
					return
				}
			}
		}
		for n := 1; n <= min(x.longestLast, to-from); n++ {
			for _, t := range x.byLast[wordRun{n, w.sum(to-n, to)}] {
				if !yield(t) {
					return
				}
			}
		}
	}
}

func (x *index) add(t *template) {
	first, last := t.runs[0], t.runs[len(t.runs)-1]
	if first.length >= last.length {
		x.byFirst[first] = append(x.byFirst[first], t)
		x.longestFirst = max(x.longestFirst, first.length)
		return
	}
	x.byLast[last] = append(x.byLast[last], t)
	x.longestLast = max(x.longestLast, last.length)
}
