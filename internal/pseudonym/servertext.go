package pseudonym

import (
	"bytes"

	"pgpi/internal/event"
	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

// quotation is a part of an error's text that repeats data, or SQL.
type quotation struct {
	start, end int
	sql        bool
}

// identifierNouns stand before a name in double quotes in the messages of servers, in
// English. What stands in quotes behind anything else may be a value.
var identifierNouns = []string{
	"relation", "table", "column", "columns", "schema", "database", "role", "user", "constraint", "index", "sequence", "view",
	"type", "function", "procedure", "operator", "cursor", "statement", "portal", "extension", "parameter", "language",
	"publication", "subscription", "trigger", "slot", "tablespace", "server", "encoding", "collation", "savepoint", "domain",
	"rule", "policy", "partition", "alias", "name",
}

// raising are the routines of servers in which functions raise what they like, in
// PL/pgSQL, PL/Python, PL/Perl and PL/Tcl.
var raising = []string{"exec_stmt_raise", "exec_stmt_assert", "PLy_output", "PLy_elog_impl", "do_util_elog", "pltcl_elog"}

// beforeData are the words before data in parentheses.
var beforeData = []string{"=(", "= (", " contains ("}

// beforeJSON are those before a part of JSON, and the number of its line.
const beforeJSON = "JSON data, line "

// afterKey are the words behind the values of a key.
var afterKey = []string{
	") already exists", ") is not present", ") conflicts", ") is still referenced", ") is duplicated", ") is not permitted",
}

// isRaised reports whether a function has raised an error or a notice itself: then its
// words are data.
func isRaised(m *event.Message) bool {
	routine, _ := wire.ErrorFieldOf(m.Bytes, 'R')
	return isOneOf(routine, raising)
}

// appendQuotations finds the data in the text of an error or a notice.
func appendQuotations(dst []quotation, text []byte) []quotation {
	for at := 0; at < len(text); {
		q, found := quotationAt(text, at)
		if !found {
			at++
			continue
		}
		if q.start < q.end {
			dst = append(dst, q)
		}
		at = max(q.end, at+1)
		if at < len(text) && (text[at] == '"' || text[at] == '\'') {
			at++
		}
	}
	return dst
}

// quotationAt reads what begins at a place. It is empty for a name.
func quotationAt(text []byte, at int) (quotation, bool) {
	for _, words := range beforeData {
		if hasPrefix(text[at:], words) {
			start := at + len(words)
			return quotation{start: start, end: start + dataLength(text[start:])}, true
		}
	}
	if hasPrefix(text[at:], beforeJSON) {
		start := at + len(beforeJSON)
		return quotation{start: start + digits(text[start:]), end: len(text)}, true
	}
	before := text[:at]
	switch c := text[at]; {
	case c == '"':
		n := quotationLength(text[at+1:], '"')
		q := quotation{start: at + 1, end: at + 1 + n}
		switch last := lastWord(before); {
		case hasSuffix(before, "SQL statement "), hasSuffix(before, " near "), hasSuffix(before, "query "):
			q.sql, q.end = true, max(q.end, bytes.LastIndexByte(text, '"')) // names in SQL have quotes too
		case isOneOf(last, identifierNouns):
			q.start = q.end
		case hasSuffix(before, ": "):
			q.end = max(q.end, bytes.LastIndexByte(text, '"')) // the value can have quotes in it
		}
		return q, true
	case c == '\'' && (at == 0 || !isAlphanumeric(text[at-1])):
		tokens := sqltext.NewScanner(text[at:], sqltext.Settings{Strings: sqltext.StandardStrings})
		literal := tokens.Next()
		q := quotation{start: at + 1, end: at + literal.End}
		if !literal.Unterminated {
			q.end--
		}
		return q, true
	}
	for _, opening := range []string{"„", "»", "«", "“"} { // of other languages
		if hasPrefix(text[at:], opening) {
			start := at + len(opening)
			n := bytes.IndexAny(text[start:], "“”»«")
			if n < 0 {
				n = len(text) - start
			}
			return quotation{start: start, end: start + n}, true
		}
	}
	return quotation{}, false
}

// quotationLength is where a quote closes: at one that no letter follows.
func quotationLength(text []byte, quote byte) int {
	for i, c := range text {
		if c == quote && (i+1 == len(text) || !isAlphanumeric(text[i+1]) && text[i+1] != quote) {
			return i
		}
	}
	return len(text)
}

// dataLength is how far data in parentheses goes: up to words that are known to stand
// behind it, else to the last parenthesis.
func dataLength(text []byte) int {
	for _, words := range afterKey {
		if n := bytes.Index(text, []byte(words)); n >= 0 {
			return n
		}
	}
	if n := bytes.LastIndexByte(text, ')'); n >= 0 {
		return n
	}
	return len(text)
}

// lastWord is the word that stands before a quote.
func lastWord(before []byte) []byte {
	before = bytes.TrimRight(before, " ")
	start := len(before)
	for start > 0 && isAlphanumeric(before[start-1]) {
		start--
	}
	return before[start:]
}

func hasSuffix(text []byte, suffix string) bool {
	return len(text) >= len(suffix) && string(text[len(text)-len(suffix):]) == suffix
}

// replaceError replaces the data in the text of an error.
func (v *Values) replaceError(text []byte) {
	v.quotations = appendQuotations(v.quotations[:0], text)
	for _, q := range v.quotations {
		if q.sql {
			v.replaceLiterals(text[q.start:q.end], sqltext.Settings{})
		} else {
			v.replaceText(text[q.start:q.end], plainText, 0)
		}
	}
}

// learnError remembers the data in the text of an error.
func (v *Values) learnError(text []byte) {
	v.quotations = appendQuotations(v.quotations[:0], text)
	for _, q := range v.quotations {
		if q.sql {
			v.learnLiterals(text[q.start:q.end], sqltext.Settings{})
		} else {
			v.learnText(text[q.start:q.end])
		}
	}
}
