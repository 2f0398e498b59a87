package session

import (
	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// copying knows what is inside CopyData: rows of COPY, streaming replication, base backups. What it
// is not certain about stays CopyData.
type copying struct {
	budget *Budget

	replication bool // the StartupMessage asked for it
	// early is set if CopyData came before the server asked for it. Then it is not known where the
	// next begins.
	early bool

	// client and server are what each of the two sends, or nil if that is not known. After an error
	// of the server, the client's continues until the client has seen the error.
	client, server *payloads
	// copies counts the COPY statements of a Query that the server has reached.
	copies int
	// rows counts the rows of the last result, and tars the archives of a base backup so far. There
	// are as many archives as rows.
	rows, tars int

	fields []wire.Field
}

// identify names a CopyData message, and adds its context.
func (c *copying) identify(from wire.Sender, m *event.Message) {
	p := c.of(from)
	if p == nil {
		return
	}
	switch p.holds {
	case wire.BackupData:
		m.Type = wire.IdentifyBackup(m.Bytes)
	case wire.XLogData:
		m.Type = wire.IdentifyReplication(from, m.Bytes)
		if m.Type == wire.XLogData && p.logical != nil {
			m.Message, m.Context = p.logical.identify(m.Message, c)
			return
		}
	default:
		m.Type = p.holds
	}
	p.state.Mechanism = m.State.Mechanism
	m.State, m.Context = p.state, p.context
}

func (c *copying) of(from wire.Sender) *payloads {
	if from == wire.Client {
		return c.client
	}
	return c.server
}

// observe learns from a message, which the memory has learned from already.
func (c *copying) observe(from wire.Sender, m *event.Message, y *memory) {
	if m.Type.Code() == 'd' {
		c.observeData(from, m)
		return
	}
	switch m.Type {
	case wire.StartupMessage:
		c.replication = asksReplication(&m.Message)
	case wire.Query, wire.Parse, wire.Bind, wire.Execute, wire.FunctionCall, wire.CopyFail:
		c.client, c.early = nil, false
	case wire.CopyDone:
		if from == wire.Client {
			c.client, c.early = nil, false
		} else if c.server != nil && c.server.holds != wire.XLogData {
			c.server = nil // more data can follow in replication
		}
	case wire.CopyInResponse, wire.CopyOutResponse, wire.CopyBothResponse:
		c.begin(m.Message, y)
	case wire.RowDescription:
		c.endServer()
		c.rows = 0
	case wire.DataRow:
		c.rows++
	case wire.CommandComplete, wire.ErrorResponse:
		c.endServer()
	case wire.ReadyForQuery:
		c.endServer()
		c.copies, c.tars = 0, 0
	}
}

// observeData follows the rows, and anything else in a message that matters to the next.
func (c *copying) observeData(from wire.Sender, m *event.Message) {
	p := c.of(from)
	switch {
	case p == nil:
		c.early = c.early || from == wire.Client
	case p.holds == wire.XLogData && p.logical != nil:
		p.logical.observe(m)
	case p.holds == wire.CopyText || p.holds == wire.CopyCSV || p.holds == wire.CopyBinary:
		if p.state.Copy.Headings > 0 && p.names {
			c.learnNames(p, m)
		}
		p.advance(from, &m.Message)
		if p.state.Copy.Lost() {
			p.holds, p.context = wire.CopyData, nil
		}
	}
}

// follow keeps track of the position in a message of the client that passes without being kept.
// body is its next bytes, without the header.
func (c *copying) follow(first bool, body []byte) {
	p := c.client
	if p == nil {
		return
	}
	if first {
		p.ahead, p.following = p.state.Copy, true
	}
	if p.following {
		p.ahead = p.ahead.After(p.holds, body)
	}
}

// begin prepares for the data that a response announces.
func (c *copying) begin(m wire.Message, y *memory) {
	r := y.requests.current()
	sql := &event.Context{}
	query := false
	if r != nil {
		query = r.kind == wire.Query
		if s := r.context(); s != nil {
			sql = s
		}
	}
	var command sqltext.Replication
	if c.replication && query {
		command = sqltext.ParseReplication(sql.SQL)
	}
	c.endServer()
	switch m.Type {
	case wire.CopyBothResponse:
		c.client = &payloads{holds: wire.XLogData}
		c.server = &payloads{holds: wire.XLogData, logical: newLogical(command, c.budget)}
	case wire.CopyOutResponse:
		c.server = c.payloadsOf(m, command, sql, query, y.settings)
	default:
		c.client = c.payloadsOf(m, command, sql, query, y.settings)
		if c.early || !y.requests.copyIn {
			c.client = nil // some of the data was sent before, or all of it
		}
	}
}

// gap forgets what unseen messages may have changed.
func (c *copying) gap() {
	c.endServer()
	c.client, c.early = nil, true
}

// endServer ends what the server sends.
func (c *copying) endServer() {
	if c.server != nil && c.server.logical != nil {
		c.server.logical.relations.forget()
	}
	c.server = nil
}
