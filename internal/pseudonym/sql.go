package pseudonym

import (
	"bytes"
	"slices"
)

// literal is a part of SQL that holds data.
type literal struct {
	start, end int
	syntax     syntax
	kind       literalKind
}

type literalKind byte

const (
	stringLiteral literalKind = iota
	numberLiteral
	bitsLiteral
	hexLiteral
	comment
)

// literals finds the literals and comments of SQL, as PostgreSQL's
// src/backend/parser/scan.l does. What remains are key words, names, operators and
// parameters. Literals that say how data is written, and not what it is, remain too:
// those of COPY's options, of replication commands, and of SET where the setting is one
// of the server's.
type literals struct {
	sql []byte
	all []literal
	pos int
	// words are the first words of the statement at hand, in lower case, and last is
	// the one before the token at hand.
	words []string
	last  string
	kept  bool
	depth int // of functions in functions
}

// appendLiterals appends those of SQL to dst, in order. The SQL may be the body of a
// function, of one in one, and so on.
func appendLiterals(dst []literal, sql []byte, depth int) []literal {
	l := literals{sql: sql, all: dst, depth: depth}
	for l.pos < len(l.sql) {
		l.token()
	}
	return l.all
}

// token takes one token: whatever moves pos forward.
func (l *literals) token() {
	c, rest := l.sql[l.pos], l.sql[l.pos:]
	switch {
	case isSpace(c):
		l.pos++
	case hasPrefix(rest, "--"):
		l.comment(lineEnd(rest))
	case hasPrefix(rest, "/*"):
		l.comment(commentEnd(rest))
	case c == '\'':
		l.quoted(1, plain, stringLiteral)
	case hasPrefixFold(rest, "e'"):
		l.quoted(2, escaped, stringLiteral)
	case hasPrefixFold(rest, "n'"): // a backslash in it means what it means in a plain one
		l.quoted(2, plain, stringLiteral)
	case hasPrefixFold(rest, "b'"):
		l.quoted(2, unicode, bitsLiteral)
	case hasPrefixFold(rest, "x'"):
		l.quoted(2, unicode, hexLiteral)
	case hasPrefixFold(rest, "u&'"):
		l.quoted(3, unicode, stringLiteral)
	case c == '"':
		n, _ := quotedLength(rest[1:], '"')
		l.pos = min(l.pos+n+2, len(l.sql))
	case isWordStart(c):
		l.word(wordLength(rest))
	case c == '$':
		l.dollar()
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.number()
	default:
		l.punctuation(c)
	}
}

func (l *literals) punctuation(c byte) {
	switch {
	case c == ';':
		l.words, l.kept, l.last = l.words[:0], false, ""
	case c == '.' && len(l.words) > 0 && l.words[0] == "set":
		l.kept = false // a setting of the user's own, as in SET app.user = 'joe'
	}
	l.pos++
}

func (l *literals) add(start, end int, k literalKind, s syntax) {
	if start < end && (!l.kept || k == comment) {
		l.all = append(l.all, literal{start: start, end: end, syntax: s, kind: k})
	}
}

func (l *literals) comment(n int) {
	l.add(l.pos, l.pos+n, comment, plainText)
	l.pos += n
}

// maxStatementWords is how many first words of a statement decide what it is: CREATE OR REPLACE
// FUNCTION has the most.
const maxStatementWords = 4

// word takes a key word or a name.
func (l *literals) word(n int) {
	l.last = string(bytes.ToLower(l.sql[l.pos : l.pos+n]))
	l.pos += n
	if len(l.words) < maxStatementWords {
		l.words = append(l.words, l.last)
	}
	if len(l.words) > 1 {
		return
	}
	switch l.last {
	case "start_replication", "create_replication_slot", "alter_replication_slot", "base_backup", "set":
		l.kept = true
	}
}

// isOption reports whether a literal is an option of COPY.
func (l *literals) isOption() bool {
	if len(l.words) == 0 || l.words[0] != "copy" {
		return false
	}
	switch l.last {
	case "delimiter", "delimiters", "null", "default", "quote", "escape", "format", "encoding", "header", "as":
		return true
	}
	return false
}

