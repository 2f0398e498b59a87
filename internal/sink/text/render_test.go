package text

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
