//go:build unix

package replication

import (
	"flag"
	"sync"
	"testing"

	"pgpi/internal/wire"
)

// notProvokable are the messages inside CopyData that no server can be made to send
// here, with the reason. All others have been seen by the tests of this package.
var notProvokable = map[wire.Type]string{
	wire.PrimaryStatusUpdate:  "servers 19 and later send it",
	wire.PrimaryStatusRequest: "subscribers 19 and later send it",
}

// all is what the tests of this package have seen, and how many of them could not run.
var all struct {
	sync.Mutex
	seen    map[wire.Type]int
	skipped int
}

func remember(seen map[wire.Type]int) {
	all.Lock()
	defer all.Unlock()
	if all.seen == nil {
		all.seen = map[wire.Type]int{}
	}
	for typ, count := range seen {
		all.seen[typ] += count
	}
}

// part is called first by each test that looks at traffic.
func part(t *testing.T) {
	t.Cleanup(func() {
		all.Lock()
		defer all.Unlock()
		if t.Skipped() {
			all.skipped++
		}
	})
}

// TestTable compares the table with what was seen. It is the last test, by the name of
// its file, and says nothing where only some of the others ran.
func TestTable(t *testing.T) {
	all.Lock()
	defer all.Unlock()
	if all.skipped > 0 || flag.Lookup("test.run").Value.String() != "" {
		t.Skip("not all tests of this package ran: go test ./test/replication runs them")
	}
	for _, typ := range wire.Types() {
		reason, excused := notProvokable[typ]
		switch {
		case typ.Code() != 'd' || typ == wire.CopyData:
		case all.seen[typ] == 0 && !excused:
			t.Errorf("%s has not been seen on the wire", typ)
		case all.seen[typ] > 0 && excused:
			t.Errorf("%s has been seen, although %s", typ, reason)
		}
	}
}
