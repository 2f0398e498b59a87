package exchanges

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// account is what the client knows about its requests: it sends and receives, and replies come in
// the order of requests (documentation section "Message Flow").
type account struct {
	units []*unit
	queue []request // sent and not answered yet
	// open takes everything that leads to an Execute. behind is set if no Sync has come for the
	// last unit.
	open   *unit
	behind bool
	// skipping is set if the server ignores everything up to a Sync, after an error. copying is set
	// if it waits for COPY data.
	skipping, copying bool
	// block is set in a transaction with a BEGIN. since are the units done in a transaction without
	// one.
	block bool
	since []*unit
	// The SQL of statements and portals that the server has made.
	statements, portals map[string]string
}

// request is a message that the server answers, or the end of COPY data ('c').
type request struct {
	kind byte
	unit *unit
	// name is what a Parse or Bind makes, or an Execute runs. of is SQL or the name of a statement.
	name, of string
}

// unit is what an exchange should be.
type unit struct {
	number                  int
	kind, outcome           string
	parsed                  int
	sql                     string // "?" if it may be anything
	statement               string // the one that was parsed first
	tag, sqlstate           string
	rows, counted           int
	earlier                 int // rows of the complete statements of a Query
	statements              []string
	transaction             string
	too                     [2]int
	bound                   bool
	over, sent, sync, alone bool
	failedSync              *unit
}

// String returns a unit in the form of the exchanges that pgpi wrote.
func (u *unit) String() string {
	s := fmt.Sprintf("%d %s, %s", u.number, u.kind, u.outcome)
	if u.tag != "" {
		s += " " + u.tag
	}
	s += fmt.Sprintf(", %d rows, counted %d", u.rows, u.counted)
	if u.sqlstate != "" {
		s += ", " + u.sqlstate
	}
	if u.transaction != "" {
		s += ", transaction " + u.transaction
	}
	if u.too[0] != 0 {
		s += fmt.Sprintf(", rolled back too %v", u.too)
	}
	if len(u.statements) > 0 {
		s += ", statements " + strings.Join(u.statements, "; ")
	}
	return s
}

func (a *account) begin(kind string) *unit {
	u := &unit{number: len(a.units) + 1, kind: kind, sql: "?", counted: -1, outcome: "unanswered"}
	a.units = append(a.units, u)
	return u
}

// last returns the unit of the last message.
func (a *account) last() *unit { return a.units[len(a.units)-1] }

// send takes a message from the client.
func (a *account) send(m pgproto3.FrontendMessage) {
	switch m := m.(type) {
	case *pgproto3.Query:
		a.alone("simple", 'Q').sql = m.String
	case *pgproto3.FunctionCall:
		a.alone("function call", 'F')
	case *pgproto3.Parse:
		u := a.extended(request{kind: 'P', name: m.Name, of: m.Query})
		if u.parsed++; u.parsed == 1 && !u.over {
			u.sql, u.statement = m.Query, m.Name
		} else {
			u.sql = "?"
		}
	case *pgproto3.Bind:
		if u := a.extended(request{kind: 'B', name: m.DestinationPortal, of: m.PreparedStatement}); m.PreparedStatement != u.statement {
			u.sql = "?"
		} else {
			u.bound = true
		}
	case *pgproto3.Describe:
		a.extended(request{kind: 'D'}).sql = "?"
	case *pgproto3.Close:
		a.extended(request{kind: 'C'}).sql = "?"
	case *pgproto3.Execute:
		u := a.extended(request{kind: 'E', name: m.Portal})
		if !u.over {
			u.kind = "extended"
		}
		if m.Portal != "" || !u.bound {
			u.sql = "?"
		}
		a.open = nil
	case *pgproto3.Sync:
		a.sync()
	case *pgproto3.CopyDone, *pgproto3.CopyFail:
		a.behind = a.behind || !a.last().alone
		if a.copying {
			a.copying = false
		} else if !a.skipping {
			a.queue = append(a.queue, request{kind: 'c'})
		}
	}
}

