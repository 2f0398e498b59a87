package exchange

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/decode"
	"pgpi/internal/event"
)

// timeline plays events at times of their own, and collects what is marked or over.
type timeline struct {
	t        *testing.T
	decoding *decode.Stage
	stage    *Stage
	began    time.Time
	set      time.Duration // by how much the clock was set
	out      []string
	over     []*event.Exchange
}

func newTimeline(t *testing.T) *timeline {
	t.Helper()
	l := &timeline{t: t, decoding: decode.New(nil), stage: New(), began: time.Date(2025, 7, 4, 14, 28, 0, 0, time.UTC)}
	l.say(0, 1, "", "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
	l.reply(0, 1, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
	return l
}

func (l *timeline) feed(second float64, e event.Event) {
	e.Elapsed = time.Duration(second * float64(time.Second))
	e.At = l.began.Add(e.Elapsed + l.set)
	l.decoding.Take(&e, func(e *event.Event) {
		l.stage.Take(e, func(e *event.Event) {
			if e.Exchange != nil {
				x := e.Exchange
				l.over = append(l.over, x)
				words := fmt.Sprintf("%v #%d %v", e.Elapsed, e.Conn, x.Outcome)
				if e.Kind == event.Pending {
					words += fmt.Sprintf(" for %v at %v", x.Times.Duration(), e.At.Sub(l.began))
				}
				if x.NeverAnswered {
					words += ", never answered"
				}
				l.out = append(l.out, words)
			}
		})
	})
}

func (l *timeline) say(second float64, conn uint32, words ...string) {
	for _, w := range words {
		if w != "" {
			l.feed(second, event.Event{Conn: conn, Kind: event.Bytes, Direction: event.ClientToServer, Data: []byte(w), Relayed: true})
		}
	}
}

func (l *timeline) reply(second float64, conn uint32, words string) {
	l.feed(second, event.Event{Conn: conn, Kind: event.Bytes, Direction: event.ServerToClient, Data: []byte(words), Relayed: true})
}

func (l *timeline) fact(second float64, conn uint32, f event.Fact) {
	kind := event.Said
	if event.OriginOf(f) == event.Unsaid {
		kind = event.Measured
	}
	l.feed(second, event.Event{Conn: conn, Kind: kind, Fact: f})
}

// tick lets time pass, from one second to another.
func (l *timeline) tick(from, to float64) {
	for s := from; s <= to; s++ {
		l.fact(s, 0, event.Tick{})
	}
}

func (l *timeline) want(want ...string) {
	l.t.Helper()
	if !slices.Equal(l.out, want) {
		l.t.Errorf("%q, want %q", l.out, want)
	}
	l.out = nil
}

var (
	asking   = message('Q', "select 1\x00")
	row      = message('D', "\x00\x00")
	complete = message('C', "SELECT 1\x00") + message('Z', "I")
)

// An exchange that takes ten seconds is marked once, at that time, whether ticks or other events
// show that it has come.
func TestMarks(t *testing.T) {
	l := newTimeline(t)
	l.say(1, 1, asking)
	l.tick(1.5, 10.5)
	l.want()
	l.tick(11.5, 40.5)
	l.want("11s #1 unfinished for 10s at 11s, never answered")
	l.reply(41, 1, row+complete)
	l.want("41s #1 done")

	l.say(50, 1, asking)
	l.reply(51, 1, row)
	l.tick(51.5, 60.5)
	l.want("1m0s #1 unfinished for 10s at 1m0s")
	l.reply(61, 1, complete)
	l.want("1m1s #1 done")

	l = newTimeline(t) // of a capture, which has no ticks
	l.say(1, 1, asking)
	l.say(5, 2, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
	l.want()
	l.reply(3600, 1, row+complete)
	l.want("11s #1 unfinished for 10s at 11s, never answered", "1h0m0s #1 done")
}

// In a pipeline the server works on the first exchange. That one is marked, counting from when its
// turn came.
func TestMarksInTurn(t *testing.T) {
	l := newTimeline(t)
	l.say(1, 1, asking, asking, asking)
	l.tick(1.5, 20.5)
	l.want("11s #1 unfinished for 10s at 11s, never answered")
	l.reply(21, 1, complete)
	l.tick(21.5, 40.5)
	l.want("21s #1 done", "31s #1 unfinished for 10s at 31s, never answered")
	l.reply(41, 1, complete)
	l.reply(42, 1, complete)
	l.tick(42.5, 90.5)
	l.want("41s #1 done", "42s #1 done")
}

// What a pooler swallows is marked counting from when its turn came, and is reported as never
// answered at the end.
func TestMarksWhatWasSwallowed(t *testing.T) {
	w := func(name string) string {
		return message(words[name].code, strings.ReplaceAll(words[name].body, "%s", ""))
	}
	l := newTimeline(t)
	l.say(1, 1, w("PARSE")+w("BIND")+w("EXECUTE")+w("DESCRIBE")+w("SYNC"))
	l.reply(2, 1, w("parsed")+w("bound")+w("complete"))
	l.tick(2.5, 30.5)
	l.want("12s #1 unfinished for 10s at 12s, never answered")
	l.fact(31, 1, event.Ended{})
	l.want("31s #1 done", "31s #1 lost, never answered")

	l = newTimeline(t) // what an error makes the server skip is not waited for
	l.say(1, 1, w("PARSE")+w("BIND")+w("EXECUTE")+w("PARSE")+w("SYNC"))
	l.reply(2, 1, w("parsed")+w("error"))
	l.tick(2.5, 30.5)
	l.want("11s #1 unfinished for 10s at 11s")

	l = newTimeline(t) // a Query may have more statements
	l.say(1, 1, asking+asking)
	l.reply(2, 1, w("complete"))
	l.tick(2.5, 30.5)
	l.want("11s #1 unfinished for 10s at 11s")
}

// If the deadlines of several connections have passed together, the first is marked first.
func TestMarksOfConnections(t *testing.T) {
	l := newTimeline(t)
	for conn := uint32(2); conn < 20; conn++ {
		l.say(0, conn, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
		l.reply(0, conn, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
	}
	var want []string
	for conn := uint32(19); conn > 0; conn-- {
		l.say(float64(20-conn), conn, asking)
		if conn >= 10 { // the others have time left
			want = append(want, fmt.Sprintf("%ds #%d unfinished for 10s at %ds, never answered", 30-conn, conn, 30-conn))
		}
	}
	l.fact(20, 0, event.Listening{})
	l.want(want...)
}

// If a clock is set, or a process was stopped, nothing lasts longer than was seen.
func TestClockSet(t *testing.T) {
	l := newTimeline(t)
	l.tick(0, 1)
	l.say(1.2, 1, asking)
	l.set = time.Hour
	l.tick(2, 6)
	l.set = -time.Hour
	l.tick(7, 10)
	l.want()
	l.tick(11, 16)
	l.want("11.2s #1 unfinished for 10s at 11.2s, never answered")

	l = newTimeline(t)
	l.say(1, 1, asking)
	for range 3000 { // packets of a capture that are a little out of order
		l.fact(2, 2, event.NoSSLRequest{})
		l.fact(1.9, 3, event.NoSSLRequest{})
	}
	l.want()
}

// An exchange is called never answered only if everything that the server said was seen and
// understood.
func TestNeverAnswered(t *testing.T) {
	for name, test := range map[string]struct {
		before func(l *timeline)
		want   []string
	}{
		"nothing":              {func(*timeline) {}, []string{"2s #1 lost, never answered"}},
		"a notice":             {func(l *timeline) { l.reply(1.5, 1, message('N', "SNOTICE\x00\x00")) }, []string{"2s #1 lost, never answered"}},
		"a part of a row":      {func(l *timeline) { l.reply(1.5, 1, "D\x00\x7f\x00\x00"+string(make([]byte, 70000))) }, []string{"2s #1 lost"}},
		"an unasked error":     {func(l *timeline) { l.reply(1.5, 1, message('E', "SFATAL\x00C57P01\x00Mbye\x00\x00")) }, nil},
		"bytes out of sync":    {func(l *timeline) { l.reply(1.5, 1, "\xff\xff") }, nil},
		"a defect":             {func(l *timeline) { l.fact(1.5, 1, event.ObserverFailed{}) }, nil},
		"missing bytes":        {func(l *timeline) { l.fact(1.5, 1, event.Missing{Direction: event.ServerToClient, Bytes: 9}) }, nil},
		"the end of a capture": {func(l *timeline) { l.fact(1.5, 1, event.CaptureEnded{}) }, []string{"2s #1 unfinished"}},
		"a reply of a time out of sync": {func(l *timeline) {
			l.fact(1.1, 1, event.Missing{Direction: event.ServerToClient, Bytes: 9})
			l.say(1.2, 1, asking)
			l.reply(1.3, 1, message('C', "SELECT 1\x00"))
		}, []string{"2s #1 unknown"}},
		"bytes of a time out of sync": {func(l *timeline) {
			l.reply(1.1, 1, "\xff\xff\xff\xff\xff\xff\xff\xff")
			l.say(1.2, 1, asking)
			l.reply(1.3, 1, "\xff\xff\xff\xff\xff\xff\xff\xff")
			l.tick(2, 30) // nor is it marked
		}, []string{"2s #1 unknown"}},
		"a fatal error of a time out of sync": {func(l *timeline) {
			l.fact(1.1, 1, event.Missing{Direction: event.ServerToClient, Bytes: 9})
			l.say(1.2, 1, asking)
			l.reply(1.3, 1, message('E', "SFATAL\x00C57P01\x00Mbye\x00\x00"))
		}, []string{"2s #1 lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newTimeline(t)
			l.say(1, 1, asking)
			test.before(l)
			l.fact(2, 1, event.Ended{})
			if test.want == nil {
				for _, words := range l.out {
					if words == "2s #1 lost, never answered" {
						t.Errorf("%q", l.out)
					}
				}
				return
			}
			l.want(test.want...)
		})
	}
}
