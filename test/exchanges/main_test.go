package exchanges

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(raceDetector)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	return m.Run()
}

// versions are the servers that judge: Debian's, and the newest.
var versions = []int{15, 18}

// startServer starts a server until the test ends, after some SQL.
func startServer(t *testing.T, version int, sql ...string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, version), SQL: sql,
		Settings: map[string]string{"fsync": "off", "synchronous_commit": "off", "log_min_messages": "panic", "escape_string_warning": "off"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// startPgpi starts a pgpi in front of a server until the test ends.
func startPgpi(t *testing.T, server *localpg.Server, unread bool, args ...string) *program.Pgpi {
	t.Helper()
	return program.Start(t, program.Command{Path: pgpiPath, Unread: unread, Args: append([]string{
		"--server-host=" + server.Host, fmt.Sprintf("--server-connect-port=%d", server.Port), "--server-sslmode=disable",
	}, args...)})
}

// client is a connection that sends what a script says.
type client struct {
	*pgproto3.Frontend
	conn net.Conn
}

// dial logs in to a server that trusts everybody.
func dial(port int, parameters map[string]string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &client{pgproto3.NewFrontend(conn, conn), conn}
	all := map[string]string{"user": "postgres", "database": "postgres"}
	for name, value := range parameters {
		all[name] = value
	}
	c.Send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: all})
	if err := c.Flush(); err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	for {
		m, err := c.receive()
		if err != nil {
			return nil, fmt.Errorf("log in: %w", err)
		}
		switch m := m.(type) {
		case *pgproto3.ErrorResponse:
			return nil, fmt.Errorf("log in: %s", m.Message)
		case *pgproto3.ReadyForQuery:
			return c, nil
		}
	}
}

// receive waits for a message, but not for ever.
func (c *client) receive() (pgproto3.BackendMessage, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(program.Hang)); err != nil {
		return nil, err
	}
	return c.Receive()
}

// close says good-bye.
func (c *client) close() {
	c.Send(&pgproto3.Terminate{})
	_ = c.Flush() // the server may have gone
	_ = c.conn.Close()
}
