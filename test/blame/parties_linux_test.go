package blame

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/test/program"
)

// serve answers everybody who connects, until the listener is closed.
func serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_ = answer(conn) // the client goes when it has seen enough
			_ = conn.Close()
		}()
	}
}

// answer is a server that does what a Query says: "sleep 50ms", or "rows 1000", or anything else.
func answer(conn net.Conn) error {
	b := pgproto3.NewBackend(conn, conn)
	if _, err := b.ReceiveStartupMessage(); err != nil {
		return err
	}
	b.Send(&pgproto3.AuthenticationOk{})
	for {
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if err := b.Flush(); err != nil {
			return err
		}
		m, err := b.Receive()
		if err != nil {
			return err
		}
		query, ok := m.(*pgproto3.Query)
		if !ok {
			return nil // it is a Terminate
		}
		what, argument, _ := strings.Cut(query.String, " ")
		switch what {
		case "sleep":
			d, err := time.ParseDuration(argument)
			if err != nil {
				return err
			}
			time.Sleep(d)
		case "rows":
			if err := sendRows(b, argument); err != nil {
				return err
			}
		}
		b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 1")})
	}
}

// sendRows sends as many rows of 10 kB.
func sendRows(b *pgproto3.Backend, count string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("x"), DataTypeOID: 25}}})
	row := &pgproto3.DataRow{Values: [][]byte{[]byte(strings.Repeat("x", 10_000))}}
	for range n {
		b.Send(row)
		if err := b.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// relay passes bytes on to another address, each way after a delay, until the listener is closed.
func relay(l net.Listener, dial func() (net.Conn, error), delay time.Duration) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := dial()
		if err != nil {
			_ = client.Close()
			continue
		}
		for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
			go func() {
				b := make([]byte, 64<<10)
				for {
					n, err := way[0].Read(b)
					time.Sleep(delay)
					if _, writeErr := way[1].Write(b[:n]); errors.Join(err, writeErr) != nil {
						_ = way[1].Close() // it is over
						return
					}
				}
			}()
		}
	}
}

// client is one that sends Queries and waits for the reply.
type client struct {
	*pgproto3.Frontend
	conn net.Conn
}

// logIn logs in, with TLS or without.
func logIn(conn net.Conn, encrypted bool) (*client, error) {
	if err := conn.SetDeadline(time.Now().Add(program.Hang)); err != nil {
		return nil, err
	}
	if encrypted {
		if _, err := conn.Write([]byte("\x00\x00\x00\x08\x04\xd2\x16\x2f")); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			return nil, err
		}
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // it is made up
	}
	c := &client{pgproto3.NewFrontend(conn, conn), conn}
	c.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "joe"}})
	return c, c.finish()
}

// ask sends a Query and reads the reply.
func (c *client) ask(sql string) error {
	c.Send(&pgproto3.Query{String: sql})
	return c.finish()
}

// finish sends what there is, and reads up to a ReadyForQuery.
func (c *client) finish() error {
	if err := c.Flush(); err != nil {
		return err
	}
	return c.read()
}

func (c *client) read() error {
	if err := c.conn.SetDeadline(time.Now().Add(program.Hang)); err != nil {
		return err
	}
	for {
		m, err := c.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("the server says %s", m.Message)
		case *pgproto3.ReadyForQuery:
			return nil
		}
	}
}

func (c *client) leave(t *testing.T) {
	t.Helper()
	c.Send(&pgproto3.Terminate{})
	if err := errors.Join(c.Flush(), c.conn.Close()); err != nil {
		t.Error(err)
	}
}
