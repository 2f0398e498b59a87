package session

import (
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// The servers of YugabyteDB tell their connection manager a dozen settings in a row, in messages of
// their own type, and values are read by these.
func TestYbParameterStatus(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.feed(toServer, startup, whole)
	p.feed(toClient, ok, whole)
	for _, status := range []string{
		"client_encoding\x00LATIN1\x00\x01", "DateStyle\x00SQL, DMY\x00\x05", "TimeZone\x00\x00\x01", "server_version\x0015.2-YB-2.25.0.0-b0\x00\x00",
	} {
		p.feed(toClient, typed('r', status), single)
		if p.last.Type != wire.YbParameterStatus {
			t.Errorf("%q is %s", status, p.last.Type)
		}
	}
	p.feed(toClient, ready, whole)
	want := event.Settings{ClientEncoding: "LATIN1", DateStyle: "SQL, DMY", ServerVersion: "15.2-YB-2.25.0.0-b0"}
	if p.last.Settings == nil || *p.last.Settings != want {
		t.Errorf("settings are %+v, want %+v", p.last.Settings, want)
	}
}
