package recording

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

// comments are those of a packet that has a note.
func comments(n *Note) (all []string) {
	for _, b := range [][]byte{n.AppendWords(nil), n.AppendFacts(nil)} {
		if len(b) > 0 {
			all = append(all, string(b))
		}
	}
	return all
}

// notes have each item at least once.
var notes = []Note{
	{Connection: 7},
	{Connection: 7, Repeated: true},
	{Direction: event.ScriptToServer, Scripted: true},
	{Direction: event.ServerToScript, Scripted: true, CutOff: true},
	{Left: 64999, OneByOne: true},
	{More: true, Inside: true},
	{Elapsed: -3 * time.Hour, HasElapsed: true},
	{Elapsed: 0, HasElapsed: true, Zone: -5 * 3600, HasZone: true},
	{Left: 1, OneByOne: true, CutOff: true, More: true, Repeated: true, Inside: true, Zone: 0, HasZone: true},
	{Opaque: true},
	{Redacted: "12+8p,3+5,1+1v", Waited: 7},
	{Cut: true, Left: 3},
	{Foreign: true, Opaque: true},
	{Again: true, Cut: true},
	{Waited: 7 * time.Second, Held: 1, Stalled: time.Hour, Opaque: true},
	{End: true},
	{End: true, Broken: true, Opaque: true},
	{Connection: 4294967295, End: true},
}

func TestNote(t *testing.T) {
	for _, n := range notes {
		if got := ParseNote(comments(&n)); got != n {
			t.Errorf("%q: %+v, want %+v", comments(&n), got, n)
		}
	}
	if all := comments(new(Note)); all != nil {
		t.Errorf("a note that says nothing: %q", all)
	}
}

// TestFacts checks that what is new is not in the first comment, because versions of pgpi that
// don't know it would ignore all of that.
func TestFacts(t *testing.T) {
	n := Note{Connection: 7, Opaque: true, End: true}
	want := []string{"pgpi: connection #7", "pgpi: bytes=opaque; end=closed"}
	if got := comments(&n); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNoteOfOthers(t *testing.T) {
	for _, comment := range []string{
		"", "look here", "pgpi", "pgpi: ", "pgpi: something new", "pgpi: something=new", "pgpi: bytes=few", "pgpi: end=late",
		"pgpi: bytes left x", "pgpi: bytes left -1", "pgpi: connection #4294967296", "pgpi: time zone ", "connection #7",
	} {
		if n := ParseNote([]string{comment}); n != (Note{}) {
			t.Errorf("%q is read as a note: %+v", comment, n)
		}
	}
}

// TestNoteOfLaterVersions has unknown items, at each place.
func TestNoteOfLaterVersions(t *testing.T) {
	for _, n := range notes {
		for i, comment := range comments(&n) {
			items := strings.Split(strings.TrimPrefix(comment, prefix), "; ")
			for place := range len(items) + 1 {
				for _, unknown := range []string{"something new", "began=17", "=", "bytes left some", ""} {
					all := comments(&n)
					all[i] = prefix + strings.Join(slices.Insert(slices.Clone(items), place, unknown), "; ")
					all = append([]string{"look here"}, append(all, prefix+unknown)...)
					if got := ParseNote(all); got != n {
						t.Errorf("%q: %+v, want %+v", all, got, n)
					}
				}
			}
		}
	}
}

func TestSentence(t *testing.T) {
	for _, e := range []event.Event{
		{Conn: 1, Kind: event.Said, Fact: event.Ended{}},
		{Kind: event.Said, Fact: event.Listening{Address: "127.0.0.1 port 5432"}},
		{Conn: 4294967295, Kind: event.Said, Fact: event.CertificateFrom{Party: event.Server, Certificate: "two\nlines, \"quotes\" and ] brackets [pgpi connection=\"3\"\n"}},
		{Conn: 1, Kind: event.Said, Fact: event.ServerName{Name: "\xff\x00\x1b[31m\\]\\"}},
		{Conn: 1, Kind: event.Said, Fact: event.HungUp{Party: event.Client}},
		{Conn: 1, Kind: event.Said, Fact: event.CancelForwarded{Connection: 2, SQL: strings.Repeat("ü=\" ", 40000)}},
	} {
		b := AppendSentence(nil, &e)
		got, err := ParseSentence(b)
		if err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("%.200q: %v, %v", b, got, err)
		}
		if strings.ContainsAny(string(b), "\x00\x1b\n") && !strings.ContainsAny(event.Sentence(e.Fact), "\x00\x1b") {
			t.Errorf("%.200q has control characters", b)
		}
	}
}

func TestSentenceOfOthers(t *testing.T) {
	good := string(AppendSentence(nil, &event.Event{Conn: 1, Kind: event.Said, Fact: event.HungUp{Party: event.Client}}))
	for _, datagram := range []string{
		"", "<134>1 - - other - x [x] y",
		strings.Replace(good, `connection="1"`, `connection="x"`, 1),
		strings.Replace(good, `"client"`, `"client`, 1),
		good[:len(good)/2],
	} {
		if e, err := ParseSentence([]byte(datagram)); err == nil || errors.Is(err, ErrUnknownSentence) {
			t.Errorf("%q is read as a sentence: %v, %v", datagram, e, err)
		}
	}
}

