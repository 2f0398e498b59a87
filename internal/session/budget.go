package session

import "sync/atomic"

// DefaultBudget is how much all connections of a process may remember together, in bytes.
const DefaultBudget = 32 << 20

// Budget bounds what trackers keep together: beginnings of large messages, and SQL. When it is used
// up, less is kept, and messages say what was not. It is safe for concurrent use; nil is unlimited.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget returns a budget of limit bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// reserve takes n bytes, if there are that many.
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

// release returns n bytes.
func (b *Budget) release(n int) {
	if b != nil {
		b.used.Add(int64(-n))
	}
}
