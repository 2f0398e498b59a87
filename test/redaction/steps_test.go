package redaction

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// client does the steps of constructs, one after the other.
type client struct {
	testing.TB
	ctx     context.Context
	through *pgconn.PgConn // to the server, through pgpi
	direct  *pgconn.PgConn // to the server, for what must not be seen
	at      *construct
	notices strings.Builder
	stored  bool // there is something to remove
	// found are what the steps have found to look for: values in binary format.
	found map[string][][]byte
}

// step is something that a client does.
type step func(c *client)

// do does all steps of a construct, and restores the server.
func (c *client) do(one *construct) {
	c.Helper()
	c.at = one
	c.notices.Reset()
	c.run("begin")
	for i, s := range one.steps {
		if i > 0 && c.through.TxStatus() == 'E' {
			c.run("rollback")
			c.run("begin")
		}
		s(c)
		if c.through.IsClosed() {
			c.Fatalf("%s: the connection is closed", one.name)
		}
	}
	c.run("rollback")
	if c.stored {
		if _, err := c.direct.Exec(c.ctx, "truncate nests, birds, users").ReadAll(); err != nil {
			c.Fatalf("%s: %v", one.name, err)
		}
		c.stored = false
	}
}

// run runs a statement without a canary.
func (c *client) run(sql string) {
	c.Helper()
	if _, err := c.through.Exec(c.ctx, sql).ReadAll(); err != nil {
		c.Fatalf("%s: %s: %v", c.at.name, sql, err)
	}
}

// needles are the canaries of the current construct.
func (c *client) holds(text string) bool {
	for _, n := range append([]string{c.at.word(), c.at.number()}, c.at.needles...) {
		if strings.Contains(strings.ToLower(text), strings.ToLower(n)) {
			return true
		}
	}
	return false
}

// mustFail expects an error that contains the canary.
func (c *client) mustFail(sql string, err error) {
	c.Helper()
	e, ok := err.(*pgconn.PgError) //nolint:errorlint // only the server's
	if !ok {
		c.Errorf("%s: %s: %v, want an error of the server's", c.at.name, sql, err)
		return
	}
	all := fmt.Sprint(e.Message, e.Detail, e.Hint, e.Where, e.InternalQuery, e.SchemaName, e.TableName, e.ColumnName, e.DataTypeName, e.ConstraintName)
	if !c.holds(all) {
		c.Errorf("%s: %s: the error has no canary in it: %s", c.at.name, sql, all)
	}
}

