package session

import (
	"slices"

	"pgpi/internal/wire"
)

// Servers make mistakes, and proxies that speak for them make more: a ReadyForQuery too many or too
// few, a Describe without an answer. Then a reply fits what was asked in more than one way: it may
// be surplus, or replies before it may be missing. All ways are followed, with the least number of
// mistakes. While two are equally likely, nothing gets a name, because a wrong name would be worse.

// guess is one thing that the server may be answering.
type guess struct {
	at       int  // position of the request in the order of all
	replied  bool // it has got a reply
	mistakes int  // of the server, if the guess is right
	// stray is set if the last reply is surplus, and was one to the request.
	stray bool
	was   int
	// on is set if the server goes on after an error, and does not ignore anything.
	// failed is the exchange of the request to which it has then sent the last error, or 0.
	on     bool
	failed uint32
	// resumed is set if the server continues with the request before, which it had ended too early.
	resumed bool
}

// Limits on guessing: how many ways are followed, and how many more mistakes than the best they may
// have.
const (
	maxGuesses  = 8
	maxMistakes = 1
)

// align finds the request that a reply belongs to, and makes it the current one. It reports whether
// that is certain, and describes the mistake if this reply is the first that does not fit. A fatal
// error comes at any time.
func (x *requests) align(t wire.Type, fatal bool) (sure bool, mistake string) {
	// Later replies that were certain may have removed everything that a guess is about.
	x.guesses = slices.DeleteFunc(x.guesses, func(g guess) bool { return g.at < x.dropped && x.passed.atPlace(g.at) == nil })
	if len(x.guesses) == 0 {
		switch goesOn := !fatal && x.mayGoOn(t); {
		case x.fits(t) && (t != wire.ErrorResponse || !goesOn):
			return true, ""
		case goesOn:
			mistake = x.beginToGoOn(t)
		default:
			mistake = describeMistake(t, x.current())
			x.guesses = append(x.guesses, guess{at: x.dropped, replied: x.replied})
		}
	}
	x.guess(t)
	best := x.guesses[0]
	others := x.guesses[1:]
	if len(others) > 0 && others[0].mistakes == best.mistakes {
		return false, mistake
	}
	place := best.at
	if !best.stray {
		place = best.was
	}
	if x.passed.atPlace(place) != nil && place < x.dropped {
		x.goOn(place)
	}
	for x.dropped < place && x.first < len(x.queue) {
		x.drop()
	}
	if len(others) == 0 {
		x.guesses = x.guesses[:0]
	}
	return !best.stray, mistake
}

// fits reports whether a reply belongs to the current request without doubt.
func (x *requests) fits(t wire.Type) bool {
	return len(x.guesses) == 0 && (x.lost || answers(t, x.current(), x.replied))
}

// guess follows all ways over a reply.
func (x *requests) guess(t wire.Type) {
	var next []guess
	for _, g := range x.guesses {
		here := x.at(g.at)
		for here != nil && here.kind == wire.CopyDone {
			g.at++
			here = x.at(g.at)
		}
		if answers(t, here, g.replied) {
			next = append(next, x.after(t, g, g.at, 0))
			if rest := x.behind(g); t == wire.ErrorResponse && rest > g.at && x.at(rest) != nil {
				next = append(next, x.after(t, g, rest, 0))
			}
			continue
		}
		next = append(next, x.astray(t, g))
		for place := g.at; x.at(place) != nil; place++ {
			if answers(t, x.at(place), true) { // a Query may have lost its reply
				next = append(next, x.after(t, g, place, x.unanswered(g, place)))
				break
			}
		}
	}
	slices.SortStableFunc(next, func(a, b guess) int { return a.mistakes - b.mistakes })
	kept := next[:0]
	for _, g := range next {
		alike := slices.ContainsFunc(kept, func(k guess) bool { return k.at == g.at && k.replied == g.replied })
		if !alike && len(kept) < maxGuesses && g.mistakes <= next[0].mistakes+maxMistakes {
			kept = append(kept, g)
		}
	}
	x.guesses = kept
}

