package insight

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// value is what is remembered of a value: a hash, keyed for this process, and the number it is
// or ends in.
// Values are the same if their texts are: 42 is the same in every format and integer type, and as
// text. A UUID is the same in either format.
type value struct {
	hash     uint64 // see usable
	number   int64
	isNumber bool
	usable   bool   // it can be compared with values of other types
	isWord   bool   // short text
	before   uint64 // of text that ends in a number: a hash of what is before that, and otherwise 0
}

// null is NULL. It is the same as itself only, and can't be compared.
var null = value{hash: 1}

// form is how the bytes of a value are read.
type form uint8

const (
	opaque     form = iota // only equal bytes are equal
	characters             // text, and what is printed as text
	padded                 // with spaces at the end that mean nothing
	signed                 // a binary integer
	unsigned
	binaryUUID
)

// OIDs of types (src/include/catalog/pg_type.dat).
const (
	oidBool, oidInt8, oidInt2, oidInt4, oidText, oidOID = 16, 20, 21, 23, 25, 26
	oidName, oidBPChar, oidVarchar, oidUUID, oidUnknown = 19, 1042, 1043, 2950, 705
)

// formOf returns the form of values that are integers, UUIDs or text. What else is in text format
// is characters if loose is set.
func formOf(oid uint32, isBinary, loose bool) form {
	switch oid {
	case oidInt2, oidInt4, oidInt8:
		if isBinary {
			return signed
		}
		return characters
	case oidOID:
		if isBinary {
			return unsigned
		}
		return characters
	case oidUUID:
		if isBinary {
			return binaryUUID
		}
		return characters
	case oidText, oidVarchar, oidName:
		return characters
	case oidBPChar:
		return padded
	}
	if loose && !isBinary && oid != oidBool {
		return characters
	}
	return opaque
}

// maxText is how long text may be, in bytes.
const maxText = 40

// maxWord is how long text is, in bytes, that can be one of few that everybody knows, such as the
// code of a country.
const maxWord = 12

// What keeps values of different sorts apart. Only this process knows it.
var numberKey, uuidKey, opaqueKey = maphash.String(hashSeed, "number"), maphash.String(hashSeed, "uuid"), maphash.String(hashSeed, "opaque")

// valueOf returns what is remembered of a value.
func valueOf(f form, b []byte) value {
	switch f {
	case signed:
		switch len(b) {
		case 2:
			return numberValue(int64(int16(binary.BigEndian.Uint16(b))))
		case 4:
			return numberValue(int64(int32(binary.BigEndian.Uint32(b))))
		case 8:
			return numberValue(int64(binary.BigEndian.Uint64(b)))
		}
	case unsigned:
		if len(b) == 4 {
			return numberValue(int64(binary.BigEndian.Uint32(b)))
		}
	case binaryUUID:
		if len(b) == 16 {
			return hashed(maphash.Bytes(hashSeed, b) ^ uuidKey)
		}
	case padded:
		return textValue(bytes.TrimRight(b, " "))
	case characters:
		return textValue(b)
	}
	return value{hash: maphash.Bytes(hashSeed, b) ^ opaqueKey}
}

// hashed returns a value that can be compared. The hash 0 means none.
func hashed(hash uint64) value { return value{hash: max(hash, 2), usable: true} }

// numberValue returns an integer. Integers never collide: mixing is one to one.
func numberValue(n int64) value {
	h := uint64(n) ^ numberKey // splitmix64
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	v := hashed(h ^ h>>31)
	v.number, v.isNumber = n, true
	return v
}

func textValue(b []byte) value {
	if n, ok := integer(b); ok {
		return numberValue(n)
	}
	if len(b) > maxText {
		return value{hash: maphash.Bytes(hashSeed, b) ^ opaqueKey}
	}
	if id, ok := uuid(b); ok {
		return hashed(maphash.Bytes(hashSeed, id[:]) ^ uuidKey)
	}
	v := hashed(maphash.Bytes(hashSeed, b))
	v.isWord = len(b) <= maxWord
	v.before, v.number = numbered(b)
	return v
}

// numbered reads text that ends in a number, such as user7: programs that make many names count them.
func numbered(b []byte) (before uint64, n int64) {
	const most = 9 // digits
	at := len(b)
	for at > 0 && b[at-1] >= '0' && b[at-1] <= '9' {
		at--
	}
	if at == len(b) || len(b)-at > most {
		return 0, 0
	}
	for _, c := range b[at:] {
		n = n*10 + int64(c-'0')
	}
	return max(maphash.Bytes(hashSeed, b[:at]), 1), n
}

// counts reports whether it is a number, or ends in one.
func (v *value) counts() bool { return v.isNumber || v.before != 0 }

// integer reads an integer as servers print it.
func integer(b []byte) (n int64, ok bool) {
	const most = 18 // digits that always fit
	digits := b
	if len(b) > 1 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > most || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		n = -n
	}
	return n, true
}

// uuid reads a UUID with hyphens, in either case.
func uuid(b []byte) (id [16]byte, ok bool) {
	if len(b) != 36 {
		return id, false
	}
	n := 0
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return id, false
			}
			continue
		}
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return id, false
		}
		id[n/2] = id[n/2]<<4 | c
		n++
	}
	return id, true
}
