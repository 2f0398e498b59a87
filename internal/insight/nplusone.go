package insight

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"pgpi/internal/event"
)

// nplusone finds a statement for each row of an earlier result.
var nplusone = Rule{
	Name: "n+1", Severity: event.Warning, within: aBurst,
	Title: "A statement for each row of an earlier result",
	Fires: "The values that at least 5 executions of a SELECT ask for follow, on one connection, the order of the rows of one column of an earlier result; " +
		"rows may be left out, and values repeated. Or, on several connections, they are all values of the column. The result was complete before. It is the latest such one. " +
		"Values are compared in all formats: those of parameters and of constants in the SQL, with those of integers, UUIDs and text up to 40 bytes in the first 1,000 rows and 8 columns, those named id or order_id before others. " +
		"If several values vary, they are of the same row. " +
		"A few values can be in order by chance. So they have to be those of all rows, and the first that the statement asks for since the result, with not much else in between; on several connections also side by side or in order. " +
		"Or a transaction, or comments, prove that they belong together. Without all that, the order has to be one that random values have less than once in a million times: of 60 rows, 6 that follow each other, or 7 if every other row is left out.",
	Silent: "Integers that are close to each other, as those of a sequence are: each table has rows 1, 2, 3, so that a statement asks for them proves nothing. Text that differs only in such integers at its end, such as user1, user2. " +
		"They count if names agree: a column orders.id with order_id, order_id with orders.id, or the key of the same table; if rows are left out, nothing else was asked since. " +
		"Or if they are those of all rows, nothing else was asked since, and one of the names is a reference, such as author_id, and the other a key. " +
		"Or if they take the rows from the first on, and their order is not one that counting makes. " +
		"Words of up to 12 bytes, of which rows are left out, unless names agree: everybody knows the codes of countries. " +
		"Less than half of what a statement was executed for in the burst. " +
		"Pages, where each value is in the result before, of the same shape, and other ways along a chain or down a tree. FETCH, and further Executes of a portal. Several values behind IN, and whatever is behind ANY or VALUES. INSERT, UPDATE, DELETE, and SELECTs that read no table, or only the system's catalogs, as drivers and tools do by themselves. " +
		"Parents with less than 5 rows, NULL, booleans, and what is redacted. A result is remembered while it is one of the last two of a statement, that is one of the last 16 of the client, and there is room: 256 KiB for the results of a client, 64 MiB for all that rules remember.",
	Help:  "Each of these statements takes a round trip. One that asks for all values takes one: where order_id = any($1), a join, or what the object-relational mapper calls eager loading.",
	watch: func(*Options) watcher { return new(followed) },
}

// followed finds what was proven in a burst.
type followed struct{}

func (*followed) begin(*scope) {}

func (*followed) take(*scope, *exchange) {}

func (*followed) end(s *scope) {
	for i := range s.follows.found {
		p := &s.follows.found[i]
		s.find(finding{
			shape: p.child, attributes: p.attributes, text: p.text(p.cost()), timeless: p.text(p.roundTripsAlone()), remedy: "One statement " + asOne(p.child, p.first.varying()),
			evidence: p.evidence, connections: p.connections, took: p.took, count: p.children,
		})
	}
}

// addRun adds a run of a follower to what was found.
func (f *follows) addRun(r *run, by *follower) {
	p := f.proofOf(by, r)
	p.count(r)
	p.children += int64(r.last-r.first) + 1
	p.addEvidence(r)
	trips := max(0, r.roundTrips-1)
	p.roundTrips += trips
	if from := int(r.first); from < len(by.durations) {
		p.took += median(by.durations[from:min(len(by.durations), int(r.last)+1)]) * time.Duration(trips)
	}
	if !slices.Contains(p.connections, by.conn) {
		p.connections = append(p.connections, by.conn)
	}
}

// addSets adds what several connections asked for together.
func (f *follows) addSets(sets []set, by *follower) {
	for i := range sets {
		one := &sets[i]
		p := f.proofOf(by, &one.run)
		p.spread = true
		p.count(&one.run)
		p.children += int64(one.children)
		p.took += one.ended.Sub(one.began)
		p.addEvidence(&one.run)
		for _, at := range one.places {
			if !slices.Contains(p.connections, at.conn) {
				p.connections = append(p.connections, at.conn)
			}
		}
	}
}

