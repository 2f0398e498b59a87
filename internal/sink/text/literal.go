package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// literals are the parameters of a Bind as they are written in SQL.
type literals struct {
	reader reading.Reader
	places []int // indexes of the parameters' fields: a value, or the length of one that is absent
	value  []byte
	// notText is set if one that was appended is not text in the session's encoding.
	notText bool
}

// read moves to another Bind, or to none.
func (l *literals) read(m *event.Message) {
	l.places, l.notText = l.places[:0], false
	if m == nil {
		return
	}
	l.reader.Read(m)
	for i := range l.reader.Fields {
		f := &l.reader.Fields[i]
		if f.Name == wire.ParameterValue || f.Name == wire.ValueLength && (f.Int == -1 || f.Int == 0) {
			l.places = append(l.places, i)
		}
	}
}

// appendTo appends a parameter, counted from 1, as a constant that is read as its type. It returns
// false if there is none. A value in binary format whose type is not known stays a parameter.
func (l *literals) appendTo(dst []byte, number, most int, cast string) ([]byte, bool) {
	at, found := l.find(number)
	if !found {
		return dst, false
	}
	m := l.reader.Message
	f := &l.reader.Fields[at]
	v := l.reader.Value(at)
	name := pgvalue.TypeName(v.Type)
	if l.reader.IsNull(at) {
		return appendNull(dst, name, cast), true
	}
	if f.Name != wire.ParameterValue { // it is empty
		v.Start, v.End = f.End, f.End
	}
	switch {
	case reading.Hidden(m, int(v.Start), int(v.End)) > 0:
		return append(dst, "'[redacted]'"...), true
	case v.Binary && name == "":
		return l.appendUnknown(dst, number, m.Bytes[v.Start:v.End], most), true
	}
	var err error
	if l.value, err = l.reader.AppendText(l.value[:0], &v); err != nil {
		return l.appendUnknown(dst, number, m.Bytes[v.Start:v.End], most), true
	}
	l.notText = l.notText || len(m.Redacted) == 0 && !utf8.Valid(l.value) && l.reader.KnowsText()
	omitted := 0
	if most > 0 && len(l.value) > most {
		omitted = len(l.value) - most
		l.value = l.value[:most]
	}
	dst = appendLiteral(dst, name, l.value, cast)
	if omitted > 0 {
		dst = append(dst, " /* and "...)
		dst = strconv.AppendInt(dst, int64(omitted), 10)
		dst = append(dst, " bytes more */"...)
	}
	return dst, true
}

// find finds the field of a parameter.
func (l *literals) find(number int) (at int, found bool) {
	for _, at := range l.places {
		if l.reader.Value(at).Index == number-1 {
			return at, true
		}
	}
	return 0, false
}

// appendUnknown appends a parameter whose value can't be read, with its bytes.
func (l *literals) appendUnknown(dst []byte, number int, b []byte, most int) []byte {
	if most > 0 && len(b) > most {
		b = b[:most]
	}
	parameter := "$" + strconv.Itoa(number)
	dst = append(dst, parameter...)
	dst = append(dst, " /* "...)
	dst = append(dst, parameter...)
	dst = append(dst, ` = \x`...)
	const digits = "0123456789abcdef"
	for _, c := range b {
		dst = append(dst, digits[c>>4], digits[c&15])
	}
	return append(dst, " */"...)
}

// appendLiteral appends a value as a constant. It adds a cast if the text by itself would be read
// as another type (documentation section "Constants"), unless the SQL casts it to the right type
// anyway.
func appendLiteral(dst []byte, typeName string, text []byte, cast string) []byte {
	switch typeName {
	case "", "text", "varchar", "unknown":
		return sqltext.AppendQuoted(dst, text)
	case "bool":
		if string(text) == "t" || string(text) == "true" {
			return append(dst, "true"...)
		}
		if string(text) == "f" || string(text) == "false" {
			return append(dst, "false"...)
		}
	case "int2", "int4", "int8", "oid":
		n, err := strconv.ParseUint(string(text), 10, 63) // with a sign it would need parentheses, and a sign may precede it
		if err != nil {
			break
		}
		dst = strconv.AppendUint(dst, n, 10)
		if isInt4 := n <= 1<<31; isInt4 == (typeName == "int4") && (isInt4 || typeName == "int8") {
			return dst
		}
		return appendCast(dst, typeName, cast)
	}
	return appendCast(sqltext.AppendQuoted(dst, text), typeName, cast)
}

// appendNull appends NULL of a type.
func appendNull(dst []byte, typeName, cast string) []byte {
	dst = append(dst, "NULL"...)
	switch typeName {
	case "", "text", "varchar", "unknown":
		return dst
	}
	return appendCast(dst, typeName, cast)
}

// aliases are other names of types in casts (documentation section "Data Types").
var aliases = map[string]string{
	"int": "int4", "integer": "int4", "bigint": "int8", "smallint": "int2", "boolean": "bool", "real": "float4", "decimal": "numeric",
	"int[]": "int4[]", "integer[]": "int4[]", "bigint[]": "int8[]", "boolean[]": "bool[]",
}

// appendCast appends a cast, unless there already is one to that type.
func appendCast(dst []byte, typeName, cast string) []byte {
	if name, found := aliases[cast]; found {
		cast = name
	}
	element, array := strings.CutSuffix(typeName, "[]")
	if element == "char" || element == "bit" { // otherwise they have a length of 1, and char is bpchar
		element = `"` + element + `"`
	}
	if typeName = element; array {
		typeName += "[]"
	}
	if cast == typeName {
		return dst
	}
	dst = append(dst, "::"...)
	return append(dst, typeName...)
}
