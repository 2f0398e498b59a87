package redact

import (
	"slices"

	"pgpi/internal/event"
)

// application is the last identity of a connection, and the same without secrets.
type application struct{ identity, safe *event.Identity }

// Identity hides the secrets that a server repeats in application_name, as they are hidden in the
// message that brings it. The name of a user stays: it was known before a password was.
func (p *Passwords) Identity(e *event.Event) {
	c := p.connections[e.Conn]
	if c == nil || e.Identity == nil {
		return
	}
	last := c.application
	if e.Identity == last.identity {
		e.Identity = last.safe
		return
	}
	c.application = application{e.Identity, e.Identity}
	name := []byte(e.Identity.Application)
	if last.identity != nil && last.identity.Application == e.Identity.Application {
		name = []byte(last.safe.Application)
	} else {
		for _, s := range p.appendKnown(appendVerifiers(nil, name, 0), e.Conn, name, 0) {
			Overwrite(name[s.Start:s.End])
		}
	}
	if !slices.Equal(name, []byte(e.Identity.Application)) {
		safe := *e.Identity
		safe.Application = string(name)
		c.application.safe = &safe
		e.Identity = &safe
	}
}
