// Record writes what real clients and a real server say to each other, so that the tests of the
// proxy can mutate it:
//
//	go run ./test/faults/record internal/proxy/testdata/sessions
//
// Each file is one connection without TLS. It has a line each time that the other party begins to
// speak: who it is, and its bytes as a Go string. PostgreSQL and its clients must be installed
// (test/install servers).
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/localpg"
)

func main() {
	localpg.RunJanitorIfAsked()
	if len(os.Args) != 2 {
		log.Fatal("usage: record DIRECTORY")
	}
	if err := record(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

// record starts a server and records each session.
func record(dir string) (err error) {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{
		Auth: localpg.SCRAM, Password: "swordfish",
		SQL:      []string{"create table t (i int primary key, v text)"},
		Settings: map[string]string{"wal_level": "logical"},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	for name, session := range map[string]func(ctx context.Context, port int) error{
		"psql": psql, "pgbench": pgbench, "pgx": extended, "physical": physical, "logical": logical,
	} {
		w, err := listen(server)
		if err != nil {
			return err
		}
		if err := session(ctx, w.port()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(w.text()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// program runs one of PostgreSQL's own.
func program(ctx context.Context, port int, input, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "PGHOST=127.0.0.1", fmt.Sprint("PGPORT=", port), "PGUSER=postgres", "PGPASSWORD=swordfish",
		"PGDATABASE=postgres", "PGSSLMODE=disable", "PGGSSENCMODE=disable")
	cmd.Stdin, cmd.Stderr = strings.NewReader(input), os.Stderr
	return cmd.Run()
}

func psql(ctx context.Context, port int) error {
	return program(ctx, port, `
		select 1 as one, 'two' as two, null as three;
		select nonsense;
		begin; insert into t values (1, 'a'), (2, 'b') returning i; commit;
		do $$ begin raise notice 'hello'; end $$;
		copy t from stdin;
3	c
4	d
\.
		copy t to stdout;
		\copy (select repeat('x', 3000) from generate_series(1, 30)) to /dev/null
		listen news; notify news, 'payload';
		select 1; select 2; set application_name = 'other'; delete from t;
	`, "psql", "-X", "-q", "-o", "/dev/null")
}

func pgbench(ctx context.Context, port int) error {
	script, err := os.CreateTemp("", "record-*.sql")
	if err != nil {
		return err
	}
	defer os.Remove(script.Name()) //nolint:errcheck // it is in the temporary folder
	if _, err := script.WriteString("\\startpipeline\nselect :client_id + 1;\nselect v from t where i = 1;\n\\endpipeline\nselect 2;\n"); err != nil {
		return err
	}
	return program(ctx, port, "", "pgbench", "-n", "-M", "prepared", "-t", "5", "-f", script.Name())
}

func extended(ctx context.Context, port int) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres:swordfish@127.0.0.1:%d/postgres?sslmode=disable", port))
	if err != nil {
		return err
	}
	rows := [][]any{{10, "x"}, {11, nil}, {12, strings.Repeat("y", 5000)}}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"t"}, []string{"i", "v"}, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	var n int
	err = conn.QueryRow(ctx, "select count(*)::int from t where i > $1 and v like $2", 1, "%").Scan(&n)
	_, failed := conn.Exec(ctx, "select 1 / $1::int", 0)
	if failed == nil {
		return errors.New("a division by zero succeeds")
	}
	return errors.Join(err, conn.Close(ctx))
}

func physical(ctx context.Context, port int) error {
	return replicate(ctx, port, "INSERT INTO t VALUES (20, 'news')", "START_REPLICATION PHYSICAL %s")
}

// logical has changes in pgoutput: each kind of them, with old values beside the new. The table
// with which the server began is not published: in single-user mode it got an OID of the system's
// own.
func logical(ctx context.Context, port int) error {
	return replicate(ctx, port, "CREATE TABLE u (i int primary key, v text); CREATE PUBLICATION p FOR TABLE u; ALTER TABLE u REPLICA IDENTITY FULL;"+
		"SELECT pg_create_logical_replication_slot('s', 'pgoutput');"+
		"INSERT INTO u VALUES (30, NULL), (31, 'old'); UPDATE u SET v = 'new' WHERE i = 31; DELETE FROM u WHERE i = 30; TRUNCATE u;"+
		"SELECT pg_logical_emit_message(true, 'prefix', 'content'); INSERT INTO u VALUES (32, 'news')",
		"START_REPLICATION SLOT s LOGICAL %s (proto_version '2', streaming 'on', messages 'true', publication_names 'p')")
}

// replicate makes changes, and streams them on another connection until there are news. start has a
// placeholder for the LSN to begin at.
func replicate(ctx context.Context, port int, changes, start string) error {
	conninfo := fmt.Sprintf("postgres://postgres:swordfish@127.0.0.1:%d/postgres?sslmode=disable&default_query_exec_mode=simple_protocol", port)
	conn, err := pgx.Connect(ctx, conninfo)
	if err != nil {
		return err
	}
	var lsn string
	if err := conn.QueryRow(ctx, "select pg_current_wal_lsn()::text").Scan(&lsn); err != nil {
		return err
	}
	for sql := range strings.SplitSeq(changes, ";") {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	if err := conn.Close(ctx); err != nil {
		return err
	}
	conn, err = pgx.Connect(ctx, conninfo+"&replication=database")
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "IDENTIFY_SYSTEM"); err != nil {
		return err
	}
	raw, err := conn.PgConn().Hijack()
	if err != nil {
		return err
	}
	if err := stream(raw.Conn, fmt.Sprintf(start, lsn)); err != nil {
		return err
	}
	return raw.Conn.Close()
}

// stream reads what the server streams until the news, confirms them, and ends the stream.
func stream(conn net.Conn, start string) error {
	if _, err := conn.Write(message('Q', start+"\x00")); err != nil {
		return err
	}
	if err := readTo(conn, "news"); err != nil {
		return err
	}
	status := "r" + strings.Repeat("\x00\x00\x00\x00\x01\x00\x00\x00", 3) + strings.Repeat("\x00", 8) + "\x01" // with a wish for a reply
	if _, err := conn.Write(append(message('d', status), message('c', "")...)); err != nil {
		return err
	}
	if err := readTo(conn, "Z\x00\x00\x00\x05I"); err != nil {
		return err
	}
	_, err := conn.Write(message('X', ""))
	return err
}

// message returns a message of the protocol.
func message(code byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4)), body...)
}

// readTo reads until something was in what came.
func readTo(conn net.Conn, what string) error {
	var received []byte
	for b := make([]byte, 10_000); !bytes.Contains(received, []byte(what)); {
		n, err := conn.Read(b)
		if err != nil {
			return err
		}
		received = append(received, b[:n]...)
	}
	return nil
}

// wiretap relays connections, and remembers what was said on the last one.
type wiretap struct {
	listener net.Listener
	server   string
	running  sync.WaitGroup

	mu    sync.Mutex
	turns []turn
}

type turn struct {
	who   string
	bytes []byte
}

func listen(server *localpg.Server) (*wiretap, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wiretap{listener: l, server: fmt.Sprintf("%s:%d", server.Host, server.Port)}
	w.running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			w.relay(client)
		}
	})
	return w, nil
}

