package capture

import (
	"fmt"
	"maps"
	"slices"
)

// passed are conversations that were passed over, although a server of Postgres is at one of their
// ends: their beginning is not in the capture, and the server is at a port where none was expected.
type passed struct {
	// servers are the ends at which clients of Postgres have begun connections.
	servers map[end]bool
	// joined counts the conversations without a beginning, by both of their ends.
	joined map[end]int
}

// maxEnds limits how many ends are remembered, of each sort.
const maxEnds = 1 << 16

func newPassed() passed { return passed{map[end]bool{}, map[end]int{}} }

// addServer remembers that a server of Postgres is at an end.
func (p *passed) addServer(e end) {
	if len(p.servers) < maxEnds {
		p.servers[e] = true
	}
}

// add remembers a conversation that was passed over, if it began before the capture.
func (p *passed) add(f *flow) {
	if f.began {
		return
	}
	for _, e := range f.ends {
		if p.joined[e] > 0 || len(p.joined) < maxEnds {
			p.joined[e]++
		}
	}
}

// explain reports what was passed over at the ports of servers.
func (p *passed) explain(r *Reader) {
	ports := map[uint16]int{}
	for server := range p.servers {
		if n := p.joined[server]; n > 0 {
			ports[server.port()] += n
		}
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		r.report.Passed += ports[port]
		connections := "a connection to port %[2]d was passed over, because its beginning is not in the capture"
		if ports[port] > 1 {
			connections = "%[1]d connections to port %[2]d were passed over, because their beginnings are not in the capture"
		}
		err := fmt.Errorf(connections+": Postgres is at that port, so give --port %[2]d", ports[port], port)
		r.options.Problem(err)
		r.sayDamaged(err)
	}
}
