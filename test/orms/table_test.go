package orms

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/test/golden"
)

// TestTable checks that docs/orms.md says what the matrix tests.
func TestTable(t *testing.T) {
	var text strings.Builder
	text.WriteString(tableHead)
	for _, o := range orms {
		fmt.Fprintf(&text, "| %s | %s |", o.title, o.version(t))
		for _, w := range ways {
			fmt.Fprintf(&text, " %s |", cmp.Or(o.lacks[w.name], "as expected"))
		}
		var more []string
		for _, w := range o.also {
			more = append(more, w.name)
		}
		fmt.Fprintf(&text, " %s |\n", strings.Join(more, ", "))
	}
	golden.CompareFile(t, filepath.Join("..", "..", "docs", "orms.md"), text.String())
}

const tableHead = `# Object-relational mappers under pgpi run

<!-- Made by: go test ./test/orms -run TestTable -update -->

` + "`pgpi run -- PROGRAM`" + ` is tested with a program for each of these ORMs, on PostgreSQL 14 to 18. The program reads 30 authors and
their 60 books:

- **lazy**: the books of each author by themselves, over one connection, and **lazy-pool**: over several, side by side;
- **eager**: all books at once, in the way that the ORM has for this, and **eager-pool**: five parts of them side by side.

| ORM | version | lazy | lazy-pool | eager | eager-pool | also |
| --- | --- | --- | --- | --- | --- | --- |
`
