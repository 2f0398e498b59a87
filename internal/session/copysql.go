package session

import "pgpi/internal/wire"

// copyStatement is what a COPY statement says of the rows that the client sends or
// gets (documentation of the command COPY).
type copyStatement struct {
	relation string   // as it was written, without quotes; "" for a query
	columns  []string // nil where none are named
	to       bool

	format                   string // text, csv or binary; or one that is yet to be invented
	delimiter, quote, escape string
	null                     string
	hasNull                  bool
	forceNotNull             bool // what is NULL depends on the column
	mark                     string
	hasMark                  bool // mark stands for a column's default
	headings                 uint16
	match                    bool // the headings are the columns' names
	encoding                 string
}

// findCopy finds the COPY of the given index, from 0, among those of a text that the
// client takes part in. It is not found either where a statement before it, or itself,
// can't be understood.
func findCopy(sql string, index int, standardStrings bool) (copyStatement, bool) {
	p := copyParser{sql: sqlScanner{text: sql, escapes: !standardStrings}}
	for p.advance(); p.token.kind != sqlEnd; p.skipStatement() {
		if !p.word("copy") {
			continue
		}
		c, client, ok := p.copy()
		switch {
		case !ok:
			return copyStatement{}, false
		case client && index == 0:
			return c, c.valid()
		case client:
			index--
		}
	}
	return copyStatement{}, false
}

// valid reports whether the server takes the options, as far as reading rows depends
// on them.
func (c *copyStatement) valid() bool {
	switch c.format {
	case "text", "csv":
		return len(c.delimiter) <= 1 && len(c.quote) <= 1 && len(c.escape) <= 1
	}
	return c.format == "binary"
}

// rows is how the rows are written at their beginning.
func (c *copyStatement) rows() wire.Copy {
	s := wire.Copy{
		Delimiter: only(c.delimiter), Quote: only(c.quote), Escape: only(c.escape),
		Null: c.null, NoNull: c.forceNotNull && !c.to, Headings: c.headings,
		Default: c.mark, HasDefault: c.hasMark,
	}
	if c.format == "text" && !c.hasNull {
		s.Null = `\N`
	}
	return s
}

func only(s string) byte {
	if s == "" {
		return 0
	}
	return s[0]
}

// copyParser reads a COPY statement, in the syntax of today and in the older ones
// that servers still take. It is tolerant: what does not matter it skips.
type copyParser struct {
	sql   sqlScanner
	token sqlToken
}

func (p *copyParser) advance() { p.token = p.sql.next() }

// word reads a keyword, if it comes next.
func (p *copyParser) word(w string) bool {
	found := p.token.kind == sqlWord && p.token.text == w
	if found {
		p.advance()
	}
	return found
}

// symbol reads a character, if it comes next.
func (p *copyParser) symbol(s string) bool {
	found := p.token.kind == sqlSymbol && p.token.text == s
	if found {
		p.advance()
	}
	return found
}

func (p *copyParser) name() (string, bool) {
	if p.token.kind != sqlWord && p.token.kind != sqlName {
		return "", false
	}
	name := p.token.text
	p.advance()
	return name, true
}

func (p *copyParser) text() (string, bool) {
	if p.token.kind != sqlString {
		return "", false
	}
	text := p.token.text
	p.advance()
	return text, true
}

// skipStatement reads up to the next statement.
func (p *copyParser) skipStatement() {
	for p.token.kind != sqlEnd && !p.symbol(";") {
		if p.symbol("(") {
			p.skipParentheses()
		} else {
			p.advance()
		}
	}
}

// skipParentheses reads up to the one that closes the one that was read.
func (p *copyParser) skipParentheses() {
	for depth := 1; depth > 0 && p.token.kind != sqlEnd; {
		switch {
		case p.symbol("("):
			depth++
		case p.symbol(")"):
			depth--
		default:
			p.advance()
		}
	}
}

// copy reads what follows the word COPY. Client says that its rows come from the client
// or go there, not to a file of the server.
func (p *copyParser) copy() (c copyStatement, client, ok bool) {
	c.format = "text"
	if p.word("binary") {
		c.format = "binary"
	}
	if p.symbol("(") {
		p.skipParentheses()
	} else if !p.table(&c) {
		return c, false, false
	}
	switch {
	case p.word("to"):
		c.to = true
	case !p.word("from"):
		return c, false, false
	}
	if p.word("program") {
		_, ok = p.text()
		return c, false, ok
	}
	if _, file := p.text(); file {
		return c, false, true
	}
	if !p.word("stdin") && !p.word("stdout") {
		return c, false, false
	}
	return c, true, p.options(&c)
}

// table reads the name of a table and those of its columns.
func (p *copyParser) table(c *copyStatement) bool {
	name, ok := p.name()
	c.relation = name
	for ok && p.symbol(".") {
		name, ok = p.name()
		c.relation += "." + name
	}
	if !ok || !p.symbol("(") {
		return ok
	}
	for ok {
		name, ok = p.name()
		c.columns = append(c.columns, name)
		if !p.symbol(",") {
			return ok && p.symbol(")")
		}
	}
	return false
}

