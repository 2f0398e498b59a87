package text

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
	p.now = e
	if e.Kind == event.Found {
		p.finding(e.Finding)
		return
	}
	if p.Mode == Queries {
		p.queries(e)
		return
	}
	if e.Kind == event.Said {
		fact := e.Fact
		if _, ok := fact.(event.Forwarding); ok && p.Mode == None {
			fact = event.ForwardingSilently{} // for this log, though others are not silent
		}
		p.writeSentence(event.Sentence(fact))
		return
	}
	if p.Mode == None && e.Relayed {
		return
	}
	for i := range e.Messages {
		p.repeatMessage(e, &e.Messages[i])
	}
	switch {
	case e.Kind == event.Undecoded && (!e.Relayed || e.Foreign):
		p.garbage(e)
	case e.Relayed && e.Total > 0 && e.Kind != event.Undecoded:
		p.writeForwarded(e)
	}
}

// garbage writes bytes that are not a message, and that pgpi did not relay or that a party said
// first.
func (p *page) garbage(e *event.Event) {
	p.begin()
	p.label(e.Direction)
	shown := e.Data
	if p.MaxValue > 0 && len(shown) > p.MaxValue {
		shown = shown[:p.MaxValue]
	}
	switch {
	case e.Redacted:
		p.text = append(p.text, "[redacted]"...)
	case p.Mode == Raw:
		p.quoteBytes(shown, ascii)
	default:
		p.quoteBytes(shown, readable)
	}
	p.text = append(p.text, ' ')
	p.paint(yellow)
	p.text = append(p.text, "= "...)
	p.text = strconv.AppendInt(p.text, int64(len(e.Data)), 10)
	p.text = append(p.text, " bytes, not decoded"...)
	if omitted := len(e.Data) - len(shown); omitted > 0 && !e.Redacted {
		p.text = append(p.text, ", omitted: "...)
		p.text = strconv.AppendInt(p.text, int64(omitted), 10)
		p.text = append(p.text, " bytes"...)
	}
	p.unpaint()
	p.end()
}

// repeatMessage writes a message, from memory if it was written before.
func (p *page) repeatMessage(e *event.Event, m *event.Message) {
	var r *repeat
	if p.Mode == Annotated && (p.Time == Short || p.Time == NoTime) { // otherwise lines contain the time
		r = p.repeats.slot(e, m)
	}
	if r == nil {
		p.writeMessage(e, m)
		return
	}
	k := key(e, m)
	if r.is(k) {
		p.text = append(p.text, r.lines...)
		return
	}
	start := len(p.text)
	p.writeMessage(e, m)
	r.remember(k, p.text[start:])
}

// writeMessage writes the lines of a message.
func (p *page) writeMessage(e *event.Event, m *event.Message) {
	p.begin()
	p.label(e.Direction)
	if p.Mode == Raw {
		p.raw(m)
	} else {
		p.annotate(m)
	}
	p.end()
}

// writeSentence writes a sentence of pgpi. It may have several lines, and contain words of others.
func (p *page) writeSentence(sentence string) {
	p.begin()
	for i, line := range strings.Split(strings.TrimRight(sentence, "\n"), "\n") {
		if i > 0 {
			p.wrap()
		}
		p.text = AppendSafe(p.text, line)
	}
	p.end()
}

// writeForwarded writes the line about what was passed to the other leg.
func (p *page) writeForwarded(e *event.Event) {
	p.begin()
	p.paint(blue)
	p.text = append(p.text, "^^"...)
	p.unpaint()
	p.text = append(p.text, ' ')
	p.text = strconv.AppendInt(p.text, e.Total, 10)
	p.text = append(p.text, " bytes forwarded"...)
	if e.OneByOne {
		p.text = append(p.text, " one by one"...)
	}
	if p.Time != NoTime {
		p.text = append(p.text, " at "...)
		p.text = appendElapsed(p.text, e.Elapsed, 2)
	}
	p.text = append(p.text, ", "...)
	p.text = strconv.AppendInt(p.text, int64(e.Left), 10)
	p.text = append(p.text, " bytes left in buffer"...)
	p.end()
}
