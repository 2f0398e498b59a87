package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
)

// churn finds clients that connect again and again, for little.
var churn = Rule{
	Name: "churn", Severity: event.Note, Timed: true, Bounded: true, Unit: "connections", Least: leastVisits, within: aClient,
	Title:  "A connection for every few statements",
	Fires:  "At least 20 connections of a client log in and end within 60 s, each after at most 2 exchanges.",
	Silent: "Connections whose login was not seen, and those that failed to log in.",
	Help:   "Each connection costs a process of the server, a login, and often a TLS handshake. Keep connections in a pool.",
	watch:  func(*Options) watcher { return new(visits) },
}

// window is the time in which connections are counted.
const window = time.Minute

// leastVisits is how many of them are many.
const leastVisits = 20

// visits are the connections of a client that were short.
type visits struct {
	begun []time.Duration // when those were opened that ended last, by the clock
	most  int64           // how many were found in a window
}

// maxVisits is how many connections are counted in a window.
const maxVisits = 10_000

func (v *visits) begin(*scope) { *v = visits{begun: v.begun[:0]} }

func (*visits) take(*scope, *exchange) {}

func (*visits) end(*scope) {}

func (v *visits) closed(s *scope, c *connection) {
	const few = 2
	if !c.loggedIn || c.ended > few {
		return
	}
	now := s.stage.clock.Now
	before := len(v.begun)
	kept := v.begun[:0]
	for _, begun := range v.begun {
		if begun >= now-window {
			kept = append(kept, begun)
		}
	}
	v.begun = kept
	s.grow(sizeOfVisit * (len(kept) - before))
	if c.opened < now-window || len(v.begun) >= maxVisits {
		return
	}
	v.begun = append(v.begun, c.opened)
	s.grow(sizeOfVisit)
	n := int64(len(v.begun))
	if n < leastVisits || n <= v.most {
		return
	}
	again := v.most > 0
	v.most = n
	s.find(finding{
		goesOn: again, connections: []uint32{c.number},
		text:   fmt.Sprintf("%s connections of %s logged in and ended within %s, each after at most %d exchanges", event.Number(n), s.client.name(), event.Rounded(window), few),
		remedy: "Keep connections in a pool.", count: n,
	})
}