func (p *copyParser) options(c *copyStatement) bool {
	if p.word("using") || p.token.text == "delimiters" && p.token.kind == sqlWord {
		if !p.word("delimiters") {
			return false
		}
		var ok bool
		if c.delimiter, ok = p.text(); !ok {
			return false
		}
	}
	p.word("with")
	ok := true
	if p.symbol("(") {
		for ok = p.option(c); ok && p.symbol(","); {
			ok = p.option(c)
		}
		ok = ok && p.symbol(")")
	} else {
		for ok && !p.atEnd() {
			ok = p.oldOption(c)
		}
	}
	return ok && p.atEnd()
}

func (p *copyParser) atEnd() bool {
	return p.token.kind == sqlEnd && !p.token.cut || p.token.kind == sqlSymbol && p.token.text == ";" ||
		p.token.kind == sqlWord && p.token.text == "where"
}

// option reads one of today's: a name, and what may follow it.
func (p *copyParser) option(c *copyStatement) bool {
	name, ok := p.name()
	if !ok {
		return false
	}
	value, given := p.token.text, false
	switch p.token.kind {
	case sqlWord, sqlName, sqlString, sqlNumber:
		given = true
		p.advance()
	default:
		if p.symbol("(") {
			p.skipParentheses()
		} else {
			p.symbol("*")
		}
	}
	switch lower(name) {
	case "format":
		c.format = lower(value)
		return given
	case "delimiter":
		c.delimiter = value
		return given && value != ""
	case "null":
		c.null, c.hasNull = value, true
		return given
	case "quote":
		c.quote = value
		return given && value != ""
	case "escape":
		c.escape = value
		return given && value != ""
	case "encoding":
		c.encoding = value
	case "default":
		c.mark, c.hasMark = value, true
		return given
	case "force_not_null":
		c.forceNotNull = true
	case "header":
		if !given {
			value = "true"
		}
		return c.header(lower(value))
	}
	return true
}

// header reads the value of an option: since server 15 it can be "match", from 19 on a
// number of lines.
func (c *copyStatement) header(value string) bool {
	switch value {
	case "true", "on":
		c.headings = 1
	case "false", "off":
		c.headings = 0
	case "match":
		c.headings, c.match = 1, true
	default:
		c.headings = 0
		for _, digit := range value {
			if digit < '0' || digit > '9' || c.headings > 1000 {
				return false
			}
			c.headings = c.headings*10 + uint16(digit-'0')
		}
	}
	return true
}

// oldOption reads one in the syntax before server 9.0.
func (p *copyParser) oldOption(c *copyStatement) (ok bool) {
	value := func() (text string, ok bool) {
		p.word("as")
		return p.text()
	}
	ok = true
	switch {
	case p.word("binary"):
		c.format = "binary"
	case p.word("csv"):
		c.format = "csv"
	case p.word("header"):
		c.headings = 1
	case p.word("freeze"), p.word("oids"):
	case p.word("delimiter"):
		c.delimiter, ok = value()
	case p.word("null"):
		c.null, ok = value()
		c.hasNull = true
	case p.word("quote"):
		c.quote, ok = value()
	case p.word("escape"):
		c.escape, ok = value()
	case p.word("encoding"):
		c.encoding, ok = value()
	case p.word("force"):
		if p.word("quote") {
			return p.columns()
		}
		c.forceNotNull = p.word("not") || c.forceNotNull
		return p.word("null") && p.columns()
	default:
		return false
	}
	return ok
}

// columns reads a list of names, or a star.
func (p *copyParser) columns() bool {
	if p.symbol("*") {
		return true
	}
	for {
		if _, ok := p.name(); !ok {
			return false
		}
		if !p.symbol(",") {
			return true
		}
	}
}

// replicationCommand is what START_REPLICATION asks for.
type replicationCommand struct {
	name    string // the first word, in lower case
	logical bool
	options map[string]string // of a logical slot, which its plugin reads
}

// parseReplication reads a command of the replication protocol (documentation section
// "Streaming Replication Protocol").
func parseReplication(sql string) (c replicationCommand) {
	p := copyParser{sql: sqlScanner{text: sql}}
	p.advance()
	if p.token.kind == sqlWord {
		c.name = p.token.text
	}
	for p.token.kind != sqlEnd && !p.symbol("(") {
		if p.word("slot") {
			p.advance() // whatever its name is
		} else if p.word("logical") {
			c.logical = true
		} else {
			p.advance()
		}
	}
	c.options = map[string]string{}
	for p.token.kind != sqlEnd {
		name, ok := p.name()
		if !ok {
			break
		}
		c.options[lower(name)], _ = p.text()
		p.symbol(",")
	}
	return c
}
