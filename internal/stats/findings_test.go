package stats

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

// found returns the event of a finding on some connections.
func found(severity event.Severity, signature string, at time.Duration, connections ...uint32) *event.Event {
	rule, _, _ := strings.Cut(signature, ":")
	f := &event.Finding{Rule: rule, Severity: severity, Signature: signature, Text: "seen", Connections: connections}
	for _, c := range connections {
		f.Evidence = append(f.Evidence, event.Evidence{Conn: c, Exchange: 1, At: start.Add(at)})
	}
	return &event.Event{Kind: event.Found, Conn: connections[0], At: start.Add(at + time.Second), Finding: f}
}

// TestFindings adds up findings by signature, and orders them.
func TestFindings(t *testing.T) {
	s := New(Options{})
	slow := found(event.Note, "slow:2", 0, 3)
	slow.Finding.Took, slow.Finding.Count = time.Second, 7
	slower := found(event.Note, "slow:2", 0, 1)
	slower.Finding.Took, slower.Finding.More = time.Minute, 5
	accepted := found(event.Error, "errors:1", 0, 9)
	accepted.Finding.Accepted, accepted.Finding.Reason = true, "meant"
	for _, e := range []*event.Event{
		found(event.Note, "slow:1", 0, 1), slow, found(event.Warning, "n+1:1", 0, 2, 4), accepted, slower,
		found(event.Error, "errors:2", 0, 9), found(event.Warning, "n+1:1", 0, 1, 2),
	} {
		s.Take(e)
	}
	var got []string
	for _, f := range s.Findings() {
		got = append(got, fmt.Sprintf("%s %d× %v+%d %v %d %s", f.First.Signature, f.Count, f.Connections, f.Others, f.Took, f.Most, f.First.Reason))
	}
	want := []string{
		"errors:2 1× [9]+0 0s 0 ", "n+1:1 2× [1 2 4]+0 0s 0 ", "slow:1 1× [1]+0 0s 0 ", "slow:2 2× [1 3]+4 1m0s 7 ", "errors:1 1× [9]+0 0s 0 meant",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestFindingsThatGoOn are counted once, with what is known last.
func TestFindingsThatGoOn(t *testing.T) {
	s := New(Options{})
	for i, text := range []string{"5 s so far", "37 s"} {
		e := found(event.Note, "idle-in-transaction:1", 0, 1)
		e.Finding.Text, e.Finding.GoesOn = text, i > 0
		s.Take(e)
	}
	if f := s.Findings()[0]; f.Count != 1 || f.First.Text != "37 s" {
		t.Errorf("%d× %s", f.Count, f.First.Text)
	}
	s.Take(found(event.Note, "idle-in-transaction:1", 0, 2))
	late := found(event.Note, "idle-in-transaction:1", 0, 2)
	late.Finding.GoesOn = true
	s.Take(late)
	if f := s.Findings()[0]; f.Count != 2 || f.First.Text != "37 s" {
		t.Errorf("%d× %s", f.Count, f.First.Text)
	}
}

// TestFindingsBetween leaves out what is outside the bounds.
func TestFindingsBetween(t *testing.T) {
	since, err := ParseBound("17:10")
	if err != nil {
		t.Fatal(err)
	}
	until, err := ParseBound("17:20")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Since: since, Until: until})
	s.Take(&event.Event{Kind: event.Said, At: start, Fact: event.Tick{}})
	for _, minute := range []int{0, 9, 10, 19, 21} {
		e := found(event.Note, fmt.Sprint("slow:", minute), time.Duration(minute)*time.Minute, 1)
		e.At = start.Add(time.Hour) // when it was found does not matter
		s.Take(e)
	}
	var got []string
	for _, f := range s.Findings() {
		got = append(got, f.First.Signature)
	}
	if fmt.Sprint(got) != "[slow:10 slow:19]" {
		t.Error(got)
	}
}

// TestMillionFindings keeps a million different findings in bounded memory, and the grave ones that
// come late.
func TestMillionFindings(t *testing.T) {
	s := New(Options{})
	const n = 1_000_000
	for i := range n {
		e := found(event.Note, fmt.Sprintf("slow:%016x", i), 0, uint32(i+1))
		e.Finding.Text = strings.Repeat("x", 300)
		s.Take(e)
	}
	for i := range uint32(n) {
		s.Take(found(event.Note, "slow:0000000000000000", 0, i+1))
	}
	s.Take(found(event.Warning, "n+1:1", 0, 1))
	all := s.Findings()
	if first := all[0].First.Signature; first != "n+1:1" {
		t.Error("the first is", first)
	}
	if most := all[1]; most.Count != n+1 || len(most.Connections) > 1000 {
		t.Errorf("%d on %d connections", most.Count, len(most.Connections))
	}
	if kept, left := int64(len(all))-1, s.FindingsLeftOut(); kept < 100 || kept+left != n {
		t.Errorf("%d are kept, %d left out", kept, left)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 32<<20 {
		t.Errorf("%d bytes are in use", m.HeapAlloc)
	}
	runtime.KeepAlive(s)
}
