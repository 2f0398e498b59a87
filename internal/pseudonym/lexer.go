package pseudonym

import "bytes"

// secretWords are what the name of a secret contains, in lower case: SQL's PASSWORD, the options of connections and
// of foreign servers, columns and settings. Each begins with one of the letters that secretIn looks for.
var secretWords = [...]string{
	"password", "passwd", "passwort", "passphrase", "passcode", "pwd", "private_key",
	"secret", "scram_client_key", "scram_server_key", "token",
	"api_key", "apikey", "access_key", "accesskey", "credential",
}

// harmlessWords contain a secret word and name no secret.
var harmlessWords = [...]string{"password_encryption", "password_required"}

// secretIn returns where text begins to be secret: after its first secret word, or after the "://" of its first URI
// if a ":" follows, and an "@" after that or, in text that may have been cut off, not even that. It returns -1 if
// text has neither.
func secretIn(text []byte, cut bool) int {
	uri, colon := -1, false
	for i := range text {
		switch lower(text[i]) {
		case 'p', 's', 't', 'a', 'c':
			n := matchFold(text[i:], secretWords[:])
			if n > 0 && matchFold(text[i:], harmlessWords[:]) == 0 {
				return i + n
			}
		case ':':
			colon = uri >= 0
			if !colon && hasPrefix(text[i:], "://") {
				uri = i + len("://")
			}
		case '@':
			if colon {
				return uri
			}
		}
	}
	if colon && cut {
		return uri
	}
	return -1
}

// matchFold returns the length of the first of the words that text begins with, whatever its case, or 0.
func matchFold(text []byte, words []string) int {
	for _, word := range words {
		if hasPrefixFold(text, word) {
			return len(word)
		}
	}
	return 0
}

// hasPrefixFold reports whether text begins with the prefix, which is in lower case, whatever text's own case.
func hasPrefixFold(text []byte, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(text[i]) != prefix[i] {
			return false
		}
	}
	return true
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// lineEnd returns the length of a "--" comment, its line end left out.
func lineEnd(text []byte) int {
	if n := bytes.IndexAny(text, "\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

// commentEnd returns the length of a "/*" comment with those nested in it.
func commentEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch {
		case hasPrefix(text[i:], "/*"):
			depth++
			i++
		case hasPrefix(text[i:], "*/"):
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// quotedLength returns the length of what stands before the closing quote, and whether there is one. A doubled quote
// doesn't close.
func quotedLength(text []byte, quote byte) (int, bool) {
	for i := 0; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 == len(text) || text[i+1] != quote {
			return i, true
		}
		i++
	}
	return len(text), false
}

// literalLength is quotedLength for literals in single quotes, where backslashes before a quote leave open whether it
// closes: in a plain literal an odd number of them, and in any, where a client encoding like Shift JIS makes a
// backslash the second half of a character, those after a byte above 0x7f. Such a literal counts as not closed.
func literalLength(text []byte, kind flavor) (int, bool) {
	if kind == unicode {
		return quotedLength(text, '\'')
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			run := backslashes(text[i:])
			odd, halfCharacter := run%2 == 1, i > 0 && text[i-1] >= 0x80
			i += run
			if i == len(text) || text[i] == '\'' && (halfCharacter || odd && kind == plain) {
				return len(text), false
			}
			if !odd {
				i-- // what follows is not escaped
			}
		case text[i] != '\'':
		case i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			return i, true
		}
	}
	return len(text), false
}

func backslashes(text []byte) int {
	n := 0
	for n < len(text) && text[n] == '\\' {
		n++
	}
	return n
}

// spellsLetters reports whether an E'…' literal has escapes that could stand for letters: \x41, \u0041, \101.
func spellsLetters(text []byte) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++
		if c := text[i]; c == 'x' || c == 'u' || c == 'U' || '0' <= c && c <= '7' {
			return true
		}
	}
	return false
}

// dollarTag returns the "$$" or "$tag$" that text begins with, or nil: $1 is a parameter.
func dollarTag(text []byte) []byte {
	for i := 1; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '$':
			return text[:i+1]
		case isWordStart(c), i > 1 && isDigit(c):
		default:
			return nil
		}
	}
	return nil
}

// wordLength returns the length of the word that text begins with. A "$" can be part of a word.
func wordLength(text []byte) int {
	n := 1
	for n < len(text) && (isWordStart(text[n]) || isDigit(text[n]) || text[n] == '$') {
		n++
	}
	return n
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isWordStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'
}

type flavor int

const (
	plain flavor = iota
	escaped
	unicode
)
