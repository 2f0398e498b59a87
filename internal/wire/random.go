package wire

import (
	"encoding/binary"
	"math/rand/v2"
)

// Random makes a valid message of a type by running its grammar backwards: what the walk would
// read, a random source writes. It is for property tests. The message has the State s; bodies stay
// below some kilobytes.
func Random(r *rand.Rand, t Type, s State) Message {
	g := registry[t]
	c := &cursor{state: s, random: &random{Rand: r, code: g.code}}
	if t == UnknownMessage {
		c.random.code = 'i' // is in no documentation
	}
	g.walk(c)
	switch {
	case c.data[0] == c.random.code && c.random.code != 0:
		binary.BigEndian.PutUint32(c.data[1:], uint32(len(c.data)-1))
	case t == StartupMessage || t == CancelRequest:
		binary.BigEndian.PutUint32(c.data, uint32(len(c.data)))
	}
	return Message{Type: t, State: s, Bytes: c.data, Size: int64(len(c.data))}
}

// random turns a reading cursor into a writing one. Each of its methods appends what the cursor
// reads next.
type random struct {
	*rand.Rand
	code byte // of the message
}

func (r *random) letter(c *cursor, choices string) {
	c.data = append(c.data, choices[r.IntN(len(choices))])
}

// integer writes a count or a length that is small enough to be followed by that much, or any value
// if nothing depends on it.
func (r *random) integer(c *cursor, n Name, width int) {
	v := r.Uint64()
	switch n {
	case FormatCount, ParameterCount, ResultFormatCount, ArgumentCount, ColumnCount, OptionCount, RelationCount, ExtensionLength,
		SaltLength, NonceLength:
		v = uint64(r.IntN(6))
	case ValueLength, DataLength:
		v = uint64(r.IntN(30)) - 1
	case Format, ResultFormat, ColumnFormat, CopyFormat:
		v &= 1
	case ProtocolVersion:
		v = 3<<16 | v&3
	}
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	c.data = append(c.data, b[8-width:]...)
}

// cstring writes a string without a NUL in it. The string is not empty where that would end a list.
func (r *random) cstring(c *cursor, n Name) {
	length := r.IntN(20)
	if n == Key || n == Mechanisms {
		length++
	}
	if n == SelectedMechanism {
		c.data = append(c.data, "SCRAM-SHA-256"...)
		length = 0
	}
	for range length {
		c.data = append(c.data, byte(1+r.IntN(255)))
	}
	c.data = append(c.data, 0)
}

// terminator ends a list, or writes nothing so that the list continues.
func (r *random) terminator(c *cursor) {
	if r.IntN(4) == 0 {
		c.data = append(c.data, 0)
	}
}

func (r *random) bytes(c *cursor, length int) {
	for range length {
		c.data = append(c.data, byte(r.IntN(256)))
	}
}

// short writes a length that is not NULL, and that many bytes.
func (r *random) short(c *cursor) {
	n := r.IntN(30)
	c.data = binary.BigEndian.AppendUint32(c.data, uint32(n))
	r.bytes(c, n)
}

// writeLines writes characters that matter in rows of COPY, in any order. Any of them can be read.
func (c *cursor) writeLines() {
	r := c.random
	if r == nil {
		return
	}
	alphabet := []byte("ab1\\\"\t,\n\r.N\xe9")
	for range r.IntN(40) {
		c.data = append(c.data, alphabet[r.IntN(len(alphabet))])
	}
	if c.state.Copy.EndMark && r.IntN(3) == 0 {
		c.data = append(c.data, "\n"+endMark+"\nignored"...)
	}
}
