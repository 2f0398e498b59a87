package filter

import (
	"pgpi/internal/event"
	"pgpi/internal/reading"
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
func (c *connection) learn(m *event.Message, r *reading.Reader) {
	switch m.Type {
	case wire.StartupMessage, wire.ParameterStatus, wire.ReadyForQuery, wire.Query, wire.Parse, wire.Bind, wire.RowDescription:
	case wire.CancelRequest:
		c.known = true
		return
	default:
		return
	}
	r.Read(m)
	switch m.Type {
	case wire.StartupMessage:
		c.known = true
		c.read(r)
	case wire.ParameterStatus:
		if text(r, wire.Key) == "application_name" {
			c.app = text(r, wire.KeyValue)
		}
	case wire.ReadyForQuery:
		c.tx = map[byte]string{'I': "idle", 'T': "active", 'E': "failed"}[m.Bytes[len(m.Bytes)-1]]
	case wire.Query, wire.Parse:
		c.exchange = exchange{number: m.Exchange, sql: text(r, wire.SQL)}
	case wire.Bind:
		if c.exchange.number != m.Exchange {
			c.exchange = exchange{number: m.Exchange}
		}
		c.exchange.params = parameters(r)
	case wire.RowDescription:
		c.exchange.columns = texts(r, wire.ColumnName)
	}
}

// read takes what a StartupMessage says.
func (l *login) read(r *reading.Reader) {
	key := ""
	for i := range r.Fields {
		f := &r.Fields[i]
		switch f.Name {
		case wire.Key:
			key = string(r.Message.Content(f))
		case wire.KeyValue:
			switch key {
			case "user":
				l.user = string(r.Message.Content(f))
			case "database":
				l.database = string(r.Message.Content(f))
			case "application_name":
				l.app = string(r.Message.Content(f))
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

// text is the first field of a name, "" where there is none.
func text(r *reading.Reader, name wire.Name) string {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == name {
			return string(r.Message.Content(f))
		}
	}
	return ""
}

// texts are all fields of a name.
func texts(r *reading.Reader, name wire.Name) (all []string) {
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == name {
			all = append(all, string(r.Message.Content(f)))
		}
	}
	return all
}

// parameters are the values of a Bind, as text.
func parameters(r *reading.Reader) (all []string) {
	for i := range r.Fields {
		switch {
		case r.IsNull(i):
			all = append(all, "NULL")
		case r.Fields[i].Name == wire.ParameterValue:
			v := r.Value(i)
			all = append(all, parameter(r, &v))
		}
	}
	return all
}

// parameter is a value as text, or its bytes where they are its text or nobody knows that.
func parameter(r *reading.Reader, v *reading.Value) string {
	if v.Binary && v.Type != 0 {
		if printed, err := r.AppendText(nil, v); err == nil {
			return string(printed)
		}
	}
	return string(r.Message.Bytes[v.Start:v.End])
}
