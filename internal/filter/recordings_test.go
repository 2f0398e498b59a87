package filter

import (
	"context"
	"slices"
	"testing"

	"pgpi/internal/capture"
	"pgpi/internal/event"
)

// recorder plays what a capture has.
type recorder struct{ *player }

func (r recorder) Record(e *event.Event) { r.record(e.Clone()) }
func (recorder) Wait(<-chan struct{})    {}

// Recordings of real servers: an error between exchanges, and a Query with three statements before
// pipelined exchanges.
func TestRecordings(t *testing.T) {
	for _, test := range []struct {
		recording, expression string
		want                  []string
	}{
		{"fatal-nobody-asked-for", `sqlstate == "57P05"`, []string{"ErrorResponse"}},
		{"fatal-nobody-asked-for", `tag == "LISTEN" and type != "DataRow"`, []string{
			"Query", "CommandComplete", "CommandComplete", "RowDescription", "CommandComplete", "CommandComplete", "ReadyForQuery",
		}},
		{"fatal-nobody-asked-for", `type == "NotificationResponse" and (sqlstate != "" or tag != "" or sql != "")`, nil},
		{"three-statements-in-a-query", `tag startsWith "UPDATE"`, []string{
			"Query", "CommandComplete", "CommandComplete", "RowDescription", "DataRow", "CommandComplete", "ReadyForQuery",
		}},
		{"three-statements-in-a-query", `tag startsWith "INSERT 0 1" and tag endsWith "1" and type == "Query"`, []string{"Query"}},
		{"three-statements-in-a-query", `type == "Query" and tag startsWith "DELETE"`, nil},
	} {
		reader, err := capture.Open([]string{"testdata/" + test.recording + ".pcapng"}, capture.Options{Problem: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		d := begin(t, test.expression)
		if report := reader.Read(context.Background(), recorder{d.player}); report.Incomplete() {
			t.Errorf("%s: the recording is incomplete: %+v", test.recording, report)
		}
		d.close()
		if !slices.Equal(d.out.words, test.want) || len(d.said) > 0 {
			t.Errorf("%s, %s: there came through %q, not %q; it is said that %q", test.recording, test.expression, d.out.words, test.want, d.said)
		}
	}
}
