package redact

import "pgpi/internal/sqltext"

// value hides the value that belongs to the name of a secret: password = 'x', password text := 'x',
// SET app.token TO x, check_password('x'), 'password', 'x' as two arguments, and 'x' AS password.
func (f *finder) value(i int) {
	if f.is(i-1, "as") {
		f.alias(i - 1)
	}
	if f.kind(i).IsName() {
		for f.is(i+1, ".") && f.kind(i+2).IsName() {
			i += 2
		}
	}
	at := i + 1
	switch {
	case f.is(at, "("):
		if f.kind(i).IsName() {
			f.secrets(at+1, f.closing[at])
		}
	case f.kind(i).IsString() && f.is(at, ","):
		f.expression(at + 1)
	case f.is(0, "set", "alter") && f.is(at, "=", "to"):
		f.setting(at + 1)
	case f.compares(at):
		for f.compares(at) {
			at++
		}
		f.expression(at)
	default:
		f.declaration(at)
	}
}

// compares reports whether a token can be between a column, or a variable, and its value.
func (f *finder) compares(i int) bool {
	return f.kind(i) == sqltext.Operator && !f.is(i, "->", "->>", "#>", "#>>") ||
		f.is(i, ":=", "=>", "in", "like", "ilike", "is", "not", "distinct", "from", "similar", "to", "default", "any", "all", "between") && !f.endsItem(i)
}

// endsItem reports whether FROM, or TO, is not that of IS DISTINCT FROM, or SIMILAR TO.
func (f *finder) endsItem(i int) bool {
	return f.is(i, "from") && !f.is(i-1, "distinct") || f.is(i, "to") && !f.is(i-1, "similar") || f.is(i, "all") && f.kind(i-1) != sqltext.Operator
}

// longestType is the maximum number of tokens of a type between a variable and its value.
const longestType = 10

// declaration hides the value after a name and its type.
func (f *finder) declaration(at int) {
	for end := at + longestType; at < end && (f.kind(at) == sqltext.Word || f.kind(at) == sqltext.Number || f.is(at, "(", "[", "]", "::", ".")); at++ {
		switch {
		case f.is(at, "default"):
			f.expression(at + 1)
			return
		case f.is(at, "from", "where", "and", "or", "select", "values", "order", "group", "limit", "then", "else", "end", "as"):
			return
		case f.is(at, "("):
			at = min(f.closing[at], end)
		}
	}
	if f.compares(at) {
		f.expression(at + 1)
	}
}

// setting hides the value of a setting, which needs no quotes.
func (f *finder) setting(from int) {
	from, f.marked = max(from, f.marked), len(f.tokens)
	for i := from; i < len(f.tokens); i++ {
		switch k := f.kind(i); {
		case f.is(i, "default", "on", "off", "true", "false", "null"):
		case k.IsName():
			f.hide(i)
			f.remember(i)
		default:
			f.secret(i)
		}
	}
}

// expression hides an expression: up to a comma, an unmatched closing parenthesis, or a word that
// ends it.
func (f *finder) expression(from int) {
	if from < f.marked {
		return
	}
	end := from
	for end < len(f.tokens) && !f.is(end, ",", ")") && !f.is(end,
		"and", "or", "where", "from", "returning", "order", "group", "having", "limit", "on", "then", "else", "end", "when", "union", "as", "set") {
		if f.is(end, "(") {
			end = f.closing[end]
		}
		end++
	}
	f.secrets(from, min(end, len(f.tokens)))
}

// secrets hides all constants and parameters between two tokens, none of them twice.
func (f *finder) secrets(from, to int) {
	for i := max(from, f.marked); i < to; i++ {
		f.secret(i)
	}
	f.marked = max(f.marked, to)
}

// longestItem is how many tokens before AS are looked at.
const longestItem = 64

// alias hides what is before AS and the name of a secret.
func (f *finder) alias(as int) {
	depth, first := 0, max(f.named, as-longestItem)
	f.named = as
	for i := as - 1; i >= first; i-- {
		switch {
		case f.is(i, ")"):
			depth++
		case f.is(i, "("):
			depth--
		case depth == 0 && f.is(i, ",", "select", "returning", "distinct", "all"):
			return
		default:
			f.secret(i)
		}
		if depth < 0 {
			return
		}
	}
}

// longestTable is how many tokens may be between INTO and the columns: a table, with its schema and
// an alias.
const longestTable = 8

// columns hides what belongs to a column that is called a secret, in INSERT INTO table (columns)
// VALUES (…), (…), the same with SELECT, and SET (columns) = (…).
func (f *finder) columns(i int) {
	for end := i + longestTable; i < end && !f.is(i, "(", "values", "select", "default"); {
		i++
	}
	if !f.is(i, "(") {
		return
	}
	secret, end := map[int]bool{}, min(f.closing[i], len(f.tokens))
	column := 0
	for i++; i < end; i++ {
		switch {
		case f.is(i, ","):
			column++
		case f.kind(i).IsName() && f.namesSecret(i):
			secret[column] = true
		}
	}
	if len(secret) == 0 {
		return
	}
	for i++; i < len(f.tokens); i++ {
		switch {
		case f.is(i, "("):
			f.row(i+1, min(f.closing[i], len(f.tokens)), secret)
			i = f.closing[i]
		case f.is(i, "select"):
			f.row(i+1, len(f.tokens), secret)
			return
		case f.is(i, "on", "where", "returning", "insert", "set"):
			return
		}
	}
}

// row hides those values of a row that are secrets.
func (f *finder) row(from, to int, secret map[int]bool) {
	column := 0
	for i := from; i < to; i++ {
		switch {
		case f.is(i, ","):
			column++
		case f.is(i, "from", "where", "insert", "select", "set"):
			return
		case f.is(i, "("):
			end := min(f.closing[i], to)
			if secret[column] {
				for j := i + 1; j < end; j++ {
					f.secret(j)
				}
			}
			i = end
		case secret[column]:
			f.secret(i)
		}
	}
}

// copyColumns finds the columns of a COPY that are called secrets: in its list, or in that of its
// query.
func (f *finder) copyColumns() {
	i := 1
	for i < len(f.tokens) && !f.is(i, "(", "from", "to") {
		i++
	}
	if !f.is(i, "(") {
		return
	}
	end := min(f.closing[i], len(f.tokens))
	isQuery, column := i == 1, 0
	for i++; i < end; i++ {
		switch {
		case f.is(i, "("):
			i = f.closing[i]
		case f.is(i, "from") && isQuery:
			return
		case f.is(i, ","):
			column++
		// The last name of an item is the column's.
		case f.kind(i).IsName() && f.namesSecret(i) && (!isQuery || f.is(i+1, ",", "from") || i+1 == end):
			f.found.copies = true
			if isQuery {
				f.found.selected = append(f.found.selected, column)
			}
		}
	}
}
