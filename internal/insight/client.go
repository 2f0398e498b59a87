package insight

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"pgpi/internal/event"
)

// clientKey is what the connections of a client have in common. If it is not known who is
// connected, each connection is a client of its own, and has its number.
type clientKey struct {
	user, database, application, address string
	conn                                 uint32
}

// client is what is remembered about a client.
type client struct {
	key         clientKey
	identity    *event.Identity
	connections int
	// open counts the connections with an open exchange. rested is since when there are none.
	open   int
	rested time.Duration
	// gone is since when it has no connections, if there are none.
	gone time.Duration
	// loaded is set from when a burst was cut until the client rests.
	loaded bool
	scope  *scope
	// bursts are by what the comments of their statements have in common, "" for nothing.
	bursts map[string]*scope
	memory memory
	// followed is when a burst ended in which a shape was found by rule n+1, by the shape's ID. What
	// ended up to unsure is not known any more.
	followed map[string]time.Duration
	unsure   time.Duration
	// writes counts what may have changed data.
	writes int64
}

// isAtRest reports whether it has had nothing open for a while.
func (c *client) isAtRest(now time.Duration) bool { return c.open == 0 && now >= c.rested+restTime }

// name returns who the client is, for a sentence.
func (c *client) name() string {
	if c.key.user == "" {
		return "the command"
	}
	return c.key.user + "@" + c.key.database
}

// Limits on clients.
const (
	maxClients = 1000
	// maxBursts is how many bursts a client can have at once.
	maxBursts = 100
	// forgetAfter is how long a client without connections is remembered.
	forgetAfter = time.Minute
)

// join finds the client of a connection. If the connection changes its application_name, it is
// another client's from then on.
func (s *Stage) join(c *connection) {
	key := s.keyOf(c)
	if c.client != nil && c.client.key == key {
		return
	}
	busy := c.asked > c.done
	if c.client != nil {
		if busy {
			s.rest(c.client)
		}
		s.disconnect(c.client)
	}
	next := s.clients[key]
	if next == nil {
		s.makeRoom()
		next = &client{key: key, identity: c.identity, rested: s.clock.Now, bursts: map[string]*scope{}, unsure: -1}
		next.scope = s.begin(aClient, next, nil)
		s.clients[key] = next
	}
	next.connections++
	if busy {
		next.open++
	}
	c.client = next
}

func (s *Stage) keyOf(c *connection) clientKey {
	switch i := c.identity; {
	case s.command:
		return clientKey{}
	case i == nil || i.User == "":
		return clientKey{conn: c.number}
	default:
		return clientKey{user: i.User, database: i.Database, application: i.Application, address: i.Address}
	}
}

// rest notes that a connection has nothing open any more.
func (s *Stage) rest(c *client) {
	c.open--
	if c.open == 0 {
		c.rested = s.clock.Now
		s.schedule(c.scope, c.rested+restTime)
	}
}

// disconnect notes that a connection is the client's no longer.
func (s *Stage) disconnect(c *client) {
	c.connections--
	if c.connections == 0 {
		c.gone = s.clock.Now
		s.schedule(c.scope, c.gone+restTime)
	}
}

// makeRoom forgets the client that has been gone for longest if there are too many.
func (s *Stage) makeRoom() {
	if len(s.clients) < maxClients {
		return
	}
	var oldest *client
	for _, c := range s.clients {
		if c.connections == 0 && (oldest == nil || c.hasGoneBefore(oldest)) {
			oldest = c
		}
	}
	if oldest != nil {
		s.endClient(oldest, stopped)
	}
}

// hasGoneBefore compares clients without connections. Of those that have gone at the same time, it is
// the first, so that equal events make equal findings.
func (c *client) hasGoneBefore(other *client) bool {
	return cmp.Or(cmp.Compare(c.gone, other.gone), cmp.Compare(c.scope.number, other.scope.number)) < 0
}

func (s *Stage) endClient(c *client, how ending) {
	s.endBursts(c, how)
	s.endScope(&c.scope, how)
	s.releaseMemory(&c.memory)
	delete(s.clients, c.key)
}

func (s *Stage) clientsInOrder() []*client {
	return slices.SortedFunc(maps.Values(s.clients), func(a, b *client) int { return cmp.Compare(a.scope.number, b.scope.number) })
}
