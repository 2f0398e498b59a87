package jsonl

import (
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/test/transcript"
)

var (
	message  = transcript.Message
	cut      = transcript.Cut
	redacted = transcript.Redacted
)

// newTranscript returns a transcript in which time passes.
func newTranscript() *transcript.Transcript { return &transcript.Transcript{Step: 1234567} }

// with returns a message with what a session knew about it.
func with(m event.Message, c *event.Context, s *event.Settings) event.Message {
	m.Context, m.Settings = c, s
	return m
}

// render returns what the sink writes for events.
func render(t testing.TB, o Options, events []event.Event) string {
	t.Helper()
	var log strings.Builder
	sink := New(&log, o)
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return log.String()
}
