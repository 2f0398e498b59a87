package sqltext

import "strings"

// Copy is what a COPY statement says about the rows that the client sends or receives
// (documentation of the command COPY).
type Copy struct {
	Relation string   // as written, without quotes; "" for a query
	Columns  []string // nil if none are named
	To       bool

	Format                   string // text, csv or binary; or a format of the future
	Delimiter, Quote, Escape string
	Null                     string
	HasNull                  bool
	ForceNotNull             bool   // whether a value is NULL depends on the column
	Default                  string // what is written for a column's default
	HasDefault               bool
	Headings                 uint16
	Match                    bool // the headings are the columns' names
	Encoding                 string
}

// FindCopy returns the COPY with the given index, counting from 0 those in a text whose rows the
// client sends or receives. It is not found if it or a statement before it can't be understood, or
// may differ with unknown settings. A COPY with options that pgpi does not understand, such as
// another format, is returned, but as not found.
func FindCopy(sql string, index int, settings Settings) (Copy, bool) {
	p := copyParser{newStatement(sql, settings)}
	for ; !p.atEnd(); p.skip() {
		if !p.is("copy") {
			continue
		}
		c, client, ok := p.copy()
		switch {
		case !ok || p.token.Doubt == CutInDoubt:
			return Copy{}, false
		case client && index == 0:
			return c, c.valid()
		case client:
			index--
		}
	}
	return Copy{}, false
}

// valid reports whether the server accepts the options, as far as they matter for reading rows.
func (c *Copy) valid() bool {
	switch c.Format {
	case "text", "csv":
		return len(c.Delimiter) <= 1 && len(c.Quote) <= 1 && len(c.Escape) <= 1
	}
	return c.Format == "binary"
}

// copyParser reads a COPY statement in the current syntax, and in the older ones that servers still
// accept.
type copyParser struct{ *statement }

// copy reads what follows the word COPY. client is set if the client sends or receives the rows,
// rather than a file on the server.
func (p copyParser) copy() (c Copy, client, ok bool) {
	c.Format = "text"
	if p.is("binary") {
		c.Format = "binary"
	}
	if p.is("(") {
		p.skipParentheses()
	} else if !p.table(&c) {
		return c, false, false
	}
	switch {
	case p.is("to"):
		c.To = true
	case !p.is("from"):
		return c, false, false
	}
	if p.is("program") {
		_, ok = p.text()
		return c, false, ok
	}
	if _, file := p.text(); file {
		return c, false, true
	}
	if !p.is("stdin") && !p.is("stdout") {
		return c, false, false
	}
	return c, true, p.options(&c)
}

// table reads the name of a table and the names of its columns.
func (p copyParser) table(c *Copy) bool {
	name, ok := p.name()
	c.Relation = name
	for ok && p.is(".") {
		name, ok = p.name()
		c.Relation += "." + name
	}
	if !ok || !p.is("(") {
		return ok
	}
	for ok {
		name, ok = p.name()
		c.Columns = append(c.Columns, name)
		if !p.is(",") {
			return ok && p.is(")")
		}
	}
	return false
}

func (p copyParser) options(c *Copy) bool {
	if p.is("using") || p.tokens.Is(p.token, "delimiters") {
		if !p.is("delimiters") {
			return false
		}
		var ok bool
		if c.Delimiter, ok = p.text(); !ok {
			return false
		}
	}
	p.is("with")
	ok := true
	if p.is("(") {
		for ok = p.option(c); ok && p.is(","); {
			ok = p.option(c)
		}
		ok = ok && p.is(")")
	} else {
		for ok && !p.ends() {
			ok = p.oldOption(c)
		}
	}
	return ok && p.ends()
}

// ends reports whether the options end here.
func (p copyParser) ends() bool {
	return p.atEnd() || p.tokens.Is(p.token, ";") || p.tokens.Is(p.token, "where")
}

// option reads an option in the current syntax: a name, and what may follow it.
func (p copyParser) option(c *Copy) bool {
	name, ok := p.name()
	if !ok {
		return false
	}
	value, given := "", false
	switch p.token.Kind {
	case Word, QuotedName, String, EscapeString, DollarString, Number:
		value, given = p.value()
		p.advance()
	default:
		if p.is("(") {
			p.skipParentheses()
		} else {
			p.is("*")
		}
	}
	switch strings.ToLower(name) {
	case "format":
		c.Format = strings.ToLower(value)
		return given
	case "delimiter":
		c.Delimiter = value
		return given && value != ""
	case "null":
		c.Null, c.HasNull = value, true
		return given
	case "quote":
		c.Quote = value
		return given && value != ""
	case "escape":
		c.Escape = value
		return given && value != ""
	case "encoding":
		c.Encoding = value
	case "default":
		c.Default, c.HasDefault = value, true
		return given
	case "force_not_null":
		c.ForceNotNull = true
	case "header":
		if !given {
			value = "true"
		}
		return c.header(strings.ToLower(value))
	}
	return true
}

// header reads the value of an option: since server 15 it can be "match", and since 19 a number of
// lines.
func (c *Copy) header(value string) bool {
	switch value {
	case "true", "on":
		c.Headings = 1
	case "false", "off":
		c.Headings = 0
	case "match":
		c.Headings, c.Match = 1, true
	default:
		c.Headings = 0
		for _, digit := range value {
			if digit < '0' || digit > '9' || c.Headings > 1000 {
				return false
			}
			c.Headings = c.Headings*10 + uint16(digit-'0')
		}
	}
	return true
}

// oldOption reads an option in the syntax used before server 9.0.
func (p copyParser) oldOption(c *Copy) (ok bool) {
	value := func() (text string, ok bool) {
		p.is("as")
		return p.text()
	}
	ok = true
	switch {
	case p.is("binary"):
		c.Format = "binary"
	case p.is("csv"):
		c.Format = "csv"
	case p.is("header"):
		c.Headings = 1
	case p.is("freeze"), p.is("oids"):
	case p.is("delimiter"):
		c.Delimiter, ok = value()
	case p.is("null"):
		c.Null, ok = value()
		c.HasNull = true
	case p.is("quote"):
		c.Quote, ok = value()
	case p.is("escape"):
		c.Escape, ok = value()
	case p.is("encoding"):
		c.Encoding, ok = value()
	case p.is("force"):
		if p.is("quote") {
			return p.columns()
		}
		c.ForceNotNull = p.is("not") || c.ForceNotNull
		return p.is("null") && p.columns()
	default:
		return false
	}
	return ok
}

// columns reads a list of names, or a star.
func (p copyParser) columns() bool {
	if p.is("*") {
		return true
	}
	for {
		if _, ok := p.name(); !ok {
			return false
		}
		if !p.is(",") {
			return true
		}
	}
}
