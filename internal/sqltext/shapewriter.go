package sqltext

import "bytes"

// shapeWriter writes a text without what is not part of its shape. Its memory is reused.
type shapeWriter struct {
	tokens Scanner
	dst    []byte
	value  []byte
	mark   // of the last token written
	// first is the first word of the current statement, as written.
	first []byte
	// signs is where a run of signs begins that are part of a number if one follows, or -1. before
	// is the mark before them, and firstSign is where they begin in the text.
	signs     int
	before    mark
	firstSign int
	frames    []frame
	deeper    int // open brackets beyond maxFrames
	// operands are added to if notes is set.
	operands []Operand
	notes    bool
}

// mark is a written token, and its position.
type mark struct {
	last Token
	word int
}

// maxFrames is how deep brackets are followed. Deeper lists keep their lengths. A server refuses
// what is much deeper, because its stack is limited.
const maxFrames = 1000

// frame is an open pair of brackets, or the rows of VALUES, which have no brackets around them.
type frame struct {
	kind  frameKind
	start int // where the current element begins, with the comma before it
	// elements are the first count different elements of a list.
	elements [maxElements]Span
	count    int
}

// maxElements is how many elements of a list later ones are compared with.
const maxElements = 8

type frameKind uint8

const (
	brackets frameKind = iota // a pair that is not a list
	list                      // IN (…) and ARRAY[…]
	rows                      // VALUES …
)

// write returns the text with a NUL for each constant. It is valid until the next call.
func (w *shapeWriter) write(sql []byte, settings Settings) []byte {
	w.tokens = NewScanner(sql, settings)
	w.dst, w.frames, w.deeper, w.first = w.dst[:0], w.frames[:0], 0, nil
	w.mark, w.signs = mark{}, -1
	for {
		t := w.tokens.NextSignificant()
		w.leaveRows(t)
		if t.Kind == End {
			break
		}
		w.token(t)
	}
	return bytes.TrimRight(w.dst, " ;")
}

// token writes a token, and follows brackets and lists.
func (w *shapeWriter) token(t Token) {
	switch {
	case t.Kind.IsConstant(), t.Kind == Parameter:
		w.constant(t)
	case t.Kind.IsName():
		w.name(t)
	case w.tokens.Is(t, "(") || w.tokens.Is(t, "["):
		w.open(t)
	case w.tokens.Is(t, ")") || w.tokens.Is(t, "]"):
		w.close(t)
	case w.tokens.Is(t, ","):
		w.comma(t)
	case w.tokens.Is(t, ";") && len(w.dst) == 0: // an empty statement
	case w.tokens.Is(t, ";"):
		w.append(t, w.tokens.Text(t))
		w.first = nil
	case w.tokens.Is(t, "-") || w.tokens.Is(t, "+"):
		w.sign(t)
	default:
		w.append(t, w.tokens.Text(t))
		w.signs = -1
	}
}

// append writes a token, after a space if it needs one.
func (w *shapeWriter) append(t Token, text []byte) {
	if w.needsSpace(t, text) {
		w.dst = append(w.dst, ' ')
	}
	w.word = len(w.dst)
	w.dst = append(w.dst, text...)
	w.last = t
}

// constant writes a placeholder for a constant, and removes the signs before a number.
func (w *shapeWriter) constant(t Token) {
	start := t.Start
	if w.signs >= 0 && t.Kind == Number {
		w.dst, w.mark, start = w.dst[:w.signs], w.before, w.firstSign
	}
	if w.notes {
		w.note(t, start)
	}
	w.signs = -1
	if t.Kind == UnicodeString {
		w.tokens.skipUnicodeEscape(t)
	}
	t.Kind = Parameter
	w.append(t, []byte{placeholder})
}

// sign writes + or -, which is part of the number after it unless an operand is before it.
func (w *shapeWriter) sign(t Token) {
	if w.signs < 0 && !w.afterOperand() {
		w.signs, w.before, w.firstSign = len(w.dst), w.mark, t.Start
	}
	w.append(t, w.tokens.Text(t))
}

