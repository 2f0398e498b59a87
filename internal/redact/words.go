package redact

import (
	"bytes"
	"strings"
)

// secretWords are what the names of secrets contain, in lower case: SQL's PASSWORD, options of
// connections and of foreign servers, columns and settings. Each begins with one of the letters
// that secretIn looks for.
var secretWords = [...]string{
	"password", "passwd", "passwort", "passphrase", "passcode", "pwd", "private_key",
	"secret", "scram_client_key", "scram_server_key", "token",
	"api_key", "apikey", "access_key", "accesskey", "credential",
}

// harmlessWords contain a secret word, but do not name a secret.
var harmlessWords = [...]string{"password_encryption", "password_required"}

// beginnings has, for the first letter of each secret word, the letters that may follow it, in
// lower case.
var beginnings = [256]string{'p': "awr", 's': "ec", 't': "o", 'a': "pc", 'c': "r"}

// secretIn returns where text begins to be secret. That is after its first secret word, or after
// the "://" of its first URI if that is followed by a ":" and then an "@". In text that may have
// been cut off, the "@" may be missing. It returns -1 if there is neither.
func secretIn(text []byte, cut bool) int {
	uri, colon := -1, false
	for i, c := range text {
		switch lower(c) {
		case 'p', 's', 't', 'a', 'c':
			if i+1 == len(text) || strings.IndexByte(beginnings[lower(c)], lower(text[i+1])) < 0 {
				continue
			}
			n := matchFold(text[i:], secretWords[:])
			if n > 0 && matchFold(text[i:], harmlessWords[:]) == 0 {
				return i + n
			}
		case ':':
			colon = uri >= 0
			if !colon && hasPrefixFold(text[i:], "://") {
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

// hints are words without which there is nothing to find in SQL.
type hints struct {
	secret     bool // something that secretIn finds
	changes    bool // CREATE or ALTER
	connection bool // CONNECTION
	escapes    bool // a backslash, or U&
}

func hintsOf(sql []byte) (h hints) {
	h.secret = secretIn(sql, true) >= 0
	h.escapes = bytes.IndexByte(sql, '\\') >= 0
	for i, c := range sql {
		switch lower(c) {
		case 'a':
			h.changes = h.changes || hasPrefixFold(sql[i:], "alter")
		case 'c':
			h.changes = h.changes || hasPrefixFold(sql[i:], "create")
			h.connection = h.connection || hasPrefixFold(sql[i:], "connection")
		case 'u':
			h.escapes = h.escapes || i+1 < len(sql) && sql[i+1] == '&'
		}
	}
	return h
}

// matchFold returns the length of the first of the words with which text begins, ignoring case, or
// 0.
func matchFold(text []byte, words []string) int {
	for _, word := range words {
		if hasPrefixFold(text, word) {
			return len(word)
		}
	}
	return 0
}

// hasPrefixFold reports whether text begins with prefix, which is in lower case, ignoring the case
// of text.
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

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
