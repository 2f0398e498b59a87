package filter

import (
	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// question is what an expression is asked about: a message or a sentence of pgpi, with what was
// known at the time.
type question struct {
	known

	event   *event.Event
	message *event.Message // nil for a sentence
	// tag is that of the exchange, or of one of its statements; statement is that statement.
	tag       string
	statement *event.Statement
	// final is set if nothing more will be known.
	final bool
}

// known is what is known about a message, besides what its event says.
type known struct {
	identity *event.Identity // nil if nothing is known
	exchange *exchange       // nil if there is none, or if nothing is known about it
	told     *told           // by the exchange, so far
	tx       byte            // as in ReadyForQuery, 0 if it is not known
}

// awaitsLogin reports whether it is still open who is connected.
func (q *question) awaitsLogin() bool {
	return !q.final && q.event.Conn != 0 && (q.identity == nil || !q.identity.Known)
}

// awaitsEnd reports whether it is still open how the exchange ends.
func (q *question) awaitsEnd() bool { return !q.final && q.exchange != nil && !q.exchange.over }

// awaitsSum reports whether the exchange is yet to be added up.
func (q *question) awaitsSum() bool {
	return !q.final && q.exchange != nil && q.exchange.sum == nil && !q.exchange.given
}

// awaitsError reports whether the SQLSTATE is still open. An ErrorResponse has its own.
func (q *question) awaitsError() bool { return q.awaitsEnd() && !q.isError() }

func (q *question) isError() bool { return q.message != nil && q.message.Type == wire.ErrorResponse }

func (q *question) kind() string {
	switch {
	case q.event.Finding != nil:
		return "finding"
	case q.event.Exchange != nil:
		return q.event.Exchange.Kind.String()
	case q.message == nil:
		return event.Key(q.event.Fact)
	}
	return q.message.Type.String()
}

func (q *question) from() string {
	if q.message != nil {
		switch q.event.Direction {
		case event.ClientToServer, event.ClientToScript:
			return "client"
		case event.ServerToClient, event.ServerToScript:
			return "server"
		default: // pgpi itself speaks
		}
	}
	if q.event.Exchange != nil {
		return "client" // who asked
	}
	return "script"
}

func (q *question) conn() int { return int(q.event.Conn) }

func (q *question) size() int {
	switch {
	case q.event.Exchange != nil:
		return q.sent() + q.received()
	case q.message == nil:
		return 0
	}
	return int(q.message.Size)
}

func (q *question) transaction() string {
	switch q.tx {
	case 'I':
		return "idle"
	case 'T':
		return "active"
	case 'E':
		return "failed"
	}
	return ""
}

func (q *question) params() []string {
	if q.told == nil {
		return nil
	}
	return q.told.params
}

func (q *question) columns() []string {
	switch {
	case q.message != nil && q.message.Context != nil && len(q.message.Context.Columns) > 0:
		return q.exchange.columnsOf(q.message.Context)
	case q.told != nil:
		return q.told.columns
	}
	return nil
}

func (q *question) commandTag() string { return q.tag }

func (q *question) sql() string {
	m := q.message
	switch {
	case q.event.Finding != nil && q.event.Finding.Shape != nil:
		return q.event.Finding.Shape.Text
	case q.event.Exchange != nil && q.event.Exchange.Context != nil:
		return q.event.Exchange.Context.SQL
	case m == nil:
		return ""
	case m.Context != nil && m.Context.SQL != "":
		return m.Context.SQL
	case m.About == nil:
		return ""
	case m.About.Shortened > 0 && (m.Type == wire.Query || m.Type == wire.Parse):
		var r reading.Reader
		r.Read(m)
		return text(&r, wire.SQL) // the message has more of it
	}
	return m.About.SQL
}

func (q *question) shape() string {
	var s *sqltext.Shape
	if q.event.Kind == event.Exchanged {
		s = q.event.Exchange.Shape
	} else if q.event.Finding != nil {
		s = q.event.Finding.Shape
	} else if m := q.message; m != nil && m.About != nil && m.About.Shaped != nil {
		s = m.About.Shaped.Shape
	}
	if s == nil {
		return ""
	}
	return s.ID
}

func (q *question) finding() string {
	if q.event.Finding == nil {
		return ""
	}
	return q.event.Finding.Rule
}

func (q *question) sqlstate() string {
	switch {
	case q.isError():
		return sqlstateOf(q.message)
	case q.exchange != nil:
		return q.exchange.sqlstate
	}
	return ""
}

var noSum event.Exchange

// sum returns the exchange as it was added up, or an empty one.
func (q *question) sum() *event.Exchange {
	if q.exchange == nil || q.exchange.sum == nil {
		return &noSum
	}
	return q.exchange.sum
}

func (q *question) outcome() string {
	if sum := q.sum(); sum != &noSum {
		return sum.Outcome.String()
	}
	return ""
}

func (q *question) duration() int {
	if sum := q.sum(); sum != &noSum {
		return int(max(0, sum.Times.Duration()))
	}
	return 0
}

func (q *question) serverTime() int {
	if sum := q.sum(); sum != &noSum {
		return int(max(0, sum.Times.Server()))
	}
	return 0
}

// networkTime returns the time of the way to the server, or 0 if it is not known.
func (q *question) networkTime() int {
	shares, _ := q.sum().Times.Shares()
	return int(shares.ToServer)
}

// rows returns the number of rows that were seen, or else the number in the tag.
func (q *question) rows() int {
	sum := q.sum()
	switch {
	case q.statement != nil:
		return int(q.statement.Rows)
	case sum.Rows == 0:
		return int(max(0, sum.Counted))
	}
	return int(sum.Rows)
}

func (q *question) roundTrips() int { return q.sum().RoundTrips }
func (q *question) sent() int       { return int(q.sum().Sent) }
func (q *question) received() int   { return int(q.sum().Got) }

func (q *question) user() string        { return q.who().User }
func (q *question) database() string    { return q.who().Database }
func (q *question) application() string { return q.who().Application }

var nobody event.Identity

func (q *question) who() *event.Identity {
	if q.identity == nil {
		return &nobody
	}
	return q.identity
}
