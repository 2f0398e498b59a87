package redact

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// Limits on what is remembered about a connection.
const (
	// maxKnown is how many secrets are remembered: the latest.
	maxKnown = 64
	// shortestKnown and longestKnown limit their length, in bytes. Shorter ones are part of other
	// words by chance. Of longer ones only the beginning is looked for, and everything after it is
	// hidden too.
	shortestKnown = 4
	longestKnown  = 64
)

// known are secrets of a connection that servers, and clients too, may repeat.
type known struct {
	secrets [][]byte
	next    int // the one to forget when there are too many
}

// add remembers a secret, and reports whether it is new.
func (k *known) add(secret []byte) bool {
	secret = bytes.TrimSpace(secret)
	if len(secret) < shortestKnown {
		return false
	}
	secret = secret[:min(len(secret), longestKnown)]
	if slices.ContainsFunc(k.secrets, func(s []byte) bool { return bytes.Equal(s, secret) }) {
		return false
	}
	secret = bytes.Clone(secret)
	if len(k.secrets) < maxKnown {
		k.secrets = append(k.secrets, secret)
		return true
	}
	k.secrets[k.next] = secret
	k.next = (k.next + 1) % maxKnown
	return true
}

// appendKnown appends the places in a text where a secret is a word of its own. Positions are
// relative to base.
func (k *known) appendKnown(dst []Span, text []byte, base int) []Span {
	for _, secret := range k.secrets {
		for at := 0; at < len(text); {
			next := bytes.Index(text[at:], secret)
			if next < 0 {
				break
			}
			start, end := at+next, at+next+len(secret)
			if len(secret) == longestKnown {
				end += countWhile(text[end:], isAlphanumeric)
			}
			if at = start + 1; isWhole(text, start, end) {
				dst = append(dst, Span{Start: base + start, End: base + end, Kind: event.PasswordSpan})
				at = end
			}
		}
	}
	return dst
}

// remembered is what is remembered about a connection: its secrets, and what else is needed to read
// its next messages.
type remembered struct {
	// known are the secrets in SQL, parameters and the login. rows are those in rows, which may be
	// many.
	known, rows known
	// inVerifier is set if the last row of COPY was cut off inside a verifier.
	inVerifier  bool
	noted       noted
	application application
}

// of returns what is remembered about a connection.
func (p *Passwords) of(conn uint32) *remembered {
	c := p.connections[conn]
	if c == nil {
		if p.connections == nil {
			p.connections = map[uint32]*remembered{}
		}
		c = &remembered{}
		p.connections[conn] = c
	}
	return c
}

// learn remembers a secret of a connection. Texts that were analyzed before may contain it.
func (p *Passwords) learn(conn uint32, secret []byte) {
	if len(bytes.TrimSpace(secret)) < shortestKnown {
		return
	}
	if p.of(conn).known.add(secret) {
		p.contexts = nil
	}
}

// learnLogin remembers the password of a login, or the token in its attributes.
func (p *Passwords) learnLogin(conn uint32, secret []byte) {
	const bearer = "Bearer "
	if at := bytes.Index(secret, []byte(bearer)); at >= 0 {
		secret, _, _ = bytes.Cut(secret[at+len(bearer):], []byte{1})
	}
	p.learn(conn, secret)
}

// appendKnown appends the places in a text where a secret of the connection is.
func (p *Passwords) appendKnown(dst []Span, conn uint32, text []byte, base int) []Span {
	c := p.connections[conn]
	if c == nil {
		return dst
	}
	return c.rows.appendKnown(c.known.appendKnown(dst, text, base), text, base)
}

// hideWords hides verifiers and known secrets in a text that is not SQL.
func (p *Passwords) hideWords(conn uint32, m *event.Message, f *wire.Field) {
	p.spans = appendVerifiers(p.spans, m.Content(f), int(f.Start))
	p.spans = p.appendKnown(p.spans, conn, m.Content(f), int(f.Start))
}
