package gate

import (
	"strings"
	"sync"

	"pgpi/internal/event"
	"pgpi/internal/stats"
)

// Judge takes the events of a run.
type Judge struct {
	criteria *Criteria

	mu    sync.Mutex // a verdict may be asked for before all events have come
	stats *stats.Stats
	// signatures are those that were seen, whatever was chosen.
	signatures map[string]bool
	// connections are those on which something was judged. open are those of them that have not
	// ended.
	connections int64
	open        map[uint32]bool
	// statements were executed. tests has those whose comments name one.
	statements int64
	tests      map[string]int64
	// unnamed counts statements of tests beyond the number that is kept apart.
	unnamed int64
}

// Limits on what is kept apart.
const (
	maxTests      = 100_000
	maxSignatures = 10_000
)

// New returns a judge by criteria, which may be empty. Of the options only the bounds of time matter.
func New(c *Criteria, o stats.Options) *Judge {
	byDatabase, _ := stats.ParseBy("database") // there are few
	return &Judge{
		criteria: c, stats: stats.New(stats.Options{By: byDatabase, Since: o.Since, Until: o.Until}),
		signatures: map[string]bool{}, open: map[uint32]bool{}, tests: map[string]int64{},
	}
}

// Write takes events.
func (j *Judge) Write(events []event.Event) error {
	return j.each(func(e *event.Event) { j.takeFact(e); j.takeExchange(e); j.stats.TakeFinding(e) })(events)
}

// Close does nothing.
func (j *Judge) Close() error { return nil }

// Chosen returns two functions that take events. facts must get all of them, and chosen those that a
// filter lets through. If the filter chooses among findings alone, all statements count.
func (j *Judge) Chosen(findingsAlone bool) (facts, chosen func([]event.Event) error) {
	if findingsAlone {
		return j.each(func(e *event.Event) { j.takeFact(e); j.takeExchange(e) }), j.each(j.stats.TakeFinding)
	}
	return j.each(j.takeFact), j.each(func(e *event.Event) { j.takeExchange(e); j.stats.TakeFinding(e) })
}

// each returns a function that takes each of some events.
func (j *Judge) each(take func(*event.Event)) func([]event.Event) error {
	return func(events []event.Event) error {
		j.mu.Lock()
		defer j.mu.Unlock()
		for i := range events {
			take(&events[i])
		}
		return nil
	}
}

// takeFact takes what is seen, whatever is chosen.
func (j *Judge) takeFact(e *event.Event) {
	j.stats.TakeFact(e)
	if _, ended := e.Fact.(event.Ended); ended {
		delete(j.open, e.Conn)
	}
	if e.Kind == event.Found && len(j.signatures) < maxSignatures {
		j.signatures[e.Finding.Signature] = true
	}
}

// takeExchange counts the statements of an exchange.
func (j *Judge) takeExchange(e *event.Event) {
	exchanges, calls := j.stats.Seen.Exchanges, j.stats.All.Calls
	j.stats.TakeExchange(e)
	if j.stats.Seen.Exchanges > exchanges && !j.open[e.Conn] {
		j.open[e.Conn] = true
		j.connections++
	}
	if j.stats.All.Calls == calls {
		return
	}
	n := int64(max(1, len(e.Exchange.Statements)))
	j.statements += n
	for _, a := range e.Exchange.Attributes {
		if strings.EqualFold(a.Key, "test") {
			j.count(a.Value, n)
			break
		}
	}
}

func (j *Judge) count(test string, n int64) {
	if _, known := j.tests[test]; !known && len(j.tests) >= maxTests {
		j.unnamed += n
		return
	}
	j.tests[test] += n
}

// Found reports whether something with a signature was found, chosen or not. If there were too many
// to remember, anything may have been.
func (j *Judge) Found(signature string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.signatures[signature] || len(j.signatures) >= maxSignatures
}
