package text

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"

	eastasian "golang.org/x/text/width"
)

// The columns of queries mode are in the same places on all lines, and lines are no wider than a
// terminal.

// beginLine starts a line with the connection's tag, who is connected, and the time.
func (p *page) beginLine() {
	p.tag()
	width := len("#  ") + len(strconv.FormatUint(uint64(p.now.Conn), 10))
	if i := p.now.Identity; i != nil && i.User != "" {
		start := len(p.text)
		p.text = AppendSafe(p.text, i.User+"@"+i.Database)
		p.text = append(p.text, ' ', ' ')
		width += utf8.RuneCount(p.text[start:])
	}
	p.align(width)
	switch p.Time {
	case Short:
		p.text = p.now.At.AppendFormat(p.text, "15:04:05.000")
		p.text = append(p.text, ' ')
	case Relative:
		p.text = appendElapsed(p.text, p.now.Elapsed, 6)
		p.text = append(p.text, ' ')
	case ISO:
		p.text = p.now.At.AppendFormat(p.text, "2006-01-02T15:04:05.000000Z07:00")
		p.text = append(p.text, ' ')
	}
}

// maxIndent limits the column that lines are aligned at.
const maxIndent = 40

// align fills a line up to the end of the widest name so far, so that all connections have their
// columns in the same places.
func (p *page) align(width int) {
	if width <= maxIndent {
		p.indent = max(p.indent, width)
	}
	for ; width < p.indent; width++ {
		p.text = append(p.text, ' ')
	}
}

// endLine ends a line, and cuts it to the width of the terminal, if there is one.
func (p *page) endLine() {
	begin := lineBegin(p.text)
	if !p.fits() {
		p.text = append(p.text[:begin+fitting(p.text[begin:], p.terminal()-1)], "…"...)
		p.unpaint()
	}
	p.text = append(p.text, '\n')
}

// terminal returns the width of the terminal, or 0 if there is none.
func (p *page) terminal() int {
	if p.Width == nil {
		return 0
	}
	return p.Width()
}

// fits reports whether the current line is no wider than the terminal.
func (p *page) fits() bool {
	width := p.terminal()
	return width <= 0 || columns(p.text[lineBegin(p.text):]) <= width
}

// leastSQL is how many columns of SQL stay on a line, whatever follows the SQL.
const leastSQL = 20

// makeRoom shortens the SQL of a line, between start and end, so that what follows fits on the
// terminal too: how a statement failed matters more than the end of its SQL.
func (p *page) makeRoom(start, end int) {
	if p.fits() || end == len(p.text) {
		return
	}
	over := columns(p.text[lineBegin(p.text):]) - p.terminal()
	sql := columns(p.text[start:end])
	keep := max(leastSQL, sql-over)
	if keep >= sql {
		return
	}
	p.scratch = append(p.scratch[:0], p.text[end:]...)
	p.text = append(p.text[:start+fitting(p.text[start:end], keep-1)], "…"...)
	p.text = append(p.text, p.scratch...)
}

// columns returns how many columns a text takes on a terminal.
func columns(text []byte) int {
	n := 0
	for len(text) > 0 {
		size, width := glyph(text)
		text = text[size:]
		n += width
	}
	return n
}

// fitting returns how many bytes of a text fit into a number of columns.
func fitting(text []byte, most int) int {
	i := 0
	for n := 0; i < len(text); {
		size, width := glyph(text[i:])
		if n += width; n > most {
			break
		}
		i += size
	}
	return i
}

// glyph returns the size of the beginning of a text, in bytes and columns: that of a character, or
// of a sequence that sets the color.
func glyph(text []byte) (size, columns int) {
	if text[0] == 0x1b {
		return bytes.IndexByte(text, 'm') + 1, 0
	}
	r, size := utf8.DecodeRune(text)
	switch {
	case r < 0x300: // below, nothing is wide, and invisible characters are escaped
		return size, 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return size, 0
	}
	switch eastasian.LookupRune(r).Kind() {
	case eastasian.EastAsianWide, eastasian.EastAsianFullwidth:
		return size, 2
	}
	return size, 1
}

// lineBegin returns where the last line of a text begins.
func lineBegin(text []byte) int {
	i := len(text)
	for i > 0 && text[i-1] != '\n' {
		i--
	}
	return i
}

// continueLine writes more of what an error says.
func (p *page) continueLine(what, words string) {
	p.tag()
	p.text = append(p.text, "  "...)
	p.text = append(p.text, what...)
	p.text = append(p.text, ": "...)
	p.text = AppendSafe(p.text, words)
	p.endLine()
}
