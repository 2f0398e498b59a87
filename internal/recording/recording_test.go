package recording

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

func TestNote(t *testing.T) {
	for _, n := range []Note{
		{Connection: 7},
		{Connection: 7, Repeated: true},
		{Direction: event.ScriptToServer, Scripted: true},
		{Direction: event.ServerToScript, Scripted: true, CutOff: true},
		{Left: 64999, OneByOne: true},
		{More: true, Inside: true},
		{Elapsed: -3 * time.Hour, HasElapsed: true},
		{Elapsed: 0, HasElapsed: true, Zone: -5 * 3600, HasZone: true},
		{Left: 1, OneByOne: true, CutOff: true, More: true, Repeated: true, Inside: true, Zone: 0, HasZone: true},
	} {
		comment := string(n.Append(nil))
		got, ok := ParseNote(comment)
		if !ok || got != n {
			t.Errorf("%q: %+v, %v, want %+v", comment, got, ok, n)
		}
	}
	if b := new(Note).Append(nil); b != nil {
		t.Errorf("a note that says nothing: %q", b)
	}
}

func TestNoteOfOthers(t *testing.T) {
	for _, comment := range []string{"", "look here", "pgpi: ", "pgpi: something new", "pgpi: bytes left x", "pgpi: one by one; "} {
		if n, ok := ParseNote(comment); ok {
			t.Errorf("%q is taken for a note: %+v", comment, n)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, e := range []event.Event{
		{Conn: 1, Kind: event.Said, Status: event.Ended},
		{Kind: event.Said, Status: event.Listening, Args: []string{"127.0.0.1 port 5432"}},
		{Conn: 4294967295, Kind: event.Said, Status: event.CertificateFrom, Args: []string{"server", "two\nlines, \"quotes\" and ] brackets [pgpi connection=\"3\"\n"}},
		{Conn: 1, Kind: event.Said, Status: event.ServerName, Args: []string{"\xff\x00\x1b[31m\\]\\"}},
		{Conn: 1, Kind: event.Said, Status: event.HungUp, Args: []string{"client", ""}},
		{Conn: 1, Kind: event.Said, Status: event.CancelForwarded, Args: []string{"2", strings.Repeat("ü=\" ", 40000)}},
	} {
		b := AppendSentence(nil, &e)
		got, err := ParseSentence(b)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%.200q: %v, %v", b, got, err)
		}
		if strings.ContainsAny(string(b), "\x00\x1b\n") && len(e.Args) > 0 && !strings.ContainsAny(e.Args[0], "\x00\x1b") {
			t.Errorf("%.200q has control characters", b)
		}
	}
}

func TestSentenceOfOthers(t *testing.T) {
	good := string(AppendSentence(nil, &event.Event{Conn: 1, Status: event.HungUp, Args: []string{"client", ""}}))
	for _, datagram := range []string{
		"", "<134>1 - - other - x [x] y",
		strings.Replace(good, "hung_up", "unheard_of", 1),
		strings.Replace(good, `connection="1"`, `connection="x"`, 1),
		strings.Replace(good, `"client"`, `"client`, 1),
		good[:len(good)/2],
	} {
		if e, err := ParseSentence([]byte(datagram)); err == nil {
			t.Errorf("%q is taken for a sentence: %v", datagram, e)
		}
	}
}

func TestSection(t *testing.T) {
	for _, s := range []Section{{ID: "ABC234", File: 1}, {ID: "X", File: 12345, Redacted: true}} {
		if got, ok := ParseSection(s.String()); !ok || got != s {
			t.Errorf("%q: %+v, %v", s.String(), got, ok)
		}
	}
	for _, comment := range []string{"", "by somebody: else", "pgpi recording ABC:"} {
		if s, ok := ParseSection(comment); ok {
			t.Errorf("%q is taken for a recording: %+v", comment, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(AppendSentence(nil, &event.Event{Conn: 1, Status: event.HungUp, Args: []string{"client", ""}})))
	f.Add("pgpi: connection #3; bytes left 7")
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := ParseSentence([]byte(text)); err == nil {
			again, err := ParseSentence(AppendSentence(nil, &e))
			if err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("%v, %v, want %v", again, err, e)
			}
		}
		if n, ok := ParseNote(text); ok {
			if again, ok := ParseNote(string(n.Append(nil))); n != (Note{}) && (!ok || again != n) {
				t.Errorf("%+v, %v, want %+v", again, ok, n)
			}
		}
	})
}
