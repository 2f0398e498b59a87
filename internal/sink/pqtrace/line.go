package pqtrace

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/reading"
)

// line writes a message as PQtrace does: the name of the message, then its fields. There is a
// method for each kind of field. Like PQtrace's functions, the methods continue where the last one
// stopped. Unlike those, they never go beyond the end of the message.
type line struct {
	text    []byte
	regress bool

	m      *event.Message
	at     int   // the next byte
	length int   // according to the message's length word
	whole  int64 // the size of the message by that length
	// stopped is set if the message ended before PQtrace would stop reading. Fields after that
	// write nothing.
	stopped bool
}

// has reports whether n more bytes are there. If not, the line ends with those that are, and a
// mark.
func (l *line) has(n int, suppress bool) bool {
	if l.stopped {
		return false
	}
	left := len(l.m.Bytes) - l.at
	if 0 <= n && n <= left {
		return true
	}
	if left > 0 {
		l.data(left, suppress)
	}
	l.stop()
	return false
}

// stop ends the line with the reason why it is incomplete.
func (l *line) stop() {
	l.stopped = true
	l.at = len(l.m.Bytes)
	omitted := l.m.Size - int64(len(l.m.Bytes))
	switch {
	case omitted > 0:
		l.text = append(l.text, " [omitted: "...)
		l.text = strconv.AppendInt(l.text, omitted, 10)
		l.text = append(l.text, " bytes]"...)
	case l.whole > l.m.Size:
		l.text = append(l.text, " [cut off]"...)
	default:
		l.text = append(l.text, " [malformed]"...)
	}
}

// more reports whether a list continues: whether the next byte is not NUL.
func (l *line) more() bool {
	if !l.stopped && l.at == len(l.m.Bytes) {
		l.stop()
	}
	return !l.stopped && l.m.Bytes[l.at] != 0
}

// byte1 writes a character, or its code if it is not printable.
func (l *line) byte1() byte {
	if !l.has(1, false) {
		return 0
	}
	c := l.m.Bytes[l.at]
	l.text = append(l.text, ' ')
	l.show(l.at, l.at+1, true)
	l.at++
	return c
}

// int16 writes a number of two bytes, always unsigned.
func (l *line) int16() int {
	if !l.has(2, false) {
		return 0
	}
	v := int(binary.BigEndian.Uint16(l.m.Bytes[l.at:]))
	l.integer(v, 2, false)
	return v
}

// int32 writes a number of four bytes, always signed, or a word in its place if it is suppressed.
func (l *line) int32(suppress bool) int {
	if !l.has(4, suppress) {
		return 0
	}
	v := int(int32(binary.BigEndian.Uint32(l.m.Bytes[l.at:])))
	l.integer(v, 4, suppress)
	return v
}

func (l *line) integer(v, width int, suppress bool) {
	l.text = append(l.text, ' ')
	switch {
	case suppress:
		l.text = append(l.text, "NNNN"...)
	case l.hides(l.at, l.at+width):
		l.text = append(l.text, "[redacted]"...)
	default:
		l.text = strconv.AppendInt(l.text, int64(v), 10)
	}
	l.at += width
}

// cstring writes a string up to its NUL, as it is: PQtrace escapes nothing in strings.
func (l *line) cstring(suppress bool) {
	if l.stopped {
		return
	}
	b := l.m.Bytes[l.at:]
	n := bytes.IndexByte(b, 0)
	terminated := n >= 0
	if !terminated {
		n = len(b)
	}
	if suppress {
		l.text = append(l.text, ` "SSSS"`...)
	} else {
		l.text = append(l.text, ` "`...)
		l.show(l.at, l.at+n, false)
		l.text = append(l.text, '"')
	}
	l.at += n
	switch last := len(l.m.Bytes); {
	case terminated:
		l.at++
	case !l.hides(last-1, last): // the NUL may be redacted too
		l.stop()
	}
}

// nchar writes n bytes. Bytes that are not printable are written as codes.
func (l *line) nchar(n int, suppress bool) {
	if l.has(n, suppress) {
		l.data(n, suppress)
		l.at += n
	}
}

// rest is nchar for everything that the message's length word promises.
func (l *line) rest(suppress bool) { l.nchar(l.length+1-l.at, suppress) }

// data writes the next n bytes, or a word in their place if they are suppressed.
func (l *line) data(n int, suppress bool) {
	if suppress {
		l.text = append(l.text, " 'BBBB'"...)
		return
	}
	l.text = append(l.text, " '"...)
	l.show(l.at, l.at+n, true)
	l.text = append(l.text, '\'')
}

// show writes bytes of the message, with a word in place of redacted ones.
func (l *line) show(start, end int, escape bool) {
	for part := range reading.Parts(l.m, start, end) {
		if part == nil {
			l.text = append(l.text, "[redacted]"...)
		} else {
			l.plain(part, escape)
		}
	}
}

// plain writes bytes that are not redacted. If escape is set, those that isprint rejects, in the C
// locale as in UTF-8 locales, are written as codes.
func (l *line) plain(b []byte, escape bool) {
	if escape {
		next := 0
		for i, c := range b {
			if c < ' ' || c > '~' {
				l.text = append(l.text, b[next:i]...)
				l.text = append(l.text, '\\', 'x', digits[c>>4], digits[c&15])
				next = i + 1
			}
		}
		b = b[next:]
	}
	l.text = append(l.text, b...)
}

const digits = "0123456789abcdef"

// hides reports whether a byte between two offsets is redacted.
func (l *line) hides(start, end int) bool { return len(reading.Redacted(l.m, start, end)) > 0 }