func (w *wiretap) port() int { return w.listener.Addr().(*net.TCPAddr).Port }

// relay passes on what one connection says. pgbench looks around on a connection of its own before
// it works.
func (w *wiretap) relay(client net.Conn) {
	upstream, err := net.Dial("tcp", w.server)
	if err != nil {
		log.Fatal(err)
	}
	w.mu.Lock()
	w.turns = nil
	w.mu.Unlock()
	w.running.Go(func() { w.pass("client", client, upstream) })
	w.running.Go(func() { w.pass("server", upstream, client) })
}

func (w *wiretap) pass(who string, from, to net.Conn) {
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if err != nil {
			_ = to.Close() // the other party may be gone too
			return
		}
		w.mu.Lock()
		if last := len(w.turns) - 1; last >= 0 && w.turns[last].who == who {
			w.turns[last].bytes = append(w.turns[last].bytes, b[:n]...)
		} else {
			w.turns = append(w.turns, turn{who, append([]byte(nil), b[:n]...)})
		}
		w.mu.Unlock()
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// text waits for the end, and returns what was said.
func (w *wiretap) text() string {
	_ = w.listener.Close() // it is no longer needed
	w.running.Wait()
	var b strings.Builder
	for _, t := range w.turns {
		fmt.Fprintf(&b, "%s %q\n", t.who, t.bytes)
	}
	return b.String()
}