// afterOperand reports whether an operator at this position has a left operand.
func (w *shapeWriter) afterOperand() bool {
	switch w.last.Kind {
	case Parameter, QuotedName, UnicodeName:
		return true
	case Word:
		return !expectsValue[string(w.dst[w.word:])]
	case Punctuation:
		c := w.dst[len(w.dst)-1]
		return c == ')' || c == ']'
	case Operator:
		return string(w.dst[w.word:]) == "*" && w.word > 0 && w.dst[w.word-1] == '.' // t.*
	}
	return false
}

// expectsValue has the key words after which a sign is part of a number.
var expectsValue = map[string]bool{
	"select": true, "where": true, "and": true, "or": true, "not": true, "then": true, "else": true, "when": true, "case": true,
	"between": true, "by": true, "limit": true, "offset": true, "having": true, "on": true, "returning": true, "like": true,
	"ilike": true, "from": true, "to": true, "default": true, "distinct": true, "all": true, "with": true, "minvalue": true,
	"maxvalue": true, "values": true, "set": true, "symmetric": true, "restart": true, "is": true, "in": true, "for": true,
	"forward": true, "backward": true, "absolute": true, "relative": true, "return": true, "using": true,
}

// name writes a word in lower case, a name in quotes, or a placeholder if it counts as a constant.
func (w *shapeWriter) name(t Token) {
	w.signs = -1
	if t.Kind == UnicodeName {
		w.unicodeName(t)
		return
	}
	if t.Kind == QuotedName {
		if w.isLabel() {
			w.constant(t)
		} else {
			w.append(t, w.tokens.Text(t))
		}
		return
	}
	w.value = w.tokens.settings.Encoding.appendFolded(w.value[:0], w.tokens.Text(t))
	switch string(w.value) {
	case "true", "false", "null":
		if w.expectsConstant() {
			w.constant(t)
			return
		}
	case "savepoint", "prepare", "all", "next", "prior", "first", "last", "forward", "backward", "transaction", "work", "to", "from", "in":
	default:
		if w.isLabel() {
			w.constant(t)
			return
		}
	}
	if n := len(w.frames); n > 0 && w.frames[n-1].kind == list && w.frames[n-1].start == len(w.dst) && beginsQuery(w.value) {
		w.frames[n-1].kind = brackets
	}
	w.append(t, w.value)
	if w.first == nil {
		w.first = w.dst[w.word:len(w.dst):len(w.dst)]
	}
	if string(w.value) == "values" {
		w.push(rows)
	}
}

// beginsQuery reports whether a word after IN ( shows that there is no list.
func beginsQuery(word []byte) bool {
	switch string(word) {
	case "select", "with", "values", "table":
		return true
	}
	return false
}

// unicodeName writes U&"…" as a name without escapes that means the same.
func (w *shapeWriter) unicodeName(t Token) {
	value, ok := w.tokens.AppendValue(w.value[:0], t)
	w.value = value
	switch {
	case w.isLabel():
		w.tokens.skipUnicodeEscape(t)
		w.constant(t)
	case !ok || bytes.IndexByte(value, 0) >= 0:
		w.append(t, w.tokens.Text(t))
	default:
		w.tokens.skipUnicodeEscape(t)
		t.Kind = QuotedName
		w.append(t, bytes.Join([][]byte{{'"'}, bytes.ReplaceAll(value, []byte{'"'}, []byte{'"', '"'}), {'"'}}, nil))
	}
}

// expectsConstant reports whether true, false or null is a value here. It is not in IS NULL, NOT
// NULL, ON DELETE SET NULL, RETURNS NULL ON NULL INPUT, and where it is a label.
func (w *shapeWriter) expectsConstant() bool {
	switch w.last.Kind {
	case Word:
		switch string(w.dst[w.word:]) {
		case "is", "not", "set", "on", "returns", "as":
			return false
		}
	case Punctuation:
		return w.dst[len(w.dst)-1] != '.'
	}
	return true
}

