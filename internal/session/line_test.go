package session

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// line is a message of a dialogue, and what it is shown with: see shownWith.
type line struct {
	direction event.Direction
	bytes     string
	want      string
}

// Messages, each with what it is to be shown with.

func parse(name, sql string, types ...uint32) line {
	return line{toServer, typed('P', name+"\x00"+sql+"\x00"+oids(types)), ""}
}

func bind(portal, name, formats, want string) line {
	return line{toServer, typed('B', portal+"\x00"+name+"\x00\x00\x00\x00\x00"+formatCodes(formats)), want}
}

func describing(name, want string) line { return line{toServer, typed('D', name+"\x00"), want} }
func executing(portal, want string) line {
	return line{toServer, typed('E', portal+"\x00\x00\x00\x00\x00"), want}
}
func closing(name, want string) line { return line{toServer, typed('C', name+"\x00"), want} }
func asking(sql string) line         { return line{toServer, query(sql), ""} }
func row(want string) line           { return line{toClient, typed('D', "\x00\x00"), want} }
func failing(want string) line       { return line{toClient, failed, want} }
func tagged(tag string) line         { return line{toClient, typed('C', tag+"\x00"), ""} }

var (
	syncing  = line{toServer, typed('S', ""), ""}
	parsed   = line{toClient, typed('1', ""), ""}
	bound    = line{toClient, typed('2', ""), ""}
	closed   = line{toClient, typed('3', ""), ""}
	noData   = line{toClient, typed('n', ""), ""}
	done     = tagged("SELECT 1")
	isReady  = line{toClient, ready, ""}
	inBlock  = line{toClient, typed('Z', "T"), ""}
	suspends = line{toClient, typed('s', ""), ""}
)

// columns is a RowDescription: "id:23 note:25b" has a second column in binary.
func columns(list string) line {
	words := strings.Fields(list)
	b := binary.BigEndian.AppendUint16(nil, uint16(len(words)))
	for _, word := range words {
		var oid uint32
		name, rest, _ := strings.Cut(word, ":")
		if _, err := fmt.Sscan(strings.TrimSuffix(rest, "b"), &oid); err != nil {
			panic(err)
		}
		b = append(append(b, name...), 0, 0, 0, 0, 0, 0, 0)
		b = binary.BigEndian.AppendUint32(b, oid)
		b = append(b, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, byte(strings.Count(rest, "b")))
	}
	return line{toClient, typed('T', string(b)), ""}
}

// cutOff is a message that lacks its last bytes.
func cutOff(l line, count int) line {
	l.bytes = typed(l.bytes[0], l.bytes[5:len(l.bytes)-count])
	return l
}

// parameters is a ParameterDescription.
func parameters(types ...uint32) line { return line{toClient, typed('t', oids(types)), ""} }

func oids(types []uint32) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(types)))
	for _, oid := range types {
		b = binary.BigEndian.AppendUint32(b, oid)
	}
	return string(b)
}

// formatCodes is a list of formats: "tb" is text and binary.
func formatCodes(letters string) string {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(letters)))
	for _, letter := range letters {
		b = append(b, 0, byte(strings.IndexRune("tb", letter)))
	}
	return string(b)
}

// shownWith puts a context into short words: "select $1 (23) id:23 note:25b" is SQL, the
// types of its parameters and columns, of which the second is in binary.
func shownWith(c *event.Context) string {
	if c == nil {
		return ""
	}
	words := c.SQL
	if c.Shortened > 0 {
		words += fmt.Sprintf(" [%d not kept]", c.Shortened)
	}
	if len(c.ParameterTypes) > 0 {
		words += " (" + strings.Trim(fmt.Sprint(c.ParameterTypes), "[]") + ")"
	}
	for _, column := range c.Columns {
		words += fmt.Sprintf(" %s:%d", column.Name, column.TypeOID)
		if column.Binary {
			words += "b"
		}
	}
	return words
}

// playLines feeds messages and compares what they are shown with.
func playLines(t *testing.T, p *pump, lines []line, cut func(int) int) {
	t.Helper()
	for i, l := range lines {
		p.feed(l.direction, l.bytes, cut)
		if got := shownWith(p.last.Context); got != l.want {
			t.Errorf("message %d, %s %.60q: shown with %q, want %q", i+1, p.last.Type, l.bytes, got, l.want)
		}
	}
}
