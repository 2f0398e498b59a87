package pcapng

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// memory is what the next file of a recording must repeat about a connection, so that it can be
// read without the files before: how it began, its statements, and what is under way. What is not
// known for certain is not repeated. For what is of no connection there is one, too: it has the
// facts about the whole process.
type memory struct {
	said   []event.Event // the facts about what the connection is, and the ways
	login  []write       // up to the first ReadyForQuery
	asking []write       // for encryption, while nothing else was said
	logged bool          // ReadyForQuery has come
	joined bool          // or will never be seen
	kept   int           // bytes of login and statements

	settings   *event.Settings
	renamed    write // the last ParameterStatus of application_name since the login
	status     byte  // of the transaction, in the last ReadyForQuery
	statements map[string]*statement
	// unsure are statements that an error may still undo.
	unsure []string

	underWay underWay
	// began is the file in which a message began that is still under way, by sender. lost is the
	// file in which a direction went out of sync.
	began, lost [2]int
}

// write is what was sent in one write, with its redacted spans.
type write struct {
	direction event.Direction
	data      []byte
	spans     []event.Span
}

// statement is a prepared statement: its Parse, and what the session knew about it when it was
// used.
type statement struct {
	parse   write
	context *event.Context
	columns []event.Column
	rows    *event.Context // what the columns belong to
}

// Limits on a memory, in bytes.
const (
	maxLogin      = 64 << 10
	maxStatements = 1 << 20
)

// observe remembers what an event changes. file is the one that it is recorded in.
func (m *memory) observe(e *event.Event, file int) {
	switch {
	case e.Kind == event.Said:
		m.fact(e)
	case e.Kind == event.Measured:
		m.measure(e)
	case e.Kind == event.End || e.Direction > event.ServerToClient && e.Kind == event.Undecoded:
	case e.Kind == event.Undecoded:
		m.observeLogin(e)
		m.forget()
		if sender := e.Direction.Sender(); !e.Opaque && m.lost[sender] == 0 {
			m.lost[sender] = file
		}
	default:
		m.observeLogin(e)
		for i := range e.Messages {
			m.message(e.Direction, &e.Messages[i])
		}
	}
}

// observeLogin remembers the bytes of a login. An incomplete login is over.
func (m *memory) observeLogin(e *event.Event) {
	switch {
	case m.logged:
	case e.Kind != event.Traffic || e.Cut || m.kept+len(e.Data) > maxLogin:
		m.join()
	default:
		m.kept += len(e.Data)
		w := write{e.Direction, bytes.Clone(e.Data), spansOf(e)}
		if asksForTLS(e) {
			m.asking = append(m.asking, w)
		} else {
			m.login, m.asking = append(m.login, w), nil
		}
	}
}

// join notes that the rest of the login will not be seen.
func (m *memory) join() {
	m.logged, m.joined = true, true
	m.forget()
}

// forget notes that something was not seen.
func (m *memory) forget() {
	for n := range m.statements {
		m.drop(n)
	}
	m.unsure = nil
	m.underWay.forget()
}

// fact remembers addresses, and what can't be seen. Each attempt to reach a server begins again.
func (m *memory) fact(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Opened:
		*m = memory{said: []event.Event{e.Clone()}}
	case event.Connected:
		m.said = append(slices.DeleteFunc(m.said, ofServer), e.Clone())
		m.login = slices.DeleteFunc(m.login, func(w write) bool {
			return w.direction == event.ScriptToServer || w.direction == event.ServerToScript
		})
	case event.TLSEstablished, event.DirectTLSEstablished, event.Encrypted:
		m.said = append(m.said, e.Clone())
	case event.Joined:
		m.join()
	case event.ServerMistake:
		m.underWay.forget()
	case event.Missing:
		m.lost[f.Direction.Sender()] = 0
		if !m.logged {
			m.join()
		}
		m.forget()
	case event.Resumed:
		m.lost[f.Direction.Sender()] = 0
	}
}

// ofServer reports whether a fact is about the server that was reached, or about the way to it.
func ofServer(e event.Event) bool {
	switch f := e.Fact.(type) {
	case event.Connected:
		return true
	case event.TLSEstablished:
		return f.Party == event.Server
	case event.DirectTLSEstablished:
		return f.Party == event.Server
	case event.Way:
		return f.Party == event.Server
	}
	return false
}

// measure remembers how far away a party is, as measured last, and what holds for the whole
// process.
func (m *memory) measure(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Way:
		m.said = slices.DeleteFunc(m.said, func(old event.Event) bool {
			w, ok := old.Fact.(event.Way)
			return ok && w.Party == f.Party
		})
		m.said = append(m.said, e.Clone())
	case event.OneCommand:
		m.said = append(m.said, e.Clone())
	}
}

// asksForTLS reports whether an event is part of what comes before a StartupMessage.
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

