package event

import (
	"time"

	"pgpi/internal/sqltext"
)

// Exchange is one request with everything that answers it. Exchanges whose requests were sent
// without waiting in between share a round trip.
type Exchange struct {
	// Number counts the exchanges of a connection, and RoundTrip its round trips, from 1.
	Number, RoundTrip uint32
	// RoundTrips is how often the client has waited because of it. It is 0 if the exchange came
	// with the one before, in a pipeline, and more than 1 if the client said more after a reply.
	RoundTrips int
	Kind       ExchangeKind
	// Context has the SQL. It is nil if that is unknown.
	Context *Context
	// Shape is the shape of the SQL, and Attributes are those in its comments. Shape is nil if
	// shapes are not wanted, or if not all of the SQL was seen.
	Shape      *sqltext.Shape
	Attributes []sqltext.Attribute
	// Parsed is set if a Parse is among the messages of the request.
	Parsed bool
	// Settings are those needed to read the parameters.
	Settings *Settings
	// Bind is the message that brought the parameters. It is nil if there was none, or if it was
	// too large to keep.
	Bind *Message
	// Portal is the name of the portal that was executed, "" for the unnamed one.
	Portal string
	// Statements are those of a Query with several, in order, as far as the server got.
	Statements []Statement
	// Rows counts the DataRows that were seen. Counted is the number in the command tags, or -1 if
	// there is none.
	Rows, Counted int64
	// Sent and Got are sizes of messages, in bytes.
	Sent, Got int64
	// Widest is the name of the column with the most bytes, and WidestBytes how many of them were
	// counted. They are empty if shapes are not wanted, and for a small result.
	Widest      string
	WidestBytes int64
	// Tag is the last command tag. The fields after it are those of an error; Position counts
	// characters of the SQL, from 1.
	Tag                             string
	SQLState, Message, Detail, Hint string
	Position                        int
	// Transaction is the status in the ReadyForQuery that ended the exchange, or 0 if that was not
	// seen.
	Transaction byte
	Outcome     Outcome
	// NeverAnswered says that nothing of the server's reply was seen, though all that it sent was.
	NeverAnswered bool
	// RolledBackToo are the first and the last of the exchanges that were over before this one
	// failed and rolled them back. They are 0 if there are none.
	RolledBackToo [2]uint32
	// Undone is how many of them had run something, which is now undone.
	Undone int
	Times  Times
}

// Statement is one statement of a Query that has several.
type Statement struct {
	Tag  string
	Rows int64
}

// ExchangeKind is the sort of request that began an exchange.
type ExchangeKind uint8

// The kinds of exchanges.
const (
	Simple       ExchangeKind = iota // a Query
	Extended                         // what leads to an Execute
	Prepare                          // Parse, Bind, Describe or Close without an Execute
	SyncAlone                        // a Sync with nothing before it
	FunctionCall                     // a FunctionCall
	CopyIn                           // COPY from the client
	CopyOut                          // COPY to the client
	Replication                      // a replication command that streams
)

var exchangeKinds = [...]string{"simple", "extended", "prepare", "sync", "function call", "copy in", "copy out", "replication"}

func (k ExchangeKind) String() string { return exchangeKinds[k] }

// Outcome is how an exchange ended.
type Outcome uint8

// The outcomes of exchanges.
const (
	// Done is what the server said it has done.
	Done Outcome = iota
	// RolledBack was done, and undone by an error later in its transaction.
	RolledBack
	// Failed got an error.
	Failed
	// Suspended is an Execute that reached its row limit.
	Suspended
	// Skipped was ignored by the server, after an error.
	Skipped
	// Canceled failed after a CancelRequest for its connection was seen.
	Canceled
	// Lost was not over when the connection ended.
	Lost
	// Unanswered was passed over by the server.
	Unanswered
	// Unfinished is not over yet: it is that of a Pending event, and of what a capture ends before.
	Unfinished
	// Unknown was open when the connection ended, but what was not understood may have been its reply.
	Unknown
)

var outcomes = [...]string{"done", "rolled back", "failed", "suspended", "skipped", "canceled", "lost", "unanswered", "unfinished", "unknown"}

func (o Outcome) String() string { return outcomes[o] }

// NotSeen is the value of a time that was not seen.
const NotSeen time.Duration = -1

// Times are measured at pgpi, since the connection was opened. Each can be NotSeen.
type Times struct {
	// Idle is when the previous exchange was over. Asked and Sent are when the first and the last
	// byte of the request were seen.
	Idle, Asked, Sent time.Duration
	// Turn is when the server was done with earlier requests, if that was after Asked.
	Turn time.Duration
	// Answered is when the first byte of the reply was seen, and FirstRow when that of the first
	// row was.
	Answered, FirstRow time.Duration
	// Done is when the last reply of the exchange itself was seen, and Ready when the ReadyForQuery
	// was.
	Done, Ready time.Duration
	// ClientStalled and ServerStalled are how long writes to either party waited for it to read.
	// Held is how long pgpi waited for its own outlets, and HeldAsking how much of that it did
	// before it took the last byte of the request.
	ClientStalled, ServerStalled, Held, HeldAsking time.Duration
	// ClientWay and ServerWay are how far away the parties are, there and back, as [Way] has it.
	// They are 0 if that is not known.
	ClientWay, ServerWay time.Duration
}

// End returns the last time at which something of the exchange was seen.
func (t *Times) End() time.Duration { return max(t.Sent, t.Answered, t.Done) }

// Server returns the time from the end of the request, or from the server's turn if that is later,
// to the last reply. It includes the way to the server and back. It is NotSeen if the request or
// the reply was.
func (t *Times) Server() time.Duration {
	if t.Sent == NotSeen || t.Done == NotSeen {
		return NotSeen
	}
	return max(0, t.Done-max(t.Sent, t.Turn))
}

// Duration returns the time from the first byte of the request, or from the server's turn if that
// is later, to the last reply. So the durations of a pipeline add up to the time it took. It is
// NotSeen if the request or the reply was.
func (t *Times) Duration() time.Duration {
	if t.Asked == NotSeen || t.Done == NotSeen {
		return NotSeen
	}
	return max(0, t.Done-max(t.Asked, t.Turn))
}

// Queued reports whether the request had to wait, at the server, for earlier ones.
func (t *Times) Queued() bool { return t.Turn != NotSeen && t.Turn > t.Asked }
