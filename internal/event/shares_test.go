package event

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

// at returns the times of an exchange of which only these were seen, in milliseconds.
func at(asked, sent, done int) Times {
	return Times{
		Asked: time.Duration(asked) * ms, Sent: time.Duration(sent) * ms, Turn: NotSeen, Answered: NotSeen, FirstRow: NotSeen,
		Done: time.Duration(done) * ms, Ready: NotSeen,
	}
}

// Each part of the time belongs to one party.
func TestShares(t *testing.T) {
	for name, test := range map[string]struct {
		times  Times
		change func(*Times)
		want   Shares
	}{
		"the server":        {at(0, 0, 10), nil, Shares{Server: 10 * ms}},
		"a client's pause":  {at(50, 50, 60), nil, Shares{Thinking: 50 * ms, Server: 10 * ms}},
		"a slow request":    {at(0, 30, 40), nil, Shares{Sending: 30 * ms, Server: 10 * ms}},
		"the way to server": {at(0, 0, 21), func(t *Times) { t.ServerWay = 20 * ms }, Shares{ToServer: 20 * ms, Server: ms}},
		"a way that is longer than the exchange": {
			at(0, 0, 10), func(t *Times) { t.ServerWay = 20 * ms }, Shares{ToServer: 10 * ms},
		},
		"the way to client": {at(25, 25, 26), func(t *Times) { t.ClientWay = 20 * ms }, Shares{Thinking: 5 * ms, ToClient: 20 * ms, Server: ms}},
		"a client that did not wait": {
			at(25, 25, 26), func(t *Times) { t.ClientWay, t.Idle = 20*ms, NotSeen }, Shares{Server: ms},
		},
		"a client that reads slowly": {at(0, 0, 100), func(t *Times) { t.ClientStalled = 90 * ms }, Shares{Reading: 90 * ms, Server: 10 * ms}},
		"a server that reads slowly": {at(0, 100, 110), func(t *Times) { t.ServerStalled = 90 * ms }, Shares{Sending: 10 * ms, Server: 100 * ms}},
		"pgpi's own log":             {at(0, 0, 100), func(t *Times) { t.Held = 90 * ms }, Shares{Held: 90 * ms, Server: 10 * ms}},
		"pgpi's own log, while the client asks": {
			at(0, 100, 110), func(t *Times) { t.Held, t.HeldAsking = 90*ms, 90*ms }, Shares{Held: 90 * ms, Sending: 10 * ms, Server: 10 * ms},
		},
		"a pipeline": {
			at(0, 0, 40), func(t *Times) { t.Turn, t.ServerWay = 30*ms, 20*ms }, Shares{Queued: 30 * ms, Server: 10 * ms},
		},
		"a request that was still on its way when the server was done": {
			at(0, 10, 40), func(t *Times) { t.Turn, t.ServerWay = 15*ms, 20*ms }, Shares{Sending: 10 * ms, Queued: 5 * ms, ToServer: 15 * ms, Server: 10 * ms},
		},
		"a reply that the client needs to go on": {
			at(0, 60, 85), func(t *Times) { t.Answered, t.ServerWay = 25*ms, 20*ms }, Shares{Sending: 35 * ms, ToServer: 40 * ms, Server: 10 * ms},
		},
	} {
		if test.change != nil {
			test.change(&test.times)
		}
		if got, seen := test.times.Shares(); got != test.want || !seen {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	for _, unseen := range []Times{{Asked: NotSeen}, {Done: NotSeen}, {Sent: NotSeen}} {
		if got, seen := unseen.Shares(); seen || got != (Shares{}) {
			t.Errorf("%+v has the shares %+v", unseen, got)
		}
	}
}

// Shares are never negative and add up to the whole, whatever the times are.
func TestSharesAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		some := func() time.Duration { return time.Duration(r.IntN(30)) - 1 }
		x := Times{
			Idle: some(), Asked: some(), Sent: some(), Turn: some(), Answered: some(), Done: some(), ClientStalled: max(0, some()),
			ServerStalled: max(0, some()), ClientWay: max(0, some()), ServerWay: max(0, some()),
		}
		x.Held = max(0, some())
		x.HeldAsking = min(x.Held, max(0, some()))
		if x.Asked > x.Sent || x.Asked > x.Done { // nothing is over before it has begun
			continue
		}
		s, seen := x.Shares()
		if !seen {
			continue
		}
		whole := x.Done - x.Asked
		if x.Idle != NotSeen && x.Idle < x.Asked {
			whole += x.Asked - x.Idle
		}
		sum := time.Duration(0)
		for _, share := range []time.Duration{s.Thinking, s.Sending, s.Reading, s.ToClient, s.ToServer, s.Queued, s.Server, s.Held} {
			if share < 0 {
				t.Fatalf("%+v has a negative share: %+v", x, s)
			}
			sum += share
		}
		if sum != whole {
			t.Fatalf("%+v: the shares %+v add up to %d, not %d", x, s, sum, whole)
		}
	}
}
