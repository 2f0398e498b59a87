package redact

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
)

// Limits of what is remembered of a connection.
const (
	// maxKnown is how many secrets: the latest.
	maxKnown = 64
	// shortestKnown and longestKnown are how long they are, in bytes. Shorter ones are in other
	// words by chance. Of longer ones the beginning is looked for, and all that follows it.
	shortestKnown = 4
	longestKnown  = 64
)

// known are secrets of a connection that servers may repeat, and clients too.
type known struct {
	secrets [][]byte
	next    int // the one to be forgotten, once there are enough
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

// appendKnown appends the places of a text where a secret is a word of its own. Positions are moved
// by base.
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
