package sqltext

import (
	"iter"
	"strings"
)

// Settings are the settings of a session that decide how its SQL is cut. In the zero Settings they
// are unknown.
type Settings struct {
	Strings  Strings
	Encoding Encoding
}

// Strings is standard_conforming_strings, which decides what a backslash means in '…' and N'…'.
type Strings uint8

const (
	// UnknownStrings are read like StandardStrings, and tokens say if that matters.
	UnknownStrings Strings = iota
	// StandardStrings are those of a session with the setting on: a backslash is a backslash. Since
	// server 19 there are no others.
	StandardStrings
	// EscapedStrings are those of a session with the setting off: '…' is read like E'…'.
	EscapedStrings
)

// Encoding is what matters about client_encoding. Servers convert SQL before they cut it, and in
// some client encodings a byte that looks like a backslash is the second half of a character.
type Encoding uint8

const (
	// UnknownEncoding is read like ASCIISafe. Constants with a backslash after a byte above 0x7f
	// say so.
	UnknownEncoding Encoding = iota
	// ASCIISafe is UTF-8, and all other encodings in which an ASCII byte is always that character.
	ASCIISafe
	// Pairs are the encodings in which each byte above 0x7f begins a pair: BIG5, GBK, UHC, GB18030,
	// JOHAB.
	Pairs
	// ShiftJIS is SJIS and SHIFT_JIS_2004, which also have single characters above 0x7f.
	ShiftJIS
)

// SettingsOf returns the settings that a server has reported as standard_conforming_strings and
// client_encoding. An empty value was not reported, and is unknown.
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

// EncodingOf returns the kind of an encoding by its name (names are in src/common/encnames.c).
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

// readings are all combinations of known settings.
var readings = [...]Settings{
	{StandardStrings, ASCIISafe}, {EscapedStrings, ASCIISafe}, {StandardStrings, Pairs},
	{EscapedStrings, Pairs}, {StandardStrings, ShiftJIS}, {EscapedStrings, ShiftJIS},
}

// Readings returns the fully known settings that s may be: only s if it is fully known.
func (s Settings) Readings() iter.Seq[Settings] {
	return func(yield func(Settings) bool) {
		for _, r := range readings {
			if s.mayBe(r) && !yield(r) {
				return
			}
		}
	}
}

// mayBe reports whether s agrees with r wherever s is known.
func (s Settings) mayBe(r Settings) bool {
	return (s.Strings == UnknownStrings || s.Strings == r.Strings) &&
		(s.Encoding == UnknownEncoding || s.Encoding == r.Encoding)
}

// size returns the length of the character at the beginning of b, as far as it matters: 2 for a
// pair whose second byte may look like a character of its own, otherwise 1. In no encoding can that
// byte be a quote, a $ or a line end.
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
