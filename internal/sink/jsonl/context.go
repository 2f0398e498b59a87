package jsonl

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// valueKey is the key of all values of columns and parameters.
const valueKey = "value"

// context writes what the session knew of a message: the SQL behind the name that it has,
// or that it answers, and the table of a row of COPY or of replication. Rows don't repeat
// the SQL, and what is known of their columns stands beside the values.
func (p *page) context() {
	c := p.message.Context
	if c == nil {
		return
	}
	sql := (c.SQL != "" || c.Shortened > 0) && p.message.Type != wire.DataRow && p.message.Type.Code() != wire.CopyData.Code()
	if !sql && c.Relation == "" {
		return
	}
	p.key("context")
	p.text = append(p.text, '{')
	if sql {
		p.key("sql")
		p.sql(c)
	}
	if c.Relation != "" {
		p.key("relation")
		p.quoted = append(p.quoted[:0], c.Relation...)
		p.encoded(p.quoted, marks{})
	}
	p.text = append(p.text, '}')
}

func (p *page) sql(c *event.Context) {
	o := marks{omitted: c.Shortened}
	if c.SQL == "" {
		p.absent(o)
		return
	}
	shown, omitted := p.shorten(0, len(c.SQL))
	o.omitted += omitted
	p.quoted = append(p.quoted[:0], c.SQL[:shown]...)
	p.encoded(p.quoted, o)
}

// describe writes the name and the type of the column or parameter whose group begins.
func (p *page) describe() {
	if p.group == wire.Column {
		c := p.column()
		if c == nil {
			return
		}
		p.key("name")
		p.quoted = append(p.quoted[:0], c.Name...)
		p.encoded(p.quoted, marks{})
	}
	oid := p.valueType()
	if oid == 0 {
		return
	}
	if name := pgvalue.TypeName(oid); name != "" {
		p.word("type", name)
	} else {
		p.integer("type_oid", int64(oid))
	}
}

// column describes the column at hand, or is nil.
func (p *page) column() *event.Column {
	m := p.message
	if p.group != wire.Column || m.Context == nil || p.index >= int64(len(m.Context.Columns)) {
		return nil
	}
	if m.Type == wire.RowDescription || m.Type == wire.LogicalRelation {
		return nil // it says itself what its columns are
	}
	return &m.Context.Columns[p.index]
}

// valueType is the type of the value at hand, 0 where it is unknown.
func (p *page) valueType() uint32 {
	if c := p.column(); c != nil {
		return c.TypeOID
	}
	c := p.message.Context
	if p.message.Type == wire.Bind && p.group == wire.Parameter && c != nil && p.index < int64(len(c.ParameterTypes)) {
		return c.ParameterTypes[p.index]
	}
	return 0
}

// isBinary reports whether a value is in binary format, as far as its message or the
// session says.
func (p *page) isBinary(f *wire.Field) bool {
	switch {
	case f.Kind != wire.Value:
		return f.Kind == wire.BinaryValue
	case p.group == wire.Parameter || p.group == wire.Argument:
		switch n := int64(len(p.formats)); {
		case n == 1:
			return p.formats[0] == 1
		case p.index < n:
			return p.formats[p.index] == 1
		}
		return false
	}
	c := p.column()
	return c != nil && c.Binary
}

// value writes the value of a column or parameter: its text, and its bytes where the
// text was made of them.
func (p *page) value(f *wire.Field) {
	p.key(valueKey)
	start, end := int(f.Start), int(f.End)
	o := marks{cut: p.isCut(f)}
	binary := p.isBinary(f)
	oid := p.valueType()
	p.valueSize = unknownSize
	if !binary || isTextType(oid) {
		end, o.omitted = p.shorten(start, end)
		p.words(start, end, o)
		return
	}
	var shown bool
	if pgvalue.TypeName(oid) != "" && !o.cut && p.hidden(start, end) == 0 {
		shown, o.malformed = p.printed(oid, start, end)
	}
	end, o.omitted = p.shorten(start, end)
	switch {
	case shown:
	case pgvalue.TypeName(oid) != "":
		p.bytes(start, end, o)
		return
	case !p.words(start, end, o):
		return
	}
	p.key(valueKey + "_hex")
	if o.omitted == 0 && !o.cut {
		p.hex(p.message.Bytes[start:end])
	} else {
		p.data(p.message.Bytes[start:end], o)
	}
}

// printed writes the text of a value in binary format, as the server would print it. It
// reports whether it could.
func (p *page) printed(oid uint32, start, end int) (bool, error) {
	text, err := pgvalue.AppendText(p.scratch[:0], oid, pgvalue.Binary, p.message.Bytes[start:end], p.settings())
	p.scratch = text
	if err != nil || !isText(text) {
		return false, err
	}
	shown, omitted := p.shorten(0, len(text))
	for omitted > 0 && shown > 0 && text[shown]&0xc0 == 0x80 { // not in the middle of a character
		shown--
		omitted++
	}
	p.string(text[:shown], marks{omitted: omitted})
	return true, nil
}

// isTextType reports whether a type's binary format is its text.
func isTextType(oid uint32) bool {
	switch oid {
	case 18, 19, 25, 114, 142, 705, 1042, 1043, 1790, 2275: // "char", name, text, json, xml, unknown, bpchar, varchar, refcursor, cstring
		return true
	}
	return false
}

// settings makes a session's settings ready, nil for none.
func (p *page) settings() *pgvalue.Settings {
	s := p.message.Settings
	if s == nil {
		return nil
	}
	if s != p.lastSettings {
		p.lastSettings = s
		p.ready = pgvalue.NewSettings(pgvalue.Parameters{
			TimeZone: s.TimeZone, DateStyle: s.DateStyle, IntervalStyle: s.IntervalStyle,
			ClientEncoding: s.ClientEncoding, ServerVersion: s.ServerVersion,
		})
	}
	return p.ready
}
