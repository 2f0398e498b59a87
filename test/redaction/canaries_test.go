package redaction

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// prefix is how many bytes of a needle are looked up before the whole needle is compared.
const prefix = 4

// search looks for many canaries at once.
type search struct {
	needles map[[prefix]byte][]needle
	first   [1 << 16]bool // the first two bytes of a needle
}

// needle is a text, or bytes, by which a canary is recognized.
type needle struct {
	text      string
	construct string
}

func (s *search) add(construct, text string) {
	if len(text) < prefix {
		panic("a needle is too short: " + construct)
	}
	if s.needles == nil {
		s.needles = map[[prefix]byte][]needle{}
	}
	text = strings.ToLower(text)
	key := [prefix]byte([]byte(text))
	s.needles[key] = append(s.needles[key], needle{text, construct})
	s.first[uint16(key[0])<<8|uint16(key[1])] = true
}

// newSearch returns a search for the canaries of constructs, and for what their steps have found
// out.
func newSearch(all []construct, found map[string][][]byte) *search {
	s := new(search)
	for i := range all {
		c := &all[i]
		s.add(c.name, c.word())
		for _, n := range []string{c.number(), c.number() + c.number(), "9" + c.number()} { // as the tables have them
			s.add(c.name, n)
		}
		for _, text := range c.needles {
			s.add(c.name, text)
			if isBinary(text) {
				s.add(c.name, hex.EncodeToString([]byte(text)))
			}
		}
		for _, b := range found[c.name] {
			s.add(c.name, string(b))
			s.add(c.name, hex.EncodeToString(b))
		}
	}
	return s
}

func isBinary(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// in returns the constructs whose canaries are in a text, ignoring case.
func (s *search) in(text string, found map[string]bool) {
	text = lowered(text)
	for i := 0; i+prefix <= len(text); i++ {
		if !s.first[uint16(text[i])<<8|uint16(text[i+1])] {
			continue
		}
		for _, n := range s.needles[[prefix]byte([]byte(text[i:i+prefix]))] {
			if strings.HasPrefix(text[i:], n.text) && !insideNumber(text, i, i+len(n.text)) {
				found[n.construct] = true
			}
		}
	}
}

// lowered returns a text in lower case, as far as it is ASCII: it may be any bytes.
func lowered(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// insideNumber reports whether digits are part of a longer number, by chance.
func insideNumber(text string, start, end int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && '0' <= text[i] && text[i] <= '9' }
	for i := start; i < end; i++ {
		if !digit(i) {
			return false
		}
	}
	return digit(start-1) || digit(end)
}

var escape = regexp.MustCompile(`\\(x[0-9a-fA-F]{2}|u00[0-9a-fA-F]{2}|[0-7]{3}|.)`)

// unescaped returns a log with its escapes decoded: those of the annotated log, of JSON and of
// libpq.
func unescaped(log string) string {
	plain := map[byte]string{'n': "\n", 't': "\t", 'r': "\r", 'e': "\x1b", 'a': "\a", 'b': "\b", 'v': "\v", 'f': "\f"}
	return escape.ReplaceAllStringFunc(log, func(s string) string {
		var c byte
		var err error
		switch {
		case s[1] == 'x' && len(s) == 4:
			_, err = fmt.Sscanf(s[2:], "%02x", &c)
		case s[1] == 'u' && len(s) == 6:
			_, err = fmt.Sscanf(s[4:], "%02x", &c)
		case len(s) == 4:
			_, err = fmt.Sscanf(s[1:], "%03o", &c)
		case plain[s[1]] != "":
			return plain[s[1]]
		default:
			return s[1:]
		}
		if err != nil {
			return s
		}
		return string([]byte{c})
	})
}

// everywhere searches a file of a run, unchanged and with its escapes decoded.
func (s *search) everywhere(content string, isLog bool) map[string]bool {
	found := map[string]bool{}
	s.in(content, found)
	if isLog {
		s.in(unescaped(content), found)
	}
	return found
}
