package pgvalue

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

func (p *printer) string(s string) { p.out = append(p.out, s...) }
func (p *printer) int(v int64)     { p.out = strconv.AppendInt(p.out, v, 10) }
func (p *printer) uint(v uint64)   { p.out = strconv.AppendUint(p.out, v, 10) }

// text prints bytes that the server sent in the client's encoding.
func (p *printer) text(b []byte) { p.out = p.settings.AppendUTF8(p.out, b) }

// hex prints bytes as with bytea_output = hex.
func (p *printer) hex(b []byte) {
	p.string(`\x`)
	p.out = hex.AppendEncode(p.out, b)
}

// quote puts what was printed from start on between marks. It adds escape before each mark, and a
// backslash before each backslash.
func (p *printer) quote(start int, mark, escape byte) {
	if p.failed() {
		return
	}
	extra := 2
	for _, c := range p.out[start:] {
		if c == mark || c == '\\' {
			extra++
		}
	}
	from := len(p.out)
	p.out = slices.Grow(p.out, extra)[:from+extra]
	to := len(p.out) - 1
	p.out[to] = mark
	for from > start {
		from--
		to--
		c := p.out[from]
		p.out[to] = c
		switch c {
		case mark:
			to--
			p.out[to] = escape
		case '\\':
			to--
			p.out[to] = '\\'
		}
	}
	p.out[start] = mark
	p.checkLength()
}

func (p *printer) bool() {
	if p.byte() == 0 {
		p.string("f")
	} else {
		p.string("t")
	}
}

// char prints the internal one-byte type "char". NUL is printed as nothing (charout in
// utils/adt/char.c). Since server 15, bytes above 0x7f are printed as \ and three octal digits;
// before, as the byte itself.
func (p *printer) char() {
	switch c := p.byte(); {
	case c == 0:
	case c < 0x80 || p.settings.before(15):
		p.out = append(p.out, c)
	default:
		p.out = append(p.out, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
	}
}

// versioned prints the text of jsonb and jsonpath, which follows a version number (jsonb_send in
// utils/adt/jsonb.c, jsonpath_send in utils/adt/jsonpath.c).
func (p *printer) versioned() {
	if at := p.at; p.byte() != 1 {
		p.failAt(at, "unknown version")
	}
	p.text(p.rest())
}

// xml undoes what xml_send does if client_encoding is not UTF8: it names the encoding in the
// declaration, which it may add for that (xml_out_internal in utils/adt/xml.c).
func (p *printer) xml() {
	b := p.rest()
	const start = `<?xml version="`
	if p.settings.utf8 || !bytes.HasPrefix(b, []byte(start)) {
		p.text(b)
		return
	}
	version, after, _ := bytes.Cut(b[len(start):], []byte(`"`))
	name, ok := bytes.CutPrefix(after, []byte(` encoding="`))
	_, after, found := bytes.Cut(name, []byte(`"`))
	if !ok || !found {
		p.text(b)
		return
	}
	if body, plain := bytes.CutPrefix(after, []byte("?>")); plain && string(version) == "1.0" {
		p.text(bytes.TrimPrefix(body, []byte("\n")))
		return
	}
	p.string(start)
	p.text(version)
	p.string(`"`)
	p.text(after)
}

// bits prints a bit string: Int32 length in bits, then the bits, beginning with the most
// significant (varbit_send in utils/adt/varbit.c).
func (p *printer) bits() {
	at := p.at
	n := int(p.int32())
	if n < 0 || (n+7)/8 != p.left() {
		p.failAt(at, "bit length does not fit the length")
		return
	}
	b := p.rest()
	for i := range n {
		p.out = append(p.out, '0'+b[i/8]>>(7-i%8)&1)
	}
}

func (p *printer) uuid() {
	b := p.take(16)
	if b == nil {
		return
	}
	p.out = hex.AppendEncode(p.out, b[:4])
	for i := 4; i < 10; i += 2 {
		p.out = append(p.out, '-')
		p.out = hex.AppendEncode(p.out, b[i:i+2])
	}
	p.out = append(p.out, '-')
	p.out = hex.AppendEncode(p.out, b[10:])
}

// unknown prints a value whose type has no meaning here, with the type's OID.
func (p *printer) unknown(oid uint32) {
	b := p.rest()
	if printable(b) {
		p.out = append(p.out, b...)
	} else {
		p.hex(b)
	}
	p.string(" (oid ")
	p.uint(uint64(oid))
	p.string(")")
}

// printable reports whether b is text that a terminal shows unchanged.
func printable(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 || !unicode.IsPrint(r) {
			return false
		}
		b = b[n:]
	}
	return true
}
