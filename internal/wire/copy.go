package wire

import (
	"encoding/binary"
	"math/bits"
)

// Rows of COPY, inside CopyData (documentation sections "COPY Operations" and, of the
// command COPY, "File Formats"). Clients may cut them anywhere, so that a walk begins
// where the message before ended: [Copy] tells. The lines and values are found as
// src/backend/commands/copyfromparse.c finds them.

// Copy is how the rows of a COPY are written, and where among them a message begins.
// The zero value is the very beginning, with the defaults of the format.
type Copy struct {
	// Delimiter stands between values; 0 is a tab, or a comma in CSV.
	Delimiter byte
	// Quote and Escape are of CSV; 0 is a double quote, and for Escape the Quote.
	Quote, Escape byte
	// Null is the text that stands for NULL. NoNull is set where no text does, or
	// nobody knows in which columns.
	Null   string
	NoNull bool
	// Default is the text that stands for the column's default, if HasDefault: in rows
	// to servers from 16 on.
	Default    string
	HasDefault bool
	// EndMark is set where a line `\.` ends the data: in text format, and in CSV up to
	// server 17.
	EndMark bool
	// Characters is how the encoding uses bytes of ASCII.
	Characters Characters
	// Headings is how many lines of column names are still to come, that at hand
	// included.
	Headings uint16

	copyPosition
}

// Characters tells apart the encodings in which a byte of ASCII need not be a
// character of its own. Only clients can have them.
type Characters uint8

const (
	// Plain encodings have no byte of ASCII inside another character.
	Plain Characters = iota
	// Pairs have one behind each byte above 0x7f: BIG5, GBK, UHC, GB18030, JOHAB.
	Pairs
	// ShiftJIS has single characters above 0x7f too: SJIS, SHIFT_JIS_2004.
	ShiftJIS
)

// copyPosition is where in the data a message begins.
type copyPosition struct {
	column int32
	begun  bool // a part of the value was in the message before
	ended  bool // what follows is ignored
	lost   bool // what came before makes no sense

	// Of text and CSV.
	csv       bool
	quoted    bool // inside quotes
	wasQuoted bool // the value has had quotes
	escaped   bool // the next byte has no meaning of its own
	half      bool // the next byte is the second of a pair
	carriage  bool // a line feed would belong to the line before
	// How much of the value is equal to Null, to Default and to the end mark.
	nulls, defaults, endMarks uint8

	// Of the binary format.
	phase   copyPhase
	seen    uint8  // bytes of the integer or of the signature
	word    uint32 // their value
	left    int64  // bytes of the value or the extension still to come
	columns int32
}

const endMark = `\.`

// noMatch says that a value is not equal to a text, whatever may follow.
const noMatch = 255

// Lost reports whether nothing can be said of what follows.
func (s *Copy) Lost() bool { return s.lost }

// After gives the place behind bytes of the body of a message of type t, of which
// there may be more to come.
func (s Copy) After(t Type, b []byte) Copy {
	c := cursors.Get().(*cursor)
	*c = cursor{data: b, quiet: true}
	c.state.Copy = s
	switch t {
	case CopyText:
		c.copyLines()
	case CopyCSV:
		c.state.Copy.csv = true
		c.copyLines()
	case CopyBinary:
		c.copyTuples()
	default:
		c.state.Copy.lost = true
	}
	s = c.state.Copy
	s.csv = false
	s.lost = s.lost || c.done || c.pos < len(c.data)
	*c = cursor{}
	cursors.Put(c)
	return s
}

// NextRow goes to the place behind a message that ends with a row, or with the one
// line of column names that there is: each of the server's does.
func (s *Copy) NextRow() {
	s.copyPosition = copyPosition{phase: copyCount}
	s.Headings -= min(s.Headings, 1)
}

func walkCopyText(c *cursor) {
	c.header()
	c.writeLines()
	c.copyLines()
}

func walkCopyCSV(c *cursor) {
	c.header()
	c.state.Copy.csv = true
	c.writeLines()
	c.copyLines()
}

// copyLines reads values, delimiters and the ends of lines.
func (c *cursor) copyLines() {
	s := &c.state.Copy
	for c.pos < len(c.data) {
		switch {
		case s.carriage:
			s.carriage = false
			if c.data[c.pos] == '\n' {
				c.add(RowEnd, Text, 1, 0)
			}
			continue
		case s.ended:
			c.add(Data, Text, len(c.data)-c.pos, 0)
			return
		}
		c.Group(Column, int64(s.column), copyValue)
		switch {
		case c.pos == len(c.data): // the value goes on in the next message
		case c.data[c.pos] == s.delimiter():
			c.add(CopyDelimiter, Text, 1, 0)
			s.column++
		default:
			c.rowEnd()
		}
	}
}

