package redact

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// setting hides the value of a parameter that is called a secret, and secrets in a command line for
// the server. In other values it hides known secrets.
func (p *Passwords) setting(conn uint32, m *event.Message, i int) {
	f := &p.reader.Fields[i]
	value, start := m.Content(f), int(f.Start)
	var name []byte
	if i > 0 && p.reader.Fields[i-1].Name == wire.Key {
		name = m.Content(&p.reader.Fields[i-1])
	}
	if secretIn(name, false) >= 0 {
		p.hideContent(m, f, event.PasswordSpan)
		p.learn(conn, value)
		return
	}
	p.hideWords(conn, m, f)
	if string(name) != "options" {
		return
	}
	for at := 0; at < len(value); {
		n := secretIn(value[at:], false)
		if n < 0 {
			return
		}
		at += n
		if equals := bytes.IndexAny(value[at:], "= "); equals >= 0 {
			at += equals + 1
		}
		end := at
		for end < len(value) && value[end] != ' ' {
			if value[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(value))
		p.hide(int32(start+at), int32(start+end), event.PasswordSpan)
		p.learn(conn, value[at:end])
		at = end
	}
}
