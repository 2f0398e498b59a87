package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
)

// slowReader finds results that wait for the client.
var slowReader = Rule{
	Name: "slow-reader", Severity: event.Note, Timed: true, Bounded: true, Least: int64(leastReading), within: aConnection,
	Title:  "A result waits for the client to read it",
	Fires:  "For more than half of an exchange, and for more than 200 ms, pgpi could not pass on the reply because the client did not read. The time in which pgpi waited for its own logs is not counted.",
	Silent: "A client that reads slowly, but whose buffers never fill.",
	Help:   "The server works no further until the client reads, and keeps its snapshot and locks. Ask for fewer rows or columns, or read first and work on the rows afterwards.",
	watch:  func(*Options) watcher { return each(findSlowReader) },
}

// leastReading is how long a reply must wait for the client.
const leastReading = 200 * time.Millisecond

func findSlowReader(s *scope, x *exchange) {
	shares, seen := x.Times.Shares()
	if took := x.Times.Duration(); !seen || shares.Reading <= leastReading || 2*shares.Reading <= took || x.Kind == event.Replication {
		return
	}
	s.find(finding{
		shape: x.Shape, attributes: x.Attributes,
		text: fmt.Sprintf("the client did not read for %s of the %s that %s took, with %s", event.Rounded(shares.Reading), event.Rounded(x.Times.Duration()),
			quoted(x.Shape), event.Count(x.Rows, "row")),
		remedy:   "Ask for fewer rows or columns, or read the rows before working on them.",
		evidence: []event.Evidence{x.evidence()}, took: shares.Reading,
	})
}
