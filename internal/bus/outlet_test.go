package bus

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/event"
)

// report collects what a bus reports about its sinks.
type report struct {
	mu     sync.Mutex
	failed []string
	behind []string
}

func (r *report) options() Options {
	return Options{
		Failed: func(name string, err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.failed = append(r.failed, name+": "+err.Error())
		},
		Behind: func(name string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.behind = append(r.behind, name)
		},
	}
}

func (r *report) wants(t *testing.T, failed, behind []string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.failed, failed) {
		t.Errorf("failed sinks: %q, not %q", r.failed, failed)
	}
	if !slices.Equal(r.behind, behind) {
		t.Errorf("slow sinks: %q, not %q", r.behind, behind)
	}
}

// startWait starts a wait. The function that it returns reports whether the wait is over.
func startWait(b *Bus, done <-chan struct{}) func() bool {
	ended := make(chan struct{})
	go func() {
		b.Wait(done)
		close(ended)
	}()
	return func() bool {
		synctest.Wait()
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
}

// fill records more than may wait for a sink, and returns the number of events.
func fill(b *Bus) int {
	const size = 1 << 20
	n := queueLimit/size + 1
	for range n {
		b.Record(messages(strings.Repeat("x", size)))
		synctest.Wait() // a sink that can keeps up
	}
	return n
}

func TestSlowSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, release := new(report), make(chan struct{})
		slow := &sink{onWrite: func() error { <-release; return nil }}
		fast := &sink{}
		b := New([]Outlet{{Name: "slow", Sink: slow}, {Name: "fast", Sink: fast}}, r.options())
		if over := startWait(b, nil); !over() {
			t.Fatal("an idle bus holds back")
		}
		n := fill(b)
		done := make(chan struct{})
		first, second := startWait(b, done), startWait(b, nil)
		if first() || second() {
			t.Fatal("a slow sink does not hold back")
		}
		if fast.count() != n {
			t.Errorf("the other sink has %d of %d events", fast.count(), n)
		}
		close(done)
		if !first() {
			t.Error("the end of a connection does not end its wait")
		}
		if second() {
			t.Error("the end of a connection ends another's wait")
		}
		close(release)
		if !second() {
			t.Error("a sink that has caught up still holds back")
		}
		finish(t, b)
		if slow.count() != n {
			t.Errorf("the slow sink has %d of %d events", slow.count(), n)
		}
		r.wants(t, nil, []string{"slow"})
	})
}

// A sink that may lose events holds nothing back, and knows how many it has lost.
func TestDroppingSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, release := new(report), make(chan struct{})
		slow := &sink{onWrite: func() error { <-release; return nil }}
		b := New([]Outlet{{Name: "slow", Sink: slow, Drop: true}}, r.options())
		n := fill(b)
		n += fill(b)
		if over := startWait(b, nil); !over() {
			t.Error("the sink holds back")
		}
		close(release)
		finish(t, b)
		dropped := 0
		for _, said := range slow.said {
			var k int
			if _, err := fmt.Sscanf(strings.TrimLeft(said, "abcdefghijklmnopqrstuvwxyz :#"), "%d", &k); err != nil {
				t.Fatalf("%q: %v", said, err)
			}
			dropped += k
		}
		if kept := slow.count() - len(slow.said); kept+dropped != n || dropped == 0 {
			t.Errorf("of %d events %d came and %d were said to be missing", n, kept, dropped)
		}
		r.wants(t, nil, []string{"slow"})
	})
}

// The failure of a sink is reported once. The sink is then left alone, and nobody waits for it.
func TestFailingSink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		onWrite, onClose func() error
		drop             bool
		failed           string
	}{
		"error":          {onWrite: func() error { return errFull }, failed: "bad: no space left on device"},
		"error, drop":    {onWrite: func() error { return errFull }, drop: true, failed: "bad: no space left on device"},
		"panic":          {onWrite: func() error { panic("a defect") }, failed: "bad: panic: a defect"},
		"error at close": {onClose: func() error { return errFull }, failed: "bad: no space left on device"},
		"panic at close": {onClose: func() error { panic("a defect") }, failed: "bad: panic: a defect"},
		"error in both":  {onWrite: func() error { return errFull }, onClose: func() error { return errFull }, failed: "bad: no space left on device"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, release := new(report), make(chan struct{})
				bad, good := &sink{onClose: test.onClose}, &sink{}
				bad.onWrite = func() error {
					<-release
					if test.onWrite != nil {
						return test.onWrite()
					}
					return nil
				}
				b := New([]Outlet{{Name: "bad", Sink: bad, Drop: test.drop}, {Name: "good", Sink: good}}, r.options())
				n := fill(b)
				over := startWait(b, nil)
				close(release)
				if !over() {
					t.Error("a failed sink holds back")
				}
				n += fill(b)
				finish(t, b)
				if good.count() != n {
					t.Errorf("the other sink has %d of %d events", good.count(), n)
				}
				if test.onWrite != nil && len(bad.batches) != 1 {
					t.Errorf("the failed sink was written to %d times", len(bad.batches))
				}
				if bad.closed != 1 {
					t.Errorf("the failed sink was closed %d times", bad.closed)
				}
				r.mu.Lock()
				r.behind = nil
				r.mu.Unlock()
				r.wants(t, []string{test.failed}, nil)
				if !b.Failed() {
					t.Error("the bus does not say that a sink has failed")
				}
			})
		})
	}
}

