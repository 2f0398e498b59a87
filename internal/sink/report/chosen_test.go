package report

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// TestChosen has some of the exchanges, and everything that was not seen.
func TestChosen(t *testing.T) {
	var got string
	var document string
	s := New(
		Options{Limit: usual, Filter: "rows > 5 or sql contains '\x1b'", Since: "17:05"},
		Output{Format: writeText, Write: func(b []byte) error { got = string(b); return nil }},
		Output{Format: writeJSON, Write: func(b []byte) error { document = string(b); return nil }},
	)
	facts, exchanges := s.Chosen()
	h := shop()
	gap := h.events[0]
	gap.Fact = event.Missing{Bytes: 7}
	h.events = slices.Insert(h.events, 1, gap)
	h.find("n+1", event.Warning, "seen", "remedy")
	h.find("slow", event.Note, "seen", "remedy")
	selected := append(slices.Clone(h.events[2:4]), h.events[len(h.events)-2])
	err := errors.Join(facts(h.events), exchanges(selected)) // as late as possible
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"report: 2 exchanges on 1 connection", "1 gap", "findings 1 warning\n",
		"\n-- chosen   2 of 43 exchanges by --filter rows > 5 or sql contains '\\e', --since\n--          17:05\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q: %s", want, got)
		}
	}
	checkSchema(t, compileSchema(t), document)
	for _, want := range []string{`"filter": "rows > 5 or sql contains '\u001b'",`, `"since": "17:05",`, `"until": null,`, `"left_out": 41`} {
		if !strings.Contains(document, want) {
			t.Errorf("no %s: %s", want, document)
		}
	}
}

// TestSlowReports: events are added up while a report is written, however long that takes.
func TestSlowReports(t *testing.T) {
	h := shop()
	var s *Sink
	written := 0
	s = New(Options{Limit: usual}, Output{Format: writeText, Write: func([]byte) error {
		written++
		if !s.mu.TryLock() {
			return errors.New("events would wait")
		}
		s.mu.Unlock()
		return s.Write(h.events)
	}})
	if err := errors.Join(s.Report(), s.Report(), s.Close()); err != nil || written != 3 {
		t.Errorf("%d reports, %v", written, err)
	}
}
