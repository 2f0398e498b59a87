package insight

import (
	"fmt"
	"strings"
	"time"

	"pgpi/internal/event"
)

// slow finds what took longer than the user allows.
var slow = Rule{
	Name: "slow", Severity: event.Note, Timed: true, Bounded: true, within: aConnection,
	Title:  "A statement took as long as --slow says, or longer",
	Fires:  "An exchange took as long as --slow says, or longer. In a pipeline, the time in which the server worked on earlier statements is not counted. Nothing is found without --slow.",
	Silent: "Replication, which never ends.",
	Help:   "The sentence says whose time it was: the server's, the network's, that of the client, which sent slowly or did not read, or pgpi's own, where its logs can't be written fast enough.",
	watch:  func(o *Options) watcher { return each(func(s *scope, x *exchange) { findSlow(s, x, o.Slow) }) },
}

func findSlow(s *scope, x *exchange, limit time.Duration) {
	took := x.Times.Duration()
	if took < limit || !x.runs() || x.Kind == event.Replication {
		return
	}
	whose, remedy := whoseTime(x, ask(s.stage.statements.of(x.Shape)))
	s.find(finding{
		shape: x.Shape, attributes: x.Attributes,
		text:   fmt.Sprintf("%s took %s%s", quoted(x.Shape), event.Rounded(took), whose),
		remedy: remedy, evidence: []event.Evidence{x.evidence()}, took: took,
	})
}

// ask returns where to ask the server about its time. Few statements have a plan.
func ask(st *statement) string {
	if st.Statements == 1 {
		switch st.Verb {
		case "select":
			return "Ask the server for its plan with EXPLAIN (ANALYZE, BUFFERS)."
		case "insert", "update", "delete", "merge":
			return "Ask the server for its plan with EXPLAIN (ANALYZE, BUFFERS), which runs it, so in a transaction that is rolled back."
		case "commit", "commit prepared", "prepare transaction":
			return "Look at the disk with the write-ahead log, at synchronous standbys, and at what is deferred until commit."
		}
	}
	return "Look at its wait_event in pg_stat_activity while it runs."
}

// whoseTime says whose time an exchange was, and what to do about the largest share. ask is what to
// do about the server's.
func whoseTime(x *exchange, ask string) (words, remedy string) {
	shares, seen := x.Times.Shares()
	if !seen {
		return "", ask
	}
	type share struct {
		took         time.Duration
		name, remedy string
	}
	parts := []share{
		{shares.Server, "the server", ask},
		{shares.ToServer, "the way to the server", "Move the client closer to the server, or send fewer statements."},
		{shares.Sending, "the client, which was still sending", "Look at what the client does while it sends."},
		{shares.Reading, "the client, which did not read", "Ask for fewer rows or columns, or read the rows before working on them."},
		{shares.Held, "pgpi, which waited for its own logs", "Write the logs to a faster disk, or use --log-overflow drop."},
	}
	largest := parts[0]
	var all []string
	for _, p := range parts {
		if p.took > largest.took {
			largest = p
		}
		if p.took*10 >= x.Times.Duration() && p.took > 0 {
			all = append(all, event.Rounded(p.took)+" "+p.name)
		}
	}
	if len(all) == 0 {
		return "", ask
	}
	return ", of it " + strings.Join(all, " and "), largest.remedy
}
