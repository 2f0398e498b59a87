package pcapng

import (
	"bytes"
	"maps"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// memory is what the next file of a recording has to repeat of a connection, so that it
// can be read without the files before: how it began, the statements that it has, and
// the result that is on its way.
type memory struct {
	said   []event.Event // the sentences with addresses
	login  []write       // up to the first ReadyForQuery
	logged bool          // that has come
	kept   int           // bytes of login and statements

	settings   *event.Settings
	statements map[string]*statement
	// unsure are statements that an error may still take back.
	unsure []string
	// asked counts the requests that a ReadyForQuery answers, query is a Query among
	// them, and described what describes its rows.
	asked            int
	query, described []byte
	// rows is what the last rows belong to, until the result ends, and copied the
	// message that began a COPY.
	rows   *event.Context
	copied []byte
	// began says in which file a message began that is still under way, by sender.
	began [2]int
}

// write is what was sent in one write.
type write struct {
	direction event.Direction
	data      []byte
}

// statement is a prepared statement: its Parse, and what the session knew of it when
// it was used.
type statement struct {
	parse   []byte
	context *event.Context
	columns []event.Column
}

// Limits of a memory, in bytes.
const (
	maxLogin      = 64 << 10
	maxStatements = 1 << 20
)

// observe remembers what an event changes.
func (m *memory) observe(e *event.Event) {
	if e.Kind == event.Said {
		m.sentence(e)
		return
	}
	if !m.logged && m.kept+len(e.Data) <= maxLogin && !asksForTLS(e) {
		m.kept += len(e.Data)
		m.login = append(m.login, write{e.Direction, bytes.Clone(e.Data)})
	}
	for i := range e.Messages {
		m.message(&e.Messages[i])
	}
}

// sentence remembers addresses. Each attempt to reach a server begins anew.
func (m *memory) sentence(e *event.Event) {
	switch e.Fact.(type) {
	case event.Opened:
		m.said = append(m.said, e.Clone())
	case event.Connected:
		m.said = append(m.said[:min(1, len(m.said))], e.Clone())
		m.login = slices.DeleteFunc(m.login, func(w write) bool {
			return w.direction == event.ScriptToServer || w.direction == event.ServerToScript
		})
	}
}

// asksForTLS reports whether an event belongs to what comes before a StartupMessage.
func asksForTLS(e *event.Event) bool {
	if len(e.Messages) == 0 {
		return false
	}
	switch e.Messages[0].Type {
	case wire.SSLRequest, wire.SSLResponse, wire.GSSENCRequest, wire.GSSENCResponse:
		return true
	}
	return false
}

func (m *memory) message(msg *event.Message) {
	if msg.Settings != nil {
		m.settings = msg.Settings
	}
	switch msg.Type {
	case wire.Parse:
		m.parse(msg)
	case wire.Bind, wire.Describe, wire.Execute:
		m.use(msg)
	case wire.Close:
		delete(m.statements, name(msg))
	case wire.DataRow:
		m.row(msg.Context)
	case wire.CopyInResponse, wire.CopyOutResponse, wire.CopyBothResponse:
		m.copied = bytes.Clone(msg.Bytes)
	case wire.Query:
		m.asked++
		m.query = bytes.Clone(msg.Bytes)
	case wire.Sync, wire.FunctionCall:
		m.asked++
	case wire.RowDescription:
		m.described = bytes.Clone(msg.Bytes)
	case wire.CommandComplete, wire.PortalSuspended:
		m.resultEnds()
	case wire.ErrorResponse:
		m.resultEnds()
		for _, n := range m.unsure {
			delete(m.statements, n)
		}
	case wire.ReadyForQuery:
		m.resultEnds()
		m.asked, m.query = max(0, m.asked-1), nil
		m.unsure, m.logged = m.unsure[:0], true
	}
}

func (m *memory) resultEnds() { m.rows, m.described, m.copied = nil, nil, nil }

// name is that of the statement which a message makes, uses or closes: "" too where it
// speaks of a portal.
func name(msg *event.Message) string {
	var memory [8]wire.Field
	for _, f := range wire.AppendFields(memory[:0], &msg.Message) {
		if f.Name == wire.Statement {
			return string(msg.Content(&f))
		}
	}
	return ""
}

func (m *memory) parse(msg *event.Message) {
	n := name(msg)
	if old := m.statements[n]; old != nil {
		m.kept -= len(old.parse)
		delete(m.statements, n)
	}
	if m.kept+len(msg.Bytes) > maxStatements || int64(len(msg.Bytes)) < msg.Size {
		return
	}
	if m.statements == nil {
		m.statements = map[string]*statement{}
	}
	m.kept += len(msg.Bytes)
	m.statements[n] = &statement{parse: bytes.Clone(msg.Bytes)}
	m.unsure = append(m.unsure, n)
}

// use takes what the session knows of a statement that a message names.
func (m *memory) use(msg *event.Message) {
	if msg.Type == wire.Execute || msg.Context == nil {
		return
	}
	if s := m.statements[name(msg)]; s != nil {
		s.context = msg.Context
	}
}

// row remembers what rows belong to, and that a statement has such rows.
func (m *memory) row(c *event.Context) {
	if c == nil || c == m.rows {
		return
	}
	m.rows = c
	for _, s := range m.statements {
		if s.context != nil && s.context.SQL == c.SQL {
			s.columns = c.Columns
		}
	}
}

// inside reports whether a fragment belongs to a message that began in an earlier
// file.
func (m *memory) inside(e *event.Event, file int) bool {
	if e.Kind != event.Fragment {
		return false
	}
	sender := e.Direction.Sender()
	if e.Offset == 0 {
		m.began[sender] = file
	}
	return m.began[sender] != file
}

// repetition is what a new file is to begin with, as messages that bring a reader to
// where the connection is.
func (m *memory) repetition() []write {
	all := slices.Clone(m.login)
	if !m.logged {
		return all
	}
	add := func(d event.Direction, b []byte) {
		if len(b) > 0 {
			all = append(all, write{d, b})
		}
	}
	if m.settings != nil {
		add(event.ServerToClient, appendSettings(nil, m.settings))
	}
	for _, n := range slices.Sorted(maps.Keys(m.statements)) {
		client, server := m.statements[n].repetition()
		add(event.ClientToServer, client)
		add(event.ServerToClient, server)
	}
	add(event.ClientToServer, appendMessage(nil, 'S', nil))
	add(event.ServerToClient, appendMessage(nil, 'Z', []byte("I")))
	query, described := m.query, m.described
	switch {
	case query != nil && m.asked == 1:
	case m.rows != nil: // of the extended protocol
		query = appendMessage(nil, 'Q', append([]byte(m.rows.SQL), 0))
		described = appendRowDescription(nil, m.rows.Columns)
	default:
		return all // there is nothing, or too much under way to say what belongs to what
	}
	add(event.ClientToServer, query)
	add(event.ServerToClient, described)
	add(event.ServerToClient, m.copied)
	return all
}