// gapHater is a sink that fails when it gets a gap.
type gapHater struct {
	sink
	failed int
}

func (g *gapHater) Write(events []event.Event) error {
	if g.failed > 0 {
		g.failed++
	}
	_ = g.sink.Write(events) // it waits
	if events[0].Kind == event.Said {
		g.failed++
		return errFull
	}
	return nil
}

func TestFailingAtGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, release := new(report), make(chan struct{})
		g := &gapHater{sink: sink{onWrite: func() error { <-release; return nil }}}
		b := New([]Outlet{{Name: "bad", Sink: g, Drop: true}}, r.options())
		b.Record(messages("first"))
		time.Sleep(batchDelay)
		synctest.Wait() // it is in the sink's hands
		fill(b)
		fill(b)
		close(release)
		finish(t, b)
		if g.failed != 1 {
			t.Errorf("a failed sink was written to %d times more", g.failed-1)
		}
		r.wants(t, []string{"bad: no space left on device"}, []string{"bad"})
	})
}

// The end waits for sinks, but not for ever.
func TestCloseLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &sink{onWrite: func() error { <-release; return nil }}
		b := New([]Outlet{{Name: "stuck", Sink: s}}, Options{})
		b.Record(messages("a"))
		if b.Close(time.Second) {
			t.Error("a sink that hangs is said to have finished")
		}
		close(release)
		finish(t, b)
		if s.closed != 1 {
			t.Errorf("the sink was closed %d times", s.closed)
		}
	})
}

// However long a sink takes, the end waits for it while it goes on.
func TestCloseAwaitsSlowSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count = 20
		s := &sink{onWrite: func() error { time.Sleep(600 * time.Millisecond); return nil }}
		b := New([]Outlet{{Name: "slow", Sink: s}}, Options{})
		for range count {
			b.Record(messages(strings.Repeat("x", batchSize)))
		}
		if !b.Close(time.Second) || s.count() != count || s.closed != 1 {
			t.Errorf("at the end the sink has %d of %d events, and was closed %d times", s.count(), count, s.closed)
		}
	})
}

// What waits for a slow sink is bounded by what it weighs when it is decoded: small
// messages weigh forty times their bytes.
func TestSlowSinkOfSmallMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		slow := &sink{onWrite: func() error { <-release; return nil }}
		const each = 10_000
		small := make([]event.Message, each)
		b := New([]Outlet{{Name: "slow", Sink: slow}}, Options{Stages: []Stage{rewriting(func(e *event.Event) { e.Messages = small })}})
		recorded := 0
		for free := startWait(b, nil); free(); free = startWait(b, nil) {
			b.Record(&event.Event{Kind: event.Bytes, Data: make([]byte, 5*each), Count: each})
			recorded += each
			synctest.Wait()
		}
		if most := (queueLimit+stagesLimit)/eventCost + each; recorded > most {
			t.Errorf("%d messages wait for a sink, more than %d", recorded, most)
		}
		close(release)
		finish(t, b)
	})
}

// The end of a bus is the end of its stages, also where no sink is left.
func TestCloseAwaitsStages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rewritten := 0
		b := New([]Outlet{{Name: "full", Sink: &sink{onWrite: func() error { return errFull }}}}, Options{Stages: []Stage{rewriting(func(*event.Event) {
			time.Sleep(time.Millisecond)
			rewritten++
		})}})
		const count = 100
		for range count {
			b.Record(messages(strings.Repeat("x", batchSize)))
		}
		finish(t, b)
		if rewritten != count {
			t.Errorf("when the bus has ended, %d of %d events are rewritten", rewritten, count)
		}
	})
}
