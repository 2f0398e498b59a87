package pseudonym

import "bytes"

// syntax is what the letters and digits of a text may become.
type syntax byte

// prose is text that is replaced in place, word by word. Letters and digits change, and everything
// else stays, so that quotes, delimiters and the structure of JSON, arrays and rows survive.
// Pseudonyms are for words rather than whole values, so a value is the same in SQL, in a row,
// inside JSON and in a message that quotes it.
type prose struct {
	words  *words
	b      []byte
	syntax syntax
	salt   byte
	at     int
	inside bool // of double quotes
}

// take replaces the next n bytes with a pseudonym.
func (t *prose) take(n int, c class) {
	t.words.replace(t.b[t.at:t.at+n], c, t.salt)
	t.at += n
}

// learnText remembers a value, if there is something in it to hide.
func (v *Values) learnText(b []byte) {
	if hasWords(b) {
		v.seen.add(b)
	}
}

// learnQuoted remembers a text as written, and without the doubled quotes and backslashes in it.
func (v *Values) learnQuoted(b []byte, quote byte) {
	v.learnText(b)
	if bytes.IndexByte(b, quote) < 0 && bytes.IndexByte(b, '\\') < 0 {
		return
	}
	plain := v.scratch[:0]
	for i := 0; i < len(b); i++ {
		if i+1 < len(b) && (b[i] == quote && b[i+1] == quote || b[i] == '\\') {
			i++
		}
		plain = append(plain, b[i])
	}
	v.scratch = plain
	v.learnText(plain)
}

// hasWords reports whether a text has letters or digits other than in constants.
func hasWords(b []byte) bool {
	for at := 0; at < len(b); at++ {
		if n := alphanumericLength(b[at:]); n > 0 {
			if !isConstant(b[at : at+n]) {
				return true
			}
			at += n
		}
	}
	return false
}

// isConstant reports whether a word is a constant of a type that has only two or three. Those stay.
func isConstant(word []byte) bool {
	switch len(word) {
	case 3:
		return string(word) == "NaN"
	case 4:
		return hasPrefixFold(word, "true") || hasPrefixFold(word, "null")
	case 5:
		return hasPrefixFold(word, "false")
	}
	return false
}
