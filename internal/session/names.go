package session

import (
	"bytes"
	"hash/maphash"
	"slices"

	"pgpi/internal/wire"
)

// names are the statements and portals as the client sees them. They include what it has made and
// the server may not have confirmed yet. An error undoes that.
type names struct {
	statements map[string]named[statement]
	portals    map[string]named[portal]
	budget     *Budget
	remembered int // bytes, reserved in the budget
	recent     recent
	// parsed is nil until a Parse was seen. partial is set if some may not have been.
	parsed  *nameFilter
	partial bool
}

// nameFilter has a bit for each name in a Parse. Names may share a bit, but a name whose bit is not
// set was in no Parse.
type nameFilter [64]uint64

func (f *nameFilter) bit(name []byte) (word *uint64, mask uint64) {
	h := maphash.Bytes(recentSeed, name)
	return &f[h/64%uint64(len(f))], 1 << (h % 64)
}

// parses remembers the name in a Parse for as long as the connection lasts.
func (n *names) parses(name []byte) {
	if n.parsed == nil {
		n.parsed = &nameFilter{}
	}
	word, mask := n.parsed.bit(name)
	*word |= mask
}

// neverParsed reports whether no Parse had a name.
func (n *names) neverParsed(name []byte) bool {
	if n.partial || n.parsed == nil {
		return !n.partial
	}
	word, mask := n.parsed.bit(name)
	return *word&mask == 0
}

// named is what a name stands for, and the number of the request that made it so.
type named[T any] struct {
	what *T
	by   uint64
}

// forget releases everything.
func (n *names) forget() {
	n.budget.release(n.remembered)
	n.statements, n.portals, n.remembered = nil, nil, 0
}

// setStatement gives a name to a statement, or takes it away, and returns what had the name.
func (n *names) setStatement(name string, s named[statement]) (old named[statement]) {
	old = n.statements[name]
	if old.what != nil {
		n.remembered -= old.what.cost
		n.budget.release(old.what.cost)
	}
	if s.what == nil || old.what == nil && len(n.statements) >= maxNames {
		delete(n.statements, name)
		return old
	}
	if !n.budget.reserve(s.what.cost) {
		s.what = s.what.withoutSQL()
	}
	if n.statements == nil {
		n.statements = map[string]named[statement]{}
	}
	n.remembered += s.what.cost
	n.statements[name] = s
	return old
}

// setPortal does the same for a portal.
func (n *names) setPortal(name string, p named[portal]) (old named[portal]) {
	old = n.portals[name]
	if p.what == nil || old.what == nil && len(n.portals) >= maxNames {
		delete(n.portals, name)
		return old
	}
	if n.portals == nil {
		n.portals = map[string]named[portal]{}
	}
	n.portals[name] = p
	return old
}

// undo undoes what a request did to names, unless a later one changed it.
func (n *names) undo(r *request) {
	switch r.kind {
	case wire.Parse:
		if n.statements[r.name].by == r.number {
			n.setStatement(r.name, r.statement0)
		}
	case wire.Bind:
		if n.portals[r.name].by == r.number {
			n.setPortal(r.name, r.portal0)
		}
	case wire.Close, wire.Query:
		if r.statement0.what != nil && n.statements[r.name].what == nil {
			n.setStatement(r.name, r.statement0)
		}
		if r.portal0.what != nil && n.portals[r.name].what == nil {
			n.setPortal(r.name, r.portal0)
		}
	}
}

// forgetPortals drops those that requests before a number have made: no portal outlives its
// transaction.
func (n *names) forgetPortals(before uint64) {
	for name, p := range n.portals {
		if p.by < before {
			delete(n.portals, name)
		}
	}
}

// deallocate drops a statement that a request before a number has made.
func (n *names) deallocate(name string, before uint64) {
	if s := n.statements[name]; s.what != nil && s.by < before {
		n.setStatement(name, named[statement]{})
	}
}

// deallocateAll drops all named statements, but not the unnamed one
// (src/backend/commands/prepare.c, DropAllPreparedStatements).
func (n *names) deallocateAll(before uint64) {
	for name := range n.statements {
		if name != "" {
			n.deallocate(name, before)
		}
	}
}

// newStatement remembers SQL, as much of it as there is room for. It reuses an equal statement with
// the same name, or without a name.
func (n *names) newStatement(name []byte, f source) *statement {
	if old := n.statements[string(name)].what; old != nil && old.isFrom(f) {
		return old
	}
	if len(name) == 0 {
		if old := n.recent.find(f); old != nil && n.remembered+old.cost <= maxRemembered {
			return old
		}
	}
	kept := min(len(f.sql), maxSQL)
	if n.remembered+kept+statementCost > maxRemembered {
		kept = 0
	}
	s := f.statement(kept)
	s.context.ParameterTypes = slices.Clone(f.types)
	s.context.Brief = brief(f.sql[:kept])
	s.cost = kept + len(name) + statementCost
	if len(name) == 0 {
		n.recent.add(s)
	}
	return s
}

// recent are the last unnamed statements, which are likely to come again. Their hashes are next to
// each other, because looking at each statement in vain takes long if many connections share a
// cache.
type recent struct {
	hashes [8]uint64
	list   [8]*statement
	next   int
}

// maxRecent is the maximum size of the SQL of such a statement, in bytes.
const maxRecent = 4 << 10

var recentSeed = maphash.MakeSeed()

func (r *recent) find(f source) *statement {
	if len(f.sql) > maxRecent {
		return nil
	}
	hash := maphash.Bytes(recentSeed, f.sql)
	for i, h := range r.hashes {
		if h == hash && r.list[i] != nil && r.list[i].isFrom(f) {
			return r.list[i]
		}
	}
	return nil
}

func (r *recent) add(s *statement) {
	if len(s.context.SQL) <= maxRecent && s.context.Shortened == 0 {
		r.hashes[r.next], r.list[r.next] = maphash.String(recentSeed, s.context.SQL), s
		r.next = (r.next + 1) % len(r.list)
	}
}

// text returns a field without its NUL.
func text(m *wire.Message, f wire.Field) []byte {
	return bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0})
}

// wholeName returns the name of a statement, a portal or a column, if it is complete.
func wholeName(m *wire.Message, f wire.Field) (name []byte, whole bool) {
	return text(m, f), f.Kind == wire.CString && f.End > f.Start && m.Bytes[f.End-1] == 0
}