func (m *memory) message(d event.Direction, msg *event.Message) {
	if msg.Settings != nil {
		m.settings = msg.Settings
	}
	if m.logged && d <= event.ServerToClient {
		m.underWay.message(d, msg)
	}
	switch msg.Type {
	case wire.Parse:
		m.parse(msg)
	case wire.Bind, wire.Describe:
		m.use(msg)
	case wire.Close:
		if n, whole := name(msg); whole {
			m.drop(n)
		}
	case wire.DataRow:
		m.row(msg.Context)
	case wire.ErrorResponse:
		for _, n := range m.unsure {
			m.drop(n)
		}
	case wire.ParameterStatus:
		m.rename(msg)
	case wire.ReadyForQuery:
		if d == event.ServerToClient {
			m.logged, m.status = true, msg.Bytes[len(msg.Bytes)-1]
		}
		if m.underWay.isIdle() {
			m.unsure = m.unsure[:0]
		}
	}
}

// rename remembers the application_name, which is part of who is connected.
func (m *memory) rename(msg *event.Message) {
	const key = "application_name\x00"
	body := msg.Bytes[min(len(msg.Bytes), wire.HeaderSize):]
	if m.logged && msg.Size == int64(len(msg.Bytes)) && bytes.HasPrefix(body, []byte(key)) {
		m.renamed = write{event.ServerToClient, bytes.Clone(msg.Bytes), slices.Clone(msg.Redacted)}
	}
}

// name returns the name of the statement that a message makes, uses or closes, or "" if it names a
// portal. whole reports whether the name is complete.
func name(msg *event.Message) (n string, whole bool) {
	var memory [8]wire.Field
	for _, f := range wire.AppendFields(memory[:0], &msg.Message) {
		if f.Name == wire.Statement {
			content := msg.Content(&f)
			return string(content), int(f.End-f.Start) > len(content)
		}
	}
	return "", msg.Size == int64(len(msg.Bytes))
}

func (m *memory) parse(msg *event.Message) {
	n, _ := name(msg)
	m.drop(n)
	if m.kept+len(msg.Bytes) > maxStatements || int64(len(msg.Bytes)) < msg.Size {
		return
	}
	if m.statements == nil {
		m.statements = map[string]*statement{}
	}
	m.kept += len(msg.Bytes)
	m.statements[n] = &statement{parse: write{event.ClientToServer, bytes.Clone(msg.Bytes), slices.Clone(msg.Redacted)}}
	m.unsure = append(m.unsure, n)
}

// drop forgets a statement.
func (m *memory) drop(n string) {
	if s := m.statements[n]; s != nil {
		m.kept -= len(s.parse.data)
		delete(m.statements, n)
	}
}

// use remembers what the session knows about a statement that a message names.
func (m *memory) use(msg *event.Message) {
	if n, whole := name(msg); whole && msg.Context != nil && m.statements[n] != nil {
		m.statements[n].context = msg.Context
	}
}

// row remembers that a statement has such rows.
func (m *memory) row(c *event.Context) {
	if c == nil {
		return
	}
	for _, s := range m.statements {
		if s.rows != c && s.context != nil && s.context.SQL == c.SQL {
			s.columns, s.rows = c.Columns, c
		}
	}
}

// inside reports whether a fragment is part of a message that began in an earlier file.
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

// isLost reports whether an event is in a direction that went out of sync in an earlier file. A
// reader of this file alone can't find that out.
func (m *memory) isLost(e *event.Event, file int) bool {
	lost := m.lost[e.Direction.Sender()]
	return e.Kind == event.Undecoded && lost != 0 && lost != file
}

// repetition returns what a new file must begin with: messages that bring a reader to where the
// connection is. If joined is set, nothing is known about what is under way.
func (m *memory) repetition() (all []write, joined bool) {
	all = slices.Clone(m.login)
	if !m.logged {
		return append(all, m.asking...), false
	}
	add := func(d event.Direction, b []byte, spans ...event.Span) {
		if len(b) > 0 {
			all = append(all, write{d, b, spans})
		}
	}
	if m.settings != nil {
		add(event.ServerToClient, appendSettings(nil, m.settings))
	}
	add(event.ServerToClient, m.renamed.data, m.renamed.spans...)
	if m.joined || m.underWay.unknown {
		return all, true
	}
	for _, n := range slices.Sorted(maps.Keys(m.statements)) {
		if s := m.statements[n]; !slices.Contains(m.unsure, n) {
			client, server := s.repetition()
			add(event.ClientToServer, client, s.parse.spans...)
			add(event.ServerToClient, server)
		}
	}
	add(event.ClientToServer, appendMessage(nil, 'S', nil))
	add(event.ServerToClient, appendMessage(nil, 'Z', []byte{cmp.Or(m.status, 'I')}))
	return append(all, m.underWay.writes()...), false
}
