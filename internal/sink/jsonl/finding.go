package jsonl

import (
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// findingObject writes a finding.
func (p *page) findingObject(f *event.Finding) {
	p.begin("finding")
	p.word("rule", f.Rule)
	p.word("severity", f.Severity.String())
	p.flag("timed", f.Timed)
	p.word("signature", f.Signature)
	p.flag("accepted", f.Accepted)
	p.sentence("reason", f.Reason)
	if f.Shape != nil {
		p.sentence("shape", f.Shape.ID)
	}
	p.sentence("text", f.Text)
	p.sentence("remedy", f.Remedy)
	p.key("connections")
	p.text = append(p.text, '[')
	for i, c := range f.Connections {
		if i > 0 {
			p.text = append(p.text, ',')
		}
		p.text = strconv.AppendUint(p.text, uint64(c), 10)
	}
	p.text = append(p.text, ']')
	if f.More > 0 {
		p.integer("more_connections", int64(f.More))
	}
	p.key("evidence")
	p.text = append(p.text, '[')
	for _, one := range f.Evidence {
		p.open()
		p.integer("conn", int64(one.Conn))
		p.integer("exchange", int64(one.Exchange))
		p.word("time", one.At.UTC().Format("2006-01-02T15:04:05.000000000Z"))
		p.text = append(p.text, '}')
	}
	p.text = append(p.text, ']')
	p.end()
}

// sentence writes a member with words about what was seen, if there are any. They are in UTF-8, unless
// they quote what is not text.
func (p *page) sentence(name, words string) {
	if words != "" {
		p.key(name)
		p.quote([]byte(strings.ToValidUTF8(words, "\uFFFD")))
	}
}
