package session

import "sync/atomic"

// DefaultBudget is what all connections of a process may remember together, in
// bytes.
const DefaultBudget = 32 << 20

// Budget bounds what trackers keep together: prefixes of large messages, and SQL.
// Past it less is kept, and what was not kept is said to be so. It is safe for
// concurrent use; nil is without bound.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget makes a budget of limit bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// reserve takes n bytes, if they are there.
func (b *Budget) reserve(n int) bool {
	if b == nil || n == 0 {
		return true
	}
	if b.used.Add(int64(n)) > b.limit {
		b.used.Add(int64(-n))
		return false
	}
	return true
}

// release gives n bytes back.
func (b *Budget) release(n int) {
	if b != nil {
		b.used.Add(int64(-n))
	}
}
