package jsonl

import (
	"strconv"

	"pgpi/internal/wire"
)

// The fields of a message become an object by the same rules for all messages. A leaf is a member,
// groups are a list of objects, and repeated leaves are a list of what they hold. Lengths and
// counts are included as the message has them. Fields that only separate others are not.

// members writes the fields from index i up to the first that is less deep, and returns the index
// of that field.
func (p *page) members(i int, depth uint8) int {
	for fields := p.reader.Fields; i < len(fields) && fields[i].Depth >= depth; {
		f := &fields[i]
		switch {
		case isCopy(p.reader.Message.Type) && beginsRow(f):
			i = p.rows(i)
		case f.Kind == wire.Group:
			i = p.groups(i)
		case f.Name == wire.Key && p.reader.Message.Type == wire.StartupMessage:
			i = p.settingList(i)
		case p.isList(i):
			i = p.list(i)
		default:
			p.member(i)
			i++
		}
	}
	return i
}

// groups writes the elements of the list whose first field is the i-th. An element says where it is
// only if it is out of place: in a row that began earlier.
func (p *page) groups(i int) int {
	fields := p.reader.Fields
	name, depth := fields[i].Name, fields[i].Depth
	p.key(name.String())
	p.text = append(p.text, '[')
	for place := 0; i < len(fields) && fields[i].Depth == depth; {
		if fields[i].Name == wire.CopyDelimiter {
			i++
			continue
		}
		if fields[i].Name != name || fields[i].Kind != wire.Group {
			break
		}
		p.open()
		group := p.reader.Value(i)
		if group.Index != place {
			p.integer("index", int64(group.Index))
		}
		p.describe(&group)
		i = p.members(i+1, depth+1)
		p.text = append(p.text, '}')
		place++
	}
	p.text = append(p.text, ']')
	return i
}

// isCopy reports whether messages of a type hold rows that the grammar does not group, because they
// can be cut anywhere.
func isCopy(t wire.Type) bool {
	return t == wire.CopyText || t == wire.CopyCSV || t == wire.CopyBinary
}

func beginsRow(f *wire.Field) bool {
	return f.Depth == 0 && (f.Name == wire.Column || f.Name == wire.ColumnCount)
}

// rows writes a list of all rows in a message, or of the parts of rows that it has.
func (p *page) rows(i int) int {
	fields := p.reader.Fields
	p.key("row")
	p.text = append(p.text, '[')
	for i < len(fields) && (beginsRow(&fields[i]) || meaningOf(fields[i].Name).silent) {
		if !beginsRow(&fields[i]) {
			i++
			continue
		}
		p.open()
		if fields[i].Name == wire.ColumnCount {
			p.member(i)
			i++
		}
		if i < len(fields) && fields[i].Name == wire.Column {
			i = p.groups(i)
		}
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
	return i
}

// settingList writes the keys and values of a StartupMessage, which are not grouped, as a list of
// objects: a key can occur twice.
func (p *page) settingList(i int) int {
	fields := p.reader.Fields
	p.key("settings")
	p.text = append(p.text, '[')
	for i < len(fields) && fields[i].Name == wire.Key {
		p.open()
		p.member(i)
		if i++; i < len(fields) && fields[i].Name == wire.KeyValue {
			p.member(i)
			i++
		}
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
	return i
}

// isList reports whether the i-th field is an element of a list without groups: fields of its name
// are always a list, or a count came before.
func (p *page) isList(i int) bool {
	fields := p.reader.Fields
	count := meaningOf(fields[i].Name).count
	if count == wire.TypeByte || fields[i].Depth > 0 {
		return false
	}
	for ; i >= 0; i-- {
		if fields[i].Name == count {
			return true
		}
	}
	return false
}

// list writes the leaves with the name of the i-th field, and the names of their values.
func (p *page) list(i int) int {
	fields := p.reader.Fields
	name, end := fields[i].Name, i
	p.key(name.String())
	p.text = append(p.text, '[')
	for ; end < len(fields) && fields[end].Name == name; end++ {
		p.comma()
		p.leaf(end)
	}
	p.text = append(p.text, ']')
	if meaningOf(name).word == nil {
		return end
	}
	p.nameKey(name)
	p.text = append(p.text, '[')
	for ; i < end; i++ {
		p.comma()
		if word := p.wordFor(&fields[i]); len(word) > 0 {
			p.quote(word)
		} else {
			p.text = append(p.text, "null"...)
		}
	}
	p.text = append(p.text, ']')
	return end
}

// member writes a single leaf, and the value itself if the leaf says that it is NULL.
func (p *page) member(i int) {
	f := &p.reader.Fields[i]
	m := meaningOf(f.Name)
	switch {
	case m.silent:
	case m.value:
		p.value(i)
	case f.Name != wire.CopyNull:
		p.key(f.Name.String())
		p.leaf(i)
		if word := p.wordFor(f); len(word) > 0 {
			p.nameKey(f.Name)
			p.quote(word)
		}
	}
	if m.place && p.reader.IsNull(i) {
		p.null()
	}
}

// nameKey starts the member with the name of a value.
func (p *page) nameKey(n wire.Name) {
	p.comma()
	p.text = append(p.text, '"')
	p.text = append(p.text, n.String()...)
	p.text = append(p.text, `_name":`...)
}

// wordFor returns the name of a leaf's value, or nothing if it has none or is redacted.
func (p *page) wordFor(f *wire.Field) []byte {
	if f.Name == wire.FunctionOID && p.countHidden(int(f.Start), int(f.End)) == 0 {
		p.scratch = append(p.scratch[:0], p.reader.Function(uint32(f.Int)).Name...)
		return p.scratch
	}
	word := meaningOf(f.Name).word
	if word == nil || !f.Kind.IsInteger() && f.Kind != wire.Byte1 || p.countHidden(int(f.Start), int(f.End)) > 0 {
		return nil
	}
	p.scratch = word(p.scratch[:0], f.Name, f.Int)
	return p.scratch
}

// leaf writes what a field holds.
func (p *page) leaf(i int) {
	m, f := p.reader.Message, &p.reader.Fields[i]
	start, end := int(f.Start), int(f.End)
	o := marks{cut: p.reader.IsCut(i)}
	switch {
	case f.Kind == wire.CString || f.Kind == wire.Text:
		p.words(start, start+len(m.Content(f)), o)
	case f.Kind == wire.Value || f.Kind == wire.TextValue:
		end, o.omitted = p.shorten(start, end)
		p.words(start, end, o)
	case f.Kind == wire.Binary || f.Kind == wire.BinaryValue || f.Kind == wire.IntegerPart:
		if f.Name == wire.Malformed {
			o.expected = wire.Name(f.Int)
		}
		end, o.omitted = p.shorten(start, end)
		p.bytes(start, end, o)
	case p.countHidden(start, end) > 0, f.Kind == wire.Byte1 && (end-start > 1 || !isText(m.Bytes[start:end])):
		p.bytes(start, end, o)
	case f.Kind == wire.Byte1:
		p.quote(m.Bytes[start:end])
	case f.Kind == wire.LSN:
		p.text = append(p.text, '"')
		p.text = p.reader.AppendLSN(p.text, uint64(f.Int))
		p.text = append(p.text, '"')
	case f.Kind == wire.Timestamp:
		p.timestamp(f.Int)
	default:
		p.text = strconv.AppendInt(p.text, f.Int, 10)
	}
}
