package text

import (
	"cmp"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// connectionFact remembers what a fact says about a connection, and writes it if something is
// wrong.
func (p *page) connectionFact(e *event.Event) {
	switch f := e.Fact.(type) {
	case event.Listening:
		if p.listening == f { // it is repeated whenever a connection has been accepted
			return
		}
		p.listening = f
	case event.Opened, event.Ended, event.TLSEstablished, event.DirectTLSEstablished, event.ServerName, event.NoSSLRequest,
		event.CertificateFrom, event.CertificateTo, event.Connecting, event.Connected, event.ContinuingPlain, event.StartupForwarded, event.Forwarding, event.ForwardingSilently,
		event.OverridingAuth, event.BindingHidden, event.HungUp, event.Undecodable, event.Resumed:
		return
	}
	if e.Conn != 0 {
		p.beginLine()
	}
	p.text = AppendSafe(p.text, oneLine(event.Sentence(e.Fact)))
	p.endLine()
}

// oneLine returns a sentence with "; " for line ends.
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

// login writes how a login ended, and errors that are not replies.
func (p *page) login(e *event.Event) {
	loggingIn := e.Identity != nil && e.Identity.LoggingIn
	for i := range e.Messages {
		m := &e.Messages[i]
		if m.Exchange != 0 || e.Direction.Sender() != wire.Server || e.Direction == event.ScriptToClient {
			continue
		}
		switch m.Type {
		case wire.ReadyForQuery:
			if loggingIn && e.Direction == event.ServerToClient {
				p.writeConnected()
				loggingIn = false
			}
		case wire.ErrorResponse, wire.OldErrorResponse:
			p.writeUnasked(m, loggingIn)
		}
	}
}

// writeUnasked writes an error that is not a reply, or that is one to the login.
func (p *page) writeUnasked(m *event.Message, loggingIn bool) {
	p.beginLine()
	code, _ := wire.ErrorFieldOf(m.Bytes, 'C')
	text, _ := wire.ErrorFieldOf(m.Bytes, 'M')
	p.paint(red)
	p.text = append(p.text, code...)
	p.unpaint()
	if loggingIn {
		p.text = append(p.text, " login failed"...)
	}
	p.text = append(p.text, ": "...)
	shown := p.reader.InUTF8(string(text), m.Settings)
	p.text = AppendSafe(p.text, shown)
	if isNotText(&p.reader, shown, m.Settings) {
		p.text = append(p.text, " -- not text in "...)
		p.text = AppendSafe(p.text, m.Settings.ClientEncoding)
	}
	p.endLine()
}

// writeConnected writes the line of a connection.
func (p *page) writeConnected() {
	i := p.now.Identity
	p.beginLine()
	p.text = append(p.text, "connected"...)
	if i.Address != "" {
		p.text = append(p.text, " from "...)
		p.text = AppendSafe(p.text, i.Address)
	}
	if i.Application != "" {
		p.text = append(p.text, ", application "...)
		p.text = AppendSafe(p.text, i.Application)
	}
	for _, leg := range [][2]string{{i.ClientTLS, " with client"}, {i.ServerTLS, " with server"}} {
		p.text = append(p.text, ", "...)
		p.text = append(p.text, cmp.Or(leg[0], "no TLS")...)
		p.text = append(p.text, leg[1]...)
	}
	if p.Time != NoTime {
		p.text = append(p.text, ", after "...)
		p.text = append(p.text, event.Rounded(p.now.Elapsed)...)
	}
	p.endLine()
}
