package pseudonym

import (
	"bytes"
	"slices"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
)

// literal is a part of SQL that contains data.
type literal struct {
	start, end int
	syntax     syntax
	isComment  bool
}

// literals finds the literals and comments in SQL. What remains are key words, names, operators and
// parameters. Literals that say how data is written also remain: those of COPY's options, of
// replication commands, and of SET for a setting of the server.
type literals struct {
	sql      []byte
	settings sqltext.Settings
	tokens   sqltext.Scanner
	all      []literal
	inDoubt  bool // with settings that are not known, other parts are literals
	unclosed bool // a literal never ends
	// statement is what is known about the current statement. last is the word before the current
	// token, in lower case, or "" if something else precedes it.
	statement statement
	last      string
	depth     int // of functions inside functions
	// learn, if not nil, is called with what each literal means.
	learn   func(value []byte)
	scratch []byte
}

// find goes through SQL, which may be the body of a function, of a function in that, and so on.
func (l *literals) find() {
	l.tokens = sqltext.NewScanner(l.sql, l.settings)
	for t := l.tokens.Next(); t.Kind != sqltext.End; t = l.tokens.Next() {
		l.token(t)
		l.inDoubt = l.inDoubt || t.Doubt == sqltext.CutInDoubt
		l.unclosed = l.unclosed || t.Unterminated
	}
}

func (l *literals) token(t sqltext.Token) {
	switch {
	case t.Kind == sqltext.Space:
		return
	case t.Kind.IsComment():
		l.add(t.Start, t.End, plainText, true)
		return
	case t.Kind == sqltext.Word:
		l.word(t)
		return
	case t.Kind == sqltext.Number:
		l.add(t.Start, t.End, numbers, false)
	case t.Kind == sqltext.DollarString && l.isFunction():
		l.body(t)
	case t.Kind.IsString():
		if l.last == "language" && l.statement.makesFunction() {
			l.statement.speak(&l.tokens, t) // it is a name
		} else {
			l.quotedLiteral(t)
		}
	default:
		l.statement.mark(&l.tokens, t)
	}
	l.last = ""
}

func (l *literals) add(start, end int, s syntax, isComment bool) {
	if start < end && (!l.statement.keeps() || isComment) {
		l.all = append(l.all, literal{start: start, end: end, syntax: s, isComment: isComment})
	}
}

// word takes a key word or a name, or the value of a setting without quotes.
func (l *literals) word(t sqltext.Token) {
	text := l.tokens.Text(t)
	if l.statement.isOwnValue() {
		l.add(t.Start, t.End, plainText, false)
	}
	if l.last == "language" {
		l.statement.speak(&l.tokens, t)
	}
	l.last = string(bytes.ToLower(text))
	l.statement.word(l.last)
}

// isOption reports whether a literal is an option of COPY.
func (l *literals) isOption() bool {
	if !l.statement.inOptions {
		return false
	}
	switch l.last {
	case "delimiter", "delimiters", "null", "default", "quote", "escape", "format", "encoding", "header", "as":
		return true
	}
	return false
}

// quotedLiteral takes a literal in quotes.
func (l *literals) quotedLiteral(t sqltext.Token) {
	s, isOption := l.syntaxOf(t.Kind), l.isOption() && !t.Unterminated
	for p := l.tokens.Parts(t); p.Next(); {
		switch {
		case p.Comment:
			l.add(p.Start, p.End, plainText, true)
		case !isOption:
			l.add(p.Start, p.End, s, false)
		}
	}
	if l.learn != nil && !isOption && !l.statement.keeps() {
		l.means(t)
	}
}

func (l *literals) syntaxOf(k sqltext.Kind) syntax {
	switch {
	case k == sqltext.BitString:
		return bitText
	case k == sqltext.HexString:
		return hexText
	case k == sqltext.UnicodeString:
		return unicodeLiteral
	case k != sqltext.DollarString && l.last == "interval":
		return keepLetters
	}
	return plainText
}

// means passes on what a literal means, if that is not what is written. If settings matter, it does
// so for all possible ones.
func (l *literals) means(t sqltext.Token) {
	if t.Doubt == sqltext.NoDoubt {
		l.scratch, _ = l.tokens.AppendValue(l.scratch[:0], t)
		if p := l.tokens.Parts(t); p.Next() && !bytes.Equal(l.scratch, l.sql[p.Start:p.End]) {
			l.learn(l.scratch)
		}
		return
	}
	for r := range l.settings.Readings() {
		tokens := sqltext.NewScanner(l.sql, r)
		l.scratch, _ = tokens.AppendValue(l.scratch[:0], t)
		l.learn(l.scratch)
	}
}

