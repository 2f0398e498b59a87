package recordings

import (
	"time"

	"pgpi/internal/event"
	"pgpi/internal/sink/pcapng"
)

// record records events that happen a millisecond apart.
func (m *maker) record(events []event.Event) {
	m.Helper()
	sink, err := pcapng.New(pcapng.Options{Path: m.path()})
	if err != nil {
		m.Fatal(err)
	}
	began := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	opened := map[uint32]time.Time{}
	for i := range events {
		e := &events[i]
		e.At = began.Add(time.Duration(i) * time.Millisecond)
		if _, ok := e.Fact.(event.Opened); ok {
			opened[e.Conn] = e.At
			e.Fact = event.Opened{Time: e.At, Client: "127.0.0.1:40000"}
		}
		if e.Conn != 0 {
			e.Elapsed = e.At.Sub(opened[e.Conn])
		}
	}
	if err := sink.Write(events); err != nil {
		m.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		m.Fatal(err)
	}
}

func said(conn uint32, f event.Fact) event.Event {
	return event.Event{Kind: event.Said, Conn: conn, Fact: f}
}

func relayed(conn uint32, d event.Direction, data string) event.Event {
	return event.Event{Kind: event.Traffic, Conn: conn, Direction: d, Data: []byte(data), Relayed: d <= event.ServerToClient}
}

// connected is the beginning of a connection.
func connected(conn uint32) []event.Event {
	return []event.Event{
		said(conn, event.Opened{}),
		said(conn, event.NoSSLRequest{}),
		relayed(conn, event.ClientToScript, startup("bob")),
		said(conn, event.Connected{Address: "127.0.0.1 port 5432"}),
		relayed(conn, event.ScriptToServer, startup("bob")),
		relayed(conn, event.ServerToClient, welcome("abcd")),
	}
}

// defect has what a pgpi without defects, on a machine with enough room, never says.
func defect(m *maker) {
	events := connected(1)
	events = append(events,
		relayed(1, event.ClientToServer, query("select 1")),
		said(0, event.Dropped{Events: 17}),
		relayed(1, event.ServerToClient, selected("not one")),
		said(1, event.ObserverFailed{Why: "runtime error: index out of range [3] with length 3"}),
		relayed(1, event.ClientToServer, query("select 2")),
		relayed(1, event.ServerToClient, selected("two")),
		said(1, event.HungUp{Party: event.Client}),
		said(1, event.Undecodable{Direction: event.ClientToServer, Bytes: 14}),
		said(1, event.Undecodable{Direction: event.ServerToClient, Bytes: 67}),
		said(1, event.Ended{}),
	)
	events = append(events, connected(2)...)
	events = append(events,
		relayed(2, event.ClientToServer, query("select 1")),
		said(2, event.ConnectionFailed{Why: "runtime error: integer divide by zero"}),
		said(2, event.Ended{}),
	)
	m.record(events)
	m.keep()
}

// captureEncrypted is a conversation that continues in TLS.
func captureEncrypted(m *maker) {
	events := connected(1)[:4]
	for _, w := range []struct {
		direction event.Direction
		data      string
	}{
		{event.ClientToServer, sslRequest}, {event.ServerToClient, "S"},
		{event.ClientToServer, "\x16\x03\x01\x00\x05hello"}, {event.ServerToClient, "\x16\x03\x03\x00\x05HELLO"},
	} {
		events = append(events, relayed(1, w.direction, w.data))
	}
	m.record(append(events, said(1, event.Ended{})))
	m.capture(m.path(), func(*edited, int) bool { return true })
}