// alone adds a request that is an exchange by itself.
func (a *account) alone(kind string, code byte) *unit {
	if u := a.open; u != nil && u.outcome == "done" && !a.due() {
		u.over = true
	}
	a.open, a.behind = nil, false
	u := a.begin(kind)
	u.alone = true
	a.push(u, request{kind: code})
	return u
}

func (a *account) extended(r request) *unit {
	if a.open == nil {
		a.open = a.begin("prepare")
	}
	a.behind = true
	u := a.open
	a.push(u, r)
	return u
}

// push adds a request, unless the server ignores it.
func (a *account) push(u *unit, r request) {
	r.unit = u
	if !a.skipping {
		a.queue = append(a.queue, r)
	} else if !u.sent {
		u.outcome = "skipped"
	}
	u.sent = true
}

func (a *account) sync() {
	if !a.behind {
		a.begin("sync").sync = true
	}
	a.open, a.behind = nil, false
	if !a.copying {
		a.skipping = false
		a.push(a.last(), request{kind: 'S'})
	}
}

// due reports whether the server must answer before it needs anything more.
func (a *account) due() bool {
	for _, r := range a.queue {
		if r.kind != 'c' {
			return !a.copying
		}
	}
	return false
}

// receive takes a message from the server.
func (a *account) receive(m pgproto3.BackendMessage) error {
	switch m.(type) {
	case *pgproto3.NoticeResponse, *pgproto3.ParameterStatus, *pgproto3.NotificationResponse:
		return nil
	}
	for len(a.queue) > 0 && a.queue[0].kind == 'c' {
		a.queue = a.queue[1:] // there was no COPY
	}
	if len(a.queue) == 0 {
		return fmt.Errorf("%T, which nobody has asked for", m)
	}
	head := a.queue[0]
	u := head.unit
	switch m := m.(type) {
	case *pgproto3.ParseComplete:
		a.statements[head.name] = head.of
		a.answer(u)
	case *pgproto3.BindComplete:
		a.portals[head.name] = a.statements[head.of]
		a.answer(u)
	case *pgproto3.CloseComplete, *pgproto3.NoData:
		a.answer(u)
	case *pgproto3.RowDescription:
		if head.kind == 'D' {
			a.answer(u)
		}
	case *pgproto3.DataRow:
		u.rows++
	case *pgproto3.FunctionCallResponse:
		u.outcome = "done"
	case *pgproto3.CommandComplete:
		a.complete(head, string(m.CommandTag))
	case *pgproto3.EmptyQueryResponse:
		a.complete(head, "")
	case *pgproto3.PortalSuspended:
		a.complete(head, "")
		u.outcome = "suspended"
	case *pgproto3.CopyInResponse:
		u.kind = "copy in"
		a.copyIn()
	case *pgproto3.CopyOutResponse:
		u.kind = "copy out"
	case *pgproto3.ErrorResponse:
		a.fail(head, m.Code)
	case *pgproto3.ReadyForQuery:
		a.ready(string(m.TxStatus))
	}
	return nil
}

// answer takes the last reply to a request of the extended protocol.
func (a *account) answer(u *unit) {
	executed := a.queue[0].kind == 'E'
	a.queue = a.queue[1:]
	u.outcome = "done"
	if executed || u != a.open && (len(a.queue) == 0 || a.queue[0].unit != u) {
		a.finish(u)
	}
}

// finish ends a unit that has all its replies, unless a Sync that will end it is on its way.
func (a *account) finish(u *unit) {
	for _, r := range a.queue {
		if r.kind == 'S' {
			return
		}
		if r.kind == 'Q' || r.kind == 'F' {
			break // it has one of its own
		}
	}
	u.over = true
}

