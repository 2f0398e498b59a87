package sqltext

import "strings"

// clause follows where a FROM begins and ends. Outside a query, FROM is part of an expression, as in
// extract(year from x).
func (r *traitReader) clause(l *level, word string) {
	switch word {
	case "from":
		switch {
		case r.isBefore("distinct"): // IS DISTINCT FROM
		case l.hasFrom, l.inFrom:
			r.tables = false // ROWS FROM
		case l.selects:
			l.hasFrom, l.inFrom, l.expectsTable = true, true, true
		}
	case "join":
		l.expectsTable = l.inFrom
	case "union", "intersect", "except":
		l.inFrom, l.hasFrom = false, false
	case "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "into":
		l.inFrom = false
	}
}

// table takes note of a token where the name of a table, or a query in brackets, is expected. A name
// before a bracket is a function.
func (r *traitReader) table(l *level) {
	switch {
	case r.is("("), r.is("."), r.is("only"), r.is("lateral"):
	case !l.began && r.here.Kind == Word && beginsQuery(r.tokens.Text(r.here)):
		l.inFrom, l.expectsTable = false, false
	case r.here.Kind == Word && !r.isBefore(".") && isFunction(r.tokens.Text(r.here)):
		r.tables, l.expectsTable = false, false
	case r.here.Kind == Word, r.here.Kind == QuotedName:
		if r.isNext("(") {
			r.tables = false
		}
		r.name()
		l.expectsTable = r.isNext(".")
	default:
		r.tables, l.expectsTable = false, false
	}
}

// name takes note of a part of the name of a table.
func (r *traitReader) name() {
	part := strings.Trim(string(r.tokens.Text(r.here)), `"`)
	switch {
	case r.isNext("."):
		r.schema = part
		return
	case r.isNext("("): // a function
	case isCatalog(r.schema, part):
		r.readsCatalogs = true
	default:
		r.readsOthers = true
	}
	r.schema = ""
}

// isFunction reports whether a word without brackets calls a function (func_expr_common_subexpr in
// src/backend/parser/gram.y).
func isFunction(word []byte) bool {
	switch string(word) {
	case "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp", "current_user",
		"localtime", "localtimestamp", "session_user", "system_user", "user":
		return true
	}
	return false
}
