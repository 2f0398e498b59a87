package jsonl

import (
	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// valueKey is the key of all values of columns and parameters.
const valueKey = "value"

// context writes what the session knew about a message: the SQL of the statement that it names or
// answers, and the table of a row of COPY or replication. Rows don't repeat the SQL, and what is
// known about their columns is next to the values.
func (p *page) context() {
	c, t := p.reader.Message.Context, p.reader.Message.Type
	if c == nil {
		return
	}
	sql := (c.SQL != "" || c.Shortened > 0) && t != wire.DataRow && t.Code() != wire.CopyData.Code()
	if !sql && c.Relation == "" && !c.NeverParsed {
		return
	}
	p.key("context")
	p.text = append(p.text, '{')
	p.flag("never_parsed", c.NeverParsed)
	if sql {
		p.key("sql")
		p.sql(c)
	}
	if c.Relation != "" {
		p.key("relation")
		p.quoted = append(p.quoted[:0], c.Relation...)
		p.writeEncoded(p.quoted, marks{})
	}
	p.text = append(p.text, '}')
}

func (p *page) sql(c *event.Context) {
	o := marks{omitted: c.Shortened}
	if c.SQL == "" {
		p.writeAbsent(o)
		return
	}
	shown, omitted := p.shorten(0, len(c.SQL))
	o.omitted += omitted
	p.quoted = append(p.quoted[:0], c.SQL[:shown]...)
	p.writeEncoded(p.quoted, o)
}

// describe writes the name and type of the column or parameter whose group begins here.
func (p *page) describe(group *reading.Value) {
	if c := group.Column; c != nil {
		p.key("name")
		p.quoted = append(p.quoted[:0], c.Name...)
		p.writeEncoded(p.quoted, marks{})
	}
	p.writeType("type", group.Type)
}

// writeType writes the type of a value, if it is known.
func (p *page) writeType(key string, oid uint32) {
	if name := pgvalue.TypeName(oid); name != "" {
		p.word(key, name)
	} else if oid != 0 {
		p.integer(key+"_oid", int64(oid))
	}
}

// value writes the value of a column or parameter: its text, and its bytes too if the text was made
// from them.
func (p *page) value(i int) {
	v := p.reader.Value(i)
	if v.Name == wire.ResultValue {
		p.writeType("result_type", v.Type) // it is in no group
	}
	p.key(valueKey)
	start, end := int(v.Start), int(v.End)
	o := marks{cut: p.reader.IsCut(i)}
	if !v.Binary || pgvalue.IsText(v.Type) {
		end, o.omitted = p.shorten(start, end)
		p.words(start, end, o)
		return
	}
	var shown bool
	isBuiltIn := pgvalue.TypeName(v.Type) != ""
	if isBuiltIn && !o.cut && p.countHidden(start, end) == 0 {
		shown, o.malformed = p.printValue(&v)
	}
	end, o.omitted = p.shorten(start, end)
	switch {
	case shown:
	case isBuiltIn:
		p.bytes(start, end, o)
		return
	case !p.words(start, end, o):
		return
	}
	p.key(valueKey + "_hex")
	if b := p.reader.Message.Bytes[start:end]; o.omitted == 0 && !o.cut {
		p.hex(b)
	} else {
		p.data(b, o)
	}
}

// printValue writes the text of a value in binary format, as the server would print it, and reports
// whether it could.
func (p *page) printValue(v *reading.Value) (bool, error) {
	text, err := p.reader.AppendText(p.scratch[:0], v)
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
