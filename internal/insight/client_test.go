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
