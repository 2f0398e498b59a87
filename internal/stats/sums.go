package stats

import (
	"time"

	"pgpi/internal/event"
)

// Sums are the sums of exchanges.
type Sums struct {
	// Calls are the statements that ran, including those that failed or were lost. All Executes of
	// a portal are one call.
	Calls int64
	// Of these, Failed got an error, and Canceled an error because someone canceled them. Failed also
	// counts Prepares that got an error.
	// RolledBack were done and undone by a later error. Lost had not ended when the connection did.
	Failed, Canceled, RolledBack, Lost int64
	// Skipped are not calls: the server ignored them after an error, or skipped them.
	Skipped int64
	// Untimed are calls whose beginning or end was not seen. Measured are those whose way to the
	// server was measured.
	Untimed, Measured int64
	// Prepares are exchanges that run nothing: Parse, Bind, Describe or Close without an Execute.
	// PrepareTime is their time. Parses counts calls with a Parse among their messages.
	Prepares, Parses int64
	PrepareTime      time.Duration
	// PreparesFailed are those of Failed that are not calls.
	PreparesFailed int64
	// Text and Binary count calls by the requested format of results, as far as that was seen. A
	// call is binary if any column is.
	Text, Binary int64
	// RoundTrips are how often clients waited because of these exchanges.
	RoundTrips int64
	Rows       int64
	Sent, Got  int64 // bytes of requests and of replies
	Time       Durations
	Split      Split
}

// Split is where the time went, before and during calls. It adds up to more than [Durations.Total],
// which does not include Client and Queue.
type Split struct {
	// Client is how long the client let the server wait: before it asked, and while it asked.
	Client time.Duration
	// Network is the way to the parties and back, as far as it was measured.
	Network time.Duration
	// Queue is how long pipelined requests waited for those before them. The same time is the
	// server's time of those.
	Queue time.Duration
	// Server is the time of the server, including the way to it if that was not measured.
	Server time.Duration
	// Stalled is how long replies waited for the client to read them.
	Stalled time.Duration
	// Pgpi is how long pgpi waited for its own outlets.
	Pgpi time.Duration
	// IdleInTransaction is the part of Client before it asked, with a transaction open.
	IdleInTransaction time.Duration
}

// Waited returns everyone's time, without counting any twice.
func (s *Split) Waited() time.Duration { return s.Client + s.Network + s.Server + s.Stalled + s.Pgpi }

// addExchange adds an exchange.
func (s *Sums) addExchange(x *event.Exchange, how manner) {
	s.RoundTrips += int64(x.RoundTrips)
	s.Sent += x.Sent
	s.Got += x.Got
	s.addShares(&x.Times, isCall(x), how)
	if !runs(x) {
		s.Prepares++
		s.PrepareTime += max(0, x.Times.Server())
		if x.Outcome == event.Failed || x.Outcome == event.Canceled {
			s.Failed++
			s.PreparesFailed++
		}
		return
	}
	if !isCall(x) {
		s.Skipped++
		return
	}
	switch x.Outcome {
	case event.Failed:
		s.Failed++
	case event.Canceled:
		s.Failed++
		s.Canceled++
	case event.RolledBack:
		s.RolledBack++
	case event.Lost:
		s.Lost++
	}
	if !how.goesOn {
		s.Calls++
		s.addFormat(how.format)
	}
	if x.Parsed {
		s.Parses++
	}
	s.Rows += Rows(x)
}

func (s *Sums) addFormat(f format) {
	switch f {
	case textFormat:
		s.Text++
	case binaryFormat:
		s.Binary++
	case unknownFormat:
	}
}

// addShares adds who the time went to. For what runs nothing, only the time before it is added.
func (s *Sums) addShares(t *event.Times, call bool, how manner) {
	shares, seen := t.Shares()
	if !seen {
		if call && !how.goesOn {
			s.Untimed++
		}
		return
	}
	s.Split.Client += shares.Thinking + shares.Sending
	if how.inTransaction {
		s.Split.IdleInTransaction += shares.Thinking
	}
	s.Split.Network += shares.ToClient
	s.Split.Queue += shares.Queued
	if !call {
		return
	}
	if t.ServerWay > 0 {
		s.Measured++
	}
	s.Time.add(t.Server())
	s.Split.Network += shares.ToServer
	s.Split.Server += shares.Server
	s.Split.Stalled += shares.Reading
	s.Split.Pgpi += shares.Held
}

// Add adds the sums of another group.
func (s *Sums) Add(o *Sums) {
	s.Calls += o.Calls
	s.Failed += o.Failed
	s.Canceled += o.Canceled
	s.RolledBack += o.RolledBack
	s.Lost += o.Lost
	s.Skipped += o.Skipped
	s.Untimed += o.Untimed
	s.Measured += o.Measured
	s.Prepares += o.Prepares
	s.Parses += o.Parses
	s.Text += o.Text
	s.Binary += o.Binary
	s.PrepareTime += o.PrepareTime
	s.PreparesFailed += o.PreparesFailed
	s.RoundTrips += o.RoundTrips
	s.Rows += o.Rows
	s.Sent += o.Sent
	s.Got += o.Got
	s.Time.merge(&o.Time)
	s.Split.Client += o.Split.Client
	s.Split.Network += o.Split.Network
	s.Split.Queue += o.Split.Queue
	s.Split.Server += o.Split.Server
	s.Split.Stalled += o.Split.Stalled
	s.Split.Pgpi += o.Split.Pgpi
	s.Split.IdleInTransaction += o.Split.IdleInTransaction
}

// runs reports whether an exchange runs a statement or a function.
func runs(x *event.Exchange) bool { return x.Kind != event.Prepare && x.Kind != event.SyncAlone }

// PerCall returns the mean time of the timed calls. A portal that was executed in pieces counts as
// one; [Durations] has the pieces.
func (s *Sums) PerCall() time.Duration {
	if timed := s.Calls - s.Untimed; timed > 0 {
		return s.Time.Total / time.Duration(timed)
	}
	return s.Time.Mean()
}

// isCall reports whether an exchange has run something: the server did not skip it.
func isCall(x *event.Exchange) bool {
	return runs(x) && x.Outcome != event.Skipped && x.Outcome != event.Unanswered
}

// Rows returns the rows of an exchange: those that were seen, or else those that its tags count.
func Rows(x *event.Exchange) int64 {
	if x.Rows > 0 {
		return x.Rows
	}
	return max(0, x.Counted)
}