// isLabel reports whether a name at this position is one that programs number: that of a savepoint,
// a cursor or a prepared statement.
func (w *shapeWriter) isLabel() bool {
	if w.last.Kind != Word || len(w.frames) > 0 {
		return false
	}
	last := string(w.dst[w.word:])
	switch string(w.first) {
	case "savepoint", "declare", "close":
		return last == string(w.first)
	case "release":
		return last == "release" || last == "savepoint"
	case "rollback":
		return last == "to" || last == "savepoint"
	case "deallocate":
		return last == "deallocate" || last == "prepare"
	case "fetch", "move":
		return last == "from" || last == "in"
	}
	return false
}

// open writes an opening bracket.
func (w *shapeWriter) open(t Token) {
	w.signs = -1
	kind := brackets
	switch {
	case w.last.Kind == Word && string(w.dst[w.word:]) == "in" && w.tokens.Is(t, "("),
		w.last.Kind == Word && string(w.dst[w.word:]) == "array" && w.tokens.Is(t, "["),
		w.inArray() && w.tokens.Is(t, "["):
		kind = list
	}
	w.append(t, w.tokens.Text(t))
	w.push(kind)
}

// push begins a frame if there is room.
func (w *shapeWriter) push(kind frameKind) {
	switch {
	case len(w.frames) < maxFrames:
		w.frames = append(w.frames, frame{kind: kind, start: len(w.dst)})
	case kind != rows:
		w.deeper++
	}
}

// inArray reports whether what comes next is an element of an array.
func (w *shapeWriter) inArray() bool {
	n := len(w.frames)
	return n > 0 && w.frames[n-1].kind == list && len(w.dst) > 0 && (w.dst[len(w.dst)-1] == '[' || w.dst[len(w.dst)-1] == ',')
}

// close writes a closing bracket.
func (w *shapeWriter) close(t Token) {
	w.signs = -1
	n := len(w.frames)
	if n == 0 || w.deeper > 0 {
		w.deeper = max(0, w.deeper-1)
		w.append(t, w.tokens.Text(t))
		return
	}
	f := &w.frames[n-1]
	if f.kind == list {
		w.endElement(f)
		if f.count == 1 && beginsWithConstant(w.dst[f.elements[0].Start:f.elements[0].End]) {
			w.dst = append(w.dst, " /*, ... */"...)
		}
	}
	w.frames = w.frames[:n-1]
	w.append(t, w.tokens.Text(t))
}

// beginsWithConstant reports whether an element is of a kind that lists have many of: a constant,
// or a row of them.
func beginsWithConstant(element []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(element, " (["), []byte{placeholder})
}

// comma writes a comma, and ends an element.
func (w *shapeWriter) comma(t Token) {
	w.signs = -1
	if n := len(w.frames); n > 0 && w.frames[n-1].kind != brackets && w.deeper == 0 {
		w.endElement(&w.frames[n-1])
	}
	w.append(t, w.tokens.Text(t))
}

// leaveRows ends the rows of VALUES if a token follows that is not part of them.
func (w *shapeWriter) leaveRows(t Token) {
	n := len(w.frames)
	if n == 0 || w.frames[n-1].kind != rows || w.deeper > 0 {
		return
	}
	if w.tokens.Is(t, "(") || w.tokens.Is(t, ",") {
		return
	}
	w.endElement(&w.frames[n-1])
	w.frames = w.frames[:n-1]
}

// endElement removes the last element of a list again if an equal one was before it.
func (w *shapeWriter) endElement(f *frame) {
	start := f.start
	for start < len(w.dst) && (w.dst[start] == ',' || w.dst[start] == ' ') {
		start++
	}
	element := w.dst[start:]
	if len(element) == 0 {
		return // no server accepts that
	}
	for _, other := range f.elements[:f.count] {
		if bytes.Equal(w.dst[other.Start:other.End], element) {
			length := len(w.dst) - w.word
			w.dst = w.dst[:f.start]
			w.word = len(w.dst) - length // of the equal one
			return
		}
	}
	if f.count < maxElements {
		f.elements[f.count] = Span{start, len(w.dst)}
		f.count++
	}
	f.start = len(w.dst)
}
