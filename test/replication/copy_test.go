//go:build unix

package replication

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/wire"
	"pgpi/test/golden"
)

const tableForCopy = `CREATE TABLE public.orders (id int, total numeric, note text);
	INSERT INTO orders VALUES (1, 9.90, 'plain'), (2, NULL, ''), (3, 0, E'tab\tnew\nline\\back"quote'), (4, -1, 'déjà, vu')`

// copyWays are ways to write rows, for both directions.
var copyWays = []struct {
	options string
	typ     wire.Type
}{
	{"", wire.CopyText},
	{"with (delimiter '|', null 'none')", wire.CopyText},
	{"with delimiter as e'\\x01' null as '-'", wire.CopyText},
	{"with (format csv)", wire.CopyCSV},
	{"with (format csv, header, delimiter ';', quote '''', escape '\\', null 'NULL')", wire.CopyCSV},
	{"csv header quote as '$'", wire.CopyCSV},
	{"with (format binary)", wire.CopyBinary},
}

// TestCopy has psql copy a table to a file and back into another table.
func TestCopy(t *testing.T) {
	part(t)
	for _, version := range []int{15, 18} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			server := startServer(t, version, nil)
			w, conn := tap(t, server.Version, server.Port), connect(t, server.URL())
			execute(t, conn, tableForCopy)
			for i, way := range copyWays {
				copyThere(t, w, conn, i, way.options)
				w.demand(way.typ)
			}
			oddCopies(t, w, conn)
			golden.Compare(t, fmt.Sprintf("copy_%v.txt", version), rowLines(w.text()))
		})
	}
}

// copyThere copies through a file and compares the tables.
func copyThere(t *testing.T, w *wiretap, conn *pgx.Conn, i int, options string) {
	t.Helper()
	file, target := filepath.Join(t.TempDir(), "rows"), fmt.Sprintf("public.\"Copy %d\"", i)
	execute(t, conn, "CREATE TABLE "+target+" (LIKE orders)")
	psql := func(script string) {
		cmd := command(t, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", w.conninfo())
		cmd.Stdin = strings.NewReader(script)
		program(t, cmd)
	}
	psql(fmt.Sprintf("\\copy public.orders (id, total, note) to '%s' %s\n", file, options))
	psql(fmt.Sprintf("\\copy %s (id, total, note) from '%s' %s\n", target, file, options))
	if diff := ask(t, conn, "SELECT count(*)::text FROM (TABLE orders EXCEPT TABLE "+target+") AS d"); diff != "0" {
		t.Errorf("%s: %s rows differ", options, diff)
	}
	execute(t, conn, "DROP TABLE "+target)
}

// oddCopies are a query, rows inside a script with their end mark, two COPYs in one Query, and one
// that fails.
func oddCopies(t *testing.T, w *wiretap, conn *pgx.Conn) {
	t.Helper()
	execute(t, conn, "CREATE TABLE odd (a text, b text)")
	cmd := command(t, "psql", "-X", "-q", w.conninfo())
	cmd.Stdin = strings.NewReader("copy orders to stdout with (format csv, force_quote *);\n" +
		"copy (select 1 as one, null as \"a ;\" union all select 2, 'x') to stdout with (format csv, header)\\g\n" +
		"copy odd from stdin;\n1\ta\\tb\\\\\n2\t\\N\n\\.\n" +
		"copy odd from stdin csv;\n1,\"a\nb\"\n\\.\n" +
		"copy odd (b) to stdout \\; copy odd (a) from stdin;\n3\n\\.\n" +
		"copy odd from stdin;\n1\n2\n\\.\n")
	program(t, cmd)
	w.demand(wire.CopyDone, wire.ErrorResponse)
}

// rowLines returns the lines of messages inside CopyData, without the connections' tags and without
// repetition. What depends on the time of day is left out.
func rowLines(log string) string {
	var b strings.Builder
	seen := map[string]bool{}
	in := false
	for line := range strings.Lines(log) {
		_, line, _ = strings.Cut(line, "  ")
		if !strings.HasPrefix(line, "  ") {
			in = strings.Contains(line, `"d" = CopyData`) && !strings.Contains(line, "Keepalive") && !strings.Contains(line, "StatusUpdate")
		}
		if line = golden.Normal(line); in && !seen[line] {
			seen[line] = true
			b.WriteString(line)
		}
	}
	return b.String()
}
