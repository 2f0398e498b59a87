package pseudonym

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pgpi/internal/pgvalue"
)

// maxSalts is how many pseudonyms are tried for values that depend on each other.
const maxSalts = 48

// replaceBinary replaces a value in binary format. Its type says how to read it. If the type is
// unknown, or the bytes don't fit it, every byte is replaced.
func (v *Values) replaceBinary(b []byte, oid uint32, salt byte) {
	name := pgvalue.TypeName(oid)
	if _, err := pgvalue.AppendText(v.scratch[:0], oid, pgvalue.Binary, b, nil); err != nil || name == "" {
		v.everyByte(b, salt)
		return
	}
	v.replaceByType(b, name, salt)
}

// replaceByType replaces a value whose bytes fit its type, in the forms of pgvalue.
func (v *Values) replaceByType(b []byte, name string, salt byte) {
	switch name {
	case "bool":
		b[0] ^= v.flip
	case "int2", "int4", "int8", "money":
		v.integer(b, true, salt)
	case "oid", "oid8", "xid", "cid", "xid8", "regproc", "regprocedure", "regoper", "regoperator", "regclass", "regtype",
		"regrole", "regnamespace", "regconfig", "regdictionary", "regcollation", "regdatabase":
		v.integer(b, false, salt)
	case "float4", "float8":
		v.float(b, salt)
	case "point", "lseg", "box", "line", "circle":
		v.floats(b, salt)
	case "path":
		v.floats(b[5:], salt)
	case "polygon":
		v.floats(b[4:], salt)
	case "numeric":
		v.numeric(b, salt)
	case "date", "timestamp", "timestamptz":
		v.moment(b, salt)
	case "time", "timetz":
		v.timeOfDay(b[:8], salt)
	case "interval":
		v.integer(b[:8], true, salt)
		v.integer(b[8:12], true, salt)
		v.integer(b[12:], true, salt)
	case "jsonb", "jsonpath":
		v.replaceText(b[1:], jsonText, salt)
	case "bytea", "uuid", "macaddr", "macaddr8", "pg_lsn":
		v.bytes(b, salt)
	case "inet":
		v.bytes(b[4:], salt)
	case "cidr":
		v.bytes(b[4:4+min(int(b[1])/8, len(b)-4)], salt)
	case "bit", "varbit":
		v.bits(b, salt)
	default:
		v.container(b, name, salt)
	}
}

// integer keeps the number of digits and the sign, and thereby the range. A number has the same
// pseudonym as its text.
func (v *Values) integer(b []byte, signed bool, salt byte) {
	value := uint64(0)
	for _, x := range b {
		value = value<<8 | uint64(x)
	}
	negative := signed && len(b) > 0 && b[0] >= 0x80
	if negative {
		value = -value & (math.MaxUint64 >> (64 - 8*len(b)))
	}
	for again := range byte(maxSalts) {
		word := strconv.AppendUint(v.number[:0], value, 10)
		v.words.replace(word, letters, salt+again)
		another, _ := strconv.ParseUint(string(word), 10, 64) // as many digits, within the range
		if negative {
			another = -another
		}
		for i := range b {
			b[len(b)-1-i] = byte(another >> (8 * i))
		}
		if !v.seen.isField(b) {
			return
		}
	}
	v.bytes(b[len(b)/4:], salt) // all numbers with that many digits are taken
}

// float uses the pseudonym of the text that the server prints.
func (v *Values) float(b []byte, salt byte) {
	oid, size := uint32(701), 64
	if len(b) == 4 {
		oid, size = 700, 32
	}
	word, _ := pgvalue.AppendText(v.number[:0], oid, pgvalue.Binary, b, nil) // it fits
	if string(word) == "NaN" {
		return
	}
	v.replaceText(word, numbers, salt)
	another, err := strconv.ParseFloat(string(word), size)
	switch {
	case err != nil:
		v.bytes(b[1:], salt)
	case size == 32:
		binary.BigEndian.PutUint32(b, math.Float32bits(float32(another)))
	default:
		binary.BigEndian.PutUint64(b, math.Float64bits(another))
	}
}

func (v *Values) floats(b []byte, salt byte) {
	for ; len(b) >= 8; b = b[8:] {
		v.float(b[:8], salt)
	}
}

// numeric replaces the digits, four of which are a number of two bytes. After the last group come
// zeros that are not in the value (utils/adt/numeric.c).
func (v *Values) numeric(b []byte, salt byte) {
	sign := binary.BigEndian.Uint16(b[4:])
	groups := b[8:]
	if sign == 0xd000 || sign == 0xf000 {
		binary.BigEndian.PutUint16(b[4:], 0) // infinity: nothing to change
	}
	if len(groups) == 0 && sign != 0xc000 {
		binary.BigEndian.PutUint16(b[6:], 0) // 0.00
		return
	}
	word := v.number[:0]
	for i := 0; i < len(groups); i += 2 {
		group := strconv.AppendUint(make([]byte, 0, 8), uint64(binary.BigEndian.Uint16(groups[i:])), 10)
		if len(word) > 0 {
			word = append(word, "0000"[len(group):]...)
		}
		word = append(word, group...)
	}
	whole := len(word) - (len(groups)-2)/2*4 + 4*int(int16(binary.BigEndian.Uint16(b[2:])))
	if whole = min(max(whole, 0), len(word)); whole > 0 {
		v.words.replace(word[:whole], letters, salt)
	}
	fraction := word[whole:]
	v.words.replace(fraction[:min(len(fraction), int(binary.BigEndian.Uint16(b[6:])))], letters, salt)
	for i := len(groups) - 2; i >= 0; i -= 2 {
		from := max(0, len(word)-4)
		group, _ := strconv.ParseUint(string(word[from:]), 10, 16) // only digits
		binary.BigEndian.PutUint16(groups[i:], uint16(group))
		word = word[:from]
	}
}

