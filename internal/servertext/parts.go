package servertext

// Kind is what a part of a text is. The greater it is, the less certain it is that the part is the
// server's own.
type Kind byte

// The kinds of parts.
const (
	// Words are the server's own.
	Words Kind = iota
	// Number says where something is: a line, a position.
	Number
	// Name is the name of an object, a type or a setting.
	Name
	// SQL is a statement, or the beginning of one.
	SQL
	// Data is anything else in a text of the server.
	Data
	// Unknown is a text, or a line of one, that may not be the server's, or a part that could not
	// be classified.
	Unknown
)

// Part is a part of a text, from Start to before End.
type Part struct {
	Start, End int
	Kind       Kind
}

// AppendParts appends the parts of a text that are not words of the server to dst, in order, and
// returns the extended slice.
//
// A context has a line for each function, and each line is a text of its own. Statements can have
// several lines too. So the smallest number of lines that make a text are taken together.
func AppendParts(dst []Part, text []byte) []Part {
	w := split(text)
	for lines := w.lines(); len(lines) > 0; {
		lines = lines[w.markLines(lines):]
	}
	return w.appendParts(dst)
}

const (
	// maxLines bounds how many lines are looked at, and maxStatementLines how many of them are
	// tried together, short of all.
	maxLines          = 200
	maxStatementLines = 20
)

// markLines marks the smallest number of lines that are a text together, and returns how many those
// are. If there are none, it marks the first line as unknown.
func (w *words) markLines(lines [][2]int) int {
	for n := 1; n <= len(lines) && len(lines) <= maxLines; n++ {
		if n > maxStatementLines {
			n = len(lines)
		}
		if w.mark(lines[0][0], lines[n-1][1]) {
			return n
		}
	}
	w.raise(Unknown, lines[0][0], lines[0][1])
	return 1
}

// appendParts joins words of the same kind.
func (w *words) appendParts(dst []Part) []Part {
	for i := 0; i < w.count(); {
		end := i + 1
		for end < w.count() && w.kinds[end] == w.kinds[i] {
			end++
		}
		if w.kinds[i] != Words {
			dst = append(dst, Part{w.starts[i], w.starts[end], w.kinds[i]})
		}
		i = end
	}
	return dst
}
