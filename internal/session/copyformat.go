package session

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// rowsAs returns the format of the rows of a COPY, at their beginning.
func rowsAs(c sqltext.Copy) wire.Copy {
	s := wire.Copy{
		Delimiter: only(c.Delimiter), Quote: only(c.Quote), Escape: only(c.Escape),
		Null: c.Null, NoNull: c.ForceNotNull && !c.To, Headings: c.Headings,
		Default: c.Default, HasDefault: c.HasDefault,
	}
	if c.Format == "text" && !c.HasNull {
		s.Null = `\N`
	}
	return s
}

func only(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// heading decodes a name in the format of the rows.
func heading(text string, p *payloads) string {
	var b strings.Builder
	quote, escape := p.state.Copy.Quote, p.state.Copy.Escape
	if quote == 0 {
		quote = '"'
	}
	if escape == 0 {
		escape = quote
	}
	for i := 0; i < len(text); i++ {
		x := text[i]
		switch {
		case p.holds == wire.CopyText && x == '\\' && i+1 < len(text):
			var n int
			x, n = unescape(text[i+1:])
			i += n
		case p.holds == wire.CopyCSV && x == escape && i+1 < len(text) && (text[i+1] == quote || text[i+1] == escape) && i > 0:
			i++
			x = text[i]
		case p.holds == wire.CopyCSV && x == quote:
			continue
		}
		b.WriteByte(x)
	}
	return b.String()
}

// unescape returns the byte for the characters after a backslash in text format, and how many they
// are (documentation of COPY, section "Text Format").
func unescape(rest string) (byte, int) {
	if i := strings.IndexByte("bfnrtv", rest[0]); i >= 0 {
		return "\b\f\n\r\t\v"[i], 1
	}
	start, base, most := 0, 8, 3
	if rest[0] == 'x' {
		start, base, most = 1, 16, 2
	}
	for end := min(len(rest), start+most); end > start; end-- {
		if code, err := strconv.ParseUint(rest[start:end], base, 16); err == nil {
			return byte(code), end
		}
	}
	return rest[0], 1
}

// charactersOf returns how an encoding uses ASCII bytes, which matters if they are delimiters.
func charactersOf(encoding string, s *event.Settings) wire.Characters {
	if encoding == "" && s != nil {
		encoding = s.ClientEncoding
	}
	switch sqltext.EncodingOf(encoding) {
	case sqltext.ShiftJIS:
		return wire.ShiftJIS
	case sqltext.Pairs:
		return wire.Pairs
	}
	return wire.Plain
}
