package filter

import (
	"fmt"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// foundSink lists findings, with a mark for those that were found before.
type foundSink struct{ all string }

func (s *foundSink) Write(events []event.Event) error {
	for i := range events {
		if f := events[i].Finding; f != nil {
			s.all += f.Signature
			if f.Again {
				s.all += "again"
			}
			s.all += " "
		}
	}
	return nil
}

func (*foundSink) Close() error { return nil }

// TestFindings lets findings through by what they are about. The first that is let through is marked
// as the first.
func TestFindings(t *testing.T) {
	t.Parallel()
	var shaper sqltext.Shaper
	on := func(database, signature string, again bool, connections ...uint32) event.Event {
		f := &event.Finding{
			Rule: "n+1", Signature: signature, Again: again, Connections: connections, Shape: shaper.Shape([]byte("select a from "+database), sqltext.Settings{}),
		}
		return event.Event{Kind: event.Found, Conn: connections[0], Finding: f, Identity: &event.Identity{Known: true, User: "joe", Database: database}}
	}
	events := []event.Event{
		on("shop", "1", false, 1, 2), on("shop", "2", false, 3), on("stock", "1", true, 4), on("stock", "1", true, 4), on("shop", "1", true, 1),
		{Kind: event.Said, Conn: 1, Fact: event.Ended{}},
	}
	for _, test := range []struct{ expression, want string }{
		{`database == "shop"`, "1 2 1again "}, {`database == "stock"`, "1 1again "}, {`conn == 2`, "1 "}, {`conn == 4`, "1 1again "},
		{`sql contains "stock"`, "1 1again "}, {`finding == "n+1"`, "1 2 1again 1again 1again "}, {`finding == "slow"`, ""}, {`rows > 5`, ""}, {`user == "eve"`, ""},
		{`shape == "` + events[1].Finding.Shape.ID + `"`, "1 2 1again "},
	} {
		f, err := Compile(test.expression)
		if err != nil {
			t.Fatal(err)
		}
		out := &foundSink{}
		s := f.New(out, true, func(err error) { t.Error(err) })
		for i := range events {
			if err := s.Write(events[i : i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if out.all != test.want {
			t.Errorf("%s: %q instead of %q", test.expression, out.all, test.want)
		}
	}
}

// TestManyFindings bounds what is remembered.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	f, err := Compile(`conn == 1`)
	if err != nil {
		t.Fatal(err)
	}
	s := f.New(&foundSink{}, true, func(err error) { t.Error(err) })
	for i := range 3 * maxSignatures {
		found := &event.Finding{Rule: "n+1", Signature: fmt.Sprint(i), Connections: []uint32{1}}
		if err := s.Write([]event.Event{{Kind: event.Found, Conn: 1, Finding: found}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.found); n != maxSignatures {
		t.Errorf("%d are remembered", n)
	}
}
