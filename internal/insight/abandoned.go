package insight

import (
	"fmt"

	"pgpi/internal/event"
)

// abandoned finds results that their client did not want to the end.
var abandoned = Rule{
	Name: "abandoned", Severity: event.Note, within: aConnection,
	Title:  "A large result was not read to its end",
	Fires:  "At least 1,000 rows or 1 MiB of the result of one Query or Execute were sent, then it was canceled, or the client disconnected, before the result had ended.",
	Silent: "A cursor, and an Execute with a row limit, of which the client fetches no more: the server has not sent what it did not ask for. Replication. What the server or pgpi ended.",
	Help:   "The server worked on rows, and sent some, that nobody wanted. LIMIT says so beforehand; a cursor, or a row limit of Execute, lets the client stop.",
	watch:  func(*Options) watcher { return each(findAbandoned) },
}

func findAbandoned(s *scope, x *exchange) {
	const rows, size = 1000, 1 << 20
	if x.Kind == event.Replication || x.Rows < rows && x.Got < size {
		return
	}
	var how string
	switch {
	case x.Outcome == event.Canceled:
		how = "it was canceled"
	case x.Outcome == event.Lost && x.conn.left == event.Client:
		how = "the client disconnected"
	default:
		return
	}
	sent := event.Count(x.Got, "byte")
	if x.Rows > 0 {
		sent = fmt.Sprintf("%s (%s)", event.Count(x.Rows, "row"), event.Count(x.Got, "byte"))
	}
	s.find(finding{
		shape: x.Shape, attributes: x.Attributes, text: fmt.Sprintf("%s of the result of %s had been sent, but not all of it, when %s", sent, quoted(x.Shape), how),
		remedy:   "If the rest is not wanted, LIMIT says so beforehand; a cursor, or a row limit of Execute, lets the client stop.",
		evidence: []event.Evidence{x.evidence()}, count: x.Rows,
	})
}
