package jsonl

import (
	"strconv"
	"unicode/utf8"

	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// A value that can be written exactly is a plain string. Any other value is an object whose members
// say what it has and what it lacks.

// marks is what such an object says in addition to "text" or "hex".
type marks struct {
	omitted   int       // bytes that are not shown
	redacted  int       // bytes that were redacted
	cut       bool      // the rest of the message was not kept
	expected  wire.Name // what should be here, in a malformed part
	malformed error     // why a value can't be read
}

func (p *page) marks(o marks) {
	if o.omitted > 0 {
		p.integer("omitted", int64(o.omitted))
	}
	if o.redacted > 0 {
		p.integer("redacted", int64(o.redacted))
	}
	p.flag("cut", o.cut)
	if o.expected != wire.TypeByte {
		p.word("expected", o.expected.String())
	}
	if o.malformed != nil {
		p.key("malformed")
		p.quote([]byte(o.malformed.Error()))
	}
}

// string writes text in UTF-8.
func (p *page) string(text []byte, o marks) {
	if o == (marks{}) {
		p.quote(text)
		return
	}
	p.text = append(p.text, `{"text":`...)
	p.quote(text)
	p.marks(o)
	p.text = append(p.text, '}')
}

// data writes bytes that are not text.
func (p *page) data(b []byte, o marks) {
	p.text = append(p.text, `{"hex":`...)
	p.hex(b)
	p.marks(o)
	p.text = append(p.text, '}')
}

// writeAbsent writes the object for bytes of which none are shown.
func (p *page) writeAbsent(o marks) {
	p.text = append(p.text, '{')
	p.marks(o)
	p.text = append(p.text, '}')
}

// writeEncoded writes text in the session's encoding, or its bytes if they are not text. It reports
// whether it was text.
func (p *page) writeEncoded(b []byte, o marks) bool {
	text := p.decode(b)
	if !isText(text) && (o.cut || o.omitted > 0) {
		whole := p.dropTorn(b)
		o.omitted += len(b) - len(whole)
		b = whole
		text = p.decode(b)
	}
	if !isText(text) {
		p.data(b, o)
		return false
	}
	p.string(text, o)
	return true
}

// dropTorn returns shortened text without the incomplete character at its end.
func (p *page) dropTorn(b []byte) []byte {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		whole, tail := b[:len(b)-n], b[len(b)-n:]
		if p.reader.IsUTF8() {
			if utf8.RuneStart(tail[0]) && !utf8.FullRune(tail) {
				return whole
			}
		} else if isText(p.decode(whole)) {
			return whole
		}
	}
	return b
}

// decode returns text in UTF-8, or bytes that are not UTF-8 if they are not text. The result is
// valid until the next call.
func (p *page) decode(b []byte) []byte {
	if p.reader.IsUTF8() {
		return b
	}
	p.scratch = p.reader.AppendUTF8(p.scratch[:0], b)
	return p.scratch
}

// words writes bytes of the message as text, as far as they are text. It reports whether the text
// says everything.
func (p *page) words(start, end int, o marks) bool {
	m := p.reader.Message
	hidden := p.countHidden(start, end)
	if hidden == 0 {
		return p.writeEncoded(m.Bytes[start:end], o)
	}
	if hidden < end-start {
		p.quoted = p.quoted[:0]
		for part := range reading.Parts(m, start, end) {
			if part == nil {
				p.quoted = append(p.quoted, "[redacted]"...)
			} else {
				p.quoted = append(p.quoted, p.decode(part)...)
			}
		}
		if isText(p.quoted) {
			o.redacted = hidden
			p.string(p.quoted, o)
			return false
		}
	}
	p.bytes(start, end, o)
	return false
}

// bytes writes bytes of the message in hexadecimal, without the redacted ones.
func (p *page) bytes(start, end int, o marks) {
	m := p.reader.Message
	o.redacted = p.countHidden(start, end)
	switch o.redacted {
	case 0:
		p.data(m.Bytes[start:end], o)
		return
	case end - start:
		p.writeAbsent(o)
		return
	}
	p.quoted = p.quoted[:0]
	for part := range reading.Parts(m, start, end) {
		p.quoted = append(p.quoted, part...)
	}
	p.data(p.quoted, o)
}

// countHidden counts the redacted bytes of the message between two offsets.
func (p *page) countHidden(start, end int) int { return reading.Hidden(p.reader.Message, start, end) }

// shorten returns the end of the bytes that are shown, and how many are not.
func (p *page) shorten(start, end int) (shown, omitted int) {
	if p.MaxValue > 0 && end-start > p.MaxValue {
		return start + p.MaxValue, end - start - p.MaxValue
	}
	return end, 0
}

// timestamp writes the microseconds of a server's time as in RFC 3339, or as a number if the year
// does not have four digits.
func (p *page) timestamp(micros int64) {
	const first, last = -63082281600 * 1_000_000, 252455616000 * 1_000_000 // the years 1 to 9999
	if micros < first || micros >= last {
		p.text = strconv.AppendInt(p.text, micros, 10)
		return
	}
	p.text = append(p.text, '"')
	p.text = pgvalue.Time(micros).AppendFormat(p.text, "2006-01-02T15:04:05.000000Z")
	p.text = append(p.text, '"')
}
