package jsonl

import (
	"strconv"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// exchangeObject writes an exchange: what was asked, how it ended, and when.
func (p *page) exchangeObject(x *event.Exchange) {
	p.begin("exchange")
	p.integer("exchange", int64(x.Number))
	p.integer("round_trip", int64(x.RoundTrip))
	p.integer("round_trips", int64(x.RoundTrips))
	p.word("type", x.Kind.String())
	p.word("outcome", x.Outcome.String())
	p.reader.Message = &event.Message{Settings: x.Settings}
	if c := x.Context; c != nil && (c.SQL != "" || c.Shortened > 0) {
		p.key("sql")
		p.sql(c)
	}
	if x.Shape != nil {
		p.wordOf("shape", x.Shape.ID)
	}
	p.wordOf("portal", x.Portal)
	if x.Bind != nil {
		p.parameters(x.Bind)
	}
	p.integer("rows", x.Rows)
	if x.Counted >= 0 {
		p.integer("counted", x.Counted)
	}
	p.integer("sent", x.Sent)
	p.integer("received", x.Got)
	p.wordOf("tag", x.Tag)
	p.statements(x.Statements)
	for _, field := range [][2]string{{"sqlstate", x.SQLState}, {"message", x.Message}, {"detail", x.Detail}, {"hint", x.Hint}} {
		p.wordOf(field[0], field[1])
	}
	p.flag("never_answered", x.NeverAnswered)
	if x.Position > 0 {
		p.integer("position", int64(x.Position))
	}
	if x.Transaction != 0 {
		p.key("transaction")
		p.quote([]byte{x.Transaction})
	}
	if first := x.RolledBackToo[0]; first != 0 {
		p.key("rolled_back_too")
		p.text = append(p.text, '[')
		p.text = strconv.AppendUint(p.text, uint64(first), 10)
		p.text = append(p.text, ',')
		p.text = strconv.AppendUint(p.text, uint64(x.RolledBackToo[1]), 10)
		p.text = append(p.text, ']')
	}
	p.times(&x.Times)
	p.end()
}

// wordOf writes a member with words from a client or server, if there are any.
func (p *page) wordOf(name, words string) {
	if words != "" {
		p.key(name)
		p.quoted = append(p.quoted[:0], words...)
		p.writeEncoded(p.quoted, marks{})
	}
}

func (p *page) statements(all []event.Statement) {
	if len(all) == 0 {
		return
	}
	p.key("statements")
	p.text = append(p.text, '[')
	for _, s := range all {
		p.open()
		p.wordOf("tag", s.Tag)
		p.integer("rows", s.Rows)
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
}

// parameters writes the values of a Bind as text.
func (p *page) parameters(m *event.Message) {
	p.reader.Read(m)
	p.key("parameters")
	p.text = append(p.text, '[')
	for i := range p.reader.Fields {
		switch f := &p.reader.Fields[i]; {
		case f.Name == wire.ValueLength && p.reader.IsNull(i):
			p.comma()
			p.text = append(p.text, "null"...)
		case f.Name == wire.ParameterValue, f.Name == wire.ValueLength && f.Int == 0:
			p.comma()
			p.parameter(m, i)
		}
	}
	p.text = append(p.text, ']')
}

func (p *page) parameter(m *event.Message, i int) {
	v := p.reader.Value(i)
	if v.Name != wire.ParameterValue { // it is empty
		v.Start = v.End
	}
	start, end := int(v.Start), int(v.End)
	if hidden := reading.Hidden(m, start, end); hidden > 0 {
		p.writeAbsent(marks{redacted: hidden})
		return
	}
	text, err := p.reader.AppendText(nil, &v)
	if err != nil || !isText(text) {
		shown, omitted := p.shorten(start, end)
		p.data(m.Bytes[start:shown], marks{omitted: omitted})
		return
	}
	shown, omitted := p.shorten(0, len(text))
	p.writeEncodedText(text[:shown], marks{omitted: omitted})
}

// writeEncodedText writes text in UTF-8 that may have been cut in the middle of a character.
func (p *page) writeEncodedText(text []byte, o marks) {
	for len(text) > 0 && !isText(text) {
		text = text[:len(text)-1]
		o.omitted++
	}
	p.string(text, o)
}

// times writes when things happened, in seconds since the connection was opened, and how long they
// took. What was not seen is omitted.
func (p *page) times(t *event.Times) {
	p.key("times")
	p.text = append(p.text, '{')
	p.seconds("idle", t.Idle)
	p.seconds("asked", t.Asked)
	p.seconds("sent", t.Sent)
	p.seconds("turn", t.Turn)
	p.seconds("answered", t.Answered)
	p.seconds("first_row", t.FirstRow)
	p.seconds("done", t.Done)
	p.seconds("ready", t.Ready)
	p.text = append(p.text, '}')
	p.key("seconds")
	p.text = append(p.text, '{')
	p.seconds("duration", t.Duration())
	p.seconds("server", t.Server())
	p.seconds("client_stalled", t.ClientStalled)
	p.seconds("server_stalled", t.ServerStalled)
	p.seconds("held", t.Held)
	for _, way := range []struct {
		name  string
		takes time.Duration
	}{{"client_way", t.ClientWay}, {"server_way", t.ServerWay}} {
		if way.takes > 0 {
			p.seconds(way.name, way.takes)
		}
	}
	p.text = append(p.text, '}')
	p.shares(t)
}

// shares writes who has taken the time, if that was seen.
func (p *page) shares(t *event.Times) {
	s, seen := t.Shares()
	if !seen {
		return
	}
	p.key("shares")
	p.text = append(p.text, '{')
	p.seconds("client", s.Client())
	p.seconds("network", s.Network())
	p.seconds("queued", s.Queued)
	p.seconds("server", s.Server)
	p.seconds("pgpi", s.Held)
	p.text = append(p.text, '}')
}

func (p *page) seconds(name string, d time.Duration) {
	if d != event.NotSeen {
		p.key(name)
		p.text = strconv.AppendFloat(p.text, d.Seconds(), 'f', 9, 64)
	}
}
