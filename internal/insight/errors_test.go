package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name         string
		code         string
		failed, done int
		want         []string
	}{
		{"five of five", "42P01", 5, 0, []string{"errors"}},
		{"four", "42P01", 4, 0, nil},
		{"5 of 50", "42P01", 5, 45, []string{"errors"}},
		{"5 of 51", "42P01", 5, 46, nil},
		{"serialization has its own rule", "40001", 9, 0, []string{"serialization"}},
		{"a constraint", "23505", 5, 0, []string{"errors"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{})
			for i := range c.failed {
				p.run(1, fmt.Sprint("select * from orders where id = ", i), failed(c.code))
			}
			for i := range c.done {
				p.run(1, fmt.Sprint("select * from orders where id = ", i))
			}
			p.expect(c.want...)
			for _, f := range p.findings {
				if want := event.Warning; c.code != "23505" && f.Severity != want || c.code == "23505" && f.Severity != event.Note {
					t.Errorf("the severity is %s", f.Severity)
				}
			}
		})
	}
}

// TestNotErrors: what was canceled is not an error, nor is what never ran.
func TestNotErrors(t *testing.T) {
	for _, outcome := range []event.Outcome{event.Canceled, event.Skipped, event.Lost, event.Unanswered} {
		p := newPlayer(t, insight.Options{})
		for range 20 {
			p.run(1, "select pg_sleep(10)", failed("57014"), func(x *event.Exchange) { x.Outcome = outcome })
		}
		p.expect()
	}
}

// TestManyShapes: a burst with more shapes than are counted costs no more, and finds the first.
func TestManyShapes(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	for i := range 3000 {
		for range 5 {
			p.run(1, fmt.Sprint("select * from orders", i), failed("42P01"))
		}
		p.at = p.at.Add(-5 * time.Millisecond) // all in one burst
	}
	if found := p.found(); len(found) != 1000 {
		t.Errorf("found %d", len(found))
	}
}

// TestMessagesInUTF8: what a server says is shown as characters, whatever the encoding of the session.
func TestMessagesInUTF8(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	for range 5 {
		p.run(1, "select nme from orders", failed("42703"), func(x *event.Exchange) {
			x.Message, x.Settings = "na\xefve", &event.Settings{ClientEncoding: "LATIN1"}
		})
	}
	p.expect("errors")
	if text := p.findings[0].Text; !strings.HasSuffix(text, ": naïve") {
		t.Error(text)
	}
}

// TestBurstsPart: what is spread over bursts is not together.
func TestBurstsPart(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	for i := range 8 {
		p.run(1, fmt.Sprint("select * from orders where id = ", i), failed("42P01"))
		if i%2 == 1 {
			p.pass(3 * time.Second)
		}
	}
	p.expect()
}
