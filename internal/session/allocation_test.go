//go:build !race

package session

import (
	"testing"

	"pgpi/internal/event"
)

// TestMessagesDoNotAllocate plays transactions as pgbench does, in all its modes. It can't
// be built with the race detector, whose instrumentation allocates.
func TestMessagesDoNotAllocate(t *testing.T) {
	for name, transaction := range transactions {
		t.Run(name, func(t *testing.T) {
			play := transactionPlayer(t, transaction)
			for range 10 {
				play()
			}
			if n := testing.AllocsPerRun(100, play); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// BenchmarkScan follows the messages of a transaction.
func BenchmarkScan(b *testing.B) {
	for name, transaction := range transactions {
		b.Run(name, func(b *testing.B) {
			play := transactionPlayer(b, transaction)
			size := 0
			for _, l := range transaction {
				size += len(l.bytes)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				play()
			}
		})
	}
}

// transactions are a select and an update, in a block.
var transactions = map[string][]line{
	"simple": {
		asking("begin"), tagged("BEGIN"), inBlock,
		asking("select balance from accounts where id = 7"), columns("balance:23"), row(""), done, inBlock,
		asking("update accounts set balance = 1 where id = 7"), tagged("UPDATE 1"), inBlock,
		asking("end"), tagged("COMMIT"), isReady,
	},
	"extended": {
		parse("", "begin"), bind("", "", "", ""), describing("P", ""), executing("", ""), syncing, parsed, bound, noData, tagged("BEGIN"), inBlock,
		parse("", "select balance from accounts where id = $1", 23), bind("", "", "b", ""), describing("P", ""), executing("", ""), syncing,
		parsed, bound, columns("balance:23b"), row(""), done, inBlock,
		parse("", "end"), bind("", "", "", ""), describing("P", ""), executing("", ""), syncing, parsed, bound, noData, tagged("COMMIT"), isReady,
	},
	"prepared": {
		bind("", "begin", "", ""), executing("", ""), syncing, bound, tagged("BEGIN"), inBlock,
		bind("", "select", "b", ""), describing("P", ""), executing("", ""), syncing, bound, columns("balance:23b"), row(""), row(""), done, inBlock,
		describing("Sselect", ""), syncing, parameters(23), columns("balance:23"), inBlock,
		bind("", "end", "", ""), executing("", ""), syncing, bound, tagged("COMMIT"), isReady,
	},
}

// transactionPlayer logs in, and prepares what the transactions need.
func transactionPlayer(tb testing.TB, transaction []line) func() {
	tb.Helper()
	tracker := New(NewBudget(DefaultBudget))
	scan := func(d event.Direction, b []byte) {
		if p := tracker.Scan(d, b); p.Size != len(b) {
			tb.Fatalf("%q is not whole", b)
		}
	}
	for _, s := range loginSteps {
		for b := []byte(s.bytes); len(b) > 0; {
			b = b[tracker.Scan(s.direction, b).Size:]
		}
	}
	for _, l := range []line{parse("begin", "begin"), parse("select", "select balance from accounts where id = $1", 23), parse("end", "end"), syncing, parsed, parsed, parsed, isReady} {
		scan(l.direction, []byte(l.bytes))
	}
	var messages [][]byte
	for _, l := range transaction {
		messages = append(messages, []byte(l.bytes))
	}
	return func() {
		for i, l := range transaction {
			scan(l.direction, messages[i])
		}
	}
}
