package jsonl

import (
	"strconv"

	"pgpi/internal/wire"
)

// The fields of a message become an object by the same rules for all messages: a leaf is
// a member, groups are a list of objects, and leaves that repeat are a list of what they
// hold. Lengths and counts are there as the message has them; what only separates fields
// is not.

// members writes the fields from the i-th on, up to the first that is less deep, and
// gives the place of that one.
func (p *page) members(i int, depth uint8) int {
	for i < len(p.fields) && p.fields[i].Depth >= depth {
		f := &p.fields[i]
		switch {
		case isCopy(p.message.Type) && beginsRow(f):
			i = p.rows(i)
		case f.Kind == wire.Group:
			i = p.groups(i)
		case f.Name == wire.Key && p.message.Type == wire.StartupMessage:
			i = p.settingList(i)
		case p.isList(i):
			i = p.list(i)
		default:
			p.member(f)
			i++
		}
	}
	return i
}

// groups writes the elements of a list, of which the i-th field is the first. Only an
// element that is not in its place says where it is: that of a row which began earlier.
func (p *page) groups(i int) int {
	name, depth := p.fields[i].Name, p.fields[i].Depth
	outer, index := p.group, p.index
	p.key(name.String())
	p.text = append(p.text, '[')
	for place := int64(0); i < len(p.fields) && p.fields[i].Depth == depth; {
		f := &p.fields[i]
		if f.Name == wire.CopyDelimiter {
			i++
			continue
		}
		if f.Name != name || f.Kind != wire.Group {
			break
		}
		p.open()
		if f.Int != place {
			p.integer("index", f.Int)
		}
		p.group, p.index, p.valueSize = name, f.Int, unknownSize
		p.describe()
		i = p.members(i+1, depth+1)
		p.text = append(p.text, '}')
		place++
	}
	p.text = append(p.text, ']')
	p.group, p.index = outer, index
	return i
}

// isCopy reports whether messages of a type hold rows, which the grammar puts in no
// groups because they can be cut anywhere.
func isCopy(t wire.Type) bool {
	return t == wire.CopyText || t == wire.CopyCSV || t == wire.CopyBinary
}

func beginsRow(f *wire.Field) bool {
	return f.Depth == 0 && (f.Name == wire.Column || f.Name == wire.ColumnCount)
}

