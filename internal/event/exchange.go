package event

import "time"

// Exchange is one request with all that answers it. Those that were asked for together share a
// round trip.
type Exchange struct {
	// Number counts the exchanges of a connection, and RoundTrip its round trips, from 1.
	Number, RoundTrip uint32
	Kind              ExchangeKind
	// Context has the SQL, nil where it is not known.
	Context *Context
	// Settings are those that parameters are read by.
	Settings *Settings
	// Bind is the message that brought the parameters, nil where there was none or it was too
	// large to keep.
	Bind *Message
	// Portal is the name of the portal that was executed, "" for the one without a name.
	Portal string
	// Statements are those of a Query that has several, in order, as far as they were reached.
	Statements []Statement
	// Rows counts DataRows that were seen. Counted is the number in the
	// command tags, -1 where there is none.
	Rows, Counted int64
	// Sent and Got are sizes of messages, in bytes.
	Sent, Got int64
	// Tag is the last command tag. Of an error there are its fields, with the place in the SQL,
	// which counts characters from 1.
	Tag                             string
	SQLState, Message, Detail, Hint string
	Position                        int
	// Transaction is that of the ReadyForQuery that ended the exchange, 0 where it was not seen.
	Transaction byte
	Outcome     Outcome
	// RolledBackToo are the exchanges, first and last, that were over before this one failed and
	// rolled them back. They are 0 where there are none.
	RolledBackToo [2]uint32
	Times         Times
}

// Statement is one statement of a Query that has several.
type Statement struct {
	Tag  string
	Rows int64
}

// ExchangeKind is what sort of request began an exchange.
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
	// Done is what the server said it had done.
	Done Outcome = iota
	// RolledBack was done, and undone by an error before its transaction was over.
	RolledBack
	// Failed got an error.
	Failed
	// Suspended is an Execute whose row limit was reached.
	Suspended
	// Skipped is what the server ignored after an error.
	Skipped
	// Canceled failed after a CancelRequest for its connection was seen.
	Canceled
	// Lost was not over when the connection was.
	Lost
	// Unanswered is what the server passed over.
	Unanswered
)

var outcomes = [...]string{"done", "rolled back", "failed", "suspended", "skipped", "canceled", "lost", "unanswered"}

func (o Outcome) String() string { return outcomes[o] }

// NotSeen is a time that was not seen.
const NotSeen time.Duration = -1

// Times are since the connection was opened, as seen at pgpi, or NotSeen.
type Times struct {
	// Idle is when the exchange before was over, Asked and Sent when the first and the last byte
	// of the request were seen.
	Idle, Asked, Sent time.Duration
	// Turn is when the server was done with what was asked before, if that was after Asked.
	Turn time.Duration
	// Answered is when the first byte of the reply was seen, FirstRow that of the first row.
	Answered, FirstRow time.Duration
	// Done is when the last reply of its own was seen, and Ready the ReadyForQuery.
	Done, Ready time.Duration
	// ClientStalled and ServerStalled are how long writes waited for their reader, and Held how
	// long pgpi waited for its own outlets.
	ClientStalled, ServerStalled, Held time.Duration
}

// End returns the last time of the exchange that was seen.
func (t *Times) End() time.Duration { return max(t.Sent, t.Answered, t.Done) }

// Server returns the time between the request, or the server's turn, and the last reply: the
// server with the way there and back. It is NotSeen where one of them is.
func (t *Times) Server() time.Duration {
	if t.Sent == NotSeen || t.Done == NotSeen {
		return NotSeen
	}
	return max(0, t.Done-max(t.Sent, t.Turn))
}

// Duration returns the time from the first byte of the request to the last reply, or NotSeen.
func (t *Times) Duration() time.Duration {
	if t.Asked == NotSeen || t.Done == NotSeen {
		return NotSeen
	}
	return t.Done - t.Asked
}
