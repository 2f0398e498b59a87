package pseudonym

import (
	"bytes"
	"strings"

	"pgpi/internal/sqltext"
)

// statement is what decides which literals of a statement are data.
type statement struct {
	// words are its first words, in lower case.
	words []string
	depth int // of parentheses
	// inOptions is set if COPY's options follow, which come after TO or FROM.
	inOptions bool
	// setting is the place inside a SET. own is set if the setting is the user's own.
	setting settingPlace
	own     bool
	// language is that of a function, in lower case. hasLanguage is set if it was looked for.
	language    string
	hasLanguage bool
}

// settingPlace is a place in SET name = value.
type settingPlace byte

const (
	elsewhere settingPlace = iota
	inName
	inValue
)

// maxStatementWords is how many words identify a statement: CREATE OR REPLACE FUNCTION has the
// most.
const maxStatementWords = 4

// first returns the first word, or "" if there is none yet.
func (s *statement) first() string {
	if len(s.words) == 0 {
		return ""
	}
	return s.words[0]
}

// word takes a key word or a name in lower case.
func (s *statement) word(text string) {
	if len(s.words) < maxStatementWords {
		s.words = append(s.words, text)
	}
	switch {
	case text == "set" && (len(s.words) == 1 || s.hasSettings()):
		s.setting, s.own = inName, false
	case text == "to" && s.setting == inName:
		s.setting = inValue
	case s.first() == "copy" && s.depth == 0:
		s.inOptions = text == "to" || text == "from" || s.inOptions && text != "where"
	}
}

// hasSettings reports whether the statement alters something that has settings.
func (s *statement) hasSettings() bool {
	if s.first() != "alter" || len(s.words) == 1 {
		return false
	}
	switch s.words[1] {
	case "role", "user", "database", "system", "function", "procedure", "routine":
		return true
	}
	return false
}

// mark takes a token that is neither a word nor a constant.
func (s *statement) mark(tokens *sqltext.Scanner, t sqltext.Token) {
	switch {
	case tokens.Is(t, ";"):
		*s = statement{words: s.words[:0]}
	case tokens.Is(t, "("):
		s.depth++
	case tokens.Is(t, ")"):
		s.depth--
	case s.setting == inName && tokens.Is(t, "="):
		s.setting = inValue
	case s.setting == inName && (tokens.Is(t, ".") || t.Kind.IsName() && isOwn(tokens.Text(t))):
		s.own = true // as in SET app.tenant, or SET "app.tenant"
	}
}

// keeps reports whether literals stay.
func (s *statement) keeps() bool {
	switch s.first() {
	case "set":
		return !s.own
	case "start_replication", "create_replication_slot", "alter_replication_slot", "base_backup":
		return true
	}
	return false
}

// isOwnValue reports whether a word is the value of one of the user's own settings.
func (s *statement) isOwnValue() bool { return s.setting == inValue && s.own }

// makesFunction reports whether the statement has the body of a function.
func (s *statement) makesFunction() bool {
	if s.first() == "do" {
		return true
	}
	for _, word := range s.words {
		if word == "function" || word == "procedure" {
			return s.first() == "create"
		}
	}
	return false
}

// speaksSQL reports whether the body of a function is in SQL or PL/pgSQL. ahead are the tokens
// after it.
func (s *statement) speaksSQL(ahead sqltext.Scanner) bool {
	for !s.hasLanguage {
		t := ahead.NextSignificant()
		if s.hasLanguage = t.Kind == sqltext.End || ahead.Is(t, ";"); !s.hasLanguage && ahead.Is(t, "language") {
			s.speak(&ahead, ahead.NextSignificant())
		}
	}
	switch s.language {
	case "", "sql", "plpgsql": // DO without a language is in PL/pgSQL
		return true
	}
	return false
}

// speak takes what follows LANGUAGE: a name, or a literal.
func (s *statement) speak(tokens *sqltext.Scanner, t sqltext.Token) {
	name, _ := tokens.AppendValue(nil, t)
	s.language, s.hasLanguage = strings.ToLower(string(bytes.TrimSpace(name))), true
}
