package insight_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// player makes the exchanges of a test, and collects what is found in them. Time passes only when
// the test says so.
type player struct {
	identity *event.Identity // of connections
	t        *testing.T
	stage    *insight.Stage
	shaper   sqltext.Shaper
	at       time.Time
	last     time.Time // of the last event
	seq      uint64
	numbers  map[uint32]uint32 // of the exchanges of connections
	status   map[uint32]byte
	findings []*event.Finding
	reply    []event.Message // rows of the next statement, before the end of it
	quiet    bool            // findings are not looked at
}

func newPlayer(t *testing.T, o insight.Options) *player {
	t.Helper()
	return &player{
		identity: &event.Identity{Known: true, User: "joe", Database: "shop", Application: "test", Address: "127.0.0.1"},

		t: t, stage: insight.New(o), at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), numbers: map[uint32]uint32{}, status: map[uint32]byte{},
	}
}

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func (p *player) take(e event.Event) {
	p.seq++
	e.Seq, e.At, p.last = p.seq, p.at, p.at
	if e.Conn != 0 {
		if _, opened := e.Fact.(event.Opened); !opened {
			e.Elapsed = p.at.Sub(began)
		}
		if e.Identity == nil {
			e.Identity = p.identity
		}
	}
	p.stage.Take(&e, p.collect)
	e = event.Event{} // it is valid only until Take returns
}

func (p *player) collect(e *event.Event) {
	if e.Kind == event.Found && !p.quiet {
		if !strings.HasSuffix(e.Finding.Remedy, ".") {
			p.t.Errorf("%q is not a sentence", e.Finding.Remedy)
		}
		if e.At != p.last || e.Seq != p.seq {
			p.t.Errorf("%s was found at %v, event %d, not at %v, event %d", e.Finding.Signature, e.At, e.Seq, p.last, p.seq)
		}
		p.findings = append(p.findings, e.Finding)
	}
}

// pass lets time pass.
func (p *player) pass(d time.Duration) {
	for d > 0 {
		step := min(d, time.Second)
		p.at = p.at.Add(step)
		d -= step
		p.take(event.Event{Kind: event.Measured, Fact: event.Tick{}})
	}
}

// run runs a statement that is over after a millisecond, with changes to its exchange.
func (p *player) run(conn uint32, sql string, changes ...func(*event.Exchange)) {
	p.pipeline(conn, []string{sql}, changes...)
}

// pipeline runs statements that are sent together, with one Sync.
func (p *player) pipeline(conn uint32, sqls []string, changes ...func(*event.Exchange)) {
	var request []event.Message
	for i := range sqls {
		request = append(request, event.Message{Exchange: p.numbers[conn] + uint32(i) + 1})
	}
	p.send(conn, request, sqls, changes...)
}

// send sends the messages of statements, which are answered together after a millisecond.
func (p *player) send(conn uint32, request []event.Message, sqls []string, changes ...func(*event.Exchange)) {
	start, first := p.at.Sub(began), p.numbers[conn]+1
	p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ClientToServer, Messages: request})
	p.at = p.at.Add(time.Millisecond)
	p.numbers[conn] += uint32(len(sqls))
	ready := event.Message{Message: wire.Message{Type: wire.ReadyForQuery}, Done: p.numbers[conn]}
	rows := int64(0)
	for i := range p.reply {
		p.reply[i].Exchange = first
		rows += 1 + int64(p.reply[i].More)
	}
	p.take(event.Event{Conn: conn, Kind: event.Traffic, Direction: event.ServerToClient, Messages: append(p.reply, ready)})
	p.reply = nil
	for i, sql := range sqls {
		x := p.exchange(conn, first+uint32(i), sql, start)
		if x.RoundTrip = first; i > 0 {
			x.RoundTrips, rows = 0, 0
		}
		x.Rows = rows
		for _, change := range changes {
			change(x)
		}
		p.status[conn] = x.Transaction
		p.take(event.Event{Conn: conn, Kind: event.Exchanged, Exchange: x})
	}
}

