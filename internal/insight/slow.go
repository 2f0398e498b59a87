package insight

import (
	"fmt"

	"pgpi/internal/event"
)

// slow finds what took longer than the user allows.
var slow = Rule{
	Name: "slow", Severity: event.Note, Timed: true, Bounded: true, within: aConnection,
	Title: "A statement took longer than --slow",
	Fires: "An exchange took longer than --slow says. Nothing is found without --slow.",
	Help:  "The sentence says whose time it was: the server's, the network's, the client's, or that of statements before it in a pipeline.",
	watch: func(o *Options) watcher { return &slowWatcher{o} },
}

type slowWatcher struct{ options *Options }

func (*slowWatcher) begin(*scope) {}

func (w *slowWatcher) take(s *scope, x *exchange) {
	took := x.Times.Duration()
	if w.options.Slow <= 0 || took < w.options.Slow || !x.runs() {
		return
	}
	s.find(finding{
		shape: x.Shape, attributes: x.Attributes, text: fmt.Sprintf("%s took %v", quoted(x.Shape), took),
		remedy: "Ask the server for its plan with EXPLAIN.", evidence: []event.Evidence{x.evidence()}, took: took,
	})
}

func (*slowWatcher) end(*scope) {}