// astray returns where a reply that belongs to nothing leaves the server. It may continue with the
// request before, whose end was the mistake: that is one mistake, however many replies follow.
func (x *requests) astray(t wire.Type, g guess) guess {
	before := request{kind: x.answeredLast}
	if r := x.at(g.was); r != nil && g.was < g.at {
		before = *r
	}
	goesOn := answers(t, &before, true)
	if !goesOn || !g.resumed {
		g.mistakes++
	}
	g.stray, g.resumed = true, goesOn && !completes(t, &before)
	return g
}

// at returns the request at a position, or nil if there is none, or none yet.
func (x *requests) at(place int) *request {
	if place < x.dropped {
		return x.passed.atPlace(place)
	}
	if i := x.first + place - x.dropped; i >= x.first && i < len(x.queue) {
		return &x.queue[i]
	}
	return nil
}

// after returns the state of a guess after a reply to a request.
func (x *requests) after(t wire.Type, g guess, place, mistakes int) guess {
	next := guess{at: place, was: place, replied: true, mistakes: g.mistakes + mistakes, on: g.on}
	r := x.at(place)
	if t == wire.ErrorResponse && g.on && r != nil {
		next.failed = r.exchange
	}
	switch {
	case t == wire.ErrorResponse && r != nil && !endsWithReady(r.kind) && g.on:
		next.at++
		next.replied = false
	case t == wire.ErrorResponse && r != nil && !endsWithReady(r.kind):
		for r = x.at(next.at); r != nil && r.kind != wire.Sync; r = x.at(next.at) {
			next.at++
		}
		next.replied = false
	case completes(t, r):
		next.at++
		next.replied = false
	}
	return next
}

// completes reports whether a reply is the last one to its request.
func completes(t wire.Type, r *request) bool {
	switch t {
	case wire.ParseComplete, wire.BindComplete, wire.CloseComplete, wire.NoData, wire.PortalSuspended, wire.ReadyForQuery:
		return true
	case wire.RowDescription:
		return r.kind == wire.Describe
	case wire.CommandComplete, wire.EmptyQueryResponse:
		return r.kind == wire.Execute
	}
	return false
}

// answers reports whether a reply can be one to a request (documentation section "Message Flow").
// An ErrorResponse can answer everything, and may come without any request. A ReadyForQuery to a
// Query has another reply before it.
func answers(t wire.Type, r *request, replied bool) bool {
	kind := wire.UnknownMessage
	if r != nil {
		kind = r.kind
	}
	switch t {
	case wire.ParseComplete:
		return kind == wire.Parse
	case wire.BindComplete:
		return kind == wire.Bind
	case wire.CloseComplete:
		return kind == wire.Close
	case wire.NoData, wire.ParameterDescription:
		return kind == wire.Describe
	case wire.RowDescription:
		return kind == wire.Describe || kind == wire.Query
	case wire.DataRow, wire.CommandComplete, wire.EmptyQueryResponse, wire.CopyInResponse, wire.CopyOutResponse, wire.CopyBothResponse:
		return kind == wire.Execute || kind == wire.Query
	case wire.PortalSuspended:
		return kind == wire.Execute
	case wire.FunctionCallResponse:
		return kind == wire.FunctionCall
	case wire.ReadyForQuery:
		return kind == wire.Sync || (kind == wire.Query || kind == wire.FunctionCall) && replied
	}
	return true
}

// describeMistake returns what the server did.
func describeMistake(t wire.Type, r *request) string {
	if r != nil {
		return t.String() + " where a reply to " + r.kind.String() + " was due"
	}
	asker := "Execute or Query"
	switch t {
	case wire.ParseComplete:
		asker = "Parse"
	case wire.BindComplete:
		asker = "Bind"
	case wire.CloseComplete:
		asker = "Close"
	case wire.NoData, wire.ParameterDescription:
		asker = "Describe"
	case wire.RowDescription:
		asker = "Describe or Query"
	case wire.PortalSuspended:
		asker = "Execute"
	case wire.FunctionCallResponse:
		asker = "FunctionCall"
	case wire.ReadyForQuery:
		asker = "Sync or Query"
	}
	return t.String() + " that no " + asker + " asked for"
}
