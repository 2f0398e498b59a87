package text

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"pgpi/internal/event"
)

// findingWidth is how wide the lines of a finding are, if no terminal says otherwise.
const findingWidth = 100

// finding writes the lines of a finding, the first time it is found: what was seen, what would
// help, and the signature.
func (p *page) finding(f *event.Finding) {
	shows := p.Mode == Queries || p.Mode == Annotated && p.Findings
	if f.Again || !shows {
		return
	}
	head := "!! " + f.Rule + " " + Connections(f.Connections, f.More) + ": "
	width := findingWidth
	if terminal := p.terminal(); terminal > 0 {
		width = max(terminal, 40)
	}
	color := yellow
	if f.Severity == event.Note || f.Accepted {
		color = blue
	}
	indent := strings.Repeat(" ", len("!! "+f.Rule+" "))
	line, first := head, true
	for _, word := range strings.Fields(f.Text + ". " + f.Remedy + " " + f.Signature + accepted(f)) {
		if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width && strings.TrimSpace(line) != "" {
			p.findingLine(line, color, first)
			line, first = indent, false
		}
		if line != head && line != indent {
			line += " "
		}
		line += word
	}
	p.findingLine(line, color, first)
}

func (p *page) findingLine(line, color string, first bool) {
	if first {
		p.paint(color)
		p.text = AppendSafe(p.text, line)
		p.unpaint()
	} else {
		p.text = AppendSafe(p.text, line)
	}
	p.text = append(p.text, '\n')
}

// accepted returns what follows the signature of a finding that the user has accepted.
func accepted(f *event.Finding) string {
	switch {
	case !f.Accepted:
		return ""
	case f.Reason == "":
		return " accepted"
	}
	return " accepted: " + f.Reason
}

// Connections returns the first connections of a finding, as "#1" or "#1, #2 and 3 more". others is
// how many there are besides those given.
func Connections(first []uint32, others int) string {
	const most = 4
	all := ""
	for i, c := range first {
		if i == most {
			break
		}
		if i > 0 {
			all += ", "
		}
		all += "#" + strconv.FormatUint(uint64(c), 10)
	}
	if more := len(first) + others - most; more > 0 {
		all += " and " + strconv.Itoa(more) + " more"
	}
	return all
}
