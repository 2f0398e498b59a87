package pseudonym

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/big"
	"strings"
)

// container replaces values that contain others, and everything that is text.
func (v *Values) container(b []byte, name string, salt byte) {
	switch {
	case strings.HasSuffix(name, "[]"), strings.HasSuffix(name, "vector") && name != "tsvector":
		v.array(b, salt)
	case name == "record":
		v.record(b, salt)
	case strings.HasSuffix(name, "multirange"):
		v.multirange(b, strings.Replace(name, "multi", "", 1), salt)
	case strings.HasSuffix(name, "range"):
		v.rangeOf(b, name, salt)
	case name == "tsvector":
		v.lexemes(b[4:], salt)
	case name == "tsquery":
		v.operands(b[4:], salt)
	case name == "tid", name == "pg_snapshot", name == "txid_snapshot":
		// They are the server's own positions.
	default:
		v.replaceText(b, syntaxOf(name), salt)
	}
}

// element replaces the value after a length, and returns the bytes after the value.
func (v *Values) element(b []byte, oid uint32, salt byte) []byte {
	size := int(int32(binary.BigEndian.Uint32(b)))
	b = b[4:]
	if size <= 0 {
		return b
	}
	v.replaceBinary(b[:size], oid, salt)
	return b[size:]
}

// array replaces the elements of an array. Before them are a count of dimensions, flags, the
// elements' type, and two integers for each dimension.
func (v *Values) array(b []byte, salt byte) {
	oid := binary.BigEndian.Uint32(b[8:])
	for rest := b[12+8*binary.BigEndian.Uint32(b):]; len(rest) >= 4; {
		rest = v.element(rest, oid, salt)
	}
}

func (v *Values) record(b []byte, salt byte) {
	for rest := b[4:]; len(rest) >= 8; {
		oid := binary.BigEndian.Uint32(rest)
		rest = v.element(rest[4:], oid, salt)
	}
}

func (v *Values) multirange(b []byte, name string, salt byte) {
	for rest := b[4:]; len(rest) >= 4; {
		size := 4 + binary.BigEndian.Uint32(rest)
		v.rangeOf(rest[4:size], name, salt)
		rest = rest[size:]
	}
}

// bounds are the types of the bounds of ranges.
var bounds = map[string]uint32{
	"int4range": 23, "int8range": 20, "numrange": 1700, "daterange": 1082, "tsrange": 1114, "tstzrange": 1184,
}

// rangeOf replaces the bounds of a range, repeatedly until they are in order.
func (v *Values) rangeOf(b []byte, name string, salt byte) {
	oid := bounds[name]
	before := append([]byte(nil), b...)
	for again := range byte(maxSalts) {
		copy(b, before)
		var values [2][]byte
		for i, rest := 0, b[1:]; len(rest) >= 4 && i < 2; i++ {
			size := 4 + binary.BigEndian.Uint32(rest)
			values[i] = rest[4:size]
			rest = v.element(rest, oid, salt+again)
		}
		if values[1] == nil || inOrder(string(textOf(values[0], oid)), string(textOf(values[1], oid))) {
			return
		}
	}
}

// replaceRange does the same in text, for ranges and multiranges.
func (v *Values) replaceRange(b []byte, salt byte) {
	for start := 0; start < len(b); {
		end := start
		for end < len(b) && b[end] != ']' && b[end] != ')' {
			end++
		}
		v.replaceOneRange(b[start:end], salt)
		start = end + 1
	}
}

