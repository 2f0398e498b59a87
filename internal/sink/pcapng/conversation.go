package pcapng

import (
	"net/netip"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// postgresPort is where readers of captures look for Postgres. Each conversation has this port,
// whatever port the server has.
const postgresPort = 5432

// The addresses of pgpi itself, of a server behind a Unix socket, and of clients from one are in
// "this network" (RFC 1122, section 3.2.1.3), which no party has.
var (
	script     = netip.AddrFrom4([4]byte{0, 0, 0, 0})
	unixServer = netip.AddrFrom4([4]byte{0, 255, 255, 254})
)

// conversation is a TCP conversation in the recording. Its client is the end that opened it.
type conversation struct {
	ends  endpoints
	begun bool
	// next is the next sequence number of each end. ended is whether an end has sent its last.
	next  [2]uint32
	ended [2]bool
}

// The two ends of a conversation.
const (
	clientEnd = iota
	serverEnd
)

// connection is what the recording remembers about a connection.
type connection struct {
	id             uint32
	clock          clock
	client, server netip.AddrPort
	// clientLeg is between the client and pgpi, and serverLeg between pgpi and the server. What is
	// relayed is also in serverLeg, so that it has a whole dialogue with the server, from the
	// StartupMessage on. They are nil until something is said.
	clientLeg, serverLeg *conversation
	claimed              []endpoints
	memory               memory // nothing if there is only one file
}

// newConnection returns what is known when a connection has been opened.
func newConnection(id uint32) *connection {
	c := &connection{id: id}
	c.client, c.server = unixClient(id), netip.AddrPortFrom(unixServer, postgresPort)
	return c
}

// unixClient returns an address for a client that has none. It differs between connections.
func unixClient(id uint32) netip.AddrPort {
	const ports = 60000
	page := id / ports
	address := netip.AddrFrom4([4]byte{0, 0, byte(page >> 8), byte(page)})
	return netip.AddrPortFrom(address, uint16(1024+id%ports))
}

// learn learns addresses, and the ends of conversations, from what pgpi says. Each layer of
// encryption, and each attempt to reach a server, has a conversation of its own. It returns the
// conversation that is finished, or nil.
func (c *connection) learn(f event.Fact) (finished *conversation) {
	switch f := f.(type) {
	case event.Opened:
		if a, err := netip.ParseAddrPort(f.Client); err == nil {
			c.client = netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
		}
	case event.Connected:
		c.server = netip.AddrPortFrom(unixServer, postgresPort)
		if a, err := netip.ParseAddr(hostOf(f.Address)); err == nil {
			c.server = netip.AddrPortFrom(a.Unmap().WithZone(""), postgresPort)
		}
		return c.replaceLeg(event.Server)
	case event.TLSEstablished:
		return c.replaceLeg(f.Party)
	case event.DirectTLSEstablished:
		return c.replaceLeg(f.Party)
	}
	return nil
}

// replaceLeg begins a new conversation with a party.
func (c *connection) replaceLeg(p event.Party) (finished *conversation) {
	leg := &c.serverLeg
	if p == event.Client {
		leg = &c.clientLeg
	}
	finished, *leg = *leg, nil
	return finished
}

// hostOf returns the address in "127.0.0.1 port 5432".
func hostOf(words string) string {
	for i := range len(words) {
		if words[i] == ' ' {
			return words[:i]
		}
	}
	return words
}

// conversationOf returns the conversation of an event's bytes, and which end sends them. Readers of
// captures expect a StartupMessage at the beginning of a conversation, so a second StartupMessage
// finishes the conversation before it.
func (s *Sink) conversationOf(c *connection, e *event.Event) (v *conversation, sender int, finished *conversation) {
	if e.Direction.Sender() == wire.Server {
		sender = serverEnd
	}
	leg, server := &c.serverLeg, c.server
	if e.Direction == event.ClientToScript || e.Direction == event.ScriptToClient {
		leg, server = &c.clientLeg, netip.AddrPortFrom(script, postgresPort)
	}
	if *leg != nil && (*leg).begun && len(e.Messages) > 0 && e.Messages[0].Type == wire.StartupMessage {
		finished, *leg = *leg, nil
	}
	if *leg == nil {
		*leg = &conversation{ends: s.claim(c, server)}
	}
	return *leg, sender, finished
}

// claim returns the ends of a connection's conversation with a server. No other connection has them
// while this one is open: if several recordings are read, clients may have the same address.
func (s *Sink) claim(c *connection, server netip.AddrPort) endpoints {
	ends := join(c.client, server)
	if owner, taken := s.owners[ends]; taken && owner != c.id {
		c.client = unixClient(c.id)
		ends = join(c.client, server)
	}
	s.owners[ends] = c.id
	c.claimed = append(c.claimed, ends)
	return ends
}

// release frees the ends of a connection that has ended.
func (s *Sink) release(c *connection) {
	for _, ends := range c.claimed {
		if s.owners[ends] == c.id {
			delete(s.owners, ends)
		}
	}
}

// join makes endpoints of the same family: an IPv4 address next to an IPv6 one is mapped.
func join(from, to netip.AddrPort) endpoints {
	if from.Addr().Is4() != to.Addr().Is4() {
		from = netip.AddrPortFrom(netip.AddrFrom16(from.Addr().As16()), from.Port())
		to = netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port())
	}
	return endpoints{from, to}
}