// complete takes the end of a statement.
func (a *account) complete(head request, tag string) {
	u := head.unit
	words := strings.Fields(tag)
	n, err := strconv.Atoi(tag[strings.LastIndexByte(tag, ' ')+1:])
	if err != nil || len(words) < 2 {
		n = -1
	}
	if tag != "" {
		u.tag = tag
	}
	if n >= 0 {
		u.counted = max(0, u.counted) + n
	}
	if head.kind == 'Q' {
		u.outcome = "done"
		a.statement(u, tag, n)
		return
	}
	u.sql = a.portals[head.name]
	if !a.transact(u.sql) && !a.block {
		a.since = append(a.since, u)
	}
	a.answer(u)
}

// statement notes one of several statements in a Query. Its rows are those that came, or the number
// in its tag.
func (a *account) statement(u *unit, tag string, n int) {
	rows := u.rows - u.earlier
	u.earlier = u.rows
	if rows == 0 && n > 0 {
		rows = n
	}
	if tag != "" {
		u.statements = append(u.statements, fmt.Sprintf("%s: %d", tag, rows))
	}
}

// transact follows transactions through SQL that was done. It reports whether the SQL was about
// them.
func (a *account) transact(sql string) bool {
	switch sql {
	case "begin", "start transaction":
		a.block = true
	case "commit", "rollback", "end", "/* now */ rollback work", "prepare transaction 'x'":
		a.block = false
	case "commit and chain", "rollback and chain":
	default:
		return false
	}
	a.since = nil
	return true
}

// copyIn begins COPY: the server ignores Syncs until the data ends. What they would have ended is
// over.
func (a *account) copyIn() {
	end := slices.IndexFunc(a.queue, func(r request) bool { return r.kind == 'c' })
	var rest []request
	if a.copying = end < 0; !a.copying {
		a.queue, rest = a.queue[:end], a.queue[end+1:]
	}
	a.queue = slices.DeleteFunc(a.queue, func(r request) bool { return r.kind == 'S' })
	a.queue = append(slices.Clone(a.queue), rest...)
	for _, u := range a.units[:a.queue[0].unit.number-1] {
		a.finish(u)
	}
}

// fail takes an error. It undoes what was done in the same transaction, unless that has a BEGIN.
func (a *account) fail(head request, code string) {
	a.copying = false
	u := head.unit
	if head.kind == 'S' && !u.sync {
		u.failedSync = &unit{number: u.number, kind: "sync", sql: "?", counted: -1}
		u = u.failedSync
	}
	u.outcome, u.sqlstate = "failed", code
	if !a.block {
		for _, done := range a.since {
			switch {
			case !done.over:
				done.outcome = "rolled back"
			case u.too[0] == 0:
				u.too = [2]int{done.number, done.number}
			default:
				u.too[1] = done.number
			}
		}
	}
	a.since = nil
	switch head.kind {
	case 'Q', 'F', 'S':
		return
	}
	end := slices.IndexFunc(a.queue, func(r request) bool { return r.kind == 'S' })
	a.skipping = end < 0
	if a.skipping {
		end = len(a.queue)
	}
	for _, r := range a.queue[:end] {
		if r.kind != 'c' && r.unit != u {
			r.unit.outcome = "skipped" // and over with the Sync: until then, a server may go on
		}
	}
	a.queue = a.queue[end:]
	a.finish(u)
}

// ready takes a ReadyForQuery, which ends everything up to its Sync, Query or FunctionCall.
func (a *account) ready(status string) {
	head := a.queue[0]
	a.queue = a.queue[1:]
	a.block, a.since = status != "I", nil
	for _, u := range a.units[:head.unit.number] {
		if !u.over {
			u.over, u.transaction = true, status
		}
	}
	if sync := head.unit.failedSync; sync != nil {
		sync.transaction = status
	}
	if head.unit.sync && head.unit.sqlstate == "" {
		head.unit.outcome = "done"
	}
}

// exchanges returns what pgpi should have written, in order.
func (a *account) exchanges() (all []*unit) {
	for _, u := range a.units {
		if len(u.statements) < 2 {
			u.statements = nil
		}
		all = append(all, u)
		if u.failedSync != nil {
			all = append(all, u.failedSync)
		}
	}
	return all
}
