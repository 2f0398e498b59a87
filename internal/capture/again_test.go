package capture

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
	"pgpi/test/decoded"
)

var (
	againTimes = flag.Int("again", 100, "how many captures TestAgain makes")
	againFirst = flag.Uint64("again-first", 0, "the seed of the first of them")
)

// outcome is what pgpi read shows of captures, and what decides its exit code.
type outcome struct {
	events     []event.Event
	incomplete bool
	nothing    bool // nothing could be decoded, or everything is encrypted
}

// readAgain reads captures, and records them.
func readAgain(t testing.TB, record pcapng.Options, files ...string) (r outcome, recorded []string) {
	t.Helper()
	dir := t.TempDir()
	record.Path = filepath.Join(dir, "r.pcapng")
	sink, err := pcapng.New(record)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := Open(files, Options{Problem: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	recorder := decoded.NewRecording(func(e *event.Event) {
		if err := sink.Write([]event.Event{e.Clone()}); err != nil {
			t.Fatal(err)
		}
		if !e.Repeated && e.Kind != event.End { // which is in no log
			r.events = append(r.events, e.Clone())
		}
	})
	report := reader.Read(t.Context(), recorder)
	seen := recorder.Seen()
	r.incomplete = report.Incomplete()
	r.nothing = report.Connections > 0 && report.Encrypted == report.Connections || seen.Messages == 0 && seen.Undecoded > 0
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if recorded, err = filepath.Glob(filepath.Join(dir, "*.pcapng")); err != nil || len(recorded) == 0 {
		t.Fatal(errors.Join(errors.New("nothing was recorded"), err))
	}
	return r, recorded
}

// compare reports where two readings differ in what logs show.
func (r *outcome) compare(want *outcome) error {
	if r.incomplete != want.incomplete || r.nothing != want.nothing {
		return fmt.Errorf("incomplete: %t, want %t; nothing: %t, want %t", r.incomplete, want.incomplete, r.nothing, want.nothing)
	}
	for i := range min(len(r.events), len(want.events)) {
		if d := differences(r.events[i], want.events[i]); d != "" {
			return fmt.Errorf("event %d: %s", i, d)
		}
	}
	if len(r.events) != len(want.events) {
		return fmt.Errorf("%d events, want %d", len(r.events), len(want.events))
	}
	return nil
}

// differences names the fields in which events differ.
func differences(g, w event.Event) string {
	if !g.At.Equal(w.At) || g.At.Format(time.RFC3339Nano) != w.At.Format(time.RFC3339Nano) {
		return fmt.Sprintf("at %v, want %v", g.At, w.At)
	}
	g.At, w.At = time.Time{}, time.Time{}
	if len(g.Data)+len(w.Data) == 0 {
		g.Data = w.Data // nil or empty
	}
	if len(g.Messages)+len(w.Messages) == 0 {
		g.Messages = w.Messages // the same
	}
	if g.Fact != nil && w.Fact != nil && event.Key(g.Fact) == event.Key(w.Fact) && event.Sentence(g.Fact) == event.Sentence(w.Fact) {
		g.Fact = w.Fact // except for the name of a time zone
	}
	g.Cut, w.Cut, g.Opaque, w.Opaque, g.Inside, w.Inside = false, false, false, false, false, false // they are in no log
	var b strings.Builder
	differ(&b, "", reflect.ValueOf(g), reflect.ValueOf(w))
	if b.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("%s in %.500s", b.String(), dump(w))
}

func differ(b *strings.Builder, path string, g, w reflect.Value) {
	switch {
	case reflect.DeepEqual(g.Interface(), w.Interface()):
	case g.Kind() == reflect.Struct:
		for i := range g.NumField() {
			if g.Type().Field(i).IsExported() {
				differ(b, path+"."+g.Type().Field(i).Name, g.Field(i), w.Field(i))
			}
		}
	case g.Kind() == reflect.Slice && g.Len() == w.Len() && g.Type().Elem().Kind() == reflect.Struct:
		for i := range g.Len() {
			differ(b, fmt.Sprintf("%s[%d]", path, i), g.Index(i), w.Index(i))
		}
	default:
		fmt.Fprintf(b, "%s: got %.300s, want %.300s; ", path, jsonOf(g.Interface()), jsonOf(w.Interface()))
	}
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestAgain records captures of all sorts again, and what was recorded, in one file or in many: it
// must read like the capture. Each file is a capture, too. To run more of them: go test
// ./internal/capture -run TestAgain -again 10000
func TestAgain(t *testing.T) {
	times := *againTimes
	if testing.Short() {
		times /= 10
	}
	for seed := range uint64(times) {
		if err := recordAgain(t, *againFirst+seed); err != nil {
			t.Fatalf("seed %d: %v", *againFirst+seed, err)
		}
	}
}

func recordAgain(t testing.TB, seed uint64) error {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 9))
	var files []string
	var told truth
	switch r.IntN(8) {
	case 0, 1, 2:
		files = randomRecording(t, r, &told)
	case 3: // both
		files = append(randomRecording(t, r, &told), randomCapture(t, r, &told))
	default:
		files = []string{randomCapture(t, r, &told)}
	}
	var rotate [3]int64
	for i := range rotate {
		rotate[i] = []int64{0, 0, 5_000, 30_000}[r.IntN(4)]
	}
	want, files := readAgain(t, pcapng.Options{Rotate: rotate[0]}, files...)
	if err := told.check(want.events); err != nil {
		return err
	}
	for generation := 1; generation < len(rotate); generation++ {
		got, next := readAgain(t, pcapng.Options{Rotate: rotate[generation]}, files...)
		err := got.compare(&want)
		if err == nil && len(files) > 1 {
			err = partsAgain(t, r, files, &told)
		}
		if err != nil {
			return fmt.Errorf("recording %d of files %v: %w", generation, rotate, err)
		}
		files = next
	}
	return nil
}

// partsAgain reads some of the files of a recording by themselves, and what was recorded from that.
func partsAgain(t testing.TB, r *rand.Rand, files []string, told *truth) error {
	t.Helper()
	for range 3 {
		from := r.IntN(len(files))
		some := files[from:min(len(files), from+1+r.IntN(3))]
		if r.IntN(4) == 0 && len(some) > 2 {
			some = append(some[:1:1], some[2:]...)
		}
		want, recorded := readAgain(t, pcapng.Options{Rotate: []int64{0, 8_000}[r.IntN(2)]}, some...)
		got, _ := readAgain(t, pcapng.Options{}, recorded...)
		if err := got.compare(&want); err != nil {
			return fmt.Errorf("%d files from file %d: %w", len(some), from+1, err)
		}
		if err := told.check(want.events); err != nil {
			return fmt.Errorf("%d files from file %d, alone: %w", len(some), from+1, err)
		}
	}
	return nil
}

// truth is what was said on connections, by client, as it reads if nothing is missing.
type truth struct {
	messages map[spoken][]event.Message
	mistakes map[string]bool
	// edited is set if packets were removed from a recording, perhaps those that say what others
	// are.
	edited bool
	// unsure are the clients of connections that go out of sync: after a gap more may be understood
	// than without it.
	unsure map[string]bool
}

// spoken are the bytes of a message, and where they were sent.
type spoken struct {
	client    string
	direction event.Direction
	bytes     string
}

// learn adds what is in events.
func (t *truth) learn(events []event.Event) {
	if t.messages == nil {
		t.messages, t.mistakes, t.unsure = map[spoken][]event.Message{}, map[string]bool{}, map[string]bool{}
	}
	client := ""
	for i := range events {
		switch f := events[i].Fact.(type) {
		case event.Opened:
			client = f.Client
		case event.OutOfSync:
			t.unsure[client] = true
		}
	}
	eachMessage(events, func(client string, e *event.Event, m *event.Message) {
		s := spoken{client, e.Direction, string(m.Bytes)}
		t.messages[s] = append(t.messages[s], *m)
	}, func(client string, f event.Fact) { t.mistakes[client+event.Sentence(f)] = true })
}

// check checks that a reading claims nothing that is not true: neither names, nor mistakes of a
// party.
func (t *truth) check(events []event.Event) (err error) {
	if t.edited {
		return nil
	}
	eachMessage(events, func(client string, e *event.Event, m *event.Message) {
		all, known := t.messages[spoken{client, e.Direction, string(m.Bytes)}]
		if known && !t.unsure[client] && !fits(m, all) && err == nil {
			err = fmt.Errorf("%s: %v %.40q at %v is %.300s, in truth one of %.900s", client, m.Type, m.Bytes, e.Elapsed, jsonOf(m.Context), jsonOf(all))
		}
	}, func(client string, f event.Fact) {
		if !t.unsure[client] && !t.mistakes[client+event.Sentence(f)] && err == nil {
			err = fmt.Errorf("%s: %s", client, event.Sentence(f))
		}
	})
	return err
}

// eachMessage visits messages, and the facts that accuse the server.
func eachMessage(events []event.Event, message func(client string, e *event.Event, m *event.Message), mistake func(client string, f event.Fact)) {
	clients := map[uint32]string{}
	for i := range events {
		e := &events[i]
		switch f := e.Fact.(type) {
		case event.Opened:
			clients[e.Conn] = f.Client
		case event.ServerMistake:
			mistake(clients[e.Conn], f)
		}
		for j := range e.Messages {
			if m := &e.Messages[j]; m.Size == int64(len(m.Bytes)) {
				message(clients[e.Conn], e, m)
			}
		}
	}
}

// fits reports whether one of the messages with the same bytes has the same name, and at least the
// same context.
func fits(m *event.Message, all []event.Message) bool {
	for _, c := range all {
		switch {
		case m.Type != c.Type && m.Type.Code() != 'd' && m.Type.Code() != 'p':
		case m.Context == nil, c.Context == nil && c.Exchange == 0: // withheld in truth, because of a mistake of the server
			return true
		case c.Context == nil, !sameSQL(m.Context, c.Context), m.Context.Relation != "" && m.Context.Relation != c.Context.Relation:
		case sameColumns(m.Context.Columns, c.Context.Columns):
			return true
		}
	}
	return false
}

// sameSQL reports whether SQL agrees with other SQL as far as it is known.
func sameSQL(part, whole *event.Context) bool {
	return part.SQL == whole.SQL || part.SQL == "" || part.Shortened > 0 && strings.HasPrefix(whole.SQL, part.SQL)
}

// sameColumns reports whether columns agree with others as far as they are known.
func sameColumns(part, whole []event.Column) bool {
	if len(part) > len(whole) {
		return false
	}
	for i, c := range part {
		if w := whole[i]; c.Name != w.Name || c.TypeOID != 0 && c.TypeOID != w.TypeOID || c.TypeModifier != -1 && c.TypeModifier != w.TypeModifier {
			return false
		}
	}
	return true
}
