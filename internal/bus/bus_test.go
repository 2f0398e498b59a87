package bus

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// sink remembers the events that it gets. Its functions run on the way.
type sink struct {
	mu       sync.Mutex
	batches  []int // their sizes
	seqs     []uint64
	data     []string
	said     []string
	closed   int
	onEvents func([]event.Event)
	onWrite  func() error
	onClose  func() error
}

func (s *sink) Write(events []event.Event) error {
	s.mu.Lock()
	s.batches = append(s.batches, len(events))
	for _, e := range events {
		s.seqs = append(s.seqs, e.Seq)
		s.data = append(s.data, string(e.Data))
		if e.Kind == event.Said {
			s.said = append(s.said, event.Sentence(e.Fact))
		}
	}
	s.mu.Unlock()
	if s.onEvents != nil {
		s.onEvents(events)
	}
	if s.onWrite != nil {
		return s.onWrite()
	}
	return nil
}

func (s *sink) Close() error {
	s.closed++
	if s.onClose != nil {
		return s.onClose()
	}
	return nil
}

// count returns how many events the sink got.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seqs)
}

// messages makes an event of messages that tile its data.
func messages(bodies ...string) *event.Event {
	e := &event.Event{Kind: event.Traffic}
	for _, b := range bodies {
		e.Data = append(e.Data, b...)
	}
	rest := e.Data
	for _, b := range bodies {
		e.Messages = append(e.Messages, event.Message{Message: wire.Message{Type: wire.Query, Bytes: rest[:len(b)], Size: int64(len(b))}})
		rest = rest[len(b):]
	}
	return e
}

// finish closes a bus that has nothing to wait for.
func finish(t *testing.T, b *Bus) {
	t.Helper()
	if !b.Close(time.Minute) {
		t.Error("the bus does not end")
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	sinks := []*sink{{}, {}}
	b := New([]Outlet{{Name: "one", Sink: sinks[0]}, {Name: "two", Sink: sinks[1]}}, Options{})
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				b.Record(messages(fmt.Sprintf("%d %d", w, i), strings.Repeat("x", 300)))
			}
		})
	}
	wg.Wait()
	finish(t, b)
	for _, s := range sinks {
		if len(s.seqs) != writers*each || s.closed != 1 {
			t.Fatalf("a sink has %d events, and was closed %d times", len(s.seqs), s.closed)
		}
		for i, seq := range s.seqs {
			if seq != uint64(i+1) {
				t.Fatalf("event %d has the number %d", i+1, seq)
			}
		}
		last := map[string]int{}
		for _, d := range s.data {
			var i int
			var w string
			if _, err := fmt.Sscan(strings.ReplaceAll(d, "x", ""), &w, &i); err != nil {
				t.Fatal(err)
			}
			if i != last[w] {
				t.Fatalf("of writer %s event %d comes after %d others", w, i, last[w])
			}
			last[w]++
		}
	}
	if !slices.Equal(sinks[0].data, sinks[1].data) {
		t.Error("the sinks have seen different orders")
	}
	if b.Failed() {
		t.Error("the bus says that a sink has failed")
	}
}

// Little waits for more, but not long; much does not wait.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		b := New([]Outlet{{Name: "log", Sink: s}}, Options{})
		b.Record(messages("a"))
		b.Record(messages("b"))
		synctest.Wait()
		if s.count() != 0 {
			t.Error("two events did not wait for more")
		}
		time.Sleep(batchDelay)
		synctest.Wait()
		for range 3 {
			b.Record(messages(strings.Repeat("x", batchSize/2)))
		}
		synctest.Wait()
		if want := []int{2, 2}; !slices.Equal(s.batches, want) {
			t.Errorf("the batches have %d events, not %d", s.batches, want)
		}
		finish(t, b)
		if want := []int{2, 2, 1}; !slices.Equal(s.batches, want) {
			t.Errorf("at the end the batches have %d events, not %d", s.batches, want)
		}
	})
}

// careful is a sink that watches its events for a while, to see whether they change
// meanwhile. Under the race detector any write to them would be found too.
type careful struct {
	t     *testing.T
	pause time.Duration
	bytes int
}

