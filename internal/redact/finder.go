package redact

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// finder goes through the statements of a text.
type finder struct {
	found   named
	sql     []byte
	base    int
	visible bool // positions in sql are positions in the text
	depth   int
	scanner sqltext.Scanner
	tokens  []sqltext.Token // those that matter in the current statement
	closing []int           // for each opening parenthesis, where it is closed
	// All tokens before these have been looked at: as the value of a secret, as an option, as
	// something with a name. So the work only grows with the number of tokens.
	marked, optioned, named int
}

// is reports whether a token is one of some key words or punctuation marks.
func (f *finder) is(i int, words ...string) bool {
	if i < 0 || i >= len(f.tokens) {
		return false
	}
	for _, w := range words {
		if f.scanner.Is(f.tokens[i], w) {
			return true
		}
	}
	return false
}

func (f *finder) kind(i int) sqltext.Kind {
	if i < 0 || i >= len(f.tokens) {
		return sqltext.End
	}
	return f.tokens[i].Kind
}

// isBefore reports whether a constant or a parameter is compared with the name of a secret after
// it.
func (f *finder) isBefore(i int) bool {
	k := f.kind(i)
	return (k.IsConstant() || k == sqltext.Parameter) && f.kind(i+1) == sqltext.Operator && f.kind(i+2).IsName() && f.namesSecret(i+2)
}

// match finds the parenthesis that closes each one. One that is not closed extends to the end.
func (f *finder) match() {
	f.closing = append(f.closing[:0], make([]int, len(f.tokens))...)
	var open []int
	for i := range f.tokens {
		f.closing[i] = len(f.tokens)
		switch {
		case f.is(i, "("):
			open = append(open, i)
		case f.is(i, ")") && len(open) > 0:
			f.closing[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
}

// namesSecret reports whether a name is that of a secret.
func (f *finder) namesSecret(i int) bool {
	name := f.scanner.Text(f.tokens[i])
	if f.kind(i) == sqltext.UnicodeName {
		name, _ = f.scanner.AppendValue(nil, f.tokens[i])
	}
	return secretIn(name, false) >= 0
}

// spellsName reports whether a literal is just the name of a secret, as in
// set_config('app.password', …).
func (f *finder) spellsName(i int) bool {
	content := f.content(i)
	return len(content) > 0 && len(content) < 64 && secretIn(content, false) >= 0 &&
		countWhile(content, func(c byte) bool { return isOfKeyword(c) || c == '.' || c == '-' }) == len(content)
}

// content returns what is between the quotes of a literal, or of its first part if it has several.
func (f *finder) content(i int) []byte {
	p := f.scanner.Parts(f.tokens[i])
	if !p.Next() {
		return nil
	}
	return f.sql[p.Start:p.End]
}

// hide hides a token.
func (f *finder) hide(i int) {
	t := f.tokens[i]
	if !f.visible {
		return
	}
	if !t.Kind.IsString() && t.Kind != sqltext.QuotedName && t.Kind != sqltext.UnicodeName {
		f.found.spans = append(f.found.spans, Span{Start: f.base + t.Start, End: f.base + t.End, Kind: event.PasswordSpan})
		return
	}
	for p := f.scanner.Parts(t); p.Next(); {
		if p.Start < p.End {
			f.found.spans = append(f.found.spans, Span{Start: f.base + p.Start, End: f.base + p.End, Kind: event.PasswordSpan})
		}
	}
}

// remember remembers what a token says, as written and as meant.
func (f *finder) remember(i int) {
	t := f.tokens[i]
	if !t.Kind.IsString() && t.Kind != sqltext.QuotedName {
		text := f.scanner.Text(t)
		f.found.words = append(f.found.words, text, bytes.ToLower(text))
		return
	}
	for p := f.scanner.Parts(t); p.Next(); {
		if !p.Comment {
			f.found.words = append(f.found.words, f.sql[p.Start:p.End])
		}
	}
	if value, ok := f.scanner.AppendValue(nil, t); ok {
		f.found.words = append(f.found.words, value)
	}
}

// secret treats a token as a secret if it is a constant or a parameter.
func (f *finder) secret(i int) {
	switch k := f.kind(i); {
	case k.IsConstant():
		f.hide(i)
		if !isAlgorithm(f.content(i)) {
			f.remember(i)
		}
		if k.IsString() {
			f.connectionIn(i)
		}
	case k == sqltext.Parameter:
		number := 0
		for _, c := range f.scanner.Text(f.tokens[i])[1:] {
			number = min(number*10+int(c-'0'), 1<<17)
		}
		f.found.parameters = append(f.found.parameters, number)
	}
}

// isAlgorithm reports whether a literal names an algorithm, as in digest('secret', 'sha256').
func isAlgorithm(text []byte) bool {
	switch string(bytes.ToLower(text)) {
	case "sha1", "sha224", "sha256", "sha384", "sha512", "base64", "escape", "utf8", "blowfish", "aes256":
		return true
	}
	return false
}

func isOneOf(word string, all []string) bool {
	for _, one := range all {
		if word == one {
			return true
		}
	}
	return false
}

// connectionIn hides the passwords in a literal that may be a connection string, and reports
// whether it is one.
func (f *finder) connectionIn(i int) bool {
	value, ok := f.scanner.AppendValue(nil, f.tokens[i])
	c := findConninfo(value)
	if !ok || len(c.passwords) == 0 {
		return false
	}
	f.found.words = append(f.found.words, c.words...)
	p := f.scanner.Parts(f.tokens[i])
	if p.Next() && f.visible && bytes.Equal(f.sql[p.Start:p.End], value) {
		for _, s := range c.passwords {
			start := f.base + p.Start
			f.found.spans = append(f.found.spans, Span{Start: start + s[0], End: start + s[1], Kind: event.PasswordSpan})
		}
	}
	return true
}
