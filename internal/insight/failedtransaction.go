package insight

import (
	"fmt"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// ignoring finds transactions that go on after an error, in vain.
var ignoring = Rule{
	Name: "errors", Severity: event.Warning, within: aTransaction,
	watch: func(*Options) watcher { return new(failedTransaction) },
}

// failedTransaction is what was sent in a transaction after its first error.
type failedTransaction struct {
	failed        bool
	shape         *sqltext.Shape // of the statement that failed
	attributes    []sqltext.Attribute
	code, message string
	at            time.Duration // the error was there
	count         int64
	evidence      []event.Evidence
	size          int // in the account
}

func (f *failedTransaction) begin(*scope) { *f = failedTransaction{evidence: f.evidence[:0]} }

func (f *failedTransaction) take(s *scope, x *exchange) {
	if x.Outcome != event.Failed && x.Outcome != event.Canceled {
		if f.failed && s.conn.status == 'T' { // ROLLBACK TO
			f.report(s)
			s.grow(-f.size)
			f.begin(s)
		}
		return
	}
	switch {
	case x.SQLState != inFailedTransaction && !f.failed:
		f.failed, f.shape, f.attributes, f.code, f.message, f.at = true, x.Shape, x.Attributes, x.SQLState, clipped(x.inUTF8(x.Message)), x.Times.Done
		f.evidence = append(f.evidence, x.evidence())
		f.size = sizeOfTexts(x.Shape, x.Attributes) + len(f.message) + maxEvidence*sizeOfEvidence
		s.grow(f.size)
	case x.SQLState == inFailedTransaction && f.failed && x.Times.Asked >= f.at:
		if f.count++; len(f.evidence) < maxEvidence {
			f.evidence = append(f.evidence, x.evidence())
		}
	}
}

func (f *failedTransaction) end(s *scope) { f.report(s) }

func (f *failedTransaction) report(s *scope) {
	const least = 10
	if f.count < least {
		return
	}
	s.find(finding{
		shape: f.shape, detail: inFailedTransaction, attributes: f.attributes,
		text: fmt.Sprintf("%s were sent, and failed with %s, in a transaction in which %s had failed with %s: %s",
			event.Count(f.count, "statement"), inFailedTransaction, quoted(f.shape), f.code, f.message),
		remedy: "Roll back as soon as a statement fails.", evidence: f.evidence, count: f.count,
	})
}
