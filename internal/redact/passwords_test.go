package redact

import (
	"strings"
	"testing"

	"pgpi/internal/event"
)

// What the session knows of a message is hidden as the message is, in each of its forms.
func TestContext(t *testing.T) {
	const sql = "alter role joe\npassword 'friend' valid until 'tomorrow'"
	secret := &event.Context{SQL: sql, Brief: strings.ReplaceAll(sql, "\n", " ")}
	harmless := &event.Context{SQL: "select 'friends'", Brief: "select 'friends'"}
	e := &event.Event{Kind: event.Traffic, Messages: []event.Message{{Context: secret}, {Context: harmless}, {Context: secret}}}
	new(Passwords).Apply(e)
	for _, i := range []int{0, 2} {
		c := e.Messages[i].Context
		if strings.Contains(c.SQL+c.Brief, "friend") || !strings.HasPrefix(c.SQL, "alter role joe\npassword '[redacted]") || !c.Redacted {
			t.Errorf("message %d: %q, %q", i, c.SQL, c.Brief)
		}
	}
	if secret.SQL != sql || secret.Brief == "" {
		t.Error("the session's own snapshot has changed")
	}
	if e.Messages[1].Context != harmless {
		t.Error("a context without secrets is another one now")
	}
}
