package report

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

// fetched are statements whose rows are fetched a few at a time.
var fetched = []string{
	"select generate_series(1, 3)", "select v from a where id < %d limit 7", "values (1), (%d)", "insert into b values (%d), (2), (3) returning n", "show work_mem",
	"fetch 3 from c1", "update a set v = 'y' where id = %d", "select 1/0",
}

// fetch executes a portal a few rows at a time. In a transaction other statements run in between.
// Now and then it leaves the rest.
func fetch(t *testing.T, conn *pgx.Conn, r *rand.Rand) {
	t.Helper()
	c := conn.PgConn()
	f := c.Frontend()
	inTransaction := c.TxStatus() == 'T'
	portal := map[bool]string{true: "p"}[inTransaction]
	f.Send(&pgproto3.Parse{Query: filled(fetched[r.IntN(len(fetched))], r)})
	f.Send(&pgproto3.Bind{DestinationPortal: portal})
	left := 1 + r.IntN(20)
	for suspended := true; suspended && left > 0; left-- {
		f.Send(&pgproto3.Execute{Portal: portal, MaxRows: uint32(1 + r.IntN(2))})
		if inTransaction {
			f.Send(&pgproto3.Sync{})
		} else {
			f.Send(&pgproto3.Flush{})
		}
		var failed bool
		if suspended, failed = await(t, conn, inTransaction); failed {
			break
		}
		if suspended && inTransaction && r.IntN(2) == 0 {
			f.Send(&pgproto3.Parse{Query: "select 8"})
			f.Send(&pgproto3.Bind{})
			f.Send(&pgproto3.Execute{})
			f.Send(&pgproto3.Sync{})
			await(t, conn, true)
		}
	}
	if inTransaction {
		f.Send(&pgproto3.Close{ObjectType: 'P', Name: portal})
	}
	f.Send(&pgproto3.Sync{})
	await(t, conn, true)
}

// await reads until a portal is suspended or done, or the server is ready. It reports whether there
// are more rows, and whether the statement failed.
func await(t *testing.T, conn *pgx.Conn, ready bool) (suspended, failed bool) {
	t.Helper()
	c := conn.PgConn()
	if err := c.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := c.ReceiveMessage(t.Context())
		if m == nil && err != nil {
			t.Fatal(err)
		}
		switch m.(type) {
		case *pgproto3.PortalSuspended:
			suspended = true
		case *pgproto3.ErrorResponse:
			failed = true
		case *pgproto3.ReadyForQuery:
			return suspended, failed
		case *pgproto3.CommandComplete, *pgproto3.EmptyQueryResponse:
		default:
			continue
		}
		if !ready {
			return suspended, failed
		}
	}
}

// copyRows copies rows from and to the client. Some are wrong, and sometimes the client gives up.
func copyRows(t *testing.T, conn *pgx.Conn, r *rand.Rand) {
	t.Helper()
	c := conn.PgConn()
	var rows io.Reader = strings.NewReader(strings.Repeat("7\n", r.IntN(9)))
	switch r.IntN(10) {
	case 0:
		rows = strings.NewReader("1\nx\n")
	case 1:
		rows = io.MultiReader(rows, failing{})
	case 2, 3, 4:
		rows = nil
	}
	if rows == nil {
		_, _ = c.CopyTo(t.Context(), io.Discard, filled("copy (select generate_series(1, 4), %d) to stdout", r)) // may fail in a transaction that has
	} else {
		_, _ = c.CopyFrom(t.Context(), rows, "copy b (n) from stdin")
	}
	if conn.IsClosed() {
		t.Fatal("the connection is gone")
	}
}

// failing is a source of rows that fails.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no more") }

// filled puts numbers into a statement.
func filled(sql string, r *rand.Rand) string {
	for strings.Contains(sql, "%d") {
		sql = strings.Replace(sql, "%d", fmt.Sprint(r.IntN(100)), 1)
	}
	return sql
}
