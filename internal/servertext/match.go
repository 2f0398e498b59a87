package servertext

import (
	"bytes"
	"strings"
)

// mark finds the template of the words in [from, to), and marks what they are. If several fit,
// those with the most words count, and a word is the server's own only if all of them agree. It
// reports whether there is one.
func (w *words) mark(from, to int) bool {
	var best []*template
	for t := range templates().candidates(w, from, to) {
		if len(best) > 0 && t.words < best[0].words || !w.fits(t, from, to) {
			continue
		}
		if len(best) > 0 && t.words > best[0].words {
			best = best[:0]
		}
		best = append(best, t)
	}
	for _, t := range best {
		w.markHoles(t, from, to)
	}
	return len(best) > 0
}

// fits reports whether a template can produce some words.
func (w *words) fits(t *template, from, to int) bool {
	if len(t.holes) == 0 {
		return t.runs[0] == wordRun{to - from, w.sum(from, to)}
	}
	starts, ok := w.place(t, from, to, false)
	for i := 0; ok && i < len(t.holes); i++ {
		ok = canHold(t.holes[i], w.bytes(starts[i]+t.runs[i].length, starts[i+1]))
	}
	return ok
}

// markHoles marks what fills the holes of a template that fits. If it fits in more than one way,
// the data contains words of the template, and nobody can say where the data ends.
func (w *words) markHoles(t *template, from, to int) {
	if len(t.holes) == 0 {
		return
	}
	left, _ := w.place(t, from, to, false)
	right, _ := w.place(t, from, to, true)
	for i, h := range t.holes {
		if left[i] != right[i] || left[i+1] != right[i+1] {
			w.raise(Data, left[i]+t.runs[i].length, right[i+1])
			continue
		}
		w.markHole(h, left[i]+t.runs[i].length, left[i+1])
	}
}

// place finds where the runs of a template begin: as early as possible, or as late.
func (w *words) place(t *template, from, to int, late bool) (starts []int, ok bool) {
	n := len(t.runs)
	starts = make([]int, n)
	starts[0], starts[n-1] = from, to-t.runs[n-1].length
	if starts[n-1] < from+t.runs[0].length || !w.is(t.runs[0], from) || !w.is(t.runs[n-1], starts[n-1]) {
		return nil, false
	}
	if late {
		for i := n - 2; i > 0; i-- {
			at := starts[i+1] - t.runs[i].length
			for at >= from+t.runs[0].length && !w.is(t.runs[i], at) {
				at--
			}
			starts[i] = at
		}
		return starts, true
	}
	for i := 1; i < n-1; i++ {
		at := starts[i-1] + t.runs[i-1].length
		for at+t.runs[i].length <= starts[n-1] && !w.is(t.runs[i], at) {
			at++
		}
		if at+t.runs[i].length > starts[n-1] {
			return nil, false
		}
		starts[i] = at
	}
	return starts, true
}

func (w *words) is(r wordRun, at int) bool { return w.sum(at, at+r.length) == r.sum }

// canHold reports whether a text can fill a hole. A name with unusual characters can't, because it
// may be more than a name.
func canHold(h Hole, b []byte) bool {
	switch h {
	case NumberHole:
		return len(b) > 0 && len(bytes.TrimLeft(b, "0123456789")) == 0
	case CommandHole:
		return isMadeOf(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZ /")
	case QuotedHole:
		return isName(b, quotedName)
	case NameHole:
		return isName(b, bareName)
	case OperatorHole:
		return isName(b, operatorName)
	}
	return true
}

// markHole marks what fills a hole.
func (w *words) markHole(h Hole, from, to int) {
	switch h {
	case NumberHole:
		w.raise(Number, from, to)
	case QuotedHole, NameHole, OperatorHole, CommandHole:
		w.raise(Name, from, to)
	case SQLHole:
		w.raise(SQL, from, to)
	case DoubtfulHole:
		w.raise(Unknown, from, to)
	case KeyHole:
		w.markKey(from, to)
	case MessageHole:
		if !w.isMessage(from, to) {
			w.raise(Data, from, to)
		}
	default:
		w.raise(Data, from, to)
	}
}

func (w *words) raise(kind Kind, from, to int) {
	for i := from; i < to; i++ {
		w.kinds[i] = max(w.kinds[i], kind)
	}
}

// markKey marks the columns of a key as names, and its values as data: (id, name)=(42, joe).
func (w *words) markKey(from, to int) {
	const between = ")=("
	b := w.bytes(from, to)
	at := bytes.Index(b, []byte(between))
	if at < 1 || b[0] != '(' || b[len(b)-1] != ')' || bytes.Count(b, []byte(between)) > 1 || !isName(b[1:at], bareName) {
		w.raise(Data, from, to)
		return
	}
	names, values := w.starts[from]+at, w.starts[from]+at+len(between)
	for i := from + 1; i < to-1; i++ {
		switch {
		case w.starts[i] < names:
			w.raise(Name, i, i+1)
		case w.starts[i] >= values:
			w.raise(Data, i, i+1)
		}
	}
}

// isMessage reports whether some words are a server's text without holes.
func (w *words) isMessage(from, to int) bool {
	for _, t := range templates().byFirst[wordRun{to - from, w.sum(from, to)}] {
		if len(t.holes) == 0 {
			return true
		}
	}
	return false
}

// Characters of names besides letters and digits. Text with other characters is not a name, or not
// one that anybody needs.
const (
	quotedName   = "_$.- "
	bareName     = "_$.- \",()[]"
	operatorName = bareName + "*<>=!~@#%^&|+/"
	// longestName is long enough for a function with many arguments.
	longestName = 256
)

func isName(b []byte, also string) bool {
	if len(b) > longestName {
		return false
	}
	for _, c := range b {
		if !isAlphanumeric(c) && strings.IndexByte(also, c) < 0 {
			return false
		}
	}
	return true
}

func isMadeOf(b []byte, all string) bool { return len(bytes.Trim(b, all)) == 0 }