func (c *careful) Write(events []event.Event) error {
	before := fmt.Sprintf("%q", describe(events))
	time.Sleep(c.pause)
	if after := fmt.Sprintf("%q", describe(events)); after != before {
		c.t.Error("events have changed under a sink")
	}
	for _, e := range events {
		var joined []byte
		for _, m := range e.Messages {
			joined = append(joined, m.Bytes...)
			if strings.Trim(string(m.Bytes), string(m.Bytes[:1])) != "" {
				c.t.Errorf("a message is a mixture: %q", m.Bytes)
			}
		}
		if !bytes.Equal(joined, e.Data) {
			c.t.Error("the messages do not tile the data")
		}
		c.bytes += len(e.Data)
	}
	return nil
}

func (c *careful) Close() error { return nil }

func describe(events []event.Event) (all []string) {
	for _, e := range events {
		all = append(all, string(e.Data), fmt.Sprint(e.Seq, len(e.Messages)))
		for _, m := range e.Messages {
			all = append(all, string(m.Bytes))
		}
	}
	return all
}

// What callers and batches use again is not seen by a sink that still reads.
func TestReuse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fast, slow := &careful{t: t, pause: time.Microsecond}, &careful{t: t, pause: 5 * time.Millisecond}
		b := New([]Outlet{{Name: "fast", Sink: fast}, {Name: "slow", Sink: slow}}, Options{
			Stages: []Stage{rewriting(func(e *event.Event) { e.Data[0] |= 0x20 })},
		})
		sent := 0
		e := messages("aaaa", "bb", strings.Repeat("c", 20000))
		for i := range 200 {
			for _, m := range e.Messages {
				for j := range m.Bytes {
					m.Bytes[j] = byte('A' + i%26)
				}
				sent += len(m.Bytes)
			}
			e.Messages[0].Bytes[0] |= 0x20
			for j := range e.Messages[0].Bytes {
				e.Messages[0].Bytes[j] |= 0x20
			}
			b.Record(e)
			if i%10 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		finish(t, b)
		if fast.bytes != sent || slow.bytes != sent {
			t.Errorf("the sinks have %d and %d bytes of %d", fast.bytes, slow.bytes, sent)
		}
	})
}

// A stage that takes its time holds traffic back, and nobody who records.
func TestSlowStage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		ready := make(chan struct{})
		b := New([]Outlet{{Name: "log", Sink: s}}, Options{Stages: []Stage{rewriting(func(*event.Event) { <-ready })}})
		const count = 2 * stagesLimit / batchSize
		for range count {
			b.Record(messages(strings.Repeat("x", batchSize)))
		}
		waited := false
		go func() {
			b.Wait(nil)
			waited = true
		}()
		synctest.Wait()
		if waited {
			t.Error("there is room while too much waits for the stage")
		}
		close(ready)
		synctest.Wait()
		if !waited || s.count() != count {
			t.Errorf("there is room after the stage: %t, and the sink has %d of %d events", waited, s.count(), count)
		}
		finish(t, b)
	})
}

func TestRecordAfterClose(t *testing.T) {
	t.Parallel()
	s := &sink{}
	b := New([]Outlet{{Name: "log", Sink: s}}, Options{})
	b.Record(messages("a"))
	finish(t, b)
	b.Record(messages("b"))
	b.Wait(nil)
	finish(t, b)
	if !slices.Equal(s.data, []string{"a"}) || s.closed != 1 {
		t.Errorf("the sink has %q, and was closed %d times", s.data, s.closed)
	}
}

func TestNoSinks(t *testing.T) {
	t.Parallel()
	b := New(nil, Options{})
	for range 100 {
		b.Record(messages(strings.Repeat("x", batchSize)))
		b.Wait(nil)
	}
	finish(t, b)
}

// Recording allocates nothing once the batches are there.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget: run the test without it")
	}
	b := New([]Outlet{{Name: "none", Sink: nothing{}}}, Options{Stages: []Stage{rewriting(func(*event.Event) {})}})
	defer finish(t, b)
	e := messages("SELECT 1", strings.Repeat("x", 1000))
	record := func() { b.Record(e) }
	for range 10000 {
		record()
	}
	if n := testing.AllocsPerRun(10000, record); n != 0 {
		t.Errorf("%v allocations for an event", n)
	}
}

type nothing struct{}

func (nothing) Write([]event.Event) error { return nil }
func (nothing) Close() error              { return nil }

var errFull = errors.New("no space left on device")
