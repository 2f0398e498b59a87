//go:build cgo

package sqltext

import (
	"encoding/json"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v6"

	"pgpi/internal/sqltext"
)

// checkComparisons checks that each column that we say a placeholder is compared with is the other
// side of an =, or before an IN with nothing else, in the parse tree of the shape.
func checkComparisons(t *testing.T, shape *sqltext.Shape, seen map[string]int) {
	t.Helper()
	tree, err := pg_query.ParseToJSON(shape.Text)
	if err != nil {
		return // elements of lists are left out
	}
	var parsed any
	if err := json.Unmarshal([]byte(tree), &parsed); err != nil {
		t.Fatal(err)
	}
	ours := sqltext.TraitsOf(shape)
	if list, err := readTree(tree); err != nil || ours.OnlySingles && (!list.list || list.longList) {
		t.Errorf("%s\nwe say that all lists are of one placeholder: %v", shape.Text, err)
	}
	if ours.OnlySingles {
		seen["only single placeholders"]++
	}
	theirs := map[float64]string{}
	collectComparisons(parsed, theirs)
	for n := 1; n <= ours.Operands; n++ {
		compared, ok := sqltext.ComparedWith(shape, n)
		column := theirs[float64(n)]
		switch {
		case ok && strings.ReplaceAll(compared, `"`, "") != column:
			t.Errorf("%s\nwe say that $%d is compared with %q, they with %q", shape.Text, n, compared, column)
		case ok:
			seen["compared"]++
		case column != "":
			seen["compared, which is not seen"]++
		}
	}
}

// collectComparisons collects the columns that parameters are compared with.
func collectComparisons(node any, all map[float64]string) {
	switch node := node.(type) {
	case []any:
		for _, one := range node {
			collectComparisons(one, all)
		}
	case map[string]any:
		if expression, ok := node["A_Expr"].(map[string]any); ok && isEquality(expression) {
			left, right := expression["lexpr"], onlyElement(expression["rexpr"])
			if n, column := parameterOf(right), columnOf(left); n > 0 && column != "" {
				all[n] = column
			}
			if n, column := parameterOf(left), columnOf(right); n > 0 && column != "" {
				all[n] = column
			}
		}
		for _, below := range node {
			collectComparisons(below, all)
		}
	}
}

func isEquality(expression map[string]any) bool {
	return (expression["kind"] == "AEXPR_OP" || expression["kind"] == "AEXPR_IN") && joined(expression["name"]) == "="
}

// onlyElement returns the only element of a list, or what is not a list.
func onlyElement(node any) any {
	fields, _ := node.(map[string]any)
	list, ok := fields["List"].(map[string]any)
	if !ok {
		return node
	}
	if items, ok := list["items"].([]any); ok && len(items) == 1 {
		return items[0]
	}
	return nil
}

// parameterOf returns the number of a parameter, with casts or without.
func parameterOf(node any) float64 {
	fields, _ := node.(map[string]any)
	if cast, ok := fields["TypeCast"].(map[string]any); ok {
		return parameterOf(cast["arg"])
	}
	parameter, _ := fields["ParamRef"].(map[string]any)
	n, _ := parameter["number"].(float64)
	return n
}

// columnOf returns the name of a column, with what qualifies it.
func columnOf(node any) string {
	fields, _ := node.(map[string]any)
	column, _ := fields["ColumnRef"].(map[string]any)
	return joined(column["fields"])
}

// joined returns a qualified name.
func joined(names any) string {
	var all []string
	list, _ := names.([]any)
	for _, one := range list {
		fields, _ := one.(map[string]any)
		name, _ := fields["String"].(map[string]any)
		text, _ := name["sval"].(string)
		all = append(all, text)
	}
	return strings.Join(all, ".")
}
