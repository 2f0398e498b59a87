package redact

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
)

// conninfo is what a text says as a connection string of libpq (documentation section "Connection
// Strings").
type conninfo struct {
	// passwords are the parts that must be hidden.
	passwords [][2]int
	// words are what to remember: the passwords, as written and as meant, or all words of a string
	// that can't be parsed.
	words [][]byte
}

// parseConninfo reads a text that is certainly a connection string.
func parseConninfo(text []byte) (c conninfo) {
	var ok bool
	if scheme := bytes.Index(text, []byte("://")); scheme >= 0 {
		ok = c.uri(text, scheme+len("://"))
	} else {
		ok = c.keywords(text)
	}
	if !ok {
		c.allWords(text)
	}
	return c
}

// findConninfo reads a text that may be a connection string. The result is empty if it is not one,
// or has no password.
func findConninfo(text []byte) (c conninfo) {
	name := bytes.TrimLeft(text, " \t\r\n")
	n := countWhile(name, isOfKeyword)
	isPairs := n > 0 && bytes.HasPrefix(bytes.TrimLeft(name[n:], " "), []byte("=")) && secretIn(text, false) >= 0
	if !isPairs && !bytes.Contains(text, []byte("://")) {
		return conninfo{}
	}
	if c = parseConninfo(text); len(c.passwords) == 0 {
		return conninfo{}
	}
	return c
}

func isOfKeyword(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// uri reads what follows the scheme of a URI (conninfo_uri_parse_options in fe-connect.c).
func (c *conninfo) uri(text []byte, at int) (ok bool) {
	ok = true
	authority := text[at:]
	if end := bytes.IndexByte(authority, '@'); end >= 0 {
		if colon := bytes.IndexByte(authority[:end], ':'); colon >= 0 {
			ok = c.encodedPassword(text, at+colon+1, at+end)
		}
	}
	query := bytes.IndexByte(text, '?')
	if query < 0 {
		return ok
	}
	for start := query + 1; start < len(text); {
		end := len(text)
		if n := bytes.IndexByte(text[start:], '&'); n >= 0 {
			end = start + n
		}
		if name, _, found := bytes.Cut(text[start:end], []byte("=")); found && secretIn(name, false) >= 0 {
			ok = c.encodedPassword(text, start+len(name)+1, end) && ok
		}
		start = end + 1
	}
	return ok
}

// encodedPassword takes a password with percent escapes.
func (c *conninfo) encodedPassword(text []byte, start, end int) (ok bool) {
	c.password(text, start, end)
	plain, ok := withoutEscapes(text[start:end])
	if ok {
		c.words = append(c.words, plain)
	}
	return ok
}

// withoutEscapes returns a text with its percent escapes decoded.
func withoutEscapes(text []byte) (plain []byte, ok bool) {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' {
			if i+2 >= len(text) {
				return nil, false
			}
			b, err := hex.DecodeString(string(text[i+1 : i+3]))
			if err != nil {
				return nil, false
			}
			c = b[0]
			i += 2
		}
		plain = append(plain, c)
	}
	return plain, true
}

func (c *conninfo) password(text []byte, start, end int) {
	if start < end {
		c.passwords = append(c.passwords, [2]int{start, end})
		c.words = append(c.words, text[start:end])
	}
}

// keywords reads keyword = value pairs (conninfo_parse in fe-connect.c).
func (c *conninfo) keywords(text []byte) (ok bool) {
	for at := 0; ; {
		at += countWhile(text[at:], isBlank)
		if at == len(text) {
			return true
		}
		name := at
		for at < len(text) && text[at] != '=' && !isBlank(text[at]) {
			at++
		}
		isSecret := secretIn(text[name:at], false) >= 0
		at += countWhile(text[at:], isBlank)
		if at == len(text) || text[at] != '=' {
			return false
		}
		at++
		at += countWhile(text[at:], isBlank)
		start, quoted := at, at < len(text) && text[at] == '\''
		if quoted {
			start++
			at++
		}
		for at < len(text) && (quoted && text[at] != '\'' || !quoted && !isBlank(text[at])) {
			if text[at] == '\\' {
				at++
			}
			at++
		}
		at = min(at, len(text))
		if isSecret {
			c.password(text, start, at)
			c.words = append(c.words, bytes.ReplaceAll(text[start:at], []byte(`\`), nil))
		}
		if quoted {
			if at == len(text) {
				return false
			}
			at++
		}
	}
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

// keywords are those of connection strings that are not worth remembering.
var keywords = []string{
	"host", "hostaddr", "port", "dbname", "user", "password", "sslmode", "postgres", "postgresql", "localhost", "options", "connect_timeout",
	"application_name", "require", "prefer", "disable",
}

// allWords hides all of a connection string that can't be parsed, and remembers its words. It is
// not known which of them is the password, and errors quote them.
func (c *conninfo) allWords(text []byte) {
	if len(text) > 0 {
		c.passwords = [][2]int{{0, len(text)}}
	}
	c.words = append(c.words, text)
	for _, separators := range []string{" \t\r\n\f\v=", " \t\r\n\f\v='\"\\:/@?&"} {
		for word := range bytes.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
			if !slices.Contains(keywords, strings.ToLower(string(word))) {
				c.words = append(c.words, word)
			}
		}
	}
}
