package jsonl

import (
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/reading"
)

// page is the log as it is being written: events become lines at its end.
type page struct {
	Options
	text []byte

	now     *event.Event   // whose lines are being written
	head    []byte         // what all of them begin with
	reader  reading.Reader // of the message whose fields are being written
	scratch []byte
	quoted  []byte // text of a context, kept for its memory
}

// key starts a member of an object. Names have nothing in them to escape.
func (p *page) key(name string) {
	p.comma()
	p.text = append(p.text, '"')
	p.text = append(p.text, name...)
	p.text = append(p.text, '"', ':')
}

// comma stands before every member and element but the first.
func (p *page) comma() {
	switch p.text[len(p.text)-1] {
	case '{', '[': // none ends a string, which has its quote behind it
	default:
		p.text = append(p.text, ',')
	}
}

// word writes a member with a string that has nothing in it to escape.
func (p *page) word(name, value string) {
	p.key(name)
	p.text = append(p.text, '"')
	p.text = append(p.text, value...)
	p.text = append(p.text, '"')
}

func (p *page) integer(name string, v int64) {
	p.key(name)
	p.text = strconv.AppendInt(p.text, v, 10)
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

// end finishes an object and its line.
func (p *page) end() { p.text = append(p.text, '}', '\n') }

// begin starts an object of the event.
func (p *page) begin(kind string) {
	p.text = append(p.text, p.head...)
	p.word("kind", kind)
}
