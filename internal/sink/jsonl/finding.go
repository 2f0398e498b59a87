package jsonl

import (
	"strconv"

	"pgpi/internal/event"
)

// findingObject writes a finding.
func (p *page) findingObject(f *event.Finding) {
	p.begin("finding")
	p.word("rule", f.Rule)
	p.word("severity", f.Severity.String())
	p.word("signature", f.Signature)
	if f.Accepted {
		p.key("accepted")
		p.text = append(p.text, "true"...)
		p.wordOf("reason", f.Reason)
	}
	if f.Shape != nil {
		p.wordOf("shape", f.Shape.ID)
	}
	p.wordOf("text", f.Text)
	p.wordOf("remedy", f.Remedy)
	p.key("connections")
	p.text = append(p.text, '[')
	for i, c := range f.Connections {
		if i > 0 {
			p.text = append(p.text, ',')
		}
		p.text = strconv.AppendUint(p.text, uint64(c), 10)
	}
	p.text = append(p.text, ']')
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
