package jsonl

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// add writes the lines of an event.
func (p *page) add(e *event.Event) {
	if e.IsNothing() {
		return
	}
	p.start(e)
	switch e.Kind {
	case event.Said:
		p.status()
		return
	case event.Exchanged:
		p.exchangeObject(e.Exchange)
		return
	case event.Found:
		if !e.Finding.Again {
			p.findingObject(e.Finding)
		}
		return
	}
	for i := range e.Messages {
		p.traffic("message", e.Direction)
		p.messageObject(&e.Messages[i])
	}
	switch {
	case e.Kind == event.Undecoded:
		p.traffic("undecoded", e.Direction)
		p.integer("bytes", int64(len(e.Data)))
		if !e.Relayed || e.Foreign {
			p.garbage()
		}
		p.end()
	case e.Relayed && e.Total > 0:
		p.traffic("forwarded", e.Direction)
		p.integer("bytes", e.Total)
		p.integer("left", int64(e.Left))
		p.flag("one_by_one", e.OneByOne)
		p.end()
	}
}

// garbage writes bytes that pgpi received and did not relay, because they are not a message.
func (p *page) garbage() {
	e := p.now
	p.key("data")
	if e.Redacted {
		p.writeAbsent(marks{redacted: len(e.Data)})
		return
	}
	end, omitted := p.shorten(0, len(e.Data))
	if b := e.Data[:end]; isText(b) {
		p.string(b, marks{omitted: omitted})
	} else {
		p.data(b, marks{omitted: omitted})
	}
}

// start makes the beginning of all lines of an event.
func (p *page) start(e *event.Event) {
	p.now = e
	at := len(p.text)
	p.text = append(p.text, `{"v":`...)
	p.text = strconv.AppendInt(p.text, Version, 10)
	p.key("seq")
	p.text = strconv.AppendUint(p.text, e.Seq, 10)
	p.key("time")
	p.text = append(p.text, '"')
	p.text = e.At.UTC().AppendFormat(p.text, "2006-01-02T15:04:05.000000000Z")
	p.text = append(p.text, '"')
	if e.Conn != 0 {
		p.integer("conn", int64(e.Conn))
		p.key("elapsed")
		p.text = strconv.AppendFloat(p.text, e.Elapsed.Seconds(), 'f', 9, 64)
	}
	p.head = append(p.head[:0], p.text[at:]...)
	p.text = p.text[:at]
}

// traffic starts the object of something that went from one party to another.
func (p *page) traffic(kind string, d event.Direction) {
	p.begin(kind)
	from, to, _ := strings.Cut(d.String(), " -> ")
	p.word("from", from)
	p.word("to", to)
}

// status writes a sentence of pgpi, with named arguments.
func (p *page) status() {
	e := p.now
	p.begin("status")
	p.word("status", event.Key(e.Fact))
	p.key("text")
	p.quote([]byte(strings.ToValidUTF8(event.Sentence(e.Fact), "\uFFFD")))
	if args := event.Arguments(e.Fact); len(args) > 0 {
		p.key("args")
		p.text = append(p.text, '{')
		for _, arg := range args {
			p.key(arg.Name)
			p.argument([]byte(arg.Text))
		}
		p.text = append(p.text, '}')
	}
	p.end()
}

// argument writes a word in a sentence. In some sentences the word comes from a peer.
func (p *page) argument(text []byte) {
	if isText(text) {
		p.quote(text)
	} else {
		p.data(text, marks{})
	}
}

// messageObject writes what a message is, and what it holds.
func (p *page) messageObject(m *event.Message) {
	p.reader.Read(m)
	p.word("type", m.Type.String())
	p.integer("size", m.Size)
	if omitted := m.Size - int64(len(m.Bytes)); omitted > 0 {
		p.integer("omitted", omitted)
	}
	p.context()
	p.key("fields")
	p.text = append(p.text, '{')
	p.members(0, 0)
	p.text = append(p.text, '}')
	p.end()
}
