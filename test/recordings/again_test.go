package recordings

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestAgain records each recording and capture again: what was recorded reads as the first one does, also with
// --redact values, which changes nothing but values.
func TestAgain(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.name, func(t *testing.T) {
			readJSON := func(args ...string) (log, end string) {
				log, end = read(t, slices.Concat([]string{"--log-forwarded=json"}, r.args, args))
				end, _, _ = strings.Cut(end, "\n") // complaints name files
				return log, end
			}
			first, firstEnd := readJSON(r.paths()...)
			dir := t.TempDir()
			name := filepath.Join(dir, "again.pcapng")
			read(t, slices.Concat([]string{"--log-forwarded=none", "--record=" + name}, r.args, r.paths()))
			again, end := readJSON(name)
			if again != first || end != firstEnd {
				t.Errorf("recorded again it reads as\n%s\n%s\nwant\n%s\n%s", again, end, first, firstEnd)
			}
			redacted := filepath.Join(dir, "redacted.pcapng")
			read(t, slices.Concat([]string{"--log-forwarded=none", "--redact=values", "--record=" + redacted}, r.args, r.paths()))
			again, end = readJSON(redacted)
			if got, want := messagesOf(t, again), messagesOf(t, first); got != want || end != firstEnd {
				t.Errorf("without values it has the messages\n%s%s\nwant\n%s%s", got, end, want, firstEnd)
			}
		})
	}
}

// messagesOf lists the messages in a log of JSON Lines, with their sizes. What CopyData holds is left out: behind a large
// message, which is blanked, nobody knows.
func messagesOf(t *testing.T, log string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(log) {
		var e struct {
			Kind, From, Type string
			Size             int64
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind == "message" {
			name, _, _ := strings.Cut(e.Type, "/")
			b.WriteString(e.From + " " + name + " " + strconv.FormatInt(e.Size, 10) + "\n")
		}
	}
	return b.String()
}