// exchange returns an exchange that is over now, with the status of the one before.
func (p *player) exchange(conn, number uint32, sql string, start time.Duration) *event.Exchange {
	if p.status[conn] == 0 {
		p.status[conn] = 'I'
	}
	x := &event.Exchange{
		Number: number, RoundTrips: 1, Counted: -1, Transaction: p.status[conn],
		Context: &event.Context{SQL: sql}, Shape: p.shaper.Shape([]byte(sql), sqltext.Settings{}), Attributes: sqltext.Attributes([]byte(sql), sqltext.Settings{}),
	}
	done := p.at.Sub(began)
	x.Times = event.Times{Idle: event.NotSeen, Asked: start, Sent: start, Turn: event.NotSeen, Answered: done, FirstRow: event.NotSeen, Done: done, Ready: done}
	return x
}

// failed makes an exchange one that failed.
func failed(code string) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Outcome, x.SQLState, x.Message = event.Failed, code, "it failed" }
}

// in makes an exchange one that ends with the status of a transaction.
func in(status byte) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Transaction = status }
}

// counted makes an exchange one whose tag counts rows.
func counted(rows int64) func(*event.Exchange) {
	return func(x *event.Exchange) { x.Counted = rows }
}

// without returns all rules but some.
func without(rules ...string) insight.Selection {
	chosen := insight.Selection{}
	for _, name := range insight.Names() {
		chosen[name] = !slices.Contains(rules, name)
	}
	return chosen
}

// isDuration matches times in a sentence.
var isDuration = regexp.MustCompile(`\d (µs|ms|s)\b`)

// found ends everything, and returns the rules of what was found.
func (p *player) found() (rules []string) {
	p.stage.End(p.collect)
	for _, f := range p.findings {
		rules = append(rules, f.Rule)
		if timeless := cmp.Or(f.Timeless, f.Text); !f.Timed && isDuration.MatchString(timeless) {
			p.t.Errorf("%s says a time where times are not to be said: %s", f.Rule, timeless)
		}
	}
	return rules
}

// expect ends everything, and compares the rules of what was found.
func (p *player) expect(rules ...string) {
	p.t.Helper()
	if got := p.found(); fmt.Sprint(got) != fmt.Sprint(rules) {
		p.t.Errorf("found %v instead of %v", got, rules)
		for _, f := range p.findings {
			p.t.Logf("%s: %s", f.Rule, f.Text)
		}
	}
}

// expectOne ends everything, and expects one finding of a rule, whose sentence begins with some words
// and has others. Without words to begin with, nothing is expected.
func (p *player) expectOne(rule, begins, has string) {
	p.t.Helper()
	if begins == "" {
		p.expect()
		return
	}
	p.expect(rule)
	for _, f := range p.findings {
		if !strings.HasPrefix(f.Text, begins) || !strings.Contains(f.Text, has) {
			p.t.Errorf("it says %q\ninstead of %q … %q", f.Text, begins, has)
		}
	}
}

// parse returns a Parse of a statement.
func (p *player) parse(name, sql string, types ...byte) event.Message {
	body := name + "\x00" + sql + "\x00" + string(types)
	m := p.message(wire.Parse, body)
	m.About = &event.Context{SQL: sql, Shaped: &event.Shaped{Shape: p.shaper.Shape([]byte(sql), sqltext.Settings{})}}
	return m
}

// bind returns a Bind of a statement to the unnamed portal.
func (p *player) bind(name string) event.Message {
	return p.message(wire.Bind, "\x00"+name+"\x00")
}

// close returns a Close of a statement.
func (p *player) close(name string) event.Message {
	return p.message(wire.Close, "S"+name+"\x00")
}

// message returns a message of the next exchange of connection 1.
func (p *player) message(kind wire.Type, body string) event.Message {
	b := append(make([]byte, wire.HeaderSize), body...)
	return event.Message{Message: wire.Message{Type: kind, Bytes: b, Size: int64(len(b))}, Exchange: p.numbers[1] + 1}
}

// extended makes an exchange one of the extended protocol.
func extended(x *event.Exchange) { x.Kind = event.Extended }

// prepares makes an exchange one that only prepares.
func prepares(x *event.Exchange) { x.Kind, x.Parsed = event.Prepare, true }
