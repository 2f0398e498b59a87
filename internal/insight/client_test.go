package insight_test

import (
	"fmt"
	"testing"

	"pgpi/internal/event"
)

// TestUnknownClients: connections of which it is not known who they are may be those of different
// clients. Under pgpi run they are the command's.
func TestUnknownClients(t *testing.T) {
	for _, c := range []struct {
		name    string
		command bool
		unknown bool
		want    []string
	}{
		{"one user", false, false, []string{"errors"}},
		{"nobody knows", false, true, nil},
		{"one command", true, true, []string{"errors"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "errors"))
			if c.unknown {
				p.identity = &event.Identity{Known: true, Address: "127.0.0.1"}
			}
			if c.command {
				p.take(event.Event{Kind: event.Measured, Fact: event.OneCommand{}})
			}
			for i := range 6 {
				p.run(uint32(1+i%2), fmt.Sprint("select * from missing where id = ", i), failed("42P01"))
			}
			p.expect(c.want...)
		})
	}
}

// TestManyClients forgets the same client each time if there are too many: the first of those that
// have rested longest.
func TestManyClients(t *testing.T) {
	const most = 1000
	p := newPlayer(t, only(t, "errors"))
	for i := range uint32(most + 1) {
		at := p.at
		p.identity = &event.Identity{Known: true, User: fmt.Sprint("user", i)}
		for range 5 {
			p.run(i+1, "select * from missing", failed("42P01"))
		}
		p.logout(i + 1)
		p.at = at
	}
	if len(p.findings) != 1 || p.findings[0].Connections[0] != 1 {
		t.Errorf("%d findings, the first %+v", len(p.findings), p.findings[0])
	}
}
