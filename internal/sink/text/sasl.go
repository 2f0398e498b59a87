package text

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// sasl explains the parts of the string of a SASL mechanism.
func (p *page) sasl(f *wire.Field) {
	m := p.reader.Message
	if reading.IsRedacted(m, f) {
		return
	}
	b := m.Bytes[f.Start:f.End]
	switch f.Name {
	case wire.SCRAMClientFirst:
		p.bindingFlag(b)
		if m.State.BindingOffered && bytes.HasPrefix(b, []byte("n,")) {
			p.notes = append(p.notes, ", though the server offers SCRAM-SHA-256-PLUS"...)
		}
		p.attribute(b, 'r', ", client nonce = ")
	case wire.SCRAMServerFirst:
		p.attribute(b, 'r', ", nonce = ")
		if reading.Hidden(m, int(f.Start), int(f.End)) == 0 {
			p.salt(b)
		}
		p.attribute(b, 'i', ", iterations = ")
	case wire.SCRAMClientFinal:
		p.finalFlag(b)
		p.attribute(b, 'r', ", nonce = ")
	case wire.OAuthClientFirst:
		p.bindingFlag(b)
		if bytes.Contains(b, []byte("\x01auth=\x01")) { // RFC 7628, section 4.3
			p.notes = append(p.notes, ", without a token: to be told where to get one"...)
		}
	case wire.OAuthServerError:
		p.tokenStatus(b)
	}
}

// bindingFlag writes what a client's first message says about channel binding (RFC 5802, section 7:
// gs2-header).
func (p *page) bindingFlag(b []byte) {
	flag, _, _ := bytes.Cut(b, []byte(","))
	switch {
	case string(flag) == "n":
		p.notes = append(p.notes, ": no channel binding"...)
	case string(flag) == "y":
		p.notes = append(p.notes, ": no channel binding, because the client sees none offered"...)
	case bytes.HasPrefix(flag, []byte("p=")):
		p.notes = append(p.notes, ": channel binding "...)
		p.notes = AppendSafe(p.notes, flag[2:])
	}
}

// finalFlag writes the same for the final message, which repeats it in base64.
func (p *page) finalFlag(b []byte) {
	attribute, _, _ := bytes.Cut(bytes.TrimPrefix(b, []byte("c=")), []byte(","))
	p.scratch = slices.Grow(p.scratch[:0], base64.StdEncoding.DecodedLen(len(attribute)))
	n, err := base64.StdEncoding.Decode(p.scratch[:cap(p.scratch)], attribute)
	if err == nil {
		p.bindingFlag(p.scratch[:n])
	}
}

// salt writes the length of the salt in a server's first message. It is 16 bytes in PostgreSQL, and
// differs in poolers and imitations.
func (p *page) salt(b []byte) {
	salt, found := attributeOf(b, 's')
	if !found {
		return
	}
	p.scratch = slices.Grow(p.scratch[:0], base64.StdEncoding.DecodedLen(len(salt)))
	n, err := base64.StdEncoding.Decode(p.scratch[:cap(p.scratch)], salt)
	if err != nil {
		p.notes = append(p.notes, ", salt is not in base64"...)
		return
	}
	p.notes = append(p.notes, ", salt of "...)
	p.notes = strconv.AppendInt(p.notes, int64(n), 10)
	p.notes = append(p.notes, " bytes"...)
}

// attribute writes the value of one attribute of a SCRAM message.
func (p *page) attribute(b []byte, name byte, meaning string) {
	value, found := attributeOf(b, name)
	if !found {
		return
	}
	if len(p.notes) == 0 {
		p.notes = append(p.notes, ':')
		meaning = meaning[1:]
	}
	p.notes = append(p.notes, meaning...)
	p.notes = AppendSafe(p.notes, value)
}

// attributeOf returns the value of an attribute of a SCRAM message (RFC 5802, section 5.1).
func attributeOf(b []byte, name byte) (value []byte, found bool) {
	for part := range bytes.SplitSeq(b, []byte(",")) {
		if len(part) >= 2 && part[0] == name && part[1] == '=' {
			return part[2:], true
		}
	}
	return nil, false
}

// tokenStatus writes why a server does not accept a token (RFC 7628, section 3.2.2).
func (p *page) tokenStatus(b []byte) {
	var said struct {
		Status        string `json:"status"`
		Scope         string `json:"scope"`
		Configuration string `json:"openid-configuration"`
	}
	if json.Unmarshal(b, &said) != nil {
		return
	}
	separator := ": "
	for _, part := range [][2]string{{"status", said.Status}, {"scope", said.Scope}, {"openid-configuration", said.Configuration}} {
		if part[1] == "" {
			continue
		}
		p.notes = append(append(append(p.notes, separator...), part[0]...), " = "...)
		p.notes = AppendSafe(p.notes, part[1])
		separator = ", "
	}
}
