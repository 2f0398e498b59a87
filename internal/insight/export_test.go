package insight

import (
	"fmt"
)

// SetMost changes how much the stage may keep.
func (s *Stage) SetMost(bytes int) { s.account.most = bytes }

// Kept returns how much it keeps, in bytes.
func (s *Stage) Kept() int { return s.account.total }

// CheckAccount adds up anew what is kept.
func (s *Stage) CheckAccount() error {
	c := check{holdings: map[*holding]bool{}}
	for _, conn := range s.connections {
		c.scope(conn.scope)
		c.scope(conn.transaction)
		for _, r := range conn.rows {
			if r.size > 0 {
				c.add(&r.holding, r.bytes(), "rows")
			}
		}
	}
	for _, client := range s.clients {
		c.scope(client.scope)
		for _, b := range client.bursts {
			c.scope(b)
		}
		for _, r := range client.memory.results {
			c.add(&r.holding, r.size, "a result")
		}
	}
	linked := 0
	for h := s.account.ring.newer; h != &s.account.ring; h = h.newer {
		if linked++; !c.holdings[h] {
			c.errs = append(c.errs, fmt.Sprintf("%d bytes are of something that is over", h.size))
		}
	}
	if c.total != s.account.total || linked > len(c.holdings) {
		c.errs = append(c.errs, fmt.Sprintf("%d bytes are kept, and %d accounted for", c.total, s.account.total))
	}
	if len(c.errs) == 0 {
		return nil
	}
	return fmt.Errorf("%v", c.errs)
}

type check struct {
	total    int
	holdings map[*holding]bool
	errs     []string
}

// add adds a holding that should have some bytes.
func (c *check) add(h *holding, bytes int, of string) {
	c.holdings[h] = true
	c.total += bytes
	if bytes != h.size || (h.size > 0) && h.newer == nil {
		c.errs = append(c.errs, fmt.Sprintf("%d bytes of %s are kept, and %d accounted for", bytes, of, h.size))
	}
}

func (c *check) scope(sc *scope) {
	if sc == nil {
		return
	}
	bytes := 0
	for _, w := range sc.watchers {
		bytes += kept(w)
	}
	if sc.unit != nil {
		for _, w := range sc.unit.watchers {
			bytes += kept(w)
		}
	}
	switch sc.sort {
	case aBurst:
		bytes += sizeOfScope + len(sc.key)
		for _, f := range sc.follows.followers {
			bytes += f.bytes()
		}
		for _, w := range sc.follows.crowds {
			bytes += w.bytes()
		}
	case aClient:
		bytes += len(sc.client.followed) * sizeOfFollowed
	}
	c.add(&sc.holding, bytes, fmt.Sprintf("a scope of sort %d", sc.sort))
}

// kept returns how much a watcher keeps.
func kept(w watcher) (bytes int) {
	switch w := w.(type) {
	case *parses:
		return w.texts.sum() + w.asked.sum()
	case *variants:
		return w.texts.sum()
	case *uses:
		bytes = w.asked.sum()
		for _, at := range w.open {
			bytes += w.all[at].bytes()
		}
	case *questions:
		bytes = w.size
		for i := range w.all {
			bytes += sizeOfTexts(nil, w.all[i].attributes)
		}
		for i := range w.shapes {
			bytes += sizeOfExecuted + sizeOfTexts(w.shapes[i].shape, nil)
		}
	case *repetitions:
		bytes = w.size
		for i := range w.loops {
			bytes += w.loops[i].bytes()
		}
	case *batches:
		for i := range w.all {
			bytes += sizeOfBatch + sizeOfTexts(w.all[i].shape, w.all[i].attributes) + maxEvidence*sizeOfEvidence
		}
	case *conversation:
		bytes = sizeOfTexts(w.about, w.attributes) + sizeOfEvidence*len(w.evidence)
	case *failedTransaction:
		if w.failed {
			bytes = sizeOfTexts(w.shape, w.attributes) + len(w.message) + maxEvidence*sizeOfEvidence
		}
	case *idleness:
		bytes = sizeOfTexts(w.shape, w.tags)
	case *failures:
		for i := range w.all {
			bytes += sizeOfFailed + sizeOfTexts(w.all[i].shape, nil)
			for _, st := range w.all[i].states {
				bytes += sizeOfState + len(st.code) + len(st.message) + sizeOfTexts(nil, st.attributes) + sizeOfEvidence*len(st.evidence)
			}
		}
	case *visits:
		bytes = sizeOfVisit * len(w.begun)
	case *conflicts:
		for i := range w.kinds {
			bytes += w.kinds[i].first.bytes() + maxEvidence*sizeOfEvidence + 4*len(w.kinds[i].connections)
		}
		for _, failed := range w.waiting {
			bytes += failed.bytes()
		}
	}
	return bytes
}

func (t *tally[V]) sum() (bytes int) {
	for i := range t.all {
		bytes += t.all[i].size
	}
	return bytes
}

func (a *asked) sum() (bytes int) {
	for _, r := range a.all[a.first:] {
		bytes += r.bytes
	}
	return bytes
}
