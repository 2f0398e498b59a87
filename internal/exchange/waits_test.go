package exchange

import (
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

// What bytes and writes have waited for belongs to the exchange that was delayed, and to no other.
func TestWaits(t *testing.T) {
	type waited struct{ client, server, held, asking float64 } // in seconds
	large := message('Q', strings.Repeat("x", 150_000)+"\x00")
	for name, test := range map[string]struct {
		play func(l *timeline, send func(second float64, d event.Direction, words string, held, stalled float64))
		want []waited
	}{
		"a request that pgpi held": {func(_ *timeline, send func(float64, event.Direction, string, float64, float64)) {
			send(1, event.ClientToServer, asking, 0, 0)
			send(2, event.ServerToClient, complete, 0, 0)
			send(9, event.ClientToServer, asking, 3, 0)
			send(10, event.ServerToClient, complete, 0, 0)
		}, []waited{{}, {held: 3, asking: 3}}},
		"a large request, held and not read": {func(_ *timeline, send func(float64, event.Direction, string, float64, float64)) {
			send(1, event.ClientToServer, asking, 0, 0)
			send(2, event.ServerToClient, complete, 0, 0)
			send(3, event.ClientToServer, large[:65000], 1, 0.5) // the write before belongs to another
			send(9, event.ClientToServer, large[65000:130000], 2, 3)
			send(10, event.ClientToServer, large[130000:], 0, 1)
			send(11, event.ServerToClient, complete, 0, 0)
		}, []waited{{}, {server: 4, held: 3, asking: 3}}},
		"rows that were not read": {func(_ *timeline, send func(float64, event.Direction, string, float64, float64)) {
			send(1, event.ClientToServer, asking, 0, 0)
			send(2, event.ServerToClient, row, 0, 0)
			send(5, event.ServerToClient, row, 1, 3)
			send(7, event.ServerToClient, complete, 0, 2)
		}, []waited{{client: 5, held: 1}}},
		"the last row, not read before the client asks again": {func(_ *timeline, send func(float64, event.Direction, string, float64, float64)) {
			send(1, event.ClientToServer, asking, 0, 0)
			send(2, event.ServerToClient, complete, 0, 0)
			send(8, event.ClientToServer, asking, 0, 0)
			send(9, event.ServerToClient, complete, 0, 5)
		}, []waited{{}, {}}},
		"the last row, not read while the next waits": {func(_ *timeline, send func(float64, event.Direction, string, float64, float64)) {
			send(1, event.ClientToServer, asking+asking, 0, 0)
			send(2, event.ServerToClient, complete, 0, 0)
			send(9, event.ServerToClient, complete, 0, 5)
		}, []waited{{}, {client: 5}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTimeline(t)
			seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
			test.play(l, func(second float64, d event.Direction, words string, held, stalled float64) {
				l.feed(second, event.Event{
					Conn: 1, Kind: event.Bytes, Direction: d, Data: []byte(words), Relayed: true,
					Waited: seconds(held), Held: seconds(held), Stalled: seconds(stalled),
				})
			})
			if len(l.over) != len(test.want) {
				t.Fatalf("%q", l.out)
			}
			for i, x := range l.over {
				got := waited{x.Times.ClientStalled.Seconds(), x.Times.ServerStalled.Seconds(), x.Times.Held.Seconds(), x.Times.HeldAsking.Seconds()}
				if got != test.want[i] {
					t.Errorf("exchange %d: %+v, want %+v", i+1, got, test.want[i])
				}
			}
		})
	}
}

// Ways are those that were measured last. An exchange has as many round trips as the client has
// waited for.
func TestWaysAndRoundTrips(t *testing.T) {
	l := newTimeline(t)
	copying := message('G', "\x00\x00\x00")
	l.say(1, 1, asking)
	l.reply(2, 1, complete)
	l.fact(2, 1, event.Way{Party: event.Server, Takes: 7})
	l.fact(2, 1, event.Way{Party: event.Client, Takes: 9})
	l.say(3, 1, asking+asking)
	l.reply(4, 1, complete+complete)
	l.fact(5, 1, event.Way{Party: event.Server, Takes: 8})
	l.say(6, 1, message('Q', "copy t from stdin\x00"))
	l.reply(7, 1, copying)
	l.say(8, 1, message('d', "1\n")+message('d', "2\n"))
	l.say(9, 1, message('c', ""))
	l.reply(10, 1, complete)
	type seen struct {
		client, server time.Duration
		trips          int
	}
	want := []seen{{0, 0, 1}, {9, 7, 1}, {9, 7, 0}, {9, 8, 2}}
	if len(l.over) != len(want) {
		t.Fatalf("%q", l.out)
	}
	for i, x := range l.over {
		if got := (seen{x.Times.ClientWay, x.Times.ServerWay, x.RoundTrips}); got != want[i] {
			t.Errorf("exchange %d: %+v, want %+v", i+1, got, want[i])
		}
	}
}
