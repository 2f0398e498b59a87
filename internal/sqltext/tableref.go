package sqltext

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
	case "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except", "into":
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
		l.expectsTable = r.isNext(".")
	default:
		r.tables, l.expectsTable = false, false
	}
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