// TestSentenceOfLaterVersions has unknown arguments, and an unknown sentence.
func TestSentenceOfLaterVersions(t *testing.T) {
	want := event.Event{Conn: 1, Kind: event.Said, Fact: event.HungUp{Party: event.Client, How: " at last"}}
	good := string(AppendSentence(nil, &want))
	for _, change := range [][2]string{
		{` 1="client"`, ` why="] \"=" 1="client"`},
		{` 2=" at last"]`, ` 2=" at last" 3="new"]`},
		{` 2=" at last"]`, ` 2=" at last" new="" newer="1"]`},
	} {
		datagram := strings.Replace(good, change[0], change[1], 1)
		if got, err := ParseSentence([]byte(datagram)); err != nil || datagram == good || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v", datagram, got, err)
		}
	}
	if e, err := ParseSentence([]byte(strings.Replace(good, "hung_up", "unheard_of", 1))); !errors.Is(err, ErrUnknownSentence) {
		t.Errorf("an unknown sentence: %v, %v", e, err)
	}
}

func TestSection(t *testing.T) {
	for _, s := range []Section{{ID: "ABC234", File: 1}, {ID: "X", File: 12345, Redacted: true}, {ID: "X", File: 1, Redacted: true, Noted: true}} {
		if got, ok := ParseSection(s.String()); !ok || got != s {
			t.Errorf("%q: %+v, %v", s.String(), got, ok)
		}
	}
	later := strings.Replace(Section{ID: "X", File: 2, Redacted: true}.String(), ":", ", and more:", 1)
	if got, ok := ParseSection(later); !ok || got != (Section{ID: "X", File: 2, Redacted: true}) {
		t.Errorf("%q: %+v, %v", later, got, ok)
	}
	for _, comment := range []string{"", "by somebody: else", "pgpi recording ABC:"} {
		if s, ok := ParseSection(comment); ok {
			t.Errorf("%q is read as a recording: %+v", comment, s)
		}
	}
}

// TestSpans notes spans, and reads them again.
func TestSpans(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 500 {
		var spans []event.Span
		end := 0
		for range random.IntN(20) {
			s := event.Span{Start: end + random.IntN(30), Kind: event.SpanKind(random.IntN(len(kindLetters)))}
			s.End = s.Start + 1 + random.IntN(300)
			spans, end = append(spans, s), s.End
		}
		text := EncodeSpans(spans)
		if got := DecodeSpans(text, end); !slices.Equal(got, spans) {
			t.Fatalf("%q: %v, want %v", text, got, spans)
		}
		if strings.ContainsAny(text, "; ") {
			t.Fatalf("%q does not fit into a note", text)
		}
		at := random.IntN(end + 1)
		first, rest := event.CutSpans(spans, 0, at), event.CutSpans(spans, at, end)
		for i, s := range rest {
			rest[i].Start, rest[i].End = s.Start+at, s.End+at
		}
		covered := func(all []event.Span) (n int) {
			for _, s := range all {
				n += s.End - s.Start
			}
			return n
		}
		if covered(first)+covered(rest) != covered(spans) {
			t.Fatalf("%v is cut at %d into %v and %v", spans, at, first, rest)
		}
	}
	for _, text := range []string{"", "x", "1", "1+", "+1", "-1+1", "1+0", "1+99", "9999999999999999999+1"} {
		if got := DecodeSpans(text, 50); got != nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestManySpans has more than a comment has room for: all that is hidden stays hidden.
func TestManySpans(t *testing.T) {
	var spans []event.Span
	for at := 0; at < 65_000; at += 2 {
		spans = append(spans, event.Span{Start: at, End: at + 1, Kind: event.PasswordSpan})
	}
	text := EncodeSpans(spans)
	got := DecodeSpans(text, 65_000)
	if len(text) > maxSpans || got[0].Start != 0 || got[len(got)-1].End != 64_999 {
		t.Errorf("%d bytes of text for %v to %v", len(text), got[0], got[len(got)-1])
	}
}

// FuzzParse has what was read be what is read again.
func FuzzParse(f *testing.F) {
	f.Add(string(AppendSentence(nil, &event.Event{Conn: 1, Kind: event.Said, Fact: event.HungUp{Party: event.Client}})))
	f.Add("pgpi: connection #3; bytes left 7")
	f.Add("pgpi: client -> server; overwritten=undecoded")
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := ParseSentence([]byte(text)); err == nil {
			again, err := ParseSentence(AppendSentence(nil, &e))
			if err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("%v, %v, want %v", again, err, e)
			}
		}
		n := ParseNote([]string{text})
		if again := ParseNote(comments(&n)); again != n {
			t.Errorf("%+v, want %+v", again, n)
		}
	})
}

// FuzzUnknown puts an unknown item into the comments of each note.
func FuzzUnknown(f *testing.F) {
	f.Add("began=17", uint(0))
	f.Add("something new; and newer", uint(1))
	f.Fuzz(func(t *testing.T, item string, place uint) {
		if ParseNote([]string{prefix + item}) != (Note{}) {
			return // it is known
		}
		for _, n := range notes {
			all := comments(&n)
			for i, comment := range all {
				items := strings.Split(strings.TrimPrefix(comment, prefix), "; ")
				all[i] = prefix + strings.Join(slices.Insert(items, int(place%uint(len(items)+1)), item), "; ")
			}
			if got := ParseNote(append(all, prefix+item)); got != n {
				t.Errorf("%q: %+v, want %+v", all, got, n)
			}
		}
	})
}
