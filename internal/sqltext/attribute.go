package sqltext

import (
	"bytes"
	"strings"
)

// Attribute is a key with its value that a program has put into a comment of its SQL.
type Attribute struct{ Key, Value string }

// Limits on what is taken from comments.
const (
	maxAttributes     = 16
	maxAttributeKey   = 64
	maxAttributeValue = 256
	// maxAttributeComment is how long a comment with attributes can be: they keep all of it in memory.
	maxAttributeComment = 8 << 10
)

// Attributes returns the key/value pairs in comments between /* and */: k='v', as sqlcommenter
// writes them (google.github.io/sqlcommenter/spec), and k:v, as marginalia does. If any part of a
// comment is not a pair, nothing in it is returned. The keys traceparent and tracestate are left
// out, because each of their values occurs only once.
func Attributes(sql []byte, settings Settings) (all []Attribute) {
	if !bytes.Contains(sql, []byte("/*")) {
		return nil
	}
	tokens := NewScanner(sql, settings)
	for t := tokens.Next(); t.Kind != End && len(all) < maxAttributes; t = tokens.Next() {
		if t.Kind == BlockComment && !t.Unterminated && t.Doubt == NoDoubt && len(tokens.Text(t)) <= maxAttributeComment {
			all = appendAttributes(all, tokens.Text(t))
		}
	}
	return all
}

// appendAttributes appends the pairs in one comment, if the comment contains nothing else.
func appendAttributes(all []Attribute, comment []byte) []Attribute {
	rest := strings.TrimSpace(string(comment[len("/*") : len(comment)-len("*/")]))
	before := len(all)
	for rest != "" {
		pair, behind, ok := nextAttribute(rest)
		if !ok || len(all) >= maxAttributes {
			return all[:before]
		}
		if pair.Key != "traceparent" && pair.Key != "tracestate" {
			all = append(all, pair)
		}
		rest = behind
	}
	return all
}

// nextAttribute cuts a pair off the beginning of a text, with the comma after it.
func nextAttribute(text string) (pair Attribute, rest string, ok bool) {
	n := strings.IndexAny(text, "=:")
	if n < 1 || n > maxAttributeKey || n+1 == len(text) {
		return pair, "", false
	}
	key, sign, text := text[:n], text[n], text[n+1:]
	if strings.IndexFunc(key, func(r rune) bool { return r > 0x7f || !joins(byte(r)) && !strings.ContainsRune("-.%", r) }) >= 0 {
		return pair, "", false
	}
	var value string
	if sign == '=' {
		value, rest, ok = quotedAttribute(text)
	} else {
		value, rest, _ = strings.Cut(text, ",")
		ok = value != "" && value[0] != ' ' && value[0] != ':' && !strings.HasPrefix(value, "//") // otherwise it is prose, a URL or a cast
	}
	if !ok || len(value) > maxAttributeValue {
		return pair, "", false
	}
	return Attribute{unescapeURL(key), unescapeURL(strings.TrimSpace(value))}, strings.TrimLeft(rest, " \n\t"), true
}

// quotedAttribute cuts a value in quotes off the beginning of a text. Quotes inside the value have
// a backslash before them.
func quotedAttribute(text string) (value, rest string, ok bool) {
	if text[0] != '\'' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '\'':
			rest = strings.TrimLeft(text[i+1:], " \n\t")
			if rest == "" {
				return b.String(), "", true
			}
			rest, ok = strings.CutPrefix(rest, ",")
			return b.String(), rest, ok
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// unescapeURL replaces %41 by A. Anything that is not such an escape stays.
func unescapeURL(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if code, digits := number([]byte(text[i+1:min(len(text), i+3)]), 16, 2); text[i] == '%' && digits == 2 {
			b = append(b, byte(code))
			i += 2
			continue
		}
		b = append(b, text[i])
	}
	return string(b)
}
