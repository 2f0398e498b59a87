package sqltext

// ComparedWith returns the column that a placeholder of a shape is compared with, as written: b.id
// in the condition b.id = $n, $n = b.id or b.id in ($n), if it is all of a condition after WHERE,
// ON, AND or OR. A cast may follow the placeholder. The text of the shape is taken to be in UTF-8.
func ComparedWith(shape *Shape, n int) (column string, ok bool) {
	c := conditionReader{tokens: NewScanner([]byte(shape.Text), Settings{StandardStrings, ASCIISafe})}
	for c.advance(); c.here.Kind != End; {
		if !c.beginsCondition() {
			c.advance()
			continue
		}
		c.advance()
		for c.is("(") {
			c.advance()
		}
		if column, found := c.comparison(n); found {
			return column, true
		}
	}
	return "", false
}

// conditionReader reads the tokens of a shape.
type conditionReader struct {
	tokens       Scanner
	before, here Token
	between      bool // the next AND is part of a BETWEEN
}

func (c *conditionReader) advance()            { c.before, c.here = c.here, c.tokens.NextSignificant() }
func (c *conditionReader) is(text string) bool { return c.tokens.Is(c.here, text) }

// beginsCondition reports whether a condition begins after this token.
func (c *conditionReader) beginsCondition() bool {
	switch {
	case c.tokens.Is(c.before, "."), c.tokens.Is(c.before, "as"):
		return false // a name
	case c.is("between"):
		c.between = true
	case c.is("and"):
		within := c.between
		c.between = false
		return !within
	}
	return c.is("where") || c.is("on") || c.is("or")
}

// comparison reads a condition of the form column = $n, $n = column or column in ($n), as far as it
// is one, and returns the column.
func (c *conditionReader) comparison(n int) (column string, ok bool) {
	column, isColumn := c.column()
	number := 0
	if !isColumn {
		number = c.placeholder()
	}
	if isColumn && c.is("in") {
		return column, c.single() == n && n > 0 && c.endsCondition()
	}
	if !isColumn && number == 0 || !c.is("=") {
		return "", false
	}
	c.advance()
	if isColumn {
		number = c.placeholder()
	} else {
		column, isColumn = c.column()
	}
	return column, isColumn && number == n && n > 0 && c.endsCondition()
}

// column reads the name of a column, with what qualifies it.
func (c *conditionReader) column() (name string, ok bool) {
	start := c.here.Start
	for {
		if c.here.Kind != Word && c.here.Kind != QuotedName || c.here.Unterminated || c.here.Start == start && c.isValue() {
			return "", false
		}
		end := c.here.End
		c.advance()
		if !c.is(".") {
			return string(c.tokens.sql[start:end]), true
		}
		c.advance()
	}
}

// isValue reports whether a word is a value, or NOT, and no column.
func (c *conditionReader) isValue() bool {
	return c.is("not") || c.is("true") || c.is("false") || c.is("null") || c.here.Kind == Word && isFunction(c.tokens.Text(c.here))
}

// placeholder reads a placeholder and its casts, and returns its number, or 0 if there is none.
func (c *conditionReader) placeholder() (n int) {
	if c.here.Kind != Parameter {
		return 0
	}
	n, _ = number(c.tokens.Text(c.here)[1:], 10, maxParameterDigits)
	c.advance()
	for c.is("::") {
		c.advance()
		if _, ok := c.column(); !ok {
			return 0
		}
		for c.is("[") {
			c.advance()
			if !c.is("]") {
				return 0
			}
			c.advance()
		}
	}
	return n
}

// single reads IN and a placeholder in brackets, and returns its number, or 0 if there is something
// else.
func (c *conditionReader) single() (n int) {
	c.advance()
	if !c.is("(") {
		return 0
	}
	c.advance()
	if n = c.placeholder(); !c.is(")") {
		return 0
	}
	c.advance()
	return n
}

// endsCondition reports whether a condition ends before this token.
func (c *conditionReader) endsCondition() bool {
	switch c.here.Kind {
	case End:
		return true
	case Punctuation:
		return c.is(")") || c.is(";")
	case Word:
		switch string(c.tokens.Text(c.here)) {
		case "and", "or", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "returning",
			"union", "intersect", "except", "join", "inner", "left", "right", "full", "cross", "natural":
			return true
		}
	}
	return false
}
