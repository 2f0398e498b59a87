package jsonl

import (
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/reading"
)

// page is the log as it is written: the lines of events are appended to it.
type page struct {
	Options
	text []byte

	now     *event.Event   // the event whose lines are being written
	head    []byte         // the beginning of all its lines
	reader  reading.Reader // of the message whose fields are being written
	scratch []byte
	quoted  []byte // text of a context, reused
}

// key starts a member of an object. Names need no escapes.
func (p *page) key(name string) {
	p.comma()
	p.text = append(p.text, '"')
	p.text = append(p.text, name...)
	p.text = append(p.text, '"', ':')
}

// comma is written before every member and element except the first.
func (p *page) comma() {
	switch p.text[len(p.text)-1] {
	case '{', '[': // a string does not end in these: its quote follows
	default:
		p.text = append(p.text, ',')
	}
}

// word writes a member with a string that needs no escapes.
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

// flag writes a member that is true, if it is set.
func (p *page) flag(name string, set bool) {
	if set {
		p.key(name)
		p.text = append(p.text, "true"...)
	}
}

// null writes the value that SQL's NULL becomes.
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