// q sends a Query, which must succeed.
func q(sql string) step {
	return func(c *client) {
		c.Helper()
		if _, err := c.through.Exec(c.ctx, c.at.fill(sql)).ReadAll(); err != nil {
			c.Errorf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// wrong sends a Query that fails without quoting the canary, or that some servers accept.
func wrong(sql string) step {
	return func(c *client) {
		_, _ = c.through.Exec(c.ctx, c.at.fill(sql)).ReadAll() // the reply is in the log
	}
}

// fails sends a Query that fails with an error that quotes the canary.
func fails(sql string) step {
	return func(c *client) {
		c.Helper()
		_, err := c.through.Exec(c.ctx, c.at.fill(sql)).ReadAll()
		c.mustFail(sql, err)
	}
}

// says sends a Query that brings a notice with the canary.
func says(sql string) step {
	return func(c *client) {
		c.Helper()
		q(sql)(c)
		if !c.holds(c.notices.String()) {
			c.Errorf("%s: %s: no notice has a canary in it: %q", c.at.name, sql, c.notices.String())
		}
	}
}

// parameters are those of a statement, in text; of type unknown.
func (c *client) parameters(params []string) (all [][]byte) {
	for _, p := range params {
		all = append(all, []byte(c.at.fill(p)))
	}
	return all
}

// x sends a statement with parameters, by the extended protocol.
func x(sql string, params ...string) step {
	return func(c *client) {
		c.Helper()
		if err := c.through.ExecParams(c.ctx, c.at.fill(sql), c.parameters(params), nil, nil, nil).Read().Err; err != nil {
			c.Errorf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// xFails is x with an error that quotes the canary.
func xFails(sql string, params ...string) step {
	return func(c *client) {
		c.Helper()
		c.mustFail(sql, c.through.ExecParams(c.ctx, c.at.fill(sql), c.parameters(params), nil, nil, nil).Read().Err)
	}
}

// prepared prepares a statement and executes it twice.
func prepared(sql string, params ...string) step {
	return func(c *client) {
		c.Helper()
		d, err := c.through.Prepare(c.ctx, "statement", c.at.fill(sql), nil)
		if err == nil {
			for range 2 {
				if err = c.through.ExecPrepared(c.ctx, d.Name, c.parameters(params), nil, nil).Read().Err; err != nil {
					break
				}
			}
			if failed := c.through.Deallocate(c.ctx, d.Name); err == nil {
				err = failed
			}
		}
		if err != nil {
			c.Errorf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// inBinary sends a value of a type to the server and back in binary format. It asks the server what
// the value is in that format.
func inBinary(typ, text string) step {
	return func(c *client) {
		c.Helper()
		literal := "'" + strings.ReplaceAll(c.at.fill(text), "'", "''") + "'::" + typ
		made := c.direct.ExecParams(c.ctx, "select "+literal, nil, nil, nil, []int16{1}).Read()
		if made.Err != nil {
			c.Fatalf("%s: %s: %v", c.at.name, literal, made.Err)
		}
		v, oid := made.Rows[0][0], made.FieldDescriptions[0].DataTypeOID
		if len(v) >= 8 {
			c.found[c.at.name] = append(c.found[c.at.name], v)
		}
		r := c.through.ExecParams(c.ctx, "select $1::"+typ, [][]byte{v}, []uint32{oid}, []int16{1}, []int16{1}).Read()
		if r.Err != nil {
			c.Errorf("%s: %v", c.at.name, r.Err)
		}
	}
}

// copyIn sends rows.
func copyIn(sql, rows string) step {
	return func(c *client) {
		c.Helper()
		if _, err := c.through.CopyFrom(c.ctx, strings.NewReader(c.at.fill(rows)), c.at.fill(sql)); err != nil {
			c.Errorf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// copyInLater sends rows when the server has asked for them, each text in a message of its own. The
// rows may be wrong.
func copyInLater(sql string, rows ...string) step {
	return func(c *client) {
		c.Helper()
		f := c.through.Frontend()
		f.SendQuery(&pgproto3.Query{String: c.at.fill(sql)})
		err := f.Flush()
		for err == nil {
			var m pgproto3.BackendMessage
			if m, err = c.through.ReceiveMessage(c.ctx); err != nil {
				break
			}
			switch m.(type) {
			case *pgproto3.CopyInResponse:
				for _, r := range rows {
					f.Send(&pgproto3.CopyData{Data: []byte(c.at.fill(r))})
				}
				f.Send(&pgproto3.CopyDone{})
				err = f.Flush()
			case *pgproto3.ReadyForQuery:
				return
			}
		}
		c.Fatalf("%s: %s: %v", c.at.name, sql, err)
	}
}

// copyFails sends rows of which an error quotes the canary.
func copyFails(sql, rows string) step {
	return func(c *client) {
		c.Helper()
		_, err := c.through.CopyFrom(c.ctx, strings.NewReader(c.at.fill(rows)), c.at.fill(sql))
		c.mustFail(sql, err)
	}
}

// copyOut receives rows.
func copyOut(sql string) step {
	return func(c *client) {
		c.Helper()
		if _, err := c.through.CopyTo(c.ctx, io.Discard, c.at.fill(sql)); err != nil {
			c.Errorf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// stored has the server run a statement that pgpi does not see. What is stored is removed when the
// construct is done.
func stored(sql string) step {
	return func(c *client) {
		c.Helper()
		c.stored = true
		if _, err := c.direct.Exec(c.ctx, c.at.fill(sql)).ReadAll(); err != nil {
			c.Fatalf("%s: %s: %v", c.at.name, sql, err)
		}
	}
}

// notifies commits, so that what was sent to a channel arrives, and begins again.
func notifies(sql string) step {
	return func(c *client) {
		c.Helper()
		c.run("listen redaction_news")
		q(sql)(c)
		c.run("commit")
		c.run("begin")
		c.run("unlisten redaction_news")
	}
}
