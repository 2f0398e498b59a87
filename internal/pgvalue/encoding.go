package pgvalue

import (
	"bytes"
	"slices"
	"unicode/utf8"

	textencoding "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// encoding turns text in a client_encoding into UTF-8. Either single or multi is set.
type encoding struct {
	single *charmap.Charmap
	multi  *textencoding.Decoder // for stateless encodings only, because it is shared
	length func(b []byte) int    // of the character at the beginning of b, which is not ASCII
	except map[string]rune       // characters that PostgreSQL and x/text read differently
}

// AppendUTF8 appends text from the wire, which is in the session's client_encoding, in UTF-8. Bytes
// that are not text in that encoding are copied unchanged. So is all text in SQL_ASCII, which only
// has a meaning for ASCII, and in EUC_TW, EUC_JIS_2004, SHIFT_JIS_2004, JOHAB and MULE_INTERNAL,
// for which there is no table here. The private use area of UHC and GB18030 is copied unchanged,
// too.
func (s *Settings) AppendUTF8(dst, src []byte) []byte {
	if s == nil || s.encoding == nil {
		return append(dst, src...)
	}
	dst = slices.Grow(dst, len(src))
	for len(src) > 0 {
		if src[0] < utf8.RuneSelf {
			dst, src = append(dst, src[0]), src[1:]
			continue
		}
		var n int
		dst, n = s.encoding.appendCharacter(dst, src)
		src = src[n:]
	}
	return dst
}

// appendCharacter decodes the character at the beginning of src, and returns how many bytes of src
// it took.
func (e *encoding) appendCharacter(dst, src []byte) ([]byte, int) {
	n := 1
	if e.multi != nil {
		n = min(e.length(src), len(src))
	}
	if r, ok := e.except[string(src[:n])]; ok {
		return utf8.AppendRune(dst, r), n
	}
	if e.single != nil {
		return appendSingle(dst, e.single, src[0]), n
	}
	// A character of these encodings is one or two characters of Unicode.
	dst = slices.Grow(dst, 2*utf8.UTFMax)
	room := dst[len(dst) : len(dst)+2*utf8.UTFMax]
	written, read, err := e.multi.Transform(room, src[:n], true)
	if err != nil || read != n || bytes.ContainsRune(room[:written], utf8.RuneError) {
		return append(dst, src[:n]...), n
	}
	return dst[:len(dst)+written], n
}

func appendSingle(dst []byte, table *charmap.Charmap, b byte) []byte {
	r := table.DecodeByte(b)
	switch {
	case r != utf8.RuneError:
		return utf8.AppendRune(dst, r)
	case b < 0xa0:
		return utf8.AppendRune(dst, rune(b)) // an ISO control character: x/text has a hole
	default:
		return append(dst, b)
	}
}

// setEncoding takes client_encoding as spelled in ParameterStatus (pg_enc2name_tbl in
// common/encnames.c).
func (s *Settings) setEncoding(name string) {
	s.utf8 = name == "" || name == "UTF8"
	if s.utf8 {
		return
	}
	if e, ok := encodings[name]; ok {
		s.encoding = &e
		s.gaps = name == "UHC" || name == "GB18030" || name == "GBK"
	}
}

// KnowsText reports whether bytes that AppendUTF8 copies unchanged because they are not UTF-8 are
// not text in the session's client_encoding.
func (s *Settings) KnowsText() bool { return s != nil && (s.utf8 || s.encoding != nil) && !s.gaps }