func (v *Values) replaceOneRange(b []byte, salt byte) {
	before := append([]byte(nil), b...)
	for again := range byte(maxSalts) {
		copy(b, before)
		v.replaceRuns(b, `[({,"\`, keepLetters, salt+again)
		lower, upper, found := strings.Cut(strings.Trim(string(b), `[({,"\`), ",")
		if !found || inOrder(strings.Trim(lower, `"\`), strings.Trim(upper, `"\`)) {
			return
		}
	}
}

// inOrder reports whether lower may precede upper as bounds of a range of numbers, or of dates and
// times in ISO format.
func inOrder(lower, upper string) bool {
	if lower == "" || upper == "" {
		return true
	}
	a, okA := new(big.Rat).SetString(lower)
	b, okB := new(big.Rat).SetString(upper)
	if okA && okB {
		return a.Cmp(b) <= 0
	}
	lower, lowerBC := strings.CutSuffix(lower, " BC")
	upper, upperBC := strings.CutSuffix(upper, " BC")
	switch {
	case lowerBC != upperBC:
		return lowerBC
	case lowerBC:
		lower, upper = upper, lower
	}
	return compareTimes(lower, upper) <= 0
}

// compareTimes compares dates or times, part by part: neither years nor months need be of the same
// length.
func compareTimes(a, b string) int {
	for fraction := false; a != "" && b != ""; {
		n, m := digits([]byte(a)), digits([]byte(b))
		if n == 0 || m == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			fraction = a[0] == '.'
			a, b = a[1:], b[1:]
			continue
		}
		numberA, numberB := a[:n], b[:m]
		if !fraction {
			numberA, numberB = strings.TrimLeft(numberA, "0"), strings.TrimLeft(numberB, "0")
			if len(numberA) != len(numberB) {
				return cmp.Compare(len(numberA), len(numberB))
			}
		}
		if numberA != numberB {
			return cmp.Compare(numberA, numberB)
		}
		a, b = a[n:], b[m:]
	}
	return cmp.Compare(len(a), len(b))
}

// withoutBounds returns an array in text without its index bounds.
func withoutBounds(b []byte) []byte {
	if end := bytes.Index(b, []byte("]={")); end > 0 && b[0] == '[' {
		return b[end+2:]
	}
	return b
}

// replaceArray replaces the elements of an array in text, one by one if a value of their type is
// more than words.
func (v *Values) replaceArray(b []byte, s syntax, salt byte) {
	switch s {
	case keepLetters, bitText, networkAddress, networkOnly:
		v.replaceRuns(b, `{},"`, s, salt)
	default:
		v.replaceText(b, s, salt)
	}
}

// replaceRuns replaces what is between separators.
func (v *Values) replaceRuns(b []byte, separators string, s syntax, salt byte) {
	for start := 0; start < len(b); {
		end := start
		for end < len(b) && strings.IndexByte(separators, b[end]) < 0 {
			end++
		}
		if !isConstant(b[start:end]) {
			v.replaceText(b[start:end], s, salt)
		}
		start = end + 1
	}
}

// lexemes replaces the lexemes of a tsvector: strings with a NUL, each with a count of positions
// and the positions (tsvectorsend in utils/adt/tsvector.c).
func (v *Values) lexemes(b []byte, salt byte) {
	for len(b) > 0 {
		b = v.lexeme(b, salt)
		b = b[2+2*binary.BigEndian.Uint16(b):]
	}
}

// operands replaces the operands of a tsquery, which are between its operators (tsquerysend in
// utils/adt/tsquery.c).
func (v *Values) operands(b []byte, salt byte) {
	for len(b) > 0 {
		switch {
		case b[0] == 1: // an operand with its weight and prefix flag
			b = v.lexeme(b[3:], salt)
		case b[1] == 4: // the operator of phrases has a distance
			b = b[4:]
		default:
			b = b[2:]
		}
	}
}

// lexeme replaces a string that ends with a NUL, and returns the bytes after it.
func (v *Values) lexeme(b []byte, salt byte) []byte {
	end := bytes.IndexByte(b, 0)
	v.replaceText(b[:end], plainText, salt)
	return b[end+1:]
}

// syntaxOf returns the syntax of a type's text.
func syntaxOf(name string) syntax {
	switch strings.TrimSuffix(name, "[]") {
	case "date", "time", "timetz", "timestamp", "timestamptz", "interval":
		return keepLetters
	case "float4", "float8", "numeric", "point", "line", "lseg", "box", "path", "polygon", "circle":
		return numbers
	case "uuid", "macaddr", "macaddr8", "pg_lsn":
		return hexText
	case "bit", "varbit":
		return bitText
	case "inet":
		return networkAddress
	case "cidr":
		return networkOnly
	case "xml":
		return xmlText
	case "tsvector", "tsquery":
		return searchText
	case "json", "jsonb":
		return jsonText
	}
	return plainText
}
