package capture

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/sink/pcapng"
	"pgpi/test/decoded"
)

// collector keeps copies of events as sinks see them.
type collector struct{ events []event.Event }

func (c *collector) take(e *event.Event) { c.events = append(c.events, e.Clone()) }

// proxy records connections as the proxy does.
type proxy struct {
	collector
	Recorder

	r      *rand.Rand
	opened time.Time
	now    time.Duration
}

// relayed is a connection of a proxy.
type relayed struct {
	*proxy
	id      uint32
	began   time.Duration
	watch   session.Watch
	pending [2][]byte
}

func newProxy(seed uint64) *proxy {
	zone := time.FixedZone("", -5*3600)
	p := &proxy{r: rand.New(rand.NewPCG(seed, 2)), opened: time.Date(2025, 7, 4, 12, 0, 0, 123, zone)}
	p.Recorder = decoded.New(p.take)
	return p
}

func (p *proxy) connect(id uint32) *relayed {
	c := &relayed{proxy: p, id: id, began: p.now}
	c.say(event.Opened{Time: p.opened.Add(p.now).Truncate(time.Second), Client: fmt.Sprintf("127.0.0.1:%d", 40000+id)})
	c.show(event.ClientToScript, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f"))
	c.show(event.ScriptToClient, []byte("S"))
	c.say(event.TLSEstablished{TLS: "TLSv1.3", Party: event.Client})
	c.say(event.CertificateTo{Party: event.Client, Certificate: strings.Repeat("a \"certificate\" ] with\nlines\n", 5000)}) // longer than a datagram
	c.show(event.ClientToScript, startup())
	c.say(event.Connected{Address: "127.0.0.1 port 5433"})
	c.watch.NewServer()
	c.show(event.ScriptToServer, startup())
	return c
}

// stamp sets the times of an event and records it. Sometimes the clock is set.
func (c *relayed) stamp(e event.Event) {
	c.now += time.Duration(c.r.IntN(3_000_000))
	if c.r.IntN(500) == 0 {
		c.opened = c.opened.Add(time.Duration(c.r.IntN(7200)-3600) * time.Second)
	}
	e.At, e.Elapsed, e.Conn = c.opened.Add(c.now), c.now-c.began, c.id
	c.measure(e)
	c.Record(&e)
}

// measure records ticks and ways now and then, at the time of an event, but none before the first.
func (c *relayed) measure(e event.Event) {
	_, opened := e.Fact.(event.Opened)
	switch c.r.IntN(20) {
	case 0:
		c.Record(&event.Event{At: e.At, Elapsed: c.now, Kind: event.Measured, Fact: event.Tick{}})
	case 1:
		if !opened {
			way := event.Way{Party: event.Server, Takes: time.Duration(1 + c.r.Int64N(1e9))}
			c.Record(&event.Event{At: e.At, Elapsed: e.Elapsed, Conn: c.id, Kind: event.Measured, Fact: way})
		}
	}
}

func (c *relayed) say(f event.Fact) { c.stamp(event.Event{Kind: event.Said, Fact: f}) }

func (c *relayed) show(d event.Direction, b []byte) {
	f := c.watch.Scan(d, b)
	c.stamp(event.Event{Kind: event.Bytes, Direction: d, Data: b, Count: f.Count})
}

// relay passes bytes on, as far as they are complete.
func (c *relayed) relay(d event.Direction, b []byte) {
	c.pending[d] = append(c.pending[d], b...)
	for len(c.pending[d]) > 0 {
		f := c.watch.Scan(d, c.pending[d])
		if f.Size == 0 {
			return
		}
		c.stamp(event.Event{
			Kind: event.Bytes, Direction: d, Data: c.pending[d][:f.Size], Count: f.Count,
			Relayed: true, OneByOne: c.r.IntN(9) == 0, Left: len(c.pending[d]) - f.Size,
		})
		c.pending[d] = c.pending[d][f.Size:]
	}
}

// end ends a direction, in the middle of whatever is under way.
func (c *relayed) end(d event.Direction) {
	c.watch.End(d, c.pending[d])
	c.stamp(event.Event{Kind: event.End, Direction: d, Data: c.pending[d]})
}

// converse relays the traffic of some connections, cut anywhere and mixed.
func (p *proxy) converse(connections int, traffic []write) {
	p.Record(&event.Event{At: p.opened, Kind: event.Said, Fact: event.Listening{Address: "127.0.0.1 port 1"}})
	all := make([]*relayed, connections)
	streams := make([][]write, connections)
	for i := range all {
		all[i] = p.connect(uint32(i + 1))
		streams[i] = slices.Clone(traffic[1:])
	}
	for open := connections; open > 0; {
		i := p.r.IntN(connections)
		c := all[i]
		if c == nil {
			continue
		}
		if len(streams[i]) == 0 {
			c.relay(event.ServerToClient, message('D', "\x00\x01\x00\x00\x01\x00text")[:12])
			c.end(event.ServerToClient)
			c.say(event.HungUp{Party: event.Client})
			c.say(event.Ended{})
			all[i] = nil
			open--
			continue
		}
		s := &streams[i][0]
		d := event.ClientToServer
		if s.server {
			d = event.ServerToClient
		}
		n := min(len(s.data), 1+p.r.IntN(20000))
		c.relay(d, s.data[:n])
		if s.data = s.data[n:]; len(s.data) == 0 {
			streams[i] = streams[i][1:]
		}
	}
}

// record records events, and returns the files.
func record(t testing.TB, o pcapng.Options, events []event.Event) []string {
	t.Helper()
	dir := t.TempDir()
	o.Path = filepath.Join(dir, "r.pcapng")
	sink, err := pcapng.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// replayOf returns the events of captures.
func replayOf(t *testing.T, files ...string) ([]event.Event, Report) {
	t.Helper()
	reader, err := Open(files, Options{Problem: func(err error) { t.Log(err) }})
	if err != nil {
		t.Fatal(err)
	}
	var c collector
	report := reader.Read(context.Background(), decoded.New(c.take))
	return c.events, report
}

// same compares events in everything that sinks see.
func same(t *testing.T, got, want []event.Event) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if !g.At.Equal(w.At) || g.At.Format(time.RFC3339Nano) != w.At.Format(time.RFC3339Nano) {
			t.Fatalf("event %d: at %v, want %v", i, g.At, w.At)
		}
		g.At, w.At = time.Time{}, time.Time{}
		if len(g.Data) == 0 {
			g.Data = w.Data // nil or empty
		}
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("event %d:\n got %.600s\nwant %.600s", i, dump(g), dump(w))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d", len(got), len(want))
	}
}

