package report

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
)

// distinct is how many statements that all differ are recorded; PGPI_DISTINCT says otherwise.
var distinct = numberOf("PGPI_DISTINCT", 50_000)

// TestDistinct reports statements that all have different shapes. It checks that the totals are right
// and that memory is bounded. With 10,000 connections open at once, most of the memory is for reading
// them, with or without a report.
func TestDistinct(t *testing.T) {
	if testing.Short() {
		t.Skip("the test records much, and -short leaves that out")
	}
	for _, test := range []struct {
		connections int
		memory      int64 // in bytes
	}{{10, 128 << 20}, {10_000, 384 << 20}} {
		t.Run(strconv.Itoa(test.connections), func(t *testing.T) { reportDistinct(t, test.connections, test.memory) })
	}
}

func reportDistinct(t *testing.T, connections int, maxMemory int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "distinct.pcapng")
	record(t, path, distinct, connections)
	out := path + ".json"
	cmd := exec.Command(pgpiPath, "report", "--report=json="+out, path)
	began := time.Now()
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Fatalf("%v: %s", err, said)
	}
	used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("nobody knows how much memory it took")
	}
	memory := used.Maxrss << 10
	t.Logf("%d statements on %d connections: %v, %v of processor time, %d MiB", distinct, connections, time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), memory>>20)
	if memory > maxMemory {
		t.Errorf("it took %d MiB", memory>>20)
	}
	var r struct {
		Total sums
		Seen  struct{ Opened int64 }
	}
	if err := json.Unmarshal(content(t, out), &r); err != nil {
		t.Fatal(err)
	}
	if r.Total.Calls != int64(distinct) || r.Total.Rows != int64(distinct) || r.Seen.Opened != int64(connections) {
		t.Errorf("%d calls with %d rows on %d connections", r.Total.Calls, r.Total.Rows, r.Seen.Opened)
	}
}

// record writes a recording of statements and their replies.
func record(t *testing.T, path string, n, connections int) {
	t.Helper()
	sink, err := pcapng.New(pcapng.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC)
	var events []event.Event
	add := func(conn int, e event.Event) {
		at = at.Add(10 * time.Microsecond)
		e.Conn, e.At, e.Elapsed = uint32(conn), at, at.Sub(at.Truncate(time.Hour))
		events = append(events, e)
		if len(events) == cap(events) || e.Fact != nil {
			if err := sink.Write(events); err != nil {
				t.Fatal(err)
			}
			events = events[:0]
		}
	}
	say := func(conn int, d event.Direction, b string) {
		add(conn, event.Event{Kind: event.Traffic, Direction: d, Data: []byte(b), Relayed: true})
	}
	for conn := 1; conn <= connections; conn++ {
		add(conn, event.Event{Kind: event.Said, Fact: event.Opened{Time: at, Client: fmt.Sprintf("127.0.0.1:%d", 10_000+conn)}})
		say(conn, event.ClientToServer, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
		say(conn, event.ServerToClient, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
	}
	for i := range n {
		conn := 1 + i%connections
		say(conn, event.ClientToServer, message('Q', fmt.Sprintf("select c%d from t\x00", i)))
		say(conn, event.ServerToClient, message('D', "\x00\x01\x00\x00\x00\x011")+message('C', "SELECT 1\x00")+message('Z', "I"))
	}
	for conn := 1; conn <= connections; conn++ {
		add(conn, event.Event{Kind: event.Said, Fact: event.Ended{}})
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// message frames a body.
func message(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}