// proofOf returns the proof that a run is part of.
func (f *follows) proofOf(by *follower, r *run) *proof {
	for i := range f.found {
		if p := &f.found[i]; p.child == by.shape && p.parent == r.result.shape {
			return p
		}
	}
	f.found = append(f.found, proof{child: by.shape, parent: r.result.shape, attributes: by.attributes, first: *r, results: map[int]bool{}})
	return &f.found[len(f.found)-1]
}

// count counts a run.
func (p *proof) count(r *run) {
	p.runs++
	p.results[r.result.number] = true
	p.partial = p.partial || !r.isWhole()
}

// addEvidence adds the result and the first executions.
func (p *proof) addEvidence(r *run) {
	if len(p.evidence) >= maxEvidence {
		return
	}
	p.evidence = append(p.evidence, r.result.evidence)
	for _, one := range r.evidence {
		if one.Conn != 0 {
			p.evidence = append(p.evidence, one)
		}
	}
}

// varying returns the operands whose values differ.
func (r *run) varying() (all []int) {
	for i := range r.fits {
		if r.varies&(1<<i) != 0 {
			all = append(all, i)
		}
	}
	return all
}

// text returns what was seen, in a sentence that ends with what it cost.
func (p *proof) text(cost string) string {
	order, times := ", in order,", ""
	if p.runs > len(p.results) {
		order = fmt.Sprintf(", in order in each of %d runs,", p.runs)
	}
	if p.spread {
		order = ""
		if p.runs == 1 && p.children == int64(p.first.distinct) {
			times = ", each once"
		}
	}
	var takes []string
	for i, operand := range p.first.varying() {
		columns := p.first.columnsOf(operand)
		if i == 0 {
			takes = append(takes, fmt.Sprintf("$%d took%s the values of %s", operand+1, order, columns))
			continue
		}
		takes = append(takes, fmt.Sprintf("$%d those of %s", operand+1, columns))
	}
	return fmt.Sprintf("%s × %s: %s of %s of %s%s; %s", event.Number(p.children), quoted(p.child), strings.Join(takes, ", and "), p.rows(), quoted(p.parent), times, cost)
}

// columnsOf names the columns that have the values of an operand.
func (r *run) columnsOf(operand int) string {
	var names []string
	for rest := r.fits[operand]; rest != 0; rest &= rest - 1 {
		names = append(names, r.result.columns[bits.TrailingZeros8(rest)].name)
	}
	if len(names) == 1 {
		return "column " + names[0]
	}
	return "columns " + event.List(names, "and")
}

// rows says which rows were followed.
func (p *proof) rows() string {
	r := &p.first
	switch {
	case len(p.results) > 1:
		return fmt.Sprintf("the rows of %d results", len(p.results))
	case !p.partial:
		return "the " + event.Count(r.result.rows, "row")
	case p.runs > 1:
		return "some of the " + event.Count(r.result.rows, "row")
	}
	return fmt.Sprintf("%s of the %s", event.Number(r.distinct), event.Count(r.result.rows, "row"))
}

// cost says how long it took.
func (p *proof) cost() string {
	if p.spread {
		return fmt.Sprintf("%s from the first request to the last reply, on %s", brief(p.took), event.Count(len(p.connections), "connection"))
	}
	if p.roundTrips == 0 || p.took <= 0 {
		return p.roundTripsAlone()
	}
	return fmt.Sprintf("about %s in %s (the median round trip × %s, an estimate)", brief(p.took), event.Count(p.roundTrips, "round trip"), event.Number(p.roundTrips))
}

// roundTripsAlone says what it cost, without durations.
func (p *proof) roundTripsAlone() string {
	if p.spread {
		return "on " + event.Count(len(p.connections), "connection")
	}
	if p.roundTrips == 0 {
		return "they were sent in a pipeline"
	}
	return event.Count(p.roundTrips, "round trip")
}

// brief returns a duration with two digits or more.
func brief(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f ms", d.Seconds()*1e3)
}

// median returns the median of the durations that were seen.
func median(all []time.Duration) time.Duration {
	seen := slices.DeleteFunc(slices.Clone(all), func(d time.Duration) bool { return d < 0 })
	if len(seen) == 0 {
		return 0
	}
	slices.Sort(seen)
	return seen[len(seen)/2]
}
