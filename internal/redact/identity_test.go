package redact

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// TestApplicationName: a secret that is repeated in application_name is hidden in what events say
// about who is connected, and a name that was said before it was a secret stays.
func TestApplicationName(t *testing.T) {
	p := &Passwords{}
	before := &event.Identity{User: "joe", Application: "swordfish1"}
	after := &event.Identity{User: "swordfish1", Application: "at swordfish1!"}
	said := func(i *event.Identity) *event.Identity {
		e := &event.Event{Conn: 1, Kind: event.Said, Identity: i}
		p.Apply(e)
		return e.Identity
	}
	if got := said(before); got != before {
		t.Errorf("%+v", got)
	}
	sql := append([]byte{'Q', 0, 0, 0, 0}, "alter role joe password 'swordfish1'\x00"...)
	sql[4] = byte(len(sql) - 1)
	query := event.Message{Message: wire.Message{Type: wire.Query, Bytes: sql, Size: int64(len(sql))}}
	p.Apply(&event.Event{Conn: 1, Kind: event.Traffic, Messages: []event.Message{query}, Identity: before})
	for range 2 {
		if got := said(after); got.Application != "at **********!" || got.User != "swordfish1" || after.Application != "at swordfish1!" {
			t.Errorf("%+v", got)
		}
	}
	if got := said(&event.Identity{User: "swordfish1", Application: "at swordfish1!", LoggingIn: true}); got.Application != "at **********!" || !got.LoggingIn {
		t.Errorf("%+v", got)
	}
}
