package insight

import "slices"

// tally counts what comes again and again, by hashes. If there is too much, it forgets the half that
// came least, and counts that anew if it comes again. So a count can be too low, but never too high.
type tally[V any] struct {
	places map[uint64]int // in all
	all    []tallied[V]   // in the order of their first time
	counts []int64        // for sorting
	size   int            // of all, as far as resize was told
}

// tallied is what has come, how often, and what is known about it.
type tallied[V any] struct {
	hash  uint64
	times int64
	size  int
	value V
}

// maxTallied is how much a tally counts at once.
const maxTallied = 256

// add counts one more. What it returns is valid until the next call.
func (t *tally[V]) add(hash uint64) *tallied[V] {
	at, known := t.places[hash]
	if !known {
		if len(t.all) >= maxTallied {
			t.forget()
		}
		if t.places == nil {
			t.places = map[uint64]int{}
		}
		at = len(t.all)
		t.places[hash] = at
		t.all = append(t.all, tallied[V]{hash: hash})
	}
	t.all[at].times++
	return &t.all[at]
}

// resize notes how many bytes one takes, with what its value refers to.
func (t *tally[V]) resize(one *tallied[V], size int) {
	t.size += size - one.size
	one.size = size
}

// find returns what has come, or nil. It is valid until the next call of add.
func (t *tally[V]) find(hash uint64) *tallied[V] {
	if at, known := t.places[hash]; known {
		return &t.all[at]
	}
	return nil
}

// forget forgets the half that came least. Of what came equally often, the older stays.
func (t *tally[V]) forget() {
	t.counts = t.counts[:0]
	for i := range t.all {
		t.counts = append(t.counts, t.all[i].times)
	}
	slices.Sort(t.counts)
	half := len(t.counts) / 2
	limit := t.counts[half]
	above, _ := slices.BinarySearch(t.counts, limit+1)
	room := above - half // for those at the limit
	t.all = slices.DeleteFunc(t.all, func(one tallied[V]) bool {
		if one.times == limit {
			room--
		}
		if one.times > limit || one.times == limit && room >= 0 {
			return false
		}
		t.size -= one.size
		return true
	})
	clear(t.places)
	for i := range t.all {
		t.places[t.all[i].hash] = i
	}
}

func (t *tally[V]) reset() {
	clear(t.places)
	clear(t.all)
	t.all, t.size = t.all[:0], 0
}
