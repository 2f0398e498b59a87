package leak

import (
	"slices"
	"strings"
)

// maxDepth is how deep functions may be nested in each other.
const maxDepth = 8

// literals calls f with each constant, number and comment of SQL that is data. The body of a
// function is not data, but its literals are. It reports whether it is sure: with a setting that
// was not seen, a constant may end elsewhere.
func literals(sql []byte, q quoting, f func(token)) (sure bool) { return literalsAt(sql, q, 0, f) }

func literalsAt(sql []byte, q quoting, depth int, f func(token)) (sure bool) {
	s := newScanner(sql, q)
	var st statement
	sure = true
	for s.at < len(s.sql) {
		switch t := s.next(); {
		case t.kind == comment:
			f(t)
		case t.style == '$' && depth < maxDepth && st.makesFunction():
			sure = literalsAt(t.body, q, depth+1, f) && sure
		case (t.kind == constant || t.kind == number) && !st.keeps(t):
			t.isInterval = st.last == "interval"
			f(t)
			st.last = ""
		default:
			st.add(t)
		}
	}
	return sure && !s.unsure
}

// statement is what decides whether a literal in it is data.
type statement struct {
	words []string // the first ones, in lower case
	// last is the word before the current token.
	last string
	// named is set if a name has a schema, or a setting is the user's own.
	named bool
}

// maxWords is how many words identify a statement: CREATE OR REPLACE FUNCTION.
const maxWords = 4

// add takes a token that is not data.
func (s *statement) add(t token) {
	switch text := string(t.text); {
	case strings.TrimSpace(text) == "":
		return
	case text == ";":
		*s = statement{}
		return
	case text == ".", t.kind == name && strings.Contains(text, "."):
		s.named = len(s.words) > 0
	case t.kind == word:
		s.last = strings.ToLower(text)
		if len(s.words) < maxWords {
			s.words = append(s.words, s.last)
		}
		return
	}
	s.last = ""
}

// makesFunction reports whether a constant in dollar quotes is the body of a function.
func (s *statement) makesFunction() bool {
	switch {
	case len(s.words) == 0:
		return false
	case s.words[0] == "do":
		return true
	}
	return s.words[0] == "create" && (slices.Contains(s.words, "function") || slices.Contains(s.words, "procedure"))
}

// copyOptions are the words before a constant of COPY that says how data is written.
var copyOptions = []string{
	"as", "default", "delimiter", "delimiters", "encoding", "escape", "force_not_null", "force_null", "force_quote", "format", "freeze",
	"header", "log_verbosity", "null", "on_error", "quote", "reject_limit",
}

// replicationCommands have options, but no data.
var replicationCommands = []string{
	"alter_replication_slot", "base_backup", "create_replication_slot", "drop_replication_slot", "read_replication_slot",
	"start_replication", "timeline_history",
}

// keeps reports whether a literal stays: it says how data is written or how the server must behave,
// or is just a key word, as in queries of programs that look at the catalog.
func (s *statement) keeps(t token) bool {
	first := ""
	if len(s.words) > 0 {
		first = s.words[0]
	}
	switch {
	case first == "set" && !s.named, first == "copy" && slices.Contains(copyOptions, s.last):
		return true
	}
	return slices.Contains(replicationCommands, first) || keyWords[strings.ToLower(string(t.body))]
}

// keyWords are those that make SQL readable.
var keyWords = setOf(`
	all alter and any array begin between call case commit copy create default delete desc distinct drop else exists explain
	false from full function grant group having index inner insert into join left like limit listen lock merge notify null
	offset order outer primary references returning revoke right rollback select sequence show table temporary then trigger
	true truncate union unique update using vacuum values view when where with`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}
