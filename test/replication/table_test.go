//go:build unix

package replication

import (
	"flag"
	"slices"
	"sync"
	"testing"

	"pgpi/internal/wire"
	"pgpi/test/messages"
	"pgpi/test/servers"
)

// all is what the tests of this package have seen with each version of server, and how many of them
// could not run.
var all struct {
	sync.Mutex
	seen    map[sighting]int
	skipped int
}

type sighting struct {
	version int
	typ     wire.Type
}

func remember(version int, seen map[wire.Type]int) {
	all.Lock()
	defer all.Unlock()
	if all.seen == nil {
		all.seen = map[sighting]int{}
	}
	for typ, count := range seen {
		all.seen[sighting{version, typ}] += count
	}
}

// part is called first in each test that looks at traffic.
func part(t *testing.T) {
	t.Cleanup(func() {
		all.Lock()
		defer all.Unlock()
		if t.Skipped() {
			all.skipped++
		}
	})
}

// TestTable compares what was seen with the documentation. It is the last test, by the name of its
// file. It says nothing if only some of the others ran.
func TestTable(t *testing.T) {
	all.Lock()
	defer all.Unlock()
	if all.skipped > 0 || flag.Lookup("test.run").Value.String() != "" {
		t.Skip("not all tests of this package ran: go test ./test/replication runs them")
	}
	for _, typ := range wire.Types() {
		if typ.Code() != 'd' || typ == wire.CopyData {
			continue // those are seen by test/messages
		}
		wanted := messages.Versions(typ)
		for _, version := range servers.Versions {
			times := all.seen[sighting{version, typ}]
			switch {
			case times == 0 && slices.Contains(wanted, version):
				t.Errorf("%s has not been seen with PostgreSQL %d", typ, version)
			case times > 0 && len(wanted) == 0:
				t.Errorf("%s has been seen with PostgreSQL %d, although %s", typ, version, messages.Seen(typ))
			}
		}
	}
}
