package session

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// copying knows what travels inside CopyData: rows of COPY, streaming replication, base
// backups. What it does not know for certain stays CopyData.
type copying struct {
	budget *Budget

	replication bool // the StartupMessage asked for it
	// early is set by CopyData that came before the server asked for it: nobody can say
	// where the next begins.
	early bool

	// client and server are what each of the two sends, nil where that is unknown. The
	// client's goes on after an error of the server, until the client has seen that.
	client, server *payloads
	// copies counts the COPY statements of a Query that the server has come to.
	copies int
	// rows and tars count the rows of the last result and the archives of a base backup
	// so far. The first says how many archives there are.
	rows, tars int

	fields []wire.Field
}

// payloads is what the CopyData of one party holds.
type payloads struct {
	// holds is the type of all its messages; but XLogData and BackupData stand for
	// messages that have a letter of their own.
	holds   wire.Type
	state   wire.State // of the next message
	context *event.Context
	// names is set where the headings that come are the names of the columns.
	names   bool
	logical *logical // what XLogData holds, nil where it is nothing with a grammar

	// ahead follows a message too large to wait for, while it passes.
	ahead     wire.Copy
	following bool
}

// identify names a CopyData message, with what it is shown with.
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

// observe learns from a message, whose memory already knows it.
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
			c.server = nil // of replication, more data can follow
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

// observeData follows the rows and what else one message tells of the next.
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

// follow keeps the place in a message of the client that passes without being kept:
// its next bytes, without the header.
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

// advance gives the place behind a message. The server's end with a row each, in
// whose middle no other server has been seen to stop either.
func (p *payloads) advance(from wire.Sender, m *wire.Message) {
	body := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
	whole := int64(len(m.Bytes)) == m.Size
	switch {
	case from == wire.Server && (!whole || p.holds != wire.CopyBinary && bytes.HasSuffix(body, []byte("\n"))):
		p.state.Copy.NextRow()
	case p.following:
		p.state.Copy = p.ahead
	case whole:
		p.state.Copy = p.state.Copy.After(p.holds, body)
	default:
		p.holds = wire.CopyData
	}
	p.following = false
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

func (c *copying) payloadsOf(m wire.Message, command sqltext.Replication, sql *event.Context, query bool, settings *event.Settings) *payloads {
	in := m.Type == wire.CopyInResponse
	switch {
	case command.Command == "base_backup" && !in:
		return c.backup(serverVersion(settings))
	case command.Command == "upload_manifest" && in:
		return &payloads{holds: wire.UploadManifest}
	}
	index := 0
	if query { // of several statements, perhaps
		index = c.copies
		c.copies++
	}
	return c.rowsOf(m, sql, index, settings)
}

// backup tells the two ways to send a base backup apart: from server 15 on all archives
// are in one CopyOut, with letters, before that each has its own, and the last is the
// manifest.
func (c *copying) backup(version int) *payloads {
	c.tars++
	switch {
	case version >= 15:
		return &payloads{holds: wire.BackupData}
	case version == 0:
		return nil
	case c.tars > c.rows:
		return &payloads{holds: wire.BackupManifestData}
	}
	return &payloads{holds: wire.BackupTar}
}

// rowsOf finds out from SQL how rows are written.
func (c *copying) rowsOf(m wire.Message, sql *event.Context, index int, settings *event.Settings) *payloads {
	if len(m.Bytes) < wire.HeaderSize+3 {
		return nil
	}
	in, isBinary := m.Type == wire.CopyInResponse, m.Bytes[wire.HeaderSize] == 1
	s, found := sqltext.FindCopy(sql.SQL, index, readingOf(sql.Settings))
	if s.Format == "json" && s.To && !in && !isBinary {
		return jsonRows(sql, s.Relation)
	}
	found = found && s.To != in && (s.Format == "binary") == isBinary
	p := &payloads{holds: wire.CopyBinary}
	switch {
	case isBinary && !found:
		return p
	case !found:
		return nil
	case s.Format == "csv":
		p.holds = wire.CopyCSV
	case s.Format == "text":
		p.holds = wire.CopyText
	}
	if !isBinary {
		p.state.Copy = rowsAs(s)
		version := serverVersion(settings)
		p.state.Copy.EndMark = in && (s.Format == "text" || version > 0 && version < 18)
		p.state.Copy.Characters = charactersOf(s.Encoding, settings)
	}
	columns := int(binary.BigEndian.Uint16(m.Bytes[wire.HeaderSize+1:]))
	p.context = &event.Context{SQL: sql.SQL, Shortened: sql.Shortened, Settings: sql.Settings, Relation: s.Relation}
	if len(s.Columns) == columns {
		p.context.Columns = namedColumns(s.Columns, isBinary)
	}
	p.names = p.context.Columns == nil && (s.To || s.Match)
	return p
}

func namedColumns(names []string, isBinary bool) []event.Column {
	columns := make([]event.Column, len(names))
	for i, name := range names {
		columns[i] = event.Column{Name: name, TypeModifier: -1, Binary: isBinary}
	}
	return columns
}

// learnNames reads the names of columns from a line of headings that is whole.
func (c *copying) learnNames(p *payloads, m *event.Message) {
	var names []string
	c.fields = wire.AppendFields(c.fields[:0], &m.Message)
	for _, f := range c.fields {
		switch f.Name {
		case wire.CopyHeading:
			names = append(names, heading(string(m.Bytes[f.Start:f.End]), p))
		case wire.CopyPart:
			return
		case wire.RowEnd:
			named := *p.context
			named.Columns = namedColumns(names, false)
			p.context, p.names = &named, false
			return
		}
	}
}

// gap forgets what messages that were not seen may have changed.
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

// asksReplication reads whether a StartupMessage is of replication (documentation
// section "Streaming Replication Protocol"), as far as it is there.
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

// serverVersion is the server's major version, 0 where it is unknown.
func serverVersion(s *event.Settings) int {
	if s == nil {
		return 0
	}
	digits := s.ServerVersion
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			digits = digits[:i]
			break
		}
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return version
}

// charactersOf returns how an encoding uses bytes of ASCII, which matters where they are
// delimiters.
func charactersOf(encoding string, s *event.Settings) wire.Characters {
	if encoding == "" && s != nil {
		encoding = s.ClientEncoding
	}
	switch sqltext.EncodingOf(encoding) {
	case sqltext.ShiftJIS:
		return wire.ShiftJIS
	case sqltext.Pairs:
		return wire.Pairs
	}
	return wire.Plain
}
