package capture

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/pseudonym"
	"pgpi/internal/reading"
	"pgpi/internal/session"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/wire"
	"pgpi/test/decoded"
)

// TestAgainRedacted records captures without their values: the same messages have the same fields,
// of the same sizes.
func TestAgainRedacted(t *testing.T) {
	for seed := range uint64(*againTimes / 5) {
		seed += *againFirst
		r := rand.New(rand.NewPCG(seed, 10))
		var told truth
		var files []string
		if r.IntN(2) == 0 {
			files = randomRecording(t, r, &told)
		} else {
			files = []string{randomCapture(t, r, &told)}
		}
		want, _ := readAgain(t, pcapng.Options{}, files...)
		got, _ := readAgain(t, pcapng.Options{}, withoutValues(t, []int64{0, 0, 20_000}[r.IntN(3)], files)...)
		if err := sameButForValues(&got, &want); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// withoutValues records captures as pgpi read --redact values does.
func withoutValues(t *testing.T, rotate int64, files []string) (recorded []string) {
	t.Helper()
	dir := t.TempDir()
	sink, err := pcapng.New(pcapng.Options{Path: filepath.Join(dir, "r.pcapng"), Rotate: rotate, Redacted: true})
	if err != nil {
		t.Fatal(err)
	}
	values := pseudonym.New()
	for _, take := range []func(*event.Event){values.Learn, func(e *event.Event) {
		own := e.Clone()
		values.Apply(&own)
		if err := sink.Write([]event.Event{own}); err != nil {
			t.Fatal(err)
		}
	}} {
		reader, err := Open(files, Options{Problem: func(error) {}})
		if err != nil {
			t.Fatal(err)
		}
		reader.Read(t.Context(), decoded.NewRecording(take))
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	recorded, err = filepath.Glob(filepath.Join(dir, "*.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	return recorded
}

// sameButForValues reports whether readings differ in more than values.
func sameButForValues(got, want *outcome) error {
	if got.incomplete != want.incomplete || got.nothing != want.nothing {
		return fmt.Errorf("incomplete: %t, want %t; nothing: %t, want %t", got.incomplete, want.incomplete, got.nothing, want.nothing)
	}
	g, w := shapes(got.events), shapes(want.events)
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Errorf("event %d: got %s\nwant %s", i, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		return fmt.Errorf("%d events, want %d", len(g), len(w))
	}
	return nil
}

// shapes are what events are without values. Messages too large to hold are blanked except for
// their headers, so it is not known where in a row the client's next CopyData begins.
func shapes(events []event.Event) (all []string) {
	var r reading.Reader
	blanked := map[uint32]bool{}
	for i := range events {
		e := &events[i]
		var b strings.Builder
		fmt.Fprintf(&b, "%d %v %v %v %d of %d", e.Conn, e.Elapsed, e.Kind, e.Direction, len(e.Data), e.Total)
		if e.Fact != nil {
			fmt.Fprintf(&b, " %T", e.Fact)
		}
		for j := range e.Messages {
			m := &e.Messages[j]
			large := wire.Size(m.Bytes) > session.MaxHeld
			fmt.Fprintf(&b, "\n  %c %d %d:", m.Type.Code(), m.Size, m.Exchange)
			if e.Direction == event.ClientToServer {
				blanked[e.Conn] = m.Type.Code() == 'd' && (large || blanked[e.Conn])
			}
			if large || e.Direction == event.ClientToServer && blanked[e.Conn] {
				continue
			}
			fmt.Fprintf(&b, " %v", m.Type)
			r.Read(m)
			for k := range r.Fields {
				f := &r.Fields[k]
				fmt.Fprintf(&b, " %v", f.Name)
				if f.Kind != wire.Group {
					fmt.Fprintf(&b, " %d", f.End-f.Start)
				}
			}
		}
		all = append(all, b.String())
	}
	return all
}