// rows writes a list of all rows of a message, or the parts of them that it has.
func (p *page) rows(i int) int {
	p.key("row")
	p.text = append(p.text, '[')
	for i < len(p.fields) && (beginsRow(&p.fields[i]) || meaningOf(p.fields[i].Name).silent) {
		if !beginsRow(&p.fields[i]) {
			i++
			continue
		}
		p.open()
		if p.fields[i].Name == wire.ColumnCount {
			p.member(&p.fields[i])
			i++
		}
		if i < len(p.fields) && p.fields[i].Name == wire.Column {
			i = p.groups(i)
		}
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
	return i
}

// settingList writes the keys and values of a StartupMessage, which stand in no groups,
// as a list of objects: a key can come twice.
func (p *page) settingList(i int) int {
	p.key("settings")
	p.text = append(p.text, '[')
	for i < len(p.fields) && p.fields[i].Name == wire.Key {
		p.open()
		p.member(&p.fields[i])
		if i++; i < len(p.fields) && p.fields[i].Name == wire.KeyValue {
			p.member(&p.fields[i])
			i++
		}
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
	return i
}

// isList reports whether the i-th field is an element of a list that has no groups: one
// that its name stands for always, or where its count came before.
func (p *page) isList(i int) bool {
	f := &p.fields[i]
	count := meaningOf(f.Name).count
	if count == wire.TypeByte || f.Depth > 0 {
		return false
	}
	for ; i >= 0; i-- {
		if p.fields[i].Name == count {
			return true
		}
	}
	return false
}

// list writes the leaves that have the name of the i-th field, and what they are called.
func (p *page) list(i int) int {
	name, spans := p.fields[i].Name, p.spans
	end := i
	p.key(name.String())
	p.text = append(p.text, '[')
	for ; end < len(p.fields) && p.fields[end].Name == name; end++ {
		p.comma()
		p.leaf(&p.fields[end])
		p.learn(&p.fields[end])
	}
	p.text = append(p.text, ']')
	if meaningOf(name).word == nil {
		return end
	}
	p.spans = spans
	p.nameKey(name)
	p.text = append(p.text, '[')
	for ; i < end; i++ {
		p.comma()
		if word := p.wordFor(&p.fields[i]); len(word) > 0 {
			p.quote(word)
		} else {
			p.text = append(p.text, "null"...)
		}
	}
	p.text = append(p.text, ']')
	return end
}

// member writes a leaf that stands for itself.
func (p *page) member(f *wire.Field) {
	m := meaningOf(f.Name)
	switch {
	case m.silent:
	case f.Name == wire.CopyNull:
		p.null()
	case m.value:
		p.value(f)
	default:
		p.key(f.Name.String())
		p.leaf(f)
		if word := p.wordFor(f); len(word) > 0 {
			p.nameKey(f.Name)
			p.quote(word)
		}
		p.learn(f)
	}
}

// learn remembers of a leaf what those behind it need, and writes a value that has no
// bytes of its own.
func (p *page) learn(f *wire.Field) {
	switch {
	case !f.Kind.IsInteger() && f.Kind != wire.Byte1, p.hidden(int(f.Start), int(f.End)) > 0:
	case f.Name == wire.Format:
		p.formats = append(p.formats, byte(f.Int))
	case f.Name == wire.ValueFormat && f.Int == 'n':
		p.null()
	case f.Name == wire.ValueLength && f.Int == -1:
		p.null()
	case f.Name == wire.ValueLength || f.Name == wire.DataLength:
		p.valueSize = f.Int
	}
}

// null writes the value that SQL's NULL is.
func (p *page) null() {
	p.key(valueKey)
	p.text = append(p.text, "null"...)
}

// open starts an object that is an element of a list.
func (p *page) open() {
	p.comma()
	p.text = append(p.text, '{')
}

// nameKey starts the member that says what a value is called.
func (p *page) nameKey(n wire.Name) {
	p.comma()
	p.text = append(p.text, '"')
	p.text = append(p.text, n.String()...)
	p.text = append(p.text, `_name":`...)
}

// wordFor is what the value of a leaf is called, nothing where it has no name or where
// it is redacted.
func (p *page) wordFor(f *wire.Field) []byte {
	m := meaningOf(f.Name)
	if m.word == nil || !f.Kind.IsInteger() && f.Kind != wire.Byte1 || p.hidden(int(f.Start), int(f.End)) > 0 {
		return nil
	}
	p.scratch = m.word(p.scratch[:0], f.Int)
	return p.scratch
}

// leaf writes what a field holds.
func (p *page) leaf(f *wire.Field) {
	b := p.message.Bytes
	start, end := int(f.Start), int(f.End)
	o := marks{cut: p.isCut(f)}
	switch {
	case f.Kind == wire.CString || f.Kind == wire.Text:
		if f.Kind == wire.CString && end > start && b[end-1] == 0 {
			end--
		}
		p.words(start, end, o)
	case f.Kind == wire.Value || f.Kind == wire.TextValue:
		end, o.omitted = p.shorten(start, end)
		p.words(start, end, o)
	case f.Kind == wire.Binary || f.Kind == wire.BinaryValue:
		if f.Name == wire.Malformed {
			o.expected = wire.Name(f.Int)
		}
		end, o.omitted = p.shorten(start, end)
		p.bytes(start, end, o)
	case p.hidden(start, end) > 0, f.Kind == wire.Byte1 && (end-start > 1 || !isText(b[start:end])):
		p.bytes(start, end, o)
	case f.Kind == wire.Byte1:
		p.quote(b[start:end])
	case f.Kind == wire.LSN:
		p.lsn(uint64(f.Int))
	case f.Kind == wire.Timestamp:
		p.timestamp(f.Int)
	default:
		p.text = strconv.AppendInt(p.text, f.Int, 10)
	}
}
