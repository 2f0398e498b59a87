package session

import (
	"encoding/binary"
	"slices"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// logical is the contents of XLogData of a logical slot: messages of pgoutput, if the first of them
// is one.
type logical struct {
	decided, pgoutput bool
	state             wire.State
	xid               uint32 // of the stream, between its start and its stop
	relations         relations
}

// newLogical returns nil if the plugin can't be pgoutput. The command does not name it, but no
// other plugin accepts both of these options.
func newLogical(c sqltext.Replication, budget *Budget) *logical {
	if c.Command != "start_replication" || !c.Logical || c.Options["proto_version"] == "" || c.Options["publication_names"] == "" {
		return nil
	}
	l := &logical{relations: relations{budget: budget}}
	l.state.Parallel = strings.ToLower(c.Options["streaming"]) == "parallel"
	return l
}

// logicalBody is where the fields of a message of pgoutput begin: after the header, the beginning
// of XLogData, and a letter.
const logicalBody = wire.HeaderSize + 1 + 3*8 + 1

// identify names a message of pgoutput, and returns its context.
func (l *logical) identify(m wire.Message, c *copying) (wire.Message, *event.Context) {
	if l.decided && !l.pgoutput {
		return m, nil
	}
	t := wire.IdentifyLogical(m.Bytes)
	if t == wire.XLogData {
		return m, nil
	}
	l.state.Mechanism = m.State.Mechanism
	typed := m
	typed.Type, typed.State = t, l.state
	c.fields = wire.AppendFields(c.fields[:0], &typed)
	if !l.decided && slices.ContainsFunc(c.fields, makesNoSense) {
		return m, nil
	}
	switch t {
	case wire.LogicalRelation:
		return typed, relationOf(typed, c.fields)
	case wire.LogicalInsert, wire.LogicalUpdate, wire.LogicalDelete:
		for _, f := range c.fields {
			if f.Name == wire.RelationOID && f.Kind == wire.Int32 {
				return typed, l.relations.find(l.xid, uint32(f.Int))
			}
		}
	case wire.LogicalTruncate:
		return typed, l.truncatedTables(c.fields)
	}
	return typed, nil
}

func makesNoSense(f wire.Field) bool { return f.Name == wire.Malformed || f.Name == wire.Trailing }

// observe learns from a message of the server.
func (l *logical) observe(m *event.Message) {
	if m.Type == wire.PrimaryKeepalive || m.Type == wire.PrimaryStatusUpdate || m.Type == wire.CopyData {
		return
	}
	if !l.decided {
		l.decided, l.pgoutput = true, m.Type != wire.XLogData
	}
	number := func(at int) uint32 {
		if len(m.Bytes) < at+4 {
			return 0
		}
		return binary.BigEndian.Uint32(m.Bytes[at:])
	}
	switch m.Type {
	case wire.XLogData:
		if l.pgoutput && m.Size > int64(len(m.Bytes)) {
			l.relations.overflow() // it may have been a Relation
		}
	case wire.LogicalStreamStart:
		l.state.Streamed, l.xid = true, number(logicalBody)
	case wire.LogicalStreamStop:
		l.state.Streamed, l.xid = false, 0
	case wire.LogicalStreamCommit:
		l.relations.commit(number(logicalBody))
	case wire.LogicalStreamPrepare:
		l.relations.commit(number(logicalBody + 1 + 3*8))
	case wire.LogicalStreamAbort:
		if xid := number(logicalBody); xid == number(logicalBody+4) {
			l.relations.abort(xid)
		}
	case wire.LogicalRelation:
		at := logicalBody
		if l.state.Streamed {
			at += 4
		}
		l.relations.set(l.xid, number(at), m.Context)
	}
}

// relationOf reads the description of a table. It returns nil if that is not complete.
func relationOf(m wire.Message, fields []wire.Field) *event.Context {
	var c event.Context
	var namespace, name string
	if m.Size != int64(len(m.Bytes)) {
		return nil
	}
	for _, f := range fields {
		switch f.Name {
		case wire.Namespace:
			if namespace = string(text(&m, f)); namespace == "" {
				namespace = "pg_catalog" // src/backend/replication/logical/proto.c, logicalrep_write_namespace
			}
		case wire.RelationName:
			name = string(text(&m, f))
		case wire.Column:
			c.Columns = append(c.Columns, event.Column{})
		case wire.ColumnName:
			c.Columns[len(c.Columns)-1].Name = string(text(&m, f))
		case wire.TypeOID:
			c.Columns[len(c.Columns)-1].TypeOID = uint32(f.Int)
		case wire.TypeModifier:
			c.Columns[len(c.Columns)-1].TypeModifier = int32(f.Int)
		case wire.Malformed:
			return nil
		}
	}
	c.Relation = namespace + "." + name
	return &c
}

// truncatedTables returns the names of the tables in a Truncate, if all are known.
func (l *logical) truncatedTables(fields []wire.Field) *event.Context {
	var names []string
	for _, f := range fields {
		if f.Name != wire.RelationOID || f.Kind != wire.Int32 {
			continue
		}
		r := l.relations.find(l.xid, uint32(f.Int))
		if r == nil || len(names) == maxTruncated {
			return nil
		}
		names = append(names, r.Relation)
	}
	return &event.Context{Relation: strings.Join(names, ", ")}
}

// Limits on what a replication connection remembers about tables.
const (
	maxRelations     = 10_000
	maxRelationBytes = 4 << 20
	maxTruncated     = 100 // in one message
)

// relations are the tables that rows refer to by their OID. What a streamed transaction says about
// them applies only to itself until it commits.
type relations struct {
	committed map[uint32]*event.Context
	streamed  map[uint32]map[uint32]*event.Context
	count     int
	bytes     int
	budget    *Budget
	// full is set if there were too many. From then on no table is named, because a name could be
	// wrong.
	full bool
}

// find returns a table as a transaction sees it. xid is 0 outside a stream.
func (r *relations) find(xid, oid uint32) *event.Context {
	if c, ok := r.streamed[xid][oid]; ok && xid != 0 {
		return c
	}
	return r.committed[oid]
}

func (r *relations) set(xid, oid uint32, c *event.Context) {
	if r.full {
		return
	}
	cost := relationCost(c)
	if r.count >= maxRelations || r.bytes+cost > maxRelationBytes || !r.budget.reserve(cost) {
		r.overflow()
		return
	}
	r.count++
	r.bytes += cost
	tables := r.tables(xid)
	if old, ok := tables[oid]; ok {
		r.release(old)
	}
	tables[oid] = c
}

// tables returns those of a streamed transaction, or those of all others.
func (r *relations) tables(xid uint32) map[uint32]*event.Context {
	if xid == 0 {
		if r.committed == nil {
			r.committed = map[uint32]*event.Context{}
		}
		return r.committed
	}
	if r.streamed == nil {
		r.streamed = map[uint32]map[uint32]*event.Context{}
	}
	if r.streamed[xid] == nil {
		r.streamed[xid] = map[uint32]*event.Context{}
	}
	return r.streamed[xid]
}

// commit applies what a streamed transaction said to everything.
func (r *relations) commit(xid uint32) {
	for oid, c := range r.streamed[xid] {
		tables := r.tables(0)
		if old, ok := tables[oid]; ok {
			r.release(old)
		}
		tables[oid] = c
	}
	delete(r.streamed, xid)
}

func (r *relations) abort(xid uint32) {
	for _, c := range r.streamed[xid] {
		r.release(c)
	}
	delete(r.streamed, xid)
}

func (r *relations) release(c *event.Context) {
	cost := relationCost(c)
	r.count--
	r.bytes -= cost
	r.budget.release(cost)
}

func (r *relations) overflow() {
	r.forget()
	r.full = true
}

func (r *relations) forget() {
	r.budget.release(r.bytes)
	r.committed, r.streamed, r.count, r.bytes = nil, nil, 0, 0
}

// relationCost is roughly how much memory a table takes, in bytes.
func relationCost(c *event.Context) int {
	const table, column = 250, 60
	cost := table
	if c != nil {
		cost += len(c.Relation)
		for i := range c.Columns {
			cost += column + len(c.Columns[i].Name)
		}
	}
	return cost
}

// asksReplication reports whether a StartupMessage, as far as it is there, asks for replication
// (documentation section "Streaming Replication Protocol").
func asksReplication(m *wire.Message) bool {
	if len(m.Bytes) < 8 {
		return false
	}
	words := strings.Split(string(m.Bytes[8:]), "\x00")
	if m.Size > int64(len(m.Bytes)) {
		words = words[:len(words)-1] // of the last there is only the beginning
	}
	for i := 0; i+1 < len(words); i += 2 {
		if words[i] == "replication" {
			switch strings.ToLower(words[i+1]) {
			case "", "false", "off", "no", "0":
				return false
			}
			return true
		}
	}
	return false
}
