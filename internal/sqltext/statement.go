package sqltext

import "strings"

// statement reads the significant tokens of a text, with one token of lookahead. It is tolerant: it
// skips what does not matter.
type statement struct {
	tokens Scanner
	token  Token
}

func newStatement(sql string, settings Settings) *statement {
	st := &statement{tokens: NewScanner([]byte(sql), settings)}
	st.advance()
	return st
}

func (st *statement) advance() { st.token = st.tokens.NextSignificant() }

// atEnd reports whether nothing follows.
func (st *statement) atEnd() bool { return st.token.Kind == End }

// is reads a key word or a punctuation mark if it comes next, and reports whether it did.
func (st *statement) is(text string) bool {
	found := st.tokens.Is(st.token, text)
	if found {
		st.advance()
	}
	return found
}

// value returns what a token means, if a server would accept it.
func (st *statement) value() (text string, ok bool) {
	value, ok := st.tokens.AppendValue(nil, st.token)
	return string(value), ok
}

// name reads a name. A name with Unicode escapes is not understood.
func (st *statement) name() (string, bool) {
	if st.token.Kind != Word && st.token.Kind != QuotedName {
		return "", false
	}
	name, ok := st.value()
	st.advance()
	return name, ok
}

// text reads a constant in quotes. One with Unicode escapes is not understood, and where an option
// is expected, servers accept no other.
func (st *statement) text() (string, bool) {
	switch st.token.Kind {
	case String, EscapeString, DollarString:
		text, ok := st.value()
		st.advance()
		return text, ok
	}
	return "", false
}

// skip reads up to the next statement.
func (st *statement) skip() {
	for !st.atEnd() && !st.is(";") {
		if st.is("(") {
			st.skipParentheses()
		} else {
			st.advance()
		}
	}
}

// skipParentheses reads up to the parenthesis that closes the one just read.
func (st *statement) skipParentheses() {
	for depth := 1; depth > 0 && !st.atEnd(); {
		switch {
		case st.is("("):
			depth++
		case st.is(")"):
			depth--
		default:
			st.advance()
		}
	}
}

// DeallocatedName returns the name in a DEALLOCATE, if the text is nothing else.
func DeallocatedName(sql string, settings Settings) (name string, ok bool) {
	st := newStatement(sql, settings)
	if !st.is("deallocate") {
		return "", false
	}
	st.is("prepare")
	name, ok = st.name()
	for ok && st.is(";") {
	}
	return name, ok && st.atEnd()
}

// ControlsTransaction reports whether a text is a single statement that begins or ends a
// transaction, or a part of one bounded by a savepoint.
func ControlsTransaction(sql string, settings Settings) bool {
	st := newStatement(sql, settings)
	controls := st.is("begin") || st.is("commit") || st.is("end") || st.is("rollback") || st.is("abort") ||
		st.is("savepoint") || st.is("release") || (st.is("start") || st.is("prepare")) && st.is("transaction")
	if controls {
		st.skip()
	}
	return controls && st.atEnd()
}

// KeepsTransaction reports whether a COMMIT or ROLLBACK leaves a transaction open, as ROLLBACK TO
// and AND CHAIN do (documentation of ROLLBACK TO SAVEPOINT and COMMIT).
func KeepsTransaction(sql string, settings Settings) bool {
	st := newStatement(sql, settings)
	for !st.atEnd() {
		switch {
		case st.is("to"), st.is("chain"):
			return true
		case st.is("no"):
			st.advance() // CHAIN
		default:
			st.advance()
		}
	}
	return false
}

// Replication is a command of the replication protocol (documentation section "Streaming
// Replication Protocol").
type Replication struct {
	Command string // the first word, in lower case
	Logical bool
	Options map[string]string // of a logical slot, for its plugin; by name in lower case
}

// ParseReplication reads a command of the replication protocol. The protocol has its own lexer,
// which cuts what matters here as the lexer of SQL does (src/backend/replication/repl_scanner.l).
func ParseReplication(sql string) Replication {
	st := newStatement(sql, Settings{Strings: StandardStrings})
	c := Replication{Options: map[string]string{}}
	if st.token.Kind == Word {
		c.Command, _ = st.value()
	}
	for !st.atEnd() && !st.is("(") {
		switch {
		case st.is("slot"):
			st.advance() // whatever its name is
		case st.is("logical"):
			c.Logical = true
		default:
			st.advance()
		}
	}
	for !st.atEnd() {
		name, ok := st.name()
		if !ok {
			break
		}
		c.Options[strings.ToLower(name)], _ = st.text()
		st.is(",")
	}
	return c
}
