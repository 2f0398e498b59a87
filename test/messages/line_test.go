//go:build unix

package messages

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/event"
	"pgpi/internal/localpg"
	"pgpi/internal/session"
	"pgpi/internal/sink/text"
	"pgpi/internal/wire"
	"pgpi/test/servers"
)

// hang is how long to wait for something before it counts as never happening.
const hang = time.Minute

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// observer watches all connections to one server.
type observer struct {
	t       *testing.T
	address string

	mu   sync.Mutex
	seen map[wire.Type]int
	log  bytes.Buffer
	sink *text.Sink
}

func observe(t *testing.T, server *localpg.Server) *observer {
	t.Helper()
	o := &observer{t: t, address: fmt.Sprintf("%s:%d", server.Host, server.Port), seen: map[wire.Type]int{}}
	o.sink = text.New(&o.log, text.Options{Time: text.NoTime, MaxValue: 100})
	return o
}

// line is a connection whose bytes are decoded on their way.
type line struct {
	net.Conn
	o       *observer
	tracker *session.Tracker
	pending [2][]byte // by direction
	fields  []wire.Field
}

// dial opens a connection, which the test closes.
func (o *observer) dial(ctx context.Context) (*line, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", o.address)
	if err != nil {
		return nil, err
	}
	return &line{Conn: conn, o: o, tracker: session.New(nil)}, nil
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.look(event.ServerToClient, b[:n])
	return n, err
}

func (l *line) Write(b []byte) (int, error) {
	l.look(event.ClientToServer, b)
	return l.Conn.Write(b)
}

func (l *line) look(d event.Direction, b []byte) {
	l.o.mu.Lock()
	defer l.o.mu.Unlock()
	l.pending[d] = append(l.pending[d], b...)
	for {
		p := l.tracker.Scan(d, l.pending[d])
		if p.Size == 0 {
			return
		}
		for i := range p.Messages {
			l.check(&p.Messages[i])
		}
		e := event.Event{Kind: p.Kind, Conn: 1, Direction: d, Data: l.pending[d][:p.Size], Messages: p.Messages, Total: p.Total}
		if err := l.o.sink.Write([]event.Event{e}); err != nil {
			l.o.t.Error(err)
		}
		l.pending[d] = l.pending[d][p.Size:]
	}
}

// check checks that every byte is explained.
func (l *line) check(m *event.Message) {
	l.o.seen[m.Type]++
	l.fields = wire.AppendFields(l.fields[:0], &m.Message)
	for _, f := range l.fields {
		if f.Name == wire.Malformed || f.Name == wire.Trailing || f.Name == wire.Omitted || f.Name == wire.Unknown && m.Type != wire.PasswordOrToken {
			l.o.t.Errorf("%s has a field %s: %.200q", m.Type, f.Name, m.Bytes)
		}
	}
}

// config is the configuration of pgx.
func (o *observer) config(user, more string) *pgconn.Config {
	o.t.Helper()
	c, err := pgconn.ParseConfig(fmt.Sprintf("postgres://%s:%s@%s/postgres?sslmode=disable&%s", user, password, o.address, more))
	if err != nil {
		o.t.Fatal(err)
	}
	c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return o.dial(ctx) }
	return c
}

// with logs in, and lends the connection to a function.
func (o *observer) with(user, more string, use func(*pgconn.PgConn)) {
	o.t.Helper()
	conn, err := pgconn.ConnectConfig(o.t.Context(), o.config(user, more))
	if err != nil {
		o.t.Fatal(err)
	}
	use(conn)
	if err := conn.Close(o.t.Context()); err != nil {
		o.t.Error(err)
	}
}

// say opens a connection and sends parts, each of which the server must answer. An empty answer
// means that it closes the connection.
func (o *observer) say(parts ...part) {
	o.t.Helper()
	l, err := o.dial(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nothing is left to be sent
	if err := l.SetDeadline(time.Now().Add(hang)); err != nil {
		o.t.Fatal(err)
	}
	for _, p := range parts {
		if _, err := l.Write([]byte(p.bytes)); err != nil {
			o.t.Fatal(err)
		}
		if answer, err := l.readUntil(p.answer); err != nil {
			o.t.Fatalf("%q is answered with %q, without %q: %v", p.bytes, answer, p.answer, err)
		}
	}
}

// part is what a client sends, and the answer that it waits for.
type part struct{ bytes, answer string }

func (l *line) readUntil(text string) (answer []byte, err error) {
	if text == "" {
		return io.ReadAll(l)
	}
	chunk := make([]byte, 4096)
	for err == nil && !bytes.Contains(answer, []byte(text)) {
		var n int
		n, err = l.Read(chunk)
		answer = append(answer, chunk[:n]...)
	}
	return answer, err
}

// password is the password of every user.
const password = "swordfish"

// startServer starts a server of a major version, with a user for each method.
func startServer(t *testing.T, version int) *localpg.Server {
	t.Helper()
	config := localpg.Config{
		Bin: servers.Require(t, version),
		HBA: []string{
			"local all postgres trust", "host all,replication postgres all trust", "host all clear all password", "host all md5 all md5", "host all scram all scram-sha-256",
		},
		SQL: []string{
			"create role clear login password '" + password + "'", "create role scram login password '" + password + "'",
			"set password_encryption = 'md5'", "create role md5 login password '" + password + "'", "create role gss login",
		},
	}
	if takes(wire.AuthenticationGSS, version) {
		config.HBA = append(config.HBA, "host all gss all gss")
	}
	server, err := localpg.Start(t.Context(), config)
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
