package insight

import (
	"strings"

	"pgpi/internal/sqltext"
)

// relation is what names say about a column of a result and what a statement compares a value with.
type relation uint8

const (
	// unrelated names say nothing.
	unrelated relation = iota
	// likely is a key on one side, and a reference on the other whose name says nothing about the
	// key's table: users.id and author_id, or nodes.id and nodes.parent.
	likely
	// related names agree: orders.id and order_id, or the key of the same table.
	related
)

// relations remembers what was found out about names.
type relations struct {
	known map[pair]relation
	size  int // in bytes, with the texts of both shapes of each pair
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
		size := sizeOfRelation + len(p.parent.Text) + len(p.child.Text) + len(p.column)
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
	column := plainName(p.column)
	source, owner := sourceOf(p.parent, column)
	parents, children := tablesOf(p.parent).of(owner), tablesOf(p.child).of(qualifierOf(compared))
	to := plainName(lastName(compared))
	r := compareNames(source, parents, to, children)
	if source != column {
		r = max(r, compareNames(column, nil, to, children))
	}
	return r
}

// compareNames compares a column of some tables with one of others.
func compareNames(from string, parents tables, to string, children tables) relation {
	switch {
	case isKey(from) && isKey(to):
		return when(parents.share(children), unrelated)
	case isKey(from):
		return when(parents.areLike(stem(to)), likelyIf(isReference(to) || parents.share(children)))
	case isKey(to):
		return when(children.areLike(stem(from)), likelyIf(isReference(from) || parents.share(children)))
	}
	return when(from == to || isLike(stem(from), stem(to)), unrelated)
}

func when(agree bool, otherwise relation) relation {
	if agree {
		return related
	}
	return otherwise
}

func likelyIf(reference bool) relation {
	if reference {
		return likely
	}
	return unrelated
}

// isReference reports whether a plain name is that of a reference.
func isReference(name string) bool { return strings.HasSuffix(name, "id") }

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
