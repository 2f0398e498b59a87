package pgvalue

import (
	"bytes"
	"slices"
	"unicode/utf8"

	textencoding "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// encoding turns text of one client_encoding into UTF-8. One of single and
// multi is set.
type encoding struct {
	single *charmap.Charmap
	multi  *textencoding.Decoder // of stateless encodings only: it is shared
	length func(b []byte) int    // of the character at the beginning of b, its first byte not ASCII
	except map[string]rune       // characters that PostgreSQL reads differently from x/text
}

// AppendUTF8 appends text of the wire, which is in the session's
// client_encoding, in UTF-8. Bytes that are no text in that encoding are
// appended as they are; so is all text in SQL_ASCII, which has no meaning
// beyond ASCII, and in EUC_TW, EUC_JIS_2004, SHIFT_JIS_2004, JOHAB and
// MULE_INTERNAL, for which there is no table here.
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

// appendCharacter decodes the character at the beginning of src and returns how
// many bytes it has there.
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
	// One character of these encodings is one or two of Unicode's.
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
		return utf8.AppendRune(dst, rune(b)) // the ISO encodings have control characters there, x/text has holes
	default:
		return append(dst, b)
	}
}

// setEncoding takes client_encoding as ParameterStatus spells it
// (pg_enc2name_tbl in common/encnames.c).
func (s *Settings) setEncoding(name string) {
	s.utf8 = name == "" || name == "UTF8"
	if s.utf8 {
		return
	}
	if e, ok := encodings[name]; ok {
		s.encoding = &e
	}
}

func multi(e textencoding.Encoding, length func([]byte) int, except map[string]rune) encoding {
	return encoding{multi: e.NewDecoder(), length: length, except: except}
}

// encodings are those of PostgreSQL for which there is a table.
var encodings = map[string]encoding{
	"LATIN1":     {single: charmap.ISO8859_1},
	"LATIN2":     {single: charmap.ISO8859_2},
	"LATIN3":     {single: charmap.ISO8859_3},
	"LATIN4":     {single: charmap.ISO8859_4},
	"LATIN5":     {single: charmap.ISO8859_9},
	"LATIN6":     {single: charmap.ISO8859_10},
	"LATIN7":     {single: charmap.ISO8859_13},
	"LATIN8":     {single: charmap.ISO8859_14},
	"LATIN9":     {single: charmap.ISO8859_15},
	"LATIN10":    {single: charmap.ISO8859_16},
	"ISO_8859_5": {single: charmap.ISO8859_5},
	"ISO_8859_6": {single: charmap.ISO8859_6},
	"ISO_8859_7": {single: charmap.ISO8859_7},
	"ISO_8859_8": {single: charmap.ISO8859_8},
	"KOI8R":      {single: charmap.KOI8R},
	"KOI8U":      {single: charmap.KOI8U, except: map[string]rune{"\xae": 0x255d, "\xbe": 0x256c}},
	"WIN866":     {single: charmap.CodePage866},
	"WIN874":     {single: charmap.Windows874},
	"WIN1250":    {single: charmap.Windows1250},
	"WIN1251":    {single: charmap.Windows1251},
	"WIN1252":    {single: charmap.Windows1252},
	"WIN1253":    {single: charmap.Windows1253},
	"WIN1254":    {single: charmap.Windows1254},
	"WIN1255":    {single: charmap.Windows1255},
	"WIN1256":    {single: charmap.Windows1256},
	"WIN1257":    {single: charmap.Windows1257},
	"WIN1258":    {single: charmap.Windows1258},
	"EUC_JP":     multi(japanese.EUCJP, lengthEUCJP, nil),
	"SJIS":       multi(japanese.ShiftJIS, lengthSJIS, nil),
	"EUC_KR":     multi(korean.EUCKR, lengthTwo, postalCode),
	"UHC":        multi(korean.EUCKR, lengthTwo, postalCode), // x/text's EUCKR is UHC, which contains EUC-KR
	"EUC_CN":     multi(simplifiedchinese.GBK, lengthTwo, map[string]rune{"\xa1\xa4": 0x30fb, "\xa1\xaa": 0x2015}),
	"GBK":        multi(simplifiedchinese.GBK, lengthTwo, nil),
	"GB18030":    multi(simplifiedchinese.GB18030, lengthGB18030, nil),
	"BIG5":       multi(traditionalchinese.Big5, lengthTwo, nil),
}

// postalCode is a sign that came late to the Korean standard.
var postalCode = map[string]rune{"\xa2\xe8": 0x327e}

// The lengths are those of common/wchar.c.

func lengthTwo([]byte) int { return 2 }

func lengthEUCJP(b []byte) int {
	if b[0] == 0x8f {
		return 3
	}
	return 2
}

func lengthSJIS(b []byte) int {
	if b[0] >= 0xa1 && b[0] <= 0xdf {
		return 1
	}
	return 2
}

func lengthGB18030(b []byte) int {
	if len(b) > 1 && b[1] >= '0' && b[1] <= '9' {
		return 4
	}
	return 2
}
