package insight_test

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

func TestAbandoned(t *testing.T) {
	for _, c := range []struct {
		name      string
		rows, got int64
		kind      event.ExchangeKind
		outcome   event.Outcome
		end       []event.Fact // before it
		want      []string
	}{
		{"canceled after 1000 rows", 1000, 20_000, event.Simple, event.Canceled, nil, []string{"abandoned"}},
		{"canceled after 999 rows", 999, 20_000, event.Simple, event.Canceled, nil, nil},
		{"canceled after 1 MiB", 3, 1 << 20, event.Extended, event.Canceled, nil, []string{"abandoned"}},
		{"COPY canceled", 0, 1 << 20, event.CopyOut, event.Canceled, nil, []string{"abandoned"}},
		{"the client left", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.HungUp{Party: event.Client}}, []string{"abandoned"}},
		{"the client was lost", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.ConnectionLost{Party: event.Client}}, []string{"abandoned"}},
		{"the server left", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.HungUp{Party: event.Server}}, nil},
		{"the server left, then the client", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.HungUp{Party: event.Server}, event.ConnectionLost{Party: event.Client}}, nil},
		{"the client left, then the server", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.HungUp{Party: event.Client}, event.ConnectionLost{Party: event.Server}}, []string{"abandoned"}},
		{"pgpi ended", 5000, 100_000, event.Extended, event.Lost, []event.Fact{event.Stopping{}}, nil},
		{"replication", 0, 10 << 20, event.Replication, event.Lost, []event.Fact{event.HungUp{Party: event.Client}}, nil},
		{"suspended, then left", 5000, 100_000, event.Extended, event.Suspended, []event.Fact{event.HungUp{Party: event.Client}}, nil},
		{"all of it", 5000, 100_000, event.Simple, event.Done, []event.Fact{event.HungUp{Party: event.Client}}, nil},
		{"the capture ended", 5000, 100_000, event.Simple, event.Unfinished, []event.Fact{event.HungUp{Party: event.Client}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{})
			p.run(2, "select 1")
			for _, fact := range c.end {
				p.take(event.Event{Conn: 2, Kind: event.Said, Fact: fact})
			}
			p.run(2, "select * from orders", func(x *event.Exchange) {
				x.Rows, x.Got, x.Kind, x.Outcome = c.rows, c.got, c.kind, c.outcome
			})
			p.logout(2)
			p.expect(c.want...)
		})
	}
}
