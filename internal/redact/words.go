package redact

// secretWords are what the name of a secret contains, in lower case: SQL's PASSWORD, the options of
// connections and of foreign servers, columns and settings. Each begins with one of the letters
// that secretIn looks for.
var secretWords = [...]string{
	"password", "passwd", "passwort", "passphrase", "passcode", "pwd", "private_key",
	"secret", "scram_client_key", "scram_server_key", "token",
	"api_key", "apikey", "access_key", "accesskey", "credential",
}

// harmlessWords contain a secret word and name no secret.
var harmlessWords = [...]string{"password_encryption", "password_required"}

// secretIn returns where text begins to be secret: after its first secret word, or after the "://"
// of its first URI if a ":" follows, and an "@" after that or, in text that may have been cut off,
// not even that. It returns -1 if text has neither.
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

// matchFold returns the length of the first of the words that text begins with, whatever its case,
// or 0.
func matchFold(text []byte, words []string) int {
	for _, word := range words {
		if hasPrefixFold(text, word) {
			return len(word)
		}
	}
	return 0
}

// hasPrefixFold reports whether text begins with the prefix, which is in lower case, whatever
// text's own case.
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

// containsFold reports whether a word, which is in lower case, is in a text in whatever case.
func containsFold(text []byte, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if lower(text[i]) == word[0] && hasPrefixFold(text[i:], word) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
