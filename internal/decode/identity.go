package decode

import (
	"bytes"
	"net/netip"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Who is connected is what a client says about itself, not what a server makes of it.

// change makes a new snapshot, because events still have the old one.
func (c *connection) change(by func(*event.Identity)) {
	var next event.Identity
	if c.identity != nil {
		next = *c.identity
	}
	by(&next)
	c.identity = &next
}

// open remembers the client's address. If a connection is opened again, it continues after missing
// files of a recording, and nothing that was known is true any more.
func (s *Stage) open(c *connection, f event.Opened) {
	if c.identity != nil {
		c.tracker.Close()
		*c = s.track()
	}
	address := f.Client
	if a, err := netip.ParseAddrPort(address); err == nil {
		address = a.Addr().Unmap().String()
	}
	c.change(func(i *event.Identity) { i.Address = address })
}

// cancels notes that a connection is there to cancel what another does.
func (s *Stage) cancels(c *connection, conn uint32) {
	if named := s.connections[conn]; named != nil {
		c.change(func(i *event.Identity) { i.Cancels = named.identity })
	}
}

// identify learns from a message what it says about its client.
func (c *connection) identify(m *event.Message) {
	switch m.Type {
	case wire.StartupMessage:
		c.change(func(i *event.Identity) { readStartup(i, m); i.LoggingIn = true })
	case wire.CancelRequest:
		c.change(func(i *event.Identity) { i.Known = true })
	case wire.ParameterStatus:
		body := m.Bytes[min(len(m.Bytes), wire.HeaderSize):]
		key, value, _ := bytes.Cut(body, []byte{0})
		if value, whole := bytes.CutSuffix(value, []byte{0}); string(key) == "application_name" && whole {
			name := string(value)
			if c.identity != nil && c.identity.Application == name {
				return
			}
			c.change(func(i *event.Identity) { i.Application = name })
		}
	}
}

// encrypt remembers from a fact that a leg has TLS.
func (c *connection) encrypt(f event.Fact) {
	switch f := f.(type) {
	case event.TLSEstablished:
		c.change(func(i *event.Identity) { setTLS(i, f.Party, f.TLS) })
	case event.DirectTLSEstablished:
		c.change(func(i *event.Identity) { setTLS(i, f.Party, f.TLS) })
	}
}

func setTLS(i *event.Identity, party event.Party, tls string) {
	if party == event.Client {
		i.ClientTLS = tls
	} else {
		i.ServerTLS = tls
	}
}

// endLogin notes that the server is ready, or may be: no one has seen how the login continued.
func (c *connection) endLogin() {
	if c.identity != nil && c.identity.LoggingIn {
		c.change(func(i *event.Identity) { i.LoggingIn = false })
	}
}

// readStartup reads what a StartupMessage says, as far as it is there.
func readStartup(i *event.Identity, m *event.Message) {
	key := ""
	var memory [32]wire.Field
	for _, f := range wire.AppendFields(memory[:0], &m.Message) {
		value, whole := bytes.CutSuffix(m.Bytes[f.Start:f.End], []byte{0})
		text := string(value)
		if f.Name == wire.Key {
			key = text
		}
		if f.Name != wire.KeyValue || !whole {
			continue
		}
		switch key {
		case "user":
			i.User = text
		case "database":
			i.Database = text
		case "application_name":
			i.Application, i.Startup = text, text
		}
	}
	if i.Database == "" && m.Size == int64(len(m.Bytes)) {
		i.Database = i.User
	}
	i.Known = true
}
