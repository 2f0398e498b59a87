package jsonl

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/test/golden"
	"pgpi/test/sqlgen"
)

// foundOn returns the event of a finding on some connections.
func foundOn(f event.Finding, connections ...uint32) event.Event {
	at := time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC)
	f.Connections = connections
	for i, c := range connections {
		f.Evidence = append(f.Evidence, event.Evidence{Conn: c, Exchange: uint32(i + 1), At: at.Add(time.Duration(i) * time.Millisecond)})
	}
	return event.Event{Seq: 7, At: at.Add(time.Second), Elapsed: 3 * time.Second, Conn: connections[0], Kind: event.Found, Finding: &f}
}

// TestFindings compares the lines of findings with the expected ones.
func TestFindings(t *testing.T) {
	log := render(t, Options{}, []event.Event{
		foundOn(event.Finding{Rule: "n+1", Severity: event.Warning, Signature: "n+1:3f2a9c01d4e5b677", Text: "seen", Remedy: "do", More: 3}, 1, 2),
		foundOn(event.Finding{Rule: "n+1", Severity: event.Warning, Signature: "n+1:3f2a9c01d4e5b677", Text: "again", Again: true}, 1),
		foundOn(event.Finding{Rule: "slow", Timed: true, Signature: "slow:0000000000000001", Text: "a\nb\xff", Remedy: "do", Accepted: true, Reason: "meant"}, 5),
	})
	parseLines(t, log)
	golden.Compare(t, "findings.jsonl", log)
}

// TestFindingsOfAnyText has words of all kinds in them, as strings that a reader gets back.
func TestFindingsOfAnyText(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for range 1000 {
		f := event.Finding{Rule: "errors", Severity: event.Severity(r.IntN(3)), Signature: "errors:3f2a9c01d4e5b677", Text: "seen: " + sqlgen.Text(r), Remedy: "do: " + sqlgen.Heap(r), Accepted: true, Reason: "r"}
		log := render(t, Options{}, []event.Event{foundOn(f, r.Uint32()|1)})
		parseLines(t, log)
		var line struct{ Text string }
		if err := json.Unmarshal([]byte(log), &line); err != nil {
			t.Fatal(err)
		}
		if line.Text != strings.ToValidUTF8(f.Text, "\ufffd") || strings.Count(log, "\n") != 1 {
			t.Fatalf("%q instead of %q", line.Text, f.Text)
		}
	}
}
