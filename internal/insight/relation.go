package insight

import (
	"slices"
	"strings"

	"pgpi/internal/sqltext"
)

// relation is what names say about a column of a result and what a statement compares a value with.
type relation uint8

const (
	// unrelated names say nothing.
	unrelated relation = iota
	// likely is a key on one side, and a reference on the other whose name says nothing about the
	// key's table: users.id and author_id.
	likely
	// related names agree: orders.id and order_id, or the same table.
	related
)

// relations remembers what was found out about names.
type relations struct {
	known map[pair]relation
	size  int // of the texts of both shapes of each pair
}

// pair is a column of a result and an operand of a statement.
type pair struct {
	parent, child *sqltext.Shape
	column        string
	operand       int
}

// maxRelations is how many are remembered. Exceeding it only costs time.
const maxRelations = 10_000

func (all *relations) of(p pair) relation {
	r, ok := all.known[p]
	if !ok {
		size := len(p.parent.Text) + len(p.child.Text)
		if len(all.known) >= maxRelations || all.size+size > maxShapeTexts || all.known == nil {
			*all = relations{known: map[pair]relation{}}
		}
		all.size += size
		r = p.relate()
		all.known[p] = r
	}
	return r
}

// relate compares the names.
func (p *pair) relate() relation {
	compared, ok := sqltext.ComparedWith(p.child, p.operand+1)
	if !ok {
		return unrelated
	}
	from, to := plainName(p.column), plainName(lastName(compared))
	parents, children := tablesOf(p.parent), tablesOf(p.child)
	shared := false
	for _, t := range parents {
		shared = shared || t != "" && slices.Contains(children, t)
	}
	switch isKey(from) {
	case true:
		if isKey(to) {
			return when(shared, unrelated)
		}
		return when(shared || anyLike(parents, stem(to)), likelyIf(to))
	default:
		if isKey(to) {
			return when(shared || anyLike(children, stem(from)), likelyIf(from))
		}
		return when(from == to || isLike(stem(from), stem(to)), unrelated)
	}
}

func when(agree bool, otherwise relation) relation {
	if agree {
		return related
	}
	return otherwise
}

// likelyIf returns likely for the name of a reference.
func likelyIf(name string) relation {
	if strings.HasSuffix(name, "id") {
		return likely
	}
	return unrelated
}

// isKey reports whether a plain name can be that of a key of any table.
func isKey(name string) bool {
	switch name {
	case "id", "uid", "uuid", "guid", "pk", "key", "code", "no", "nr", "num", "number", "name", "oid", "slug":
		return true
	}
	return false
}

// lastName returns the last part of a qualified name.
func lastName(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}

// plainName returns a name as far as conventions agree: order_id, orderId and "Order_id" are the
// same.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '"', r == '_', r == '-', r == ' ':
			return -1
		}
		return r
	}, name)
}

// stem returns what the name of a reference says about the table: order for orderid.
func stem(name string) string {
	for _, end := range []string{"uuid", "id", "key", "code", "no", "ref"} {
		if s, ok := strings.CutSuffix(name, end); ok && s != "" {
			return s
		}
	}
	return name
}

// isLike reports whether names are the same but for number and a prefix, as those of a table and of
// a reference to it are: shop_orders and order.
func isLike(a, b string) bool {
	a, b = singular(a), singular(b)
	const least = 3
	return a == b || len(b) >= least && strings.HasSuffix(a, b) || len(a) >= least && strings.HasSuffix(b, a)
}

func anyLike(tables []string, name string) bool {
	for _, t := range tables {
		if isLike(t, name) {
			return true
		}
	}
	return false
}

func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "sses"), strings.HasSuffix(name, "xes"), strings.HasSuffix(name, "ches"), strings.HasSuffix(name, "shes"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "ss"):
		return name
	}
	return strings.TrimSuffix(name, "s")
}

// tablesOf returns the plain names of the tables that a shape reads: the names after FROM and JOIN,
// and those that follow them after a comma.
func tablesOf(shape *sqltext.Shape) (tables []string) {
	tokens := sqltext.NewScanner([]byte(shape.Text), sqltext.Settings{Strings: sqltext.StandardStrings, Encoding: sqltext.ASCIISafe})
	expects := false
	for t := tokens.NextSignificant(); t.Kind != sqltext.End; t = tokens.NextSignificant() {
		switch {
		case tokens.Is(t, "from"), tokens.Is(t, "join"):
			expects = true
		case !expects, tokens.Is(t, "only"), tokens.Is(t, "lateral"):
		case t.Kind != sqltext.Word && t.Kind != sqltext.QuotedName:
			expects = false
		default:
			var name string
			name, t = tableName(&tokens, t)
			expects = tokens.Is(t, ",") || tokens.Is(t, "join")
			if name != "" {
				tables = append(tables, name)
			}
		}
	}
	return tables
}

// tableName reads a qualified name with its alias, and returns the last part of the name, and the
// token after it. A function has no name of a table.
func tableName(tokens *sqltext.Scanner, t sqltext.Token) (name string, next sqltext.Token) {
	name = plainName(string(tokens.Text(t)))
	for t = tokens.NextSignificant(); tokens.Is(t, "."); t = tokens.NextSignificant() {
		name = plainName(string(tokens.Text(tokens.NextSignificant())))
	}
	if tokens.Is(t, "(") {
		return "", t
	}
	if tokens.Is(t, "as") {
		t = tokens.NextSignificant()
	}
	if t.Kind == sqltext.Word && !isClause(string(tokens.Text(t))) || t.Kind == sqltext.QuotedName {
		t = tokens.NextSignificant()
	}
	return name, t
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
