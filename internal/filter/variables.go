package filter

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/wire"
)

// variables are the vocabulary: what an expression can ask of a message and of the
// exchange and connection that it belongs to. What is not known, or does not apply,
// is empty or 0.
type variables struct {
	Type     string   `expr:"type"`     // the message's name in the documentation; of a sentence of pgpi its key
	From     string   `expr:"from"`     // client, server or script
	Conn     int      `expr:"conn"`     // the connection's tag
	User     string   `expr:"user"`     // of the StartupMessage
	Database string   `expr:"database"` // likewise; the user's name where it names none
	App      string   `expr:"app"`      // application_name, as last reported
	SQL      string   `expr:"sql"`      // of the message, or of the statement of its exchange
	Params   []string `expr:"params"`   // of the exchange's Bind, as text; NULL is "NULL"
	Columns  []string `expr:"columns"`  // names of the exchange's result
	SQLState string   `expr:"sqlstate"` // of the exchange's error, "" for none
	Tag      string   `expr:"tag"`      // of the exchange's CommandComplete
	Bytes    int      `expr:"bytes"`    // size of the message on the wire
	Tx       string   `expr:"tx"`       // idle, active or failed: the transaction, by the last ReadyForQuery
}

// connection is what is remembered of a connection.
type connection struct {
	login
	known    bool // the StartupMessage was seen, or will not come
	tx       string
	exchange exchange
	replying uint32 // the exchange of the last reply
	outcome  outcome
	held     []*held
	heldSize int
}

// login is what a client says of itself in its StartupMessage.
type login struct{ user, database, app string }

// exchange is what is remembered of the exchange at hand. Pipelined exchanges
// overlap; their replies come one after the other, and so are they held.
type exchange struct {
	number          uint32
	sql             string
	params, columns []string
}

// outcome is how the exchange of the last reply has gone so far.
type outcome struct {
	number        uint32
	sqlstate, tag string
}

func (o *outcome) add(number uint32, sqlstate, tag string) {
	if o.number != number {
		*o = outcome{number: number}
	}
	if sqlstate != "" {
		o.sqlstate = sqlstate
	}
	if tag != "" {
		o.tag = tag
	}
}

// learn takes from a message what later ones are asked about.
func (c *connection) learn(m *event.Message, scratch *[]wire.Field) {
	switch m.Type {
	case wire.StartupMessage, wire.ParameterStatus, wire.ReadyForQuery, wire.Query, wire.Parse, wire.Bind, wire.RowDescription:
	case wire.CancelRequest:
		c.known = true
		return
	default:
		return
	}
	*scratch = wire.AppendFields((*scratch)[:0], &m.Message)
	switch m.Type {
	case wire.StartupMessage:
		c.known = true
		c.read(m, *scratch)
	case wire.ParameterStatus:
		if key, value := pair(m, *scratch); key == "application_name" {
			c.app = value
		}
	case wire.ReadyForQuery:
		c.tx = map[byte]string{'I': "idle", 'T': "active", 'E': "failed"}[m.Bytes[len(m.Bytes)-1]]
	case wire.Query, wire.Parse:
		c.exchange = exchange{number: m.Exchange, sql: field(m, *scratch, wire.SQL)}
	case wire.Bind:
		if c.exchange.number != m.Exchange {
			c.exchange = exchange{number: m.Exchange}
		}
		c.exchange.params = parameters(m, *scratch)
	case wire.RowDescription:
		c.exchange.columns = columnNames(m, *scratch)
	}
}

// read takes what a StartupMessage says.
func (l *login) read(m *event.Message, fields []wire.Field) {
	key := ""
	for _, f := range fields {
		switch f.Name {
		case wire.Key:
			key = text(m, f)
		case wire.KeyValue:
			switch key {
			case "user":
				l.user = text(m, f)
			case "database":
				l.database = text(m, f)
			case "application_name":
				l.app = text(m, f)
			}
		}
	}
	if l.database == "" {
		l.database = l.user
	}
}

// of gives the variables of a message.
func (c *connection) of(e *event.Event, m *event.Message) variables {
	v := c.common(e)
	v.Type, v.Bytes = m.Type.String(), int(m.Size)
	if m.Context != nil {
		v.SQL = m.Context.SQL
		for _, column := range m.Context.Columns {
			v.Columns = append(v.Columns, column.Name)
		}
	}
	if m.Exchange != 0 && m.Exchange == c.exchange.number {
		v.Params = c.exchange.params
		if v.SQL == "" {
			v.SQL = c.exchange.sql
		}
		if v.Columns == nil {
			v.Columns = c.exchange.columns
		}
	}
	return v
}

// common gives the variables that do not depend on a message.
func (c *connection) common(e *event.Event) variables {
	v := variables{Conn: int(e.Conn), User: c.user, Database: c.database, App: c.app, Tx: c.tx, From: "script"}
	if e.Kind == event.Said {
		v.Type = event.Key(e.Fact)
		return v
	}
	switch e.Direction {
	case event.ClientToServer, event.ClientToScript:
		v.From = "client"
	case event.ServerToClient, event.ServerToScript:
		v.From = "server"
	default: // it is pgpi that speaks
	}
	return v
}

func field(m *event.Message, fields []wire.Field, name wire.Name) string {
	for _, f := range fields {
		if f.Name == name {
			return text(m, f)
		}
	}
	return ""
}

func pair(m *event.Message, fields []wire.Field) (key, value string) {
	return field(m, fields, wire.Key), field(m, fields, wire.KeyValue)
}

func columnNames(m *event.Message, fields []wire.Field) []string {
	var all []string
	for _, f := range fields {
		if f.Name == wire.ColumnName {
			all = append(all, text(m, f))
		}
	}
	return all
}

// parameters are the values of a Bind, as text.
func parameters(m *event.Message, fields []wire.Field) []string {
	var formats []int64
	var all []string
	index := 0
	for _, f := range fields {
		switch {
		case f.Name == wire.Format:
			formats = append(formats, f.Int)
		case f.Name == wire.Parameter:
			index = int(f.Int)
		case f.Name == wire.ValueLength && f.Int == -1:
			all = append(all, "NULL")
		case f.Name == wire.ParameterValue:
			all = append(all, value(m, f, index, formats))
		}
	}
	return all
}

func value(m *event.Message, f wire.Field, index int, formats []int64) string {
	b := m.Bytes[f.Start:f.End]
	binary := len(formats) == 1 && formats[0] == 1 || index < len(formats) && formats[index] == 1
	if !binary || m.Context == nil || index >= len(m.Context.ParameterTypes) {
		return string(b)
	}
	printed, err := pgvalue.AppendText(nil, m.Context.ParameterTypes[index], pgvalue.Binary, b, settings(m))
	if err != nil {
		return string(b)
	}
	return string(printed)
}

func settings(m *event.Message) *pgvalue.Settings {
	s := m.Settings
	if s == nil {
		return nil
	}
	return pgvalue.NewSettings(pgvalue.Parameters{
		TimeZone: s.TimeZone, DateStyle: s.DateStyle, IntervalStyle: s.IntervalStyle,
		ClientEncoding: s.ClientEncoding, ServerVersion: s.ServerVersion,
	})
}

func text(m *event.Message, f wire.Field) string {
	return string(bytes.TrimSuffix(m.Bytes[f.Start:f.End], []byte{0}))
}
