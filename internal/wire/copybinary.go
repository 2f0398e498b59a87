package wire

// The binary format of COPY (documentation of the command COPY, "Binary Format").

const copySignature = "PGCOPY\n\xff\r\n\x00"

// copyPhase is what comes next in the data.
type copyPhase uint8

const (
	copySign copyPhase = iota
	copyFlags
	copyExtensionLength
	copyExtension
	copyCount
	copyLength
	copyField
	copyEnded
)

func walkCopyBinary(c *cursor) {
	c.header()
	c.copyTuples()
}

// copyTuples reads the header, the rows and the trailer, as far as the message has them.
func (c *cursor) copyTuples() {
	s := &c.state.Copy
	for !c.done && c.moreTuples() {
		switch s.phase {
		case copySign:
			c.signature()
		case copyFlags:
			if _, whole := c.word(Flags, Int32, 4); whole {
				s.phase = copyExtensionLength
			}
		case copyExtensionLength:
			c.extensionLength()
		case copyExtension:
			c.run(Extension, Extension, Binary)
			if s.left == 0 {
				s.phase = copyCount
			}
		case copyCount:
			c.tupleCount()
		case copyLength, copyField:
			c.Group(Column, int64(s.column), copyColumn)
		case copyEnded:
			return
		}
	}
}

// moreTuples reports whether there is something left to read, or to write.
func (c *cursor) moreTuples() bool {
	if c.random != nil {
		return c.state.Copy.phase != copyCount || c.random.IntN(3) > 0
	}
	return c.pos < len(c.data)
}

func (c *cursor) signature() {
	s := &c.state.Copy
	want := copySignature[s.seen:]
	if c.random != nil {
		c.data = append(c.data, want...)
	}
	width := min(len(want), len(c.data)-c.pos)
	if string(c.data[c.pos:c.pos+width]) != want[:width] {
		c.fail(CopySignature)
		return
	}
	c.add(CopySignature, Text, width, 0)
	if s.seen += uint8(width); int(s.seen) == len(copySignature) {
		s.seen, s.phase = 0, copyFlags
	}
}

func (c *cursor) extensionLength() {
	s := &c.state.Copy
	n, whole := c.word(ExtensionLength, Int32, 4)
	switch {
	case !whole:
	case n < 0:
		c.fail(Extension)
	case n == 0:
		s.phase = copyCount
	default:
		s.left, s.phase = n, copyExtension
	}
}

// tupleCount reads the number of columns, which begins a row, or the -1 that ends the data.
func (c *cursor) tupleCount() {
	s := &c.state.Copy
	n, whole := c.word(ColumnCount, Int16, 2)
	switch {
	case !whole || n == 0:
	case n == -1:
		s.phase = copyEnded
	case n < 0:
		c.fail(Column)
	default:
		s.column, s.columns, s.phase = 0, int32(n), copyLength
	}
}

// copyColumn reads a length and a value of that length, or the rest of a value.
func copyColumn(c *cursor) {
	s := &c.state.Copy
	if s.phase == copyLength {
		n, whole := c.word(ValueLength, Int32, 4)
		switch {
		case !whole:
			return
		case n == -1:
			s.nextColumn()
			return
		case n < 0:
			c.fail(CopyValue)
			return
		}
		s.left, s.phase = n, copyField
	}
	c.run(CopyValue, CopyPart, BinaryValue)
	if s.left == 0 {
		s.begun = false
		s.nextColumn()
	}
}

func (s *Copy) nextColumn() {
	if s.column++; s.column == s.columns {
		s.phase = copyCount
	} else {
		s.phase = copyLength
	}
}

// run reads the rest of an item, or as many of its bytes as there are.
func (c *cursor) run(whole, part Name, k Kind) {
	s := &c.state.Copy
	if c.random != nil {
		c.random.bytes(c, int(s.left))
	}
	width := min(s.left, int64(len(c.data)-c.pos))
	name := whole
	if s.begun || width < s.left {
		name = part
	}
	if width > 0 || s.left == 0 {
		c.add(name, k, int(width), 0)
	}
	s.left -= width
	s.begun = s.left > 0 && (s.begun || width > 0)
}

// word reads a signed integer, or as many of its bytes as there are. The field that completes it
// has the value.
func (c *cursor) word(n Name, k Kind, width uint8) (v int64, whole bool) {
	s := &c.state.Copy
	if c.random != nil && s.seen == 0 {
		c.random.integer(c, n, int(width))
	}
	end := c.pos
	for ; end < len(c.data) && s.seen < width; end++ {
		s.word = s.word<<8 | uint32(c.data[end])
		s.seen++
	}
	if s.seen < width {
		c.add(n, IntegerPart, end-c.pos, 0)
		return 0, false
	}
	v = int64(int32(s.word))
	if width == 2 {
		v = int64(int16(s.word))
	}
	if n == ColumnCount && v == -1 {
		n = CopyTrailer
	}
	c.add(n, k, end-c.pos, v)
	s.seen, s.word = 0, 0
	return v, true
}
