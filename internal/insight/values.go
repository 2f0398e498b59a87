package insight

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// maxOperands is how many constants and parameters a statement may have whose values are compared.
const maxOperands = 16

// operands reads what statements ask for.
type operands struct {
	shaper sqltext.Shaper
	sql    []byte
	text   []byte
	found  []sqltext.Operand
	values []value
	parts  []part
	tokens maphash.Hash
}

// part is a parameter in a Bind.
type part struct {
	format int
	isNull bool
	bytes  []byte
}

// readText is a text of a shape, as it was read last. Prepared statements have the same again.
type readText struct {
	shaped     *event.Shaped
	ok         bool
	constants  []value
	parameters []int // the number of the parameter in the place of each constant, or 0
}

// valuesOf returns the values of $1, $2 and so on of an exchange's shape. They are nil if any of
// them is not known. They are valid until the next call.
func (o *operands) valuesOf(x *exchange) []value {
	st := x.statement
	if st.Operands == 0 || st.Operands > maxOperands || x.Context == nil {
		return nil
	}
	if st.text.shaped == nil || st.text.shaped != x.Context.Shaped {
		o.readText(x)
	}
	if !st.text.ok || !o.readBind(x.Bind) {
		return nil
	}
	o.values = append(o.values[:0], st.text.constants...)
	for i, n := range st.text.parameters {
		switch {
		case n == 0:
		case n > len(o.parts):
			return nil
		default:
			o.values[i] = o.parts[n-1].value(typeOf(x.Bind.Context, n-1))
		}
	}
	return o.values
}

// readText reads the constants of a text.
func (o *operands) readText(x *exchange) {
	t, c := &x.statement.text, x.Context
	*t = readText{shaped: c.Shaped, constants: t.constants[:0], parameters: t.parameters[:0]}
	if c.Redacted || c.Shortened > 0 || c.SQL == "" {
		return
	}
	settings := c.Settings.SQL()
	o.sql = append(o.sql[:0], c.SQL...)
	o.found = o.shaper.AppendOperands(o.found[:0], o.sql, settings)
	if len(o.found) != x.statement.Operands {
		return
	}
	t.ok = true
	for i := range o.found {
		operand := &o.found[i]
		t.parameters = append(t.parameters, operand.Parameter)
		t.constants = append(t.constants, o.constant(operand, settings))
	}
}

// constant returns what a constant means.
func (o *operands) constant(operand *sqltext.Operand, settings sqltext.Settings) value {
	if operand.Parameter > 0 {
		return value{}
	}
	var ok bool
	o.text, ok = sqltext.AppendOperand(o.text[:0], o.sql, settings, *operand)
	switch {
	case operand.Token.Kind == sqltext.Word && string(o.text) == "null":
		return null
	case operand.Token.Kind == sqltext.Word, !ok, operand.Token.Doubt != sqltext.NoDoubt:
		return valueOf(opaque, o.text)
	}
	return valueOf(characters, o.text)
}

// readBind reads the parameters of a Bind, and reports whether all are known (documentation of
// Bind: portal and statement, format codes, and values with their lengths).
func (o *operands) readBind(m *event.Message) bool {
	o.parts = o.parts[:0]
	if m == nil {
		return true
	}
	b, ok := parametersOf(m)
	if !ok || len(m.Redacted) > 0 || len(b) < 2 {
		return false
	}
	formats := int(binary.BigEndian.Uint16(b))
	codes := b[2:]
	if len(codes) < 2*formats+2 {
		return false
	}
	b = codes[2*formats:]
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	for i := range n {
		if len(b) < 4 {
			return false
		}
		length := int(int32(binary.BigEndian.Uint32(b)))
		b = b[4:]
		p := part{isNull: length < 0}
		switch { // one code is for all
		case formats == 1:
			p.format = int(binary.BigEndian.Uint16(codes))
		case i < formats:
			p.format = int(binary.BigEndian.Uint16(codes[2*i:]))
		}
		if length > len(b) {
			return false
		}
		if length > 0 {
			p.bytes, b = b[:length], b[length:]
		}
		o.parts = append(o.parts, p)
	}
	return true
}

// parametersOf returns a Bind from its format codes on.
func parametersOf(m *event.Message) (b []byte, ok bool) {
	b = m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	for range 2 {
		if _, b, ok = bytes.Cut(b, []byte{0}); !ok {
			return nil, false
		}
	}
	return b, true
}

func typeOf(c *event.Context, i int) uint32 {
	if c == nil || i >= len(c.ParameterTypes) {
		return 0
	}
	return c.ParameterTypes[i]
}

// value returns what is remembered of a parameter.
func (p *part) value(oid uint32) value {
	if p.isNull {
		return null
	}
	return valueOf(formOf(oid, p.format != 0, true), p.bytes)
}

// request returns a hash of all that an exchange asked for, without comments. It is not known if
// something is redacted or was not kept.
func (o *operands) request(x *exchange) (hash uint64, ok bool) {
	c := x.Context
	if c == nil || c.Redacted || c.Shortened > 0 || c.SQL == "" {
		return 0, false
	}
	if strings.Contains(c.SQL, "/*") || strings.Contains(c.SQL, "--") {
		o.sql = append(o.sql[:0], c.SQL...)
		hash = o.hashWithout(o.sql, c.Settings.SQL())
	} else {
		hash = maphash.String(hashSeed, c.SQL)
	}
	if x.Bind == nil {
		return hash, x.Kind == event.Simple
	}
	b, ok := parametersOf(x.Bind)
	if !ok || len(x.Bind.Redacted) > 0 {
		return 0, false
	}
	return hash*0x9e3779b97f4a7c15 ^ maphash.Bytes(hashSeed, b), true
}
