package drivers

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgpi/test/golden"
)

// TestTable checks that the table in docs/drivers says what the matrix tests, and that each driver
// has a page that mentions everything that it needs.
func TestTable(t *testing.T) {
	docs := filepath.Join("..", "..", "docs", "drivers")
	path := filepath.Join(docs, "README.md")
	want := tableHead + table(t) + tableFoot
	golden.CompareFile(t, path, want)
	for _, d := range drivers {
		page := filepath.Join(docs, d.name+".md")
		text := readText(t, page)
		for _, w := range ways {
			for words := range strings.SplitSeq(w.set(d), " and ") {
				if !strings.Contains(text, words) {
					t.Errorf("%s does not say what %s is for", page, words)
				}
			}
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const tableHead = `# Drivers through pgpi

<!-- Made by: go test ./test/drivers -run TestTable -update -->

Each driver runs one program, which does the same directly and through pgpi: simple and prepared queries, values in
binary format, a batch or pipeline, COPY in and out, LISTEN and NOTIFY, a cancel, an error in a transaction and its
rollback, 3 MiB in one value both ways, UTF-8 and another client encoding, and a wrong password. What it prints, its
exit code and every SQLSTATE are equal. That is tested against PostgreSQL 15 and 18 and against pgbouncer 1.18 in
session mode, each with TLS and SCRAM towards the server, and that pgpi could read all of the traffic.

The pages say how to point each driver at a pgpi that listens on port 5433:

    pgpi --server-host db.example.com --server-sslmode verify-full --server-sslrootcert system --client-listen-port 5433

To clients that use TLS it presents a certificate that it makes for the occasion; ` + "`--client-ssl-cert`" + ` and
` + "`--client-ssl-key`" + ` name one that they can check.

A cell tells what has to be set for the driver to do the same as directly. The test also checks that it does not work
without.

`

const tableFoot = `
- **pgpi without TLS**: the driver connects to pgpi in plaintext, pgpi to the server with TLS. Such a server offers
  SCRAM-SHA-256-PLUS, which some drivers refuse on a connection without TLS: ` + "`--hide-channel-binding`" + ` takes it
  out of the offer.
- **pgpi with TLS**: the driver checks pgpi's certificate (` + "`--client-ssl-cert`" + `). A driver that binds its login to the
  certificate it sees binds it to pgpi's, and the server refuses that: tell it not to.
- **pgpi run**: the program is given just what it is given when it connects directly, and pgpi checks the server's
  certificate for it. With ` + "`--client-tls`" + ` it uses TLS towards pgpi too.
- pgbouncer offers no channel binding, so that nothing has to be set there; what the cell says does no harm.
`

// table makes a row for each driver.
func table(t *testing.T) string {
	heads := []string{"driver", "version"}
	for _, w := range ways {
		heads = append(heads, w.title)
	}
	heads = append(heads, "not in this driver")
	var text strings.Builder
	row := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	row(heads)
	row(slices.Repeat([]string{"---"}, len(heads)))
	for _, d := range drivers {
		cells := []string{fmt.Sprintf("[%s](%s.md)", d.title, d.name), d.version(t)}
		for _, w := range ways {
			cells = append(cells, cell(w.set(d)))
		}
		row(append(cells, strings.Join(d.absences(), ", ")))
	}
	return text.String()
}

func cell(set string) string {
	if set == "" {
		return "works"
	}
	return "works with `" + strings.ReplaceAll(set, " and ", "` and `") + "`"
}

// absences returns the steps that the driver can't do.
func (d driver) absences() []string {
	var steps []string
	for _, step := range slices.Sorted(maps.Keys(d.differs)) {
		if d.differs[step] == absent {
			steps = append(steps, step)
		}
	}
	if d.hasty {
		steps = append(steps, "cancel through pgbouncer 1.18")
	}
	return steps
}
