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
			fmt.Fprintf(&text, " %s |", cmp.Or(w.finds, silent))
		}
		var more []string
		for _, w := range o.also {
			more = append(more, w.name+": "+cmp.Or(w.finds, silent))
		}
		fmt.Fprintf(&text, " %s |\n", strings.Join(more, ", "))
	}
	text.WriteString(tableFoot)
	golden.CompareFile(t, filepath.Join("..", "..", "docs", "orms.md"), text.String())
}

// silent says that pgpi finds nothing.
const silent = "–"

const tableHead = `# Object-relational mappers under pgpi run

<!-- Made by: go test ./test/orms -run TestTable -update -->

` + "`pgpi run -- PROGRAM`" + ` is tested with a program for each of these ORMs, on PostgreSQL 14 to 18. The program reads 30
authors and their 60 books:

- **lazy**: the books of each author by themselves, over one connection, and **lazy-pool**: over several, side by side;
- **eager**: all books at once, in the way that the ORM has for this, and **eager-pool**: five parts of them side by side.

A cell names the [finding](findings.md) that pgpi must have, besides timed ones, and ` + silent + ` says that there must be none. A
finding of n+1 must name the rows of the authors as those that were followed.

| ORM | version | lazy | lazy-pool | eager | eager-pool | also |
| --- | --- | --- | --- | --- | --- | --- |
`

const tableFoot = `
- **eager-join**: authors and books in one statement.
- **batch-size**, **selectin**, **dataloader**, **query-strategy**, **separate**: what the ORM has for loading books by
  lists of authors. With selectin these are 2,600 readers and their loans, in lists of 500; with batch-size there are
  five authors in a list.
- **pages**: five books at a time, each page from where the one before has ended.
- **factory**: 30 authors are made one by one, in one transaction. ORMs that ask for what was inserted (RETURNING) need
  each result.
- **tests**: ten tests make three rows in each of five tables, list them, and read each by its id. The ids are the same
  in all tables, and are among those of another table that was listed before.
`
