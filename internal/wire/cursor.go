package wire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
)

// AppendFields appends the fields of m to dst and returns the extended slice. The leaves tile
// m.Bytes. It does not change m.
func AppendFields(dst []Field, m *Message) []Field {
	c := cursors.Get().(*cursor)
	*c = cursor{state: m.State, data: m.Bytes, cut: m.Size - int64(len(m.Bytes)), fields: dst}
	registry[m.Type].walk(c)
	c.finish()
	dst = c.fields
	c.data, c.fields = nil, nil
	cursors.Put(c)
	return dst
}

// cursors are pooled because each one would escape to the heap: they are passed to functions
// through the registry.
var cursors = sync.Pool{New: func() any { return new(cursor) }}

// cursor is the vocabulary in which the grammar is written. Each of its methods reads one field and
// appends it. After the first field that can't be read, the others do nothing and return zero, so a
// walk needs no checks of its own, except in loops.
//
// With a random source the same methods write instead: they choose a value that the grammar allows,
// append it to data and then read it.
type cursor struct {
	state  State
	data   []byte
	pos    int
	cut    int64 // bytes of the message that were not kept
	fields []Field
	depth  uint8
	tuple  byte // the letter of the current tuple
	done   bool // nothing more can be read
	quiet  bool // the fields are not wanted
	random *random
}

func (c *cursor) add(n Name, k Kind, width int, value int64) {
	if c.quiet {
		c.pos += width
		return
	}
	i := len(c.fields)
	if i == cap(c.fields) {
		c.fields = slices.Grow(c.fields, 1)
	}
	c.fields = c.fields[:i+1]
	f := &c.fields[i] // filled in place: copying a struct written in parts would stall
	f.Name, f.Kind, f.Depth, f.Int = n, k, c.depth, value
	f.Start, f.End = int32(c.pos), int32(c.pos+width)
	c.pos += width
}

// fail ends the walk where the bytes are not what the grammar expects. All bytes from there on are
// malformed.
func (c *cursor) fail(n Name) {
	c.add(Malformed, Binary, len(c.data)-c.pos, int64(n))
	c.done = true
}

// end ends the walk where fewer bytes are left than the next field needs. If the rest was not kept,
// the bytes at hand become a field of that name. If the message itself is too short, they are
// malformed.
func (c *cursor) end(n Name, k Kind, width int64) {
	rest := len(c.data) - c.pos
	switch {
	case width > int64(rest)+max(0, c.cut):
		c.fail(n)
	case rest > 0 && k.IsInteger():
		c.add(n, IntegerPart, rest, 0)
	case rest > 0:
		c.add(n, k, rest, 0)
	}
	c.done = true
}

// finish accounts for what the walk did not read: surplus bytes, and bytes that were not kept.
func (c *cursor) finish() {
	if !c.done && c.pos < len(c.data) {
		c.add(Trailing, Binary, len(c.data)-c.pos, 0)
	}
	if c.cut > 0 {
		c.add(Omitted, Binary, 0, c.cut)
	}
}

// has reports whether the next width bytes can be read, and ends the walk if not.
func (c *cursor) has(width int, n Name, k Kind) bool {
	if c.done {
		return false
	}
	if len(c.data)-c.pos < width {
		c.end(n, k, int64(width))
		return false
	}
	return true
}

// Byte1 reads a letter. Others than choices are read, too.
func (c *cursor) Byte1(n Name, choices string) byte {
	if c.random != nil {
		c.random.letter(c, choices)
	}
	if !c.has(1, n, Byte1) {
		return 0
	}
	b := c.data[c.pos]
	c.add(n, Byte1, 1, int64(b))
	return b
}

// Choice reads a letter that decides what follows. After a letter that is not in choices, nothing
// can be read.
func (c *cursor) Choice(n Name, choices string) byte {
	if c.random != nil {
		c.random.letter(c, choices)
	}
	if !c.has(1, n, Byte1) {
		return 0
	}
	b := c.data[c.pos]
	if strings.IndexByte(choices, b) < 0 {
		c.fail(n)
		return 0
	}
	c.add(n, Byte1, 1, int64(b))
	return b
}

func (c *cursor) Int8(n Name) int64 {
	if c.random != nil {
		c.random.integer(c, n, 1)
	}
	if !c.has(1, n, Int8) {
		return 0
	}
	v := int64(c.data[c.pos])
	c.add(n, Int8, 1, v)
	return v
}

func (c *cursor) Uint16(n Name) int64 {
	if c.random != nil {
		c.random.integer(c, n, 2)
	}
	if !c.has(2, n, Int16) {
		return 0
	}
	v := int64(binary.BigEndian.Uint16(c.data[c.pos:]))
	c.add(n, Int16, 2, v)
	return v
}

func (c *cursor) Int16(n Name) int64 {
	v := int64(int16(c.Uint16(n)))
	c.setInt(v)
	return v
}

