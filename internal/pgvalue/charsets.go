package pgvalue

import (
	"unicode/utf8"

	textencoding "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func multi(e textencoding.Encoding, length func([]byte) int, except map[string]rune) encoding {
	return encoding{multi: e.NewDecoder(), length: length, except: except}
}

// encodings are the encodings of PostgreSQL for which there is a table.
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
	"EUC_JP":     multi(japanese.EUCJP, lengthEUCJP, eucJP),
	"SJIS":       multi(japanese.ShiftJIS, lengthSJIS, nil),
	"EUC_KR":     multi(korean.EUCKR, lengthTwo, postalCode),
	"UHC":        multi(korean.EUCKR, lengthTwo, postalCode), // x/text's EUCKR is UHC, which contains EUC-KR
	"EUC_CN":     multi(simplifiedchinese.GBK, lengthTwo, map[string]rune{"\xa1\xa4": 0x30fb, "\xa1\xaa": 0x2015}),
	"GBK":        multi(simplifiedchinese.GBK, lengthTwo, nil),
	"GB18030":    multi(simplifiedchinese.GB18030, lengthGB18030, map[string]rune{"\x84\x31\xa4\x37": utf8.RuneError}),
	"BIG5":       multi(traditionalchinese.Big5, lengthTwo, big5),
}

// postalCode is a character that was added late to the Korean standard.
var postalCode = map[string]rune{"\xa2\xe8": 0x327e}

// The lengths of characters, as in common/wchar.c.

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

// eucJP is the part of IBM's extension that JIS X 0212 does not contain.
var eucJP = characters(
	"\x8f\xa2\xc3", "\uffe4",
	"\x8f\xf3\xf3", "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹ",
	"\x8f\xf4\xa9", "\uff07\uff02",
	"\x8f\xf4\xae", "\u70bb\u4efc\u50f4\u51ec\u5307\u5324\ufa0e\u548a\u5759\ufa0f\ufa10\u589e\u5bec\u5cf5\u5d53\ufa11"+
		"\u5fb7\u6085\u6120\u654e\u663b\u6665\ufa12\uf929\u6801\ufa13\ufa14\u6a6b\u6ae2\u6df8\u6df2\u7028"+
		"\ufa15\ufa16\u7501\u7682\u769e\ufa17\u7930\ufa18\ufa19\ufa1a\ufa1b\u7ae7\ufa1c\ufa1d\u7da0\u7dd6"+
		"\ufa1e\u8362\ufa1f\u85b0\ufa20\ufa21\u8807\ufa22\u8b7f\u8cf4\u8d76\ufa23\ufa24\ufa25\u90de\ufa26"+
		"\u9115\ufa27\ufa28\u9592\uf9dc\ufa29\u973b\u974d\u9751\ufa2a\ufa2b\ufa2c\u999e\u9ad9\u9b72\ufa2d"+
		"\u9ed1",
)

// big5 is the part in which PostgreSQL follows code page 950 and the ETEN extension, and x/text
// follows the WHATWG.
var big5 = characters(
	"\xa1\x45", "\u2022", "\xa1\x4e", "\uff64", "\xa1\x5a", "\ufffd", "\xa1\xc2", "\u203e", "\xa1\xe3", "\u223c",
	"\xa1\xf2", "\u2641\u2609",
	"\xa2\x41", "\uff0f\uff3c", "\xa2\x44", "\u00a5", "\xa2\x46", "\u00a2\u00a3",
	"\xc6\xa1", "ヾゝゞ々ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんァアィイゥウェ",
	"\xc7\x40", "エォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユ",
	"\xc7\xa1", "ョヨラリルレロヮワヰヱヲンヴヵヶДЕЁЖЗИЙКЛМУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя①②③④⑤⑥⑦⑧⑨⑩⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽",
)

// characters takes pairs: the bytes of a character, and the text for it and the characters after
// it. They are in one row, in which 0xa1 follows 0x7e.
func characters(pairs ...string) map[string]rune {
	m := map[string]rune{}
	for i := 0; i < len(pairs); i += 2 {
		code := []byte(pairs[i])
		last := &code[len(code)-1]
		for _, r := range pairs[i+1] {
			m[string(code)] = r
			if *last++; *last == 0x7f {
				*last = 0xa1
			}
		}
	}
	return m
}
