package insight

import (
	"strings"

	"pgpi/internal/sqltext"
)

// asOne ends a sentence that says what one statement for all values would be.
func asOne(child *sqltext.Shape, operands []int) string {
	column, list := comparedWith(child, operands), listOf(child)
	switch {
	case column == "", list.tests:
		return "for all values would do, such as one with a join."
	case choosesRows(child, column):
		return "would do, with a lateral join to unnest($1) and where " + column + " = its value."
	case list.adds, strings.Contains(child.Text, " group by "):
		return "would do: where " + column + " = any($1), grouped by " + column + "."
	}
	return "would do: where " + column + " = any($1)."
}

// choosesRows reports whether a shape returns some of the rows with a value. A key has no more than
// one row, which some mappers limit all the same.
func choosesRows(shape *sqltext.Shape, column string) bool {
	limited := strings.Contains(shape.Text, " limit ") || strings.Contains(shape.Text, " fetch first ")
	return limited && (strings.Contains(shape.Text, " order by ") || !isKey(plainName(lastName(column))))
}

// comparedWith returns the column that the only operand is compared with, or "".
func comparedWith(shape *sqltext.Shape, operands []int) string {
	if len(operands) != 1 {
		return ""
	}
	column, _ := sqltext.ComparedWith(shape, operands[0]+1)
	return column
}

// list is what a SELECT returns: adds is set if it adds up rows, as with count(*), and tests if it is
// an EXISTS.
type list struct{ adds, tests bool }

func listOf(shape *sqltext.Shape) (l list) {
	tokens := scan(shape)
	depth, inner := 0, 0 // of parentheses, and that of a subquery or 0
	word := ""           // before this token
	for t := tokens.NextSignificant(); t.Kind != sqltext.End; t = tokens.NextSignificant() {
		switch {
		case tokens.Is(t, "from") && depth == 0:
			return l
		case tokens.Is(t, "("):
			l.adds = l.adds || inner == 0 && isAggregate(word)
			l.tests = l.tests || depth == 0 && word == "exists"
			depth++
		case tokens.Is(t, ")"):
			if depth--; depth < inner {
				inner = 0
			}
		case tokens.Is(t, "select") && depth > 0 && inner == 0:
			inner = depth
		case tokens.Is(t, "over"): // each row is returned
			l.adds = false
		}
		word = ""
		if t.Kind == sqltext.Word {
			word = string(tokens.Text(t))
		}
	}
	return l
}

// isAggregate reports whether a word is the name of an aggregate function.
func isAggregate(word string) bool {
	switch word {
	case "count", "sum", "min", "max", "avg", "every", "bool_and", "bool_or", "array_agg", "string_agg", "json_agg", "jsonb_agg":
		return true
	}
	return false
}
