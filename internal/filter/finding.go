package filter

import "pgpi/internal/event"

// maxSignatures is how many findings are remembered. Others may be marked as found before although
// the first was not let through.
const maxSignatures = 10_000

// takeFinding decides about a finding. It is let through if the expression is true of it on one of
// the connections that it names.
func (s *Sink) takeFinding(e *event.Event) {
	s.asked = append(s.asked[:0], asked{known: known{identity: e.Identity}})
	a := &s.asked[0]
	on := *e
	a.answer = s.ask(&on, 0, a.known, true)
	for _, on.Conn = range e.Finding.Connections {
		a.answer = max(a.answer, s.ask(&on, 0, a.known, true))
	}
	if a.answer == no {
		return
	}
	e = s.asFirst(e)
	if c := s.connections[e.Conn]; c != nil && len(c.held.events.all()) > 0 {
		s.hold(c, e)
	} else {
		s.pass(e, s.asked)
	}
}

// asFirst returns a finding that is marked as found before only if that was let through.
func (s *Sink) asFirst(e *event.Event) *event.Event {
	f := e.Finding
	before := s.found[f.Signature]
	if !before && len(s.found) < maxSignatures {
		if s.found == nil {
			s.found = map[string]bool{}
		}
		s.found[f.Signature] = true
	}
	if before || !f.Again || !s.found[f.Signature] {
		return e
	}
	first, own := *e, *f
	own.Again = false
	first.Finding = &own
	return &first
}