// isFunction reports whether a dollar-quoted literal is the body of a function in SQL or PL/pgSQL.
// What literals are in other languages is not known here.
func (l *literals) isFunction() bool {
	const deepest = 8
	return l.depth < deepest && l.statement.makesFunction() && l.statement.speaksSQL(l.tokens)
}

// body takes the body of a function, which is SQL itself. Its literals become those of the
// statement.
func (l *literals) body(t sqltext.Token) {
	for p := l.tokens.Parts(t); p.Next(); {
		before := len(l.all)
		inner := literals{sql: l.sql[p.Start:p.End], settings: l.settings, all: l.all, depth: l.depth + 1, learn: l.learn}
		inner.find()
		l.all, l.inDoubt, l.unclosed = inner.all, l.inDoubt || inner.inDoubt, l.unclosed || inner.unclosed
		for i := before; i < len(l.all); i++ {
			l.all[i].start += p.Start
			l.all[i].end += p.Start
		}
	}
}

// findLiterals finds the literals in SQL. If that depends on settings that are not known, it finds
// everything that is a literal with any of them. Then they overlap, and are in no order. A literal
// that never ends means that its author had another setting in mind, or that it begins in an
// earlier part.
func (v *Values) findLiterals(sql []byte, settings sqltext.Settings, learn func([]byte)) (inDoubt bool) {
	l := literals{sql: sql, settings: settings, all: v.literals[:0], learn: learn, scratch: v.scratch}
	l.find()
	if l.unclosed {
		l.inDoubt, settings.Strings = true, sqltext.UnknownStrings
	}
	if l.inDoubt {
		l.all = l.all[:0]
		for r := range settings.Readings() {
			one := literals{sql: sql, settings: r, all: l.all, learn: learn, scratch: l.scratch}
			one.find()
			l.all, l.scratch = one.all, one.scratch
		}
	}
	v.literals, v.scratch = l.all, l.scratch
	return l.inDoubt
}

// replaceSQL replaces the literals of SQL in a message.
func (v *Values) replaceSQL(sql []byte) { v.replaceLiterals(sql, v.reading) }

func (v *Values) replaceLiterals(sql []byte, settings sqltext.Settings) {
	if v.findLiterals(sql, settings, nil) {
		v.literals = joinLiterals(v.literals)
	}
	for _, l := range v.literals {
		v.replaceText(sql[l.start:l.end], l.syntax, 0)
	}
}

// joinLiterals sorts literals, and joins those that overlap.
func joinLiterals(all []literal) []literal {
	slices.SortStableFunc(all, func(a, b literal) int { return a.start - b.start })
	n := 0
	for _, l := range all {
		if n == 0 || l.start >= all[n-1].end {
			all[n] = l
			n++
			continue
		}
		last := &all[n-1]
		if l != *last {
			last.end, last.syntax = max(last.end, l.end), plainText
		}
	}
	return all[:n]
}

// keyWords are those that make SQL readable.
var keyWords = []string{
	"all", "alter", "and", "any", "array", "begin", "between", "call", "case", "commit", "copy", "create", "default", "delete",
	"desc", "distinct", "drop", "else", "exists", "explain", "false", "from", "full", "function", "grant", "group", "having", "index",
	"inner", "insert", "into", "join", "left", "like", "limit", "listen", "lock", "merge", "notify", "null", "offset", "order",
	"outer", "primary", "references", "returning", "revoke", "right", "rollback", "select", "sequence", "show", "table", "temporary",
	"then", "trigger", "true", "truncate", "union", "unique", "update", "using", "vacuum", "values", "view", "when", "where", "with",
}

// isKeyWord reports whether a literal is a key word, as in the queries with which programs look at
// the catalog. As data the word has a pseudonym, but a key word stays.
func isKeyWord(literal []byte) bool {
	_, found := slices.BinarySearch(keyWords, string(bytes.ToLower(literal)))
	return found
}

// learnSQL remembers the literals of SQL in a message.
func (v *Values) learnSQL(sql []byte) { v.learnLiterals(sql, v.reading) }

// learnLiterals remembers the literals of SQL, as written and as meant.
func (v *Values) learnLiterals(sql []byte, settings sqltext.Settings) {
	v.findLiterals(sql, settings, v.learnLiteral)
	for _, l := range v.literals {
		if !l.isComment {
			v.learnLiteral(sql[l.start:l.end])
		}
	}
}

func (v *Values) learnLiteral(b []byte) {
	if !isKeyWord(b) {
		v.learnText(b)
	}
}

// read prepares for SQL that was sent in a session with these settings.
func (v *Values) read(s *event.Settings) sqltext.Settings {
	if s != v.settings {
		v.settings, v.reading = s, s.SQL()
	}
	return v.reading
}
