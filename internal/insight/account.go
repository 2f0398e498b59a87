package insight

import (
	"math/bits"
	"reflect"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// maxMemory is how much the stage may keep, in bytes, of what it could do without.
const maxMemory = 64 << 20

// account adds up what the stage keeps and could do without: what watchers and followers know, results,
// and what is collected of those under way. If it is too much, what least was added to lately is
// forgotten.
//
// Not in it is what is small and bounded by a number: what is known about open connections and their
// clients apart from that, about shapes, and what is kept to be used again.
type account struct {
	total, most int
	// ring links all holdings: its older is the newest, and its newer the oldest.
	ring holding
}

// holding is the memory of one thing that can be forgotten.
type holding struct {
	size         int
	of           forgettable
	older, newer *holding // nil while there is nothing
}

// forgettable is what a holding is of.
type forgettable interface {
	// forget forgets it, and removes it from the account.
	forget(s *Stage)
}

// add adds bytes to a holding, or takes some away.
func (a *account) add(h *holding, bytes int) {
	if bytes == 0 {
		return
	}
	h.size += bytes
	if a.total += bytes; bytes > 0 && a.ring.older != h {
		a.unlink(h)
		h.older, h.newer = a.ring.older, &a.ring
		a.ring.older.newer, a.ring.older = h, h
	}
}

// remove removes a holding.
func (a *account) remove(h *holding) {
	a.total -= h.size
	h.size = 0
	a.unlink(h)
}

func (*account) unlink(h *holding) {
	if h.newer != nil {
		h.older.newer, h.newer.older = h.newer, h.older
		h.older, h.newer = nil, nil
	}
}

// open opens an account.
func (a *account) open() {
	a.most = maxMemory
	a.ring.older, a.ring.newer = &a.ring, &a.ring
}

// isFull reports whether it is too much.
func (a *account) isFull() bool { return a.total > a.most }

// shed forgets the oldest until there is room.
func (s *Stage) shed() {
	a := &s.account
	for a.isFull() && a.ring.newer != &a.ring {
		oldest := a.ring.newer
		a.unlink(oldest)
		oldest.of.forget(s)
	}
}

// What things take, in bytes, without what they refer to.
var (
	sizeOfEvidence  = sizeOf[event.Evidence]()
	sizeOfAttribute = sizeOf[sqltext.Attribute]()
	sizeOfResult    = sizeOf[result]()
	sizeOfColumn    = sizeOf[column]()
	sizeOfRows      = sizeOf[rows]()
	sizeOfFollower  = sizeOf[follower]() + inMap
	sizeOfTrack     = sizeOf[track]()
	sizeOfRun       = sizeOf[run]()
	sizeOfCrowd     = sizeOf[crowd]() + inMap
	sizeOfSet       = sizeOf[set]()
	sizeOfPlace     = sizeOf[place]()
	sizeOfScope     = sizeOf[scope]() + sizeOf[follows]() + 2*inMap
	sizeOfLoop      = sizeOf[loop]()
	sizeOfQuestion  = sizeOf[question]()
	sizeOfExecuted  = sizeOf[executed]()
	sizeOfRequest   = sizeOf[request]()
	sizeOfUse       = sizeOf[use]() + inMap
	sizeOfParsed    = sizeOf[tallied[parsed]]() + inMap
	sizeOfVariant   = sizeOf[tallied[variant]]() + inMap
	sizeOfFailed    = sizeOf[failed]() + inMap
	sizeOfState     = sizeOf[state]()
	sizeOfBatch     = sizeOf[batch]() + inMap
	sizeOfWork      = sizeOf[work]() + inMap
	sizeOfStatement = sizeOf[statement]() + inMap
	sizeOfOperand   = sizeOf[value]() + sizeOf[int]()
	sizeOfRelation  = 2 * sizeOf[pair]()
	sizeOfVisit     = sizeOf[time.Duration]()
	sizeOfFollowed  = len("1:8f3a91c2d4e5b677") + 2*inMap
)

// inMap is what a key takes in a map, with one word of value, if half of the places are free.
const inMap = 40

// bytesOfMap returns what a map of words takes: at most 7 of 8 places are in use, and when they are
// full, their number doubles (internal/runtime/maps of Go).
func bytesOfMap(keys int) int {
	const place, header, small = 17, 96, 8
	if keys <= small {
		return min(keys, 1) * (header + small*place)
	}
	return header + place<<bits.Len(uint(keys*8/7))
}

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }

// sizeOfTexts returns what a shape and attributes of comments take, if nobody else has them.
func sizeOfTexts(shape *sqltext.Shape, attributes []sqltext.Attribute) (size int) {
	if shape != nil {
		size = len(shape.Text)
	}
	for i := range attributes {
		size += sizeOfAttribute + len(attributes[i].Key) + len(attributes[i].Value)
	}
	return size
}
