package wire

import (
	"encoding/binary"
	"math/bits"
)

// Rows of COPY, inside CopyData (documentation sections "COPY Operations" and, of the command COPY,
// "File Formats"). Clients may cut rows anywhere, so a walk continues where the message before it
// ended; [Copy] holds that position. Lines and values are found as in
// src/backend/commands/copyfromparse.c.

// Copy is the format of the rows of a COPY, and the position among them at which a message begins.
// The zero value is the start of the data, with the defaults of the format.
type Copy struct {
	// Delimiter separates values; 0 is a tab, or a comma in CSV.
	Delimiter byte
	// Quote and Escape apply to CSV. A Quote of 0 is a double quote, an Escape of 0 is the Quote.
	Quote, Escape byte
	// NoNull is set if no text represents NULL, or if it is not known in which columns Null does.
	NoNull bool
	// HasDefault is set if Default represents the column's default. Only servers from 16 on accept
	// one.
	HasDefault bool
	// EndMark is set if a line `\.` ends the data: in text format, and in CSV up to server 17.
	EndMark bool
	// Characters is how the encoding uses ASCII bytes.
	Characters Characters
	// Headings is how many lines of column names are still to come, including the current one.
	Headings uint16
	// Null and Default are the texts that represent NULL and the column's default.
	Null, Default string

	copyPosition
}

// Characters classifies encodings by whether an ASCII byte can be part of another character. Only
// client encodings have such characters.
type Characters uint8

const (
	// Plain encodings have no ASCII byte inside another character.
	Plain Characters = iota
	// Pairs have one after each byte above 0x7f: BIG5, GBK, UHC, GB18030, JOHAB.
	Pairs
	// ShiftJIS has single characters above 0x7f too: SJIS, SHIFT_JIS_2004.
	ShiftJIS
)

// copyPosition is the place in the data at which a message begins.
type copyPosition struct {
	column int32
	begun  bool // part of the value was in the message before
	ended  bool // what follows is ignored
	lost   bool // what came before makes no sense

	// Text and CSV.
	csv       bool
	quoted    bool // inside quotes
	wasQuoted bool // the value has had a quoted part
	escaped   bool // the next byte has no meaning of its own
	half      bool // the next byte is the second of a pair
	carriage  bool // a line feed would belong to the previous line
	// How many bytes of the value match Null, Default and the end mark so far.
	nulls, defaults, endMarks uint8

	// The binary format.
	phase   copyPhase
	seen    uint8  // how many bytes of the integer or of the signature were read
	word    uint32 // their value
	left    int64  // bytes of the value or the extension still to come
	columns int32
}

const endMark = `\.`

// noMatch means that the value differs from the text, whatever follows.
const noMatch = 255

// Lost reports whether the rest of the data can't be understood.
func (s *Copy) Lost() bool { return s.lost }

// After returns the position after b, which is the body of a message of type t or its beginning.
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

// NextRow moves to the position after a message that ends with a row, or with the line of column
// names. Every message of a server ends that way.
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

// copyLines reads values, delimiters and line ends.
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
		case c.pos == len(c.data): // the value continues in the next message
		case c.data[c.pos] == s.delimiter():
			c.add(CopyDelimiter, Text, 1, 0)
			s.column++
		default:
			c.rowEnd()
		}
	}
}

// rowEnd reads the end of a line, which may be cut in two.
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

// scanText finds the end of a value in text format. The byte after a backslash has no meaning of
// its own.
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

// plainValue returns how many bytes at the start of b are certainly part of a value in text format,
// whatever comes before or after them. Usually that is all of them. It tests eight bytes at a time.
// Subtracting 1 from a byte sets its top bit if the byte was 0; otherwise the bit is set only if it
// was before. The borrow can spoil the next byte, but the search has stopped by then.
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

// scanCSV finds the end of a value in CSV. Quotes may open and close anywhere in a value.
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

// leads reports whether x is the first byte of a pair.
func (s *Copy) leads(x byte) bool {
	switch s.Characters {
	case Pairs:
		return x >= 0x80
	case ShiftJIS:
		return x >= 0x81 && x <= 0x9f || x >= 0xe0 && x <= 0xfc
	}
	return false
}

// equal continues the comparison of a value with a text. The first n bytes were equal; part comes
// next.
func equal(n uint8, text string, part []byte) uint8 {
	end := int(n) + len(part)
	if n == noMatch || end >= noMatch || end > len(text) || text[n:end] != string(part) {
		return noMatch
	}
	return uint8(end)
}
