package text

import (
	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// client is what the log remembers of a connection until it has logged in.
type client struct {
	tls      [2]string // with the client, and with the server
	loggedIn bool
}

// connectionFact takes what a fact says of a connection, and writes it where something is wrong.
func (p *page) connectionFact(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.TLSEstablished:
		p.encrypted(e.Conn, f.Party, f.TLS)
		return
	case event.DirectTLSEstablished:
		p.encrypted(e.Conn, f.Party, f.TLS)
		return
	case event.Dropped:
		p.clients = nil // the ends of some may be among what is missing
	case event.Ended:
		delete(p.clients, e.Conn)
		return
	case event.Listening:
		if p.listening == f { // it is said again whenever a connection has been taken
			return
		}
		p.listening = f
	case event.Opened, event.ServerName, event.NoSSLRequest, event.CertificateFrom, event.CertificateTo, event.Connecting,
		event.Connected, event.ContinuingPlain, event.StartupForwarded, event.Forwarding, event.ForwardingSilently,
		event.OverridingAuth, event.BindingHidden, event.HungUp, event.Undecodable, event.Resumed:
		return
	}
	if e.Conn != 0 {
		p.beginLine()
	}
	p.text = AppendSafe(p.text, oneLine(event.Sentence(e.Fact)))
	p.endLine()
}

// oneLine is a sentence with "; " for its line ends.
func oneLine(sentence string) string {
	var b []byte
	for _, c := range []byte(sentence) {
		if c == '\n' {
			b = append(b, "; "...)
			continue
		}
		b = append(b, c)
	}
	return string(b)
}

func (p *page) client(conn uint32) *client {
	c := p.clients[conn]
	if c == nil {
		if p.clients == nil {
			p.clients = map[uint32]*client{}
		}
		c = &client{}
		p.clients[conn] = c
	}
	return c
}

func (p *page) encrypted(conn uint32, party event.Party, tls string) {
	if party == event.Client {
		p.client(conn).tls[0] = tls
	} else {
		p.client(conn).tls[1] = tls
	}
}

// loginMessage writes how a login ended, and errors that answer nothing.
func (p *page) loginMessage(m *event.Message) {
	e := p.now
	if m.Exchange != 0 || e.Direction.Sender() != wire.Server || e.Direction == event.ScriptToClient {
		return
	}
	switch m.Type {
	case wire.ReadyForQuery:
		if c := p.client(e.Conn); !c.loggedIn && e.Direction == event.ServerToClient {
			c.loggedIn = true
			p.connected(c)
		}
	case wire.ErrorResponse, wire.OldErrorResponse:
		p.beginLine()
		code, _ := wire.ErrorFieldOf(m.Bytes, 'C')
		text, _ := wire.ErrorFieldOf(m.Bytes, 'M')
		p.paint(red)
		p.text = append(p.text, code...)
		p.unpaint()
		if i := e.Identity; i != nil && i.LoggingIn {
			p.text = append(p.text, " login failed"...)
		}
		p.text = append(p.text, ": "...)
		p.text = AppendSafe(p.text, string(text))
		p.endLine()
	}
}

// connected writes the line of a connection.
func (p *page) connected(c *client) {
	p.beginLine()
	p.text = append(p.text, "connected"...)
	if i := p.now.Identity; i != nil {
		if i.Address != "" {
			p.text = append(p.text, " from "...)
			p.text = AppendSafe(p.text, i.Address)
		}
		if i.Application != "" {
			p.text = append(p.text, ", application "...)
			p.text = AppendSafe(p.text, i.Application)
		}
	}
	for i, party := range []string{"client", "server"} {
		p.text = append(p.text, ", "...)
		if c.tls[i] == "" {
			p.text = append(p.text, "no TLS"...)
		} else {
			p.text = append(p.text, c.tls[i]...)
		}
		p.text = append(p.text, " with "...)
		p.text = append(p.text, party...)
	}
	if p.Time != NoTime {
		p.text = append(p.text, ", after "...)
		p.text = append(p.text, Duration(p.now.Elapsed)...)
	}
	p.endLine()
}
