package session

import (
	"maps"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// A client need not wait for replies. What it sends after a Sync may name a statement that it
// believes to be made, while an error before that Sync has prevented it. Then the name stands for
// what it stood for before.

// takenBack is what an error has prevented from being made, with what had the name before.
type takenBack struct {
	statements map[*statement]*statement
	portals    map[*portal]*portal
	// cleared are statements whose name had been taken away before, by name.
	cleared map[string][]*statement
}

// add notes what a request would have made. Requests with the same name are added last first.
func (t *takenBack) add(r *request) {
	switch {
	case r.kind == wire.Parse && r.statement != nil && r.statement != r.statement0.what:
		if t.statements == nil {
			t.statements = map[*statement]*statement{}
		}
		t.statements[r.statement] = r.statement0.what
		if r.statement0.what == nil {
			if t.cleared == nil {
				t.cleared = map[string][]*statement{}
			}
			t.cleared[r.name] = append(t.cleared[r.name], r.statement)
		}
	case (r.kind == wire.Close || r.kind == wire.Query) && r.statement0.what != nil:
		for _, s := range t.cleared[r.name] {
			t.statements[s] = r.statement0.what
		}
		delete(t.cleared, r.name)
	case r.kind == wire.Bind && r.portal != nil && r.portal != r.portal0.what:
		if t.portals == nil {
			t.portals = map[*portal]*portal{}
		}
		t.portals[r.portal] = r.portal0.what
	}
}

// before returns what has the name of a statement or portal, or nil if nothing has.
func before[T any](all map[*T]*T, what *T) *T {
	for range len(all) { // it ends even if two have taken turns
		old, found := all[what]
		if !found {
			return what
		}
		what = old
	}
	return what
}

// correct finds again what unanswered requests name. If nothing has that name, the server refuses
// it, and what the client meant stays.
func (y *memory) correct(t *takenBack) {
	var about *event.Context
	exchange := uint32(0)
	for i := y.requests.first; i < len(y.requests.queue); i++ {
		r := &y.requests.queue[i]
		switch {
		case r.kind == wire.Parse:
			r.statement0.what = before(t.statements, r.statement0.what)
			maps.DeleteFunc(t.statements, func(s, _ *statement) bool { return s == r.statement })
		case r.kind == wire.Query || r.portal == nil && r.statement == nil:
		case r.kind == wire.Bind:
			y.correctBind(t, r)
		default:
			if s := before(t.statements, r.statement); s != nil {
				r.statement = s
			}
			if p := before(t.portals, r.portal); p != nil {
				r.portal = p
			}
		}
		if r.exchange != exchange {
			exchange, about = r.exchange, nil
		}
		if c := r.context(); c != nil {
			about = c
		}
		if about != nil {
			r.about = about
		}
	}
	if exchange == y.exchange && about != nil {
		y.about = about
	}
}

// correctBind makes the portal from another statement, if the Bind names one.
func (y *memory) correctBind(t *takenBack, r *request) {
	old := r.portal
	r.portal0.what = before(t.portals, r.portal0.what)
	if s := before(t.statements, r.statement); s != nil && s != r.statement {
		r.statement = s
		if old != nil {
			r.portal = s.portalIn(old.formats, old.cut, r.name)
		}
	}
	if old == nil {
		return
	}
	delete(t.portals, old)
	if old == r.portal {
		return
	}
	if t.portals == nil {
		t.portals = map[*portal]*portal{}
	}
	t.portals[old] = r.portal
	delete(t.portals, r.portal)
	if y.names.portals[r.name].by == r.number {
		y.names.setPortal(r.name, named[portal]{r.portal, r.number})
	}
}