func (c *cursor) Uint32(n Name) int64 {
	if c.random != nil {
		c.random.integer(c, n, 4)
	}
	if !c.has(4, n, Int32) {
		return 0
	}
	v := int64(binary.BigEndian.Uint32(c.data[c.pos:]))
	c.add(n, Int32, 4, v)
	return v
}

func (c *cursor) Int32(n Name) int64 {
	v := int64(int32(c.Uint32(n)))
	c.setInt(v)
	return v
}

func (c *cursor) Int64(n Name) { c.eight(n, Int64) }
func (c *cursor) LSN(n Name)   { c.eight(n, LSN) }

// Time reads microseconds since the beginning of 2000 in UTC.
func (c *cursor) Time(n Name) { c.eight(n, Timestamp) }

func (c *cursor) eight(n Name, k Kind) {
	if c.random != nil {
		c.random.integer(c, n, 8)
	}
	if c.has(8, n, k) {
		c.add(n, k, 8, int64(binary.BigEndian.Uint64(c.data[c.pos:])))
	}
}

// setInt replaces the value of the last field with the signed one.
func (c *cursor) setInt(v int64) {
	if !c.done && !c.quiet {
		c.fields[len(c.fields)-1].Int = v
	}
}

// Const32 reads an integer that is v in every valid message of the type.
func (c *cursor) Const32(n Name, v uint32) {
	if c.random != nil {
		c.data = binary.BigEndian.AppendUint32(c.data, v)
		random := c.random
		c.random = nil
		defer func() { c.random = random }()
	}
	c.Uint32(n)
}

// CString reads a string up to and including its NUL.
func (c *cursor) CString(n Name) []byte {
	if c.random != nil {
		c.random.cstring(c, n)
	}
	if c.done {
		return nil
	}
	length := bytes.IndexByte(c.data[c.pos:], 0)
	if length < 0 {
		c.end(n, CString, int64(len(c.data)-c.pos)+1)
		return nil
	}
	s := c.data[c.pos : c.pos+length]
	c.add(n, CString, length+1, 0)
	return s
}

// Terminated reports whether a list ends here, and reads its final NUL if so.
func (c *cursor) Terminated() bool {
	if c.random != nil {
		c.random.terminator(c)
		if c.pos == len(c.data) {
			return false
		}
	}
	if !c.has(1, End, Binary) {
		return true
	}
	if c.data[c.pos] != 0 {
		return false
	}
	c.add(End, Binary, 1, 0)
	return true
}

// Bytes reads a known number of bytes.
func (c *cursor) Bytes(n Name, k Kind, length int64) {
	if c.random != nil {
		c.random.bytes(c, int(length))
	}
	if c.done {
		return
	}
	if int64(len(c.data)-c.pos) < length {
		c.end(n, k, length)
		return
	}
	c.add(n, k, int(length), 0)
}

// Rest reads up to the end of the message. If nothing of the rest was kept, there is no field.
func (c *cursor) Rest(n Name, k Kind) []byte {
	if c.random != nil {
		c.random.bytes(c, c.random.IntN(40))
	}
	if c.done {
		return nil
	}
	rest := c.data[c.pos:]
	if len(rest) > 0 || c.cut <= 0 {
		c.add(n, k, len(rest), 0)
	}
	return rest
}

// Within reads up to the end of the message: no fewer bytes than least, no more than most.
func (c *cursor) Within(n Name, k Kind, least, most int) {
	if c.random != nil {
		c.random.bytes(c, least+c.random.IntN(min(most-least, 40)+1))
	}
	if c.has(least, n, k) {
		c.add(n, k, min(most, len(c.data)-c.pos), 0)
	}
}

// Sized reads a length and a value of that length. The length -1 means NULL.
func (c *cursor) Sized(length, value Name) {
	n := c.Int32(length)
	switch {
	case c.done || n == -1:
	case n < 0:
		c.fail(value)
	default:
		c.Bytes(value, Value, n)
	}
}

// Repeat reads count elements, each as a group of its own.
func (c *cursor) Repeat(count int64, n Name, element func(*cursor)) {
	for i := int64(0); i < count && !c.done; i++ {
		c.Group(n, i, element)
	}
}

// Group reads element i of a list. If nothing of the element was kept, there is no group.
func (c *cursor) Group(n Name, i int64, element func(*cursor)) {
	if c.quiet {
		element(c)
		return
	}
	at := len(c.fields)
	c.add(n, Group, 0, i)
	c.depth++
	element(c)
	c.depth--
	if len(c.fields) == at+1 {
		c.fields = c.fields[:at]
		return
	}
	c.fields[at].End = int32(c.pos)
}

// Repeat16 reads a count and that many 16-bit integers.
func (c *cursor) Repeat16(count, n Name) {
	for i := c.Uint16(count); i > 0 && !c.done; i-- {
		c.Uint16(n)
	}
}

// header reads the type byte and the length.
func (c *cursor) header() {
	if c.random != nil {
		c.data = append(c.data, c.random.code, 0, 0, 0, 0)
		random := c.random
		c.random = nil
		defer func() { c.random = random }()
	}
	c.Byte1(TypeByte, "")
	c.Uint32(Length)
}