// quoted takes a literal in single quotes after so many bytes of prefix, its opening
// quote included.
func (l *literals) quoted(prefix int, f flavor, k literalKind) {
	start := l.pos + prefix
	n, _ := literalLength(l.sql[start:], f)
	s := plainText
	switch {
	case k == bitsLiteral:
		s = bitText
	case k == hexLiteral:
		s = hexText
	case f == unicode:
		s = unicodeLiteral
	case l.last == "interval":
		s = keepLetters
	}
	if !l.isOption() {
		l.add(start, start+n, k, s)
	}
	l.pos = min(start+n+1, len(l.sql))
}

// dollar takes a dollar-quoted literal, or a parameter. The body of a function is SQL
// of its own, whatever its language: its literals are those of the statement.
func (l *literals) dollar() {
	tag := dollarTag(l.sql[l.pos:])
	if tag == nil {
		l.pos++
		for l.pos < len(l.sql) && isDigit(l.sql[l.pos]) {
			l.pos++
		}
		return
	}
	start := l.pos + len(tag)
	n := bytes.Index(l.sql[start:], tag)
	if n < 0 {
		n = len(l.sql) - start
	}
	if l.isFunction() {
		before := len(l.all)
		l.all = appendLiterals(l.all, l.sql[start:start+n], l.depth+1)
		for i := before; i < len(l.all); i++ {
			l.all[i].start += start
			l.all[i].end += start
		}
	} else {
		l.add(start, start+n, stringLiteral, plainText)
	}
	l.pos = min(start+n+len(tag), len(l.sql))
}

// isFunction reports whether a dollar-quoted literal is the body of a function.
func (l *literals) isFunction() bool {
	const deepest = 8
	if l.depth == deepest {
		return false
	}
	if len(l.words) > 0 && l.words[0] == "do" {
		return true
	}
	for _, word := range l.words {
		if word == "function" || word == "procedure" {
			return l.words[0] == "create"
		}
	}
	return false
}

// number takes a numeric literal, with whatever runs on behind its digits.
func (l *literals) number() {
	start := l.pos
	for l.pos < len(l.sql) {
		c := l.sql[l.pos]
		sign := (c == '+' || c == '-') && lower(l.sql[l.pos-1]) == 'e' && l.pos+1 < len(l.sql) && isDigit(l.sql[l.pos+1]) &&
			!hasPrefixFold(l.sql[start:l.pos], "0x")
		if l.pos > start && !isWordStart(c) && !isDigit(c) && c != '.' && !sign {
			break
		}
		l.pos++
	}
	l.add(start, l.pos, numberLiteral, numbers)
}

// replaceSQL replaces the literals of SQL.
func (v *Values) replaceSQL(sql []byte) {
	v.literals = appendLiterals(v.literals[:0], sql, 0)
	for _, l := range v.literals {
		v.replaceText(sql[l.start:l.end], l.syntax, 0)
	}
}

// keyWords are those that make SQL readable.
var keyWords = []string{
	"all", "alter", "and", "any", "array", "begin", "between", "call", "case", "commit", "copy", "create", "default", "delete",
	"desc", "distinct", "drop", "else", "exists", "explain", "false", "from", "full", "function", "grant", "group", "having", "index",
	"inner", "insert", "into", "join", "left", "like", "limit", "listen", "lock", "merge", "notify", "null", "offset", "order",
	"outer", "primary", "references", "returning", "revoke", "right", "rollback", "select", "sequence", "show", "table", "temporary",
	"then", "trigger", "true", "truncate", "union", "unique", "update", "using", "vacuum", "values", "view", "when", "where", "with",
}

// isKeyWord reports whether a literal is a key word, as in the queries by which programs
// ask for what there is. It has a pseudonym as any other, but the key word stays one.
func isKeyWord(literal []byte) bool {
	_, found := slices.BinarySearch(keyWords, string(bytes.ToLower(literal)))
	return found
}

// learnSQL remembers the literals of SQL: as they are written, and what they mean.
func (v *Values) learnSQL(sql []byte) {
	v.literals = appendLiterals(v.literals[:0], sql, 0)
	for _, l := range v.literals {
		if l.kind != comment && !isKeyWord(sql[l.start:l.end]) {
			v.learnQuoted(sql[l.start:l.end], '\'')
		}
	}
}

// learnQuoted remembers a text as it is written, and without the doubled quotes and
// backslashes in it.
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
