package sqltext

import "bytes"

// Operand is a constant or a parameter of a text. A shape has a placeholder in its place.
type Operand struct {
	// Token is the constant. That of a number extends from its first sign, and has its kind. Words
	// are true, false, null, and names that count as constants.
	Token Token
	// Parameter is the number of a parameter such as $1, and 0 for a constant.
	Parameter int
}

// AppendOperands appends the operands of a text, in their order. If there are as many as
// [Traits.Operands], the operand at index i is what $i+1 is in the shape. There are more if the
// shape leaves out elements of a list: those are operands, too.
func (s *Shaper) AppendOperands(dst []Operand, sql []byte, settings Settings) []Operand {
	s.writer.operands, s.writer.notes = dst, true
	s.writer.write(beforeNUL(sql), settings)
	dst = s.writer.operands
	s.writer.operands, s.writer.notes = nil, false
	return dst
}

// AppendOperand appends what a constant of a text means, as [Scanner.AppendValue] does. A number has
// no plus, and a minus at most before its first digit. A parameter is appended as it is written.
func AppendOperand(dst []byte, sql []byte, settings Settings, o Operand) (value []byte, ok bool) {
	tokens := NewScanner(sql, settings)
	if o.Token.Kind != Number {
		return tokens.AppendValue(dst, o.Token)
	}
	t, negative := o.Token, false
	tokens.pos = t.Start
	for t = tokens.NextSignificant(); t.Kind == Operator; t = tokens.NextSignificant() {
		negative = negative != tokens.Is(t, "-")
	}
	if negative {
		dst = append(dst, '-')
	}
	return tokens.AppendValue(dst, t)
}

// note takes note of a constant or a parameter, which begins at start, with its signs.
func (w *shapeWriter) note(t Token, start int) {
	o := Operand{Token: t}
	if t.Kind == Parameter {
		o.Parameter, _ = number(w.tokens.Text(t)[1:], 10, maxParameterDigits)
	}
	o.Token.Start = start
	w.operands = append(w.operands, o)
}

// maxParameterDigits is how many digits the number of a parameter has at most: no server accepts
// more than 65535 of them.
const maxParameterDigits = 9

// beforeNUL returns the text that a server sees.
func beforeNUL(sql []byte) []byte {
	if i := bytes.IndexByte(sql, 0); i >= 0 {
		return sql[:i]
	}
	return sql
}