// rowEnd reads the end of a line. It may be cut in two.
func (c *cursor) rowEnd() {
	s := &c.state.Copy
	width := 1
	if c.data[c.pos] == '\r' {
		if c.pos+1 == len(c.data) {
			s.carriage = true
		} else if c.data[c.pos+1] == '\n' {
			width = 2
		}
	}
	c.add(RowEnd, Text, width, 0)
	s.column = 0
	s.Headings -= min(s.Headings, 1)
}

// copyValue reads a value, or as much of it as the message has.
func copyValue(c *cursor) {
	s := &c.state.Copy
	rest := c.data[c.pos:]
	var width int
	if s.csv {
		width = s.scanCSV(rest)
	} else {
		width = s.scanText(rest)
	}
	whole := width < len(rest)
	s.nulls = equal(s.nulls, s.Null, rest[:width])
	s.defaults = equal(s.defaults, s.Default, rest[:width])
	s.endMarks = equal(s.endMarks, endMark, rest[:width])
	name := CopyPart
	switch {
	case !whole:
	case s.EndMark && s.column == 0 && s.endMarks == 2 && !s.wasQuoted && rest[width] != s.delimiter():
		name, s.ended = CopyEnd, true
	case s.Headings > 0 && !s.begun:
		name = CopyHeading
	case s.Headings == 0 && !s.NoNull && !s.wasQuoted && int(s.nulls) == len(s.Null):
		name = CopyNull
	case s.Headings == 0 && s.HasDefault && !s.wasQuoted && int(s.defaults) == len(s.Default):
		name = CopyDefault
	case !s.begun:
		name = CopyValue
	}
	if width > 0 || name != CopyPart {
		c.add(name, TextValue, width, 0)
	}
	s.begun = !whole && (s.begun || width > 0)
	if whole {
		s.nulls, s.defaults, s.endMarks, s.wasQuoted = 0, 0, 0, false
	}
}

// scanText finds the end of a value in text format. A backslash takes the meaning of
// the byte behind it.
func (s *Copy) scanText(b []byte) int {
	delimiter := s.delimiter()
	i := 0
	if !s.half && !s.escaped {
		i = plainValue(b, delimiter)
	}
	for ; i < len(b); i++ {
		x := b[i]
		switch {
		case s.half:
			s.half = false
		case s.escaped:
			s.escaped, s.half = false, s.leads(x)
		case x == '\\':
			s.escaped = true
		case x == delimiter || x == '\n' || x == '\r':
			return i
		case x >= 0x80:
			s.half = s.leads(x)
		}
	}
	return len(b)
}

// plainValue counts the bytes that are characters of a value in text format, whatever
// comes before or behind them: mostly all. It looks at eight at a time. A byte from
// which 1 is subtracted gets its top bit where it was 0, and only there if the bit wasn't
// set before; what it borrows of the next matters not, because it stops there.
func plainValue(b []byte, delimiter byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		d, n, r, e := x^ones*uint64(delimiter), x^ones*'\n', x^ones*'\r', x^ones*'\\'
		if found := (x | (d-ones)&^d | (n-ones)&^n | (r-ones)&^r | (e-ones)&^e) & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] < 0x80 && b[i] != delimiter && b[i] != '\n' && b[i] != '\r' && b[i] != '\\' {
		i++
	}
	return i
}

// scanCSV finds the end of a value in CSV. Quotes may open and close anywhere in it.
func (s *Copy) scanCSV(b []byte) int {
	delimiter, quote, escape := s.delimiter(), s.Quote, s.Escape
	if quote == 0 {
		quote = '"'
	}
	if escape == 0 {
		escape = quote
	}
	for i, x := range b {
		switch {
		case s.half:
			s.half = false
			continue
		case s.quoted && x == escape && escape != quote:
			s.escaped = !s.escaped
			continue
		case x == quote && !s.escaped:
			s.quoted = !s.quoted
			s.wasQuoted = true
		case !s.quoted && (x == delimiter || x == '\n' || x == '\r'):
			return i
		case x >= 0x80:
			s.half = s.leads(x)
		}
		s.escaped = false
	}
	return len(b)
}

func (s *Copy) delimiter() byte {
	switch {
	case s.Delimiter != 0:
		return s.Delimiter
	case s.csv:
		return ','
	}
	return '\t'
}

// leads reports whether a byte is the first of a pair.
func (s *Copy) leads(x byte) bool {
	switch s.Characters {
	case Pairs:
		return x >= 0x80
	case ShiftJIS:
		return x >= 0x81 && x <= 0x9f || x >= 0xe0 && x <= 0xfc
	}
	return false
}

// equal goes on comparing a value with a text: n bytes were equal so far, and part
// comes next.
func equal(n uint8, text string, part []byte) uint8 {
	end := int(n) + len(part)
	if n == noMatch || end >= noMatch || end > len(text) || text[n:end] != string(part) {
		return noMatch
	}
	return uint8(end)
}