// microsecondsOfDay is the length of a day.
const microsecondsOfDay = 24 * 60 * 60 * 1_000_000

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// moment replaces a date, which is a number of days, or a timestamp, which is one of microseconds.
func (v *Values) moment(b []byte, salt byte) {
	layout, days, rest := "2006-01-02", int64(int32(binary.BigEndian.Uint32(b))), int64(0)
	if len(b) == 8 {
		layout = "2006-01-02 15:04:05.999999"
		all := int64(binary.BigEndian.Uint64(b))
		days, rest = all/microsecondsOfDay, all%microsecondsOfDay
	}
	const limit = 2_500_000 // days, within which years have four digits
	days = max(-limit/4, min(days, limit))
	word := epoch.AddDate(0, 0, int(days)).Add(time.Duration(rest)*time.Microsecond).AppendFormat(v.number[:0], layout)
	v.replaceText(word, keepLetters, salt)
	another, err := time.Parse(layout, string(word))
	if err != nil {
		v.bytes(b[len(b)/2:], salt)
		return
	}
	seconds := another.Unix() - epoch.Unix()
	if len(b) == 4 {
		binary.BigEndian.PutUint32(b, uint32(int32(seconds/(24*60*60))))
		return
	}
	binary.BigEndian.PutUint64(b, uint64(seconds*1_000_000+int64(another.Nanosecond()/1000)))
}

func (v *Values) timeOfDay(b []byte, salt byte) {
	const layout = "15:04:05.999999"
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(b)) % microsecondsOfDay).UTC()
	word := at.AppendFormat(v.number[:0], layout)
	v.replaceText(word, keepLetters, salt)
	another, _ := time.Parse(layout, string(word)) // it is a time
	midnight := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	binary.BigEndian.PutUint64(b, uint64(another.Sub(midnight).Microseconds()))
}

// bytes uses the pseudonym of the hexadecimal digits. Leading zeros stay, unless there is nothing
// else.
func (v *Values) bytes(b []byte, salt byte) {
	if significant := bytes.TrimLeft(b, "\x00"); len(significant) > 0 {
		b = significant
	}
	const digits = "0123456789abcdef"
	word := make([]byte, 0, 2*len(b))
	for _, x := range b {
		word = append(word, digits[x>>4], digits[x&15])
	}
	v.words.replace(word, hexadecimal, salt)
	for i := range b {
		b[i] = byte(strings.IndexByte(digits, word[2*i])<<4 | strings.IndexByte(digits, word[2*i+1]))
	}
}

// bits replaces a bit string. After its last bit, zeros fill the byte.
func (v *Values) bits(b []byte, salt byte) {
	word, data := make([]byte, binary.BigEndian.Uint32(b)), b[4:]
	for i := range word {
		word[i] = '0' + data[i/8]>>(7-i%8)&1
	}
	v.words.replace(word, binaryDigits, salt)
	clear(data)
	for i, x := range word {
		data[i/8] |= (x - '0') << (7 - i%8)
	}
}

// guess replaces a value whose format is not known. What may be text is treated as text.
func (v *Values) guess(b []byte, salt byte) {
	if isPrintable(b) && bytes.ContainsFunc(b, func(r rune) bool { return r >= utf8.RuneSelf || isAlphanumeric(byte(r)) }) {
		v.replaceText(b, plainText, salt)
		return
	}
	v.everyByte(b, salt)
}

// everyByte replaces each byte of a value in binary format that can't be read. ASCII words have the
// same pseudonyms as elsewhere.
func (v *Values) everyByte(b []byte, salt byte) {
	isText := true
	for _, x := range b {
		isText = isText && (' ' <= x && x <= '~' || isSpace(x))
	}
	random := v.words.source(b, hexPairs, salt)
	for at := 0; at < len(b); {
		n := alphanumericLength(b[at:])
		switch {
		case isText && n > 0:
			v.words.replace(b[at:at+n], letters, salt)
			at += n
			continue
		case isText:
			b[at] = another(b[at], "!#$%&*+,-./:;<=>?@^_|~", random.IntN)
		default:
			b[at] ^= byte(1 + random.IntN(255))
		}
		at++
	}
}

// another returns one of the characters in all that is not c.
func another(c byte, all string, number func(int) int) byte {
	at := number(len(all))
	if all[at] == c {
		at = (at + 1) % len(all)
	}
	return all[at]
}

// isPrintable reports whether bytes are text.
func isPrintable(b []byte) bool {
	for _, x := range b {
		if x < ' ' && !isSpace(x) || x == 0x7f {
			return false
		}
	}
	return utf8.Valid(b)
}