func dump(e event.Event) string {
	b, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestReplay returns what was recorded, event by event.
func TestReplay(t *testing.T) {
	for seed := range uint64(10) {
		p := newProxy(seed)
		p.converse(5, dialog(10))
		files := record(t, pcapng.Options{}, p.events)
		got, report := replayOf(t, files...)
		same(t, got, p.events)
		if report.Incomplete() || report.Connections != 5 {
			t.Errorf("%+v", report)
		}
	}
}

// renamed returns the traffic of dialog, in which the client changes its application_name.
func renamed(queries int) []write {
	all := dialog(queries)
	change := []write{
		{false, message('Q', "set application_name to 'worker'\x00")},
		{true, slices.Concat(message('C', "SET\x00"), message('S', "application_name\x00worker\x00"), message('Z', "I"))},
	}
	return slices.Insert(all, 2+2*(queries/3), change...)
}

// TestRotation returns what was recorded in many files. Each of them, read by itself, returns what
// was recorded in it, with as much context, and knows as much about the whole process.
func TestRotation(t *testing.T) {
	p := newProxy(1)
	p.Record(&event.Event{At: p.opened, Kind: event.Measured, Fact: event.OneCommand{}})
	p.converse(6, renamed(30))
	files := record(t, pcapng.Options{Rotate: 200_000}, p.events)
	if len(files) < 5 {
		t.Fatalf("%d files", len(files))
	}
	shuffled := slices.Clone(files)
	slices.Reverse(shuffled)
	got, report := replayOf(t, shuffled...)
	same(t, got, p.events)
	if report.Incomplete() {
		t.Errorf("%+v", report)
	}
	next := 0
	for _, f := range files {
		got, report := replayOf(t, f)
		if report.Incomplete() {
			t.Errorf("%s: %+v", f, report)
		}
		if next > 0 && got[0].Fact != (event.OneCommand{}) {
			t.Errorf("%s begins with %s", f, dump(got[0]))
		}
		for next > 0 && isRepeated(got[0].Fact) && got[0].Fact != p.events[next].Fact { // a way may be there twice
			got = got[1:]
		}
		for i := range got {
			alike(t, &got[i], &p.events[next])
			next++
		}
	}
	if next != len(p.events) {
		t.Errorf("%d events, want %d", next, len(p.events))
	}
}

// isRepeated reports whether a fact is one that each file repeats.
func isRepeated(f event.Fact) bool {
	switch f.(type) {
	case event.Opened, event.Connected, event.Continued, event.Way, event.OneCommand, event.Listening, event.TLSEstablished:
		return true
	}
	return false
}

// alike compares what does not depend on earlier files.
func alike(t *testing.T, g, w *event.Event) {
	t.Helper()
	ok := g.Conn == w.Conn && g.Elapsed == w.Elapsed && g.Fact == w.Fact && bytes.Equal(g.Data, w.Data) &&
		reflect.DeepEqual(g.Identity, w.Identity)
	if g.Kind == event.Undecoded && w.Kind == event.Fragment {
		return // the message began in the file before
	}
	for i := range w.Messages {
		ok = ok && len(g.Messages) == len(w.Messages) && g.Messages[i].Type == w.Messages[i].Type &&
			reflect.DeepEqual(g.Messages[i].Settings, w.Messages[i].Settings) &&
			reflect.DeepEqual(g.Messages[i].Context, w.Messages[i].Context)
	}
	if !ok || g.Kind != w.Kind {
		t.Fatalf("\n got %.1500s\nwant %.1500s", dump(*g), dump(*w))
	}
}

// TestMissingFile reads the files of a recording when one is missing.
func TestMissingFile(t *testing.T) {
	p := newProxy(1)
	p.converse(3, dialog(30))
	files := record(t, pcapng.Options{Rotate: 200_000}, p.events)
	_, report := replayOf(t, files[0], files[2])
	if !report.Damaged {
		t.Errorf("%+v", report)
	}
}

// TestOldFiles keeps only the last files.
func TestOldFiles(t *testing.T) {
	p := newProxy(1)
	p.converse(3, dialog(30))
	files := record(t, pcapng.Options{Rotate: 100_000, Files: 3}, p.events)
	if len(files) != 3 {
		t.Fatal(files)
	}
	got, report := replayOf(t, files...)
	if report.Incomplete() {
		t.Errorf("%+v", report)
	}
	// What the last file repeats is reported only if it is read without those before.
	repeated := slices.IndexFunc(got, func(e event.Event) bool { return !isRepeated(e.Fact) })
	for i := 1; i < len(got)-repeated; i++ {
		alike(t, &got[len(got)-i], &p.events[len(p.events)-i])
	}
}

// TestKilled reads a recording as far as it came, wherever that was.
func TestKilled(t *testing.T) {
	p := newProxy(3)
	p.converse(2, dialog(5))
	whole, err := os.ReadFile(record(t, pcapng.Options{}, p.events)[0])
	if err != nil {
		t.Fatal(err)
	}
	for size := 300; size < len(whole); size += 997 {
		got, report := replayOf(t, file(t, whole[:size]))
		got = slices.DeleteFunc(got, func(e event.Event) bool { return event.Key(e.Fact) == "damaged" })
		same(t, got, p.events[:len(got)])
		if size < len(whole)-1000 && !report.Damaged && size%4 != 0 {
			t.Fatalf("%d bytes: %+v", size, report)
		}
	}
}

// TestEdited reads a recording from which someone has removed packets.
func TestEdited(t *testing.T) {
	p := newProxy(3)
	p.converse(2, dialog(5))
	edited := edit(t, record(t, pcapng.Options{}, p.events)[0], func(number int) bool { return number <= 40 || number%10 > 0 })
	log, _, report, _ := read(t, Options{}, edited)
	if report.Missing == 0 || !report.Incomplete() || !strings.Contains(log, "bytes are missing in the capture") {
		t.Errorf("%+v\n%s", report, log)
	}
}

// TestTwoRecordings reads two at once: their tags are kept apart, and what was true of all
// connections of one is not said of all that are read.
func TestTwoRecordings(t *testing.T) {
	p := newProxy(3)
	p.Record(&event.Event{At: p.opened, Kind: event.Measured, Fact: event.OneCommand{}})
	p.converse(2, dialog(3))
	a, b := record(t, pcapng.Options{}, p.events)[0], record(t, pcapng.Options{}, p.events)[0]
	got, report := replayOf(t, a, b)
	if want := 2 * (len(p.events) - 1); report.Connections != 4 || len(got) != want {
		t.Errorf("%+v, %d events of %d", report, len(got), want)
	}
	if slices.ContainsFunc(got, func(e event.Event) bool { return e.Fact == event.OneCommand{} }) {
		t.Error("connections of two processes are said to be of one command")
	}
	tags := map[uint32]int{}
	for _, e := range got {
		tags[e.Conn]++
	}
	if len(tags) != 5 || tags[1] != tags[2] || tags[1] < 10 {
		t.Errorf("events by tag: %v", tags)
	}
}
