package report

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/test/golden"
)

// inCode makes a finding one whose statement names a place in a program.
func inCode(file string) func(*event.Finding) {
	return func(f *event.Finding) {
		f.Attributes = append(f.Attributes, sqltext.Attribute{Key: "source_location", Value: file})
	}
}

// places is what was found in statements that name places, and in one that names none.
func places() []event.Event {
	h := found()
	h.find("n+1", event.Warning, "seen, 100 %", "One statement would do", inCode("/srv/shop/app/models/order, or: not.rb:12"), func(f *event.Finding) {
		f.Signature = "n+1:1111111111111111"
	})
	h.find("slow", event.Note, "it [took](https://example.com) {0}\nlong", "Ask", inCode(`C:\shop\x.rb:1:in 'show'`))
	return acceptErrors(h.events)
}

var placed = Options{Rules: rules(), Place: "runs/monday 1.pcapng", Folder: "/srv/shop", Version: "1.2.3"}

// TestFormats compares files for other programs with the expected ones. test/formats has those
// programs judge them.
func TestFormats(t *testing.T) {
	golden.Compare(t, "findings.sarif", render(t, "sarif", placed, places()))
	golden.Compare(t, "clean.sarif", render(t, "sarif", placed, shop().events))
	golden.Compare(t, "findings.junit.xml", render(t, "junit", placed, places()))
	golden.Compare(t, "annotations.txt", annotations(t, placed, places()))
	if got := annotations(t, placed, shop().events); got != "" {
		t.Errorf("%q, although nothing was found", got)
	}
}

func annotations(t *testing.T, o Options, events []event.Event) (got string) {
	t.Helper()
	s := New(o, Output{Format: WriteAnnotations, Write: func(b []byte) error { got = string(b); return nil }, AtEnd: true})
	if err := errors.Join(s.Write(events), s.Report()); err != nil || got != "" {
		t.Errorf("%v, and before the end %q", err, got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestNothingJudged: where no exchange was seen, no rule has passed.
func TestNothingJudged(t *testing.T) {
	h := &history{}
	h.say(event.Joined{})
	var suites junitSuites
	if err := xml.Unmarshal([]byte(render(t, "junit", placed, h.events)), &suites); err != nil {
		t.Fatal(err)
	}
	if s := suites.Suites[0]; s.Skipped != s.Tests || s.Tests != 4 || len(s.Properties) != 3 {
		t.Errorf("%+v", s)
	}
	if log := render(t, "sarif", placed, h.events); !strings.Contains(log, "nothing was judged: 1 connection began before") {
		t.Error(log)
	}
	for _, format := range []Format{writeJUnit, writeSARIF} {
		var got string
		s := New(placed, Output{Format: format, Write: func(b []byte) error { got = string(b); return nil }})
		facts, _ := s.Chosen() // and none is
		if err := errors.Join(facts(shop().events), s.Close()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got, "nothing was judged: --filter, --since or --until left out all 43 exchanges") {
			t.Error(got)
		}
	}
}

// TestManyFindings makes one failure of several findings, and no more annotations than GitHub shows.
func TestManyFindings(t *testing.T) {
	h := shop()
	for i := range 60 {
		h.find("n+1", event.Warning, "seen", "remedy", func(f *event.Finding) { f.Signature = "n+1:" + strings.Repeat("a", i) })
	}
	if n := strings.Count(annotations(t, placed, h.events), "\n"); n != maxAnnotations {
		t.Errorf("%d annotations", n)
	}
	if report := render(t, "junit", placed, h.events); strings.Count(report, "<failure ") != 1 || !strings.Contains(report, `<failure message="60 findings, such as: seen"`) {
		t.Error(report)
	}
}

// checkFormats tests what is true of any file for other programs.
func checkFormats(t *testing.T, o Options, events []event.Event) {
	t.Helper()
	junit := render(t, "junit", o, events)
	for decoder := xml.NewDecoder(strings.NewReader(junit)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, junit)
		}
	}
	var log sarifLog
	if err := json.Unmarshal([]byte(render(t, "sarif", o, events)), &log); err != nil {
		t.Fatal(err)
	}
	lines := annotations(t, o, events)
	for line := range strings.Lines(lines) {
		if !strings.HasPrefix(line, "::") || strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\r\x00\x1b\x7f") {
			t.Errorf("%q", line)
		}
	}
	if strings.Count(lines, "\n") > len(log.Runs[0].Results) {
		t.Errorf("there are lines that are not of findings:\n%s", lines)
	}
	if junit != render(t, "junit", o, events) || lines != annotations(t, o, events) {
		t.Error("equal events make files that differ")
	}
}
