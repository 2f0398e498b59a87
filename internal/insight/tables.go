package insight

import (
	"slices"
	"strings"

	"pgpi/internal/sqltext"
)

// table is a table that a shape reads. Names are plain.
type table struct{ name, alias string }

type tables []table

// of returns the table with a name or an alias, or all if the name is "".
func (all tables) of(name string) tables {
	if name == "" {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(t table) bool { return t.alias != name })
}

// share reports whether a table is in both lists.
func (all tables) share(others tables) bool {
	return slices.ContainsFunc(all, func(t table) bool {
		return slices.ContainsFunc(others, func(o table) bool { return t.name == o.name })
	})
}

// areLike reports whether the name of a table is like another one.
func (all tables) areLike(name string) bool {
	return slices.ContainsFunc(all, func(t table) bool { return isLike(t.name, name) })
}

// tablesOf returns the tables that a shape reads: the names after FROM and JOIN, and those that
// follow them after a comma.
func tablesOf(shape *sqltext.Shape) (all tables) {
	tokens := scan(shape)
	expects := false
	for t := tokens.NextSignificant(); t.Kind != sqltext.End; t = tokens.NextSignificant() {
		switch {
		case tokens.Is(t, "from"), tokens.Is(t, "join"):
			expects = true
		case !expects, tokens.Is(t, "only"), tokens.Is(t, "lateral"):
		case !isName(t):
			expects = false
		default:
			var one table
			one, t = readTable(&tokens, t)
			expects = tokens.Is(t, ",") || tokens.Is(t, "join")
			if one.name != "" {
				all = append(all, one)
			}
		}
	}
	return all
}

func scan(shape *sqltext.Shape) sqltext.Scanner {
	return sqltext.NewScanner([]byte(shape.Text), sqltext.Settings{Strings: sqltext.StandardStrings, Encoding: sqltext.ASCIISafe})
}

func isName(t sqltext.Token) bool { return t.Kind == sqltext.Word || t.Kind == sqltext.QuotedName }

// readTable reads a qualified name with its alias, and returns the last part of the name, and the
// token after it. A function has no name of a table.
func readTable(tokens *sqltext.Scanner, t sqltext.Token) (one table, next sqltext.Token) {
	one.name = plainName(string(tokens.Text(t)))
	for t = tokens.NextSignificant(); tokens.Is(t, "."); t = tokens.NextSignificant() {
		one.name = plainName(string(tokens.Text(tokens.NextSignificant())))
	}
	if tokens.Is(t, "(") {
		return table{}, t
	}
	one.alias = one.name
	if tokens.Is(t, "as") {
		t = tokens.NextSignificant()
	}
	if t.Kind == sqltext.Word && !isClause(string(tokens.Text(t))) || t.Kind == sqltext.QuotedName {
		one.alias = plainName(string(tokens.Text(t)))
		t = tokens.NextSignificant()
	}
	return one, t
}

// isClause reports whether a word after a table is not its alias.
func isClause(word string) bool {
	switch word {
	case "where", "join", "inner", "left", "right", "full", "cross", "natural", "on", "using", "group", "order", "having", "limit", "offset",
		"fetch", "for", "union", "intersect", "except", "window", "tablesample":
		return true
	}
	return false
}

// qualifierOf returns what is before the last name of a column, as written: o of o.id. It is "" if
// there is nothing.
func qualifierOf(column string) string {
	if at := strings.LastIndexByte(column, '.'); at >= 0 {
		return plainName(lastName(column[:at]))
	}
	return ""
}

// sourceOf returns the column that a column of a shape's result is, and its qualifier: id and o for
// id in select o.id, and for order_id in select o.id as order_id. The qualifier is "" if the column
// is not in the list by itself, as in select *.
func sourceOf(shape *sqltext.Shape, column string) (name, qualifier string) {
	tokens := scan(shape)
	var item []string // tokens of the list since the last comma, plain
	depth := 0
	for t := tokens.NextSignificant(); t.Kind != sqltext.End; t = tokens.NextSignificant() {
		switch {
		case tokens.Is(t, "("):
			depth++
		case tokens.Is(t, ")"):
			depth--
		case depth > 0:
		case tokens.Is(t, ","), tokens.Is(t, "from"):
			n := len(item)
			if n >= 5 && item[n-1] == column && item[n-2] == "as" {
				n -= 2
			} else if n < 3 || item[n-1] != column {
				n = 0
			}
			if n > 0 && item[n-2] == "." {
				return item[n-1], item[n-3]
			}
			if tokens.Is(t, "from") {
				return column, ""
			}
			item = item[:0]
			continue
		}
		item = append(item, plainName(string(tokens.Text(t))))
	}
	return column, ""
}
