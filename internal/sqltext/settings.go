package sqltext

import (
	"iter"
	"strings"
)

// Settings are those of a session on which it depends how its SQL is cut. The zero Settings are not
// known.
type Settings struct {
	Strings  Strings
	Encoding Encoding
}

// Strings is standard_conforming_strings, which decides what a backslash is in '…' and N'…'.
type Strings uint8

const (
	// UnknownStrings are read as StandardStrings are, and tokens say where that matters.
	UnknownStrings Strings = iota
	// StandardStrings are those of a session in which the setting is on: a backslash is a
	// backslash. From server 19 on there are no others.
	StandardStrings
	// EscapedStrings are those of a session in which it is off: '…' is read as E'…' is.
	EscapedStrings
)

// Encoding is what matters of client_encoding: servers convert SQL before they cut it, and in some
// encodings of clients a byte that looks like a backslash is the second half of a character.
type Encoding uint8

const (
	// UnknownEncoding is read as ASCIISafe is, and constants with a backslash behind a byte above
	// 0x7f say so.
	UnknownEncoding Encoding = iota
	// ASCIISafe are UTF-8 and all other encodings in which a byte of ASCII is always that
	// character.
	ASCIISafe
	// Pairs are the encodings in which each byte above 0x7f begins a pair: BIG5, GBK, UHC, GB18030,
	// JOHAB.
	Pairs
	// ShiftJIS are SJIS and SHIFT_JIS_2004, which have single characters above 0x7f too.
	ShiftJIS
)

// SettingsOf returns the settings that a server has reported as standard_conforming_strings and
// client_encoding. What it has not reported is empty, and not known.
func SettingsOf(standardStrings, clientEncoding string) Settings {
	s := Settings{Encoding: EncodingOf(clientEncoding)}
	switch standardStrings {
	case "on":
		s.Strings = StandardStrings
	case "off":
		s.Strings = EscapedStrings
	}
	return s
}

// EncodingOf returns the kind of encoding that a name stands for (src/common/encnames.c has the
// names).
func EncodingOf(name string) Encoding {
	plain := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(name))
	switch plain {
	case "":
		return UnknownEncoding
	case "sjis", "shiftjis", "mskanji", "win932", "windows932", "shiftjis2004", "sjis2004":
		return ShiftJIS
	case "big5", "win950", "windows950", "gbk", "win936", "windows936", "uhc", "win949", "windows949", "gb18030", "johab":
		return Pairs
	}
	return ASCIISafe
}

// readings are all settings that are known.
var readings = [...]Settings{
	{StandardStrings, ASCIISafe}, {EscapedStrings, ASCIISafe}, {StandardStrings, Pairs},
	{EscapedStrings, Pairs}, {StandardStrings, ShiftJIS}, {EscapedStrings, ShiftJIS},
}

// Readings returns the settings that these may be, all of them known: these alone if they are.
func (s Settings) Readings() iter.Seq[Settings] {
	return func(yield func(Settings) bool) {
		for _, r := range readings {
			if s.mayBe(r) && !yield(r) {
				return
			}
		}
	}
}

// mayBe reports whether these settings agree with others where they are known.
func (s Settings) mayBe(r Settings) bool {
	return (s.Strings == UnknownStrings || s.Strings == r.Strings) &&
		(s.Encoding == UnknownEncoding || s.Encoding == r.Encoding)
}

// size returns the length of the character at the beginning of b, as far as it matters: 2 for a
// pair of which the second byte may look like a character of its own, else 1. No encoding has a
// quote, a $ or a line end there.
func (e Encoding) size(b []byte) int {
	if e >= Pairs && len(b) > 1 && e.leads(b[0]) && b[1] >= '0' {
		return 2
	}
	return min(1, len(b))
}

// leads reports whether a byte is the first of a pair.
func (e Encoding) leads(c byte) bool {
	if e == ShiftJIS {
		return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc
	}
	return c >= 0x80
}
