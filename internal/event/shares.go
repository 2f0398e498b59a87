package event

import "time"

// Shares are who took the time of an exchange. They add up to the time from the end of the exchange
// before to the last reply. If the client did not wait for that end, they begin with the first byte
// of the request.
//
// At most one way to each party and back counts as network. More than that can't be distinguished
// from the party at its end.
type Shares struct {
	// Thinking is while the client had everything and asked nothing, Sending until all of the
	// request was there, and Reading while it did not read what was there.
	Thinking, Sending, Reading time.Duration
	// ToClient and ToServer are the ways.
	ToClient, ToServer time.Duration
	// Queued is when the server worked on what was asked before.
	Queued time.Duration
	// Server is what is left: the server, or what is beyond the next end of TCP.
	Server time.Duration
	// Held is when pgpi waited for its own outlets.
	Held time.Duration
}

// Client returns the client's share.
func (s *Shares) Client() time.Duration { return s.Thinking + s.Sending + s.Reading }

// Network returns the network's share.
func (s *Shares) Network() time.Duration { return s.ToClient + s.ToServer }

// Shares returns who took the time, or false if that was not seen.
func (t *Times) Shares() (s Shares, seen bool) {
	if t.Duration() == NotSeen || t.Server() == NotSeen {
		return Shares{}, false
	}
	if t.Idle != NotSeen && t.Asked > t.Idle {
		s.Thinking = t.Asked - t.Idle
		s.ToClient = part(&s.Thinking, t.ClientWay)
	}
	t.shareAsking(&s)
	from := max(t.Sent, t.Turn)
	s.Queued = min(from, t.Done) - min(t.Sent, t.Done)
	rest := t.Server()
	s.Held += part(&rest, t.Held-t.HeldAsking)
	s.Reading = part(&rest, t.ClientStalled)
	// If the server had something else to do, the request was on its way in the meantime.
	s.ToServer += part(&rest, t.ServerWay-(from-t.Sent))
	s.Server += rest
	return s, true
}

// shareAsking divides the time from the first to the last byte of the request. If a reply came in
// between, as before the rows of COPY, the client has waited for the reply.
func (t *Times) shareAsking(s *Shares) {
	asking := min(t.Sent, t.Done) - t.Asked
	s.Held = part(&asking, t.HeldAsking)
	stalled := part(&asking, t.ServerStalled)
	if t.Answered != NotSeen && t.Answered > t.Asked && t.Answered < t.Sent {
		waited := min(asking, t.Answered-t.Asked)
		asking -= waited
		s.ToServer = part(&waited, t.ServerWay)
		stalled += waited
	}
	s.Sending, s.Server = asking, stalled
}

// part takes up to wanted from a time, as far as there is that much.
func part(of *time.Duration, wanted time.Duration) time.Duration {
	taken := max(0, min(*of, wanted))
	*of -= taken
	return taken
}
