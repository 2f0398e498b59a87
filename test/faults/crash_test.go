package faults

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// TestCrashes ends servers and clients in the middle of something. pgpi serves the next connection
// each time.
func TestCrashes(t *testing.T) {
	t.Parallel()
	server := ownServer(t)
	behind := func(*testing.T) address { return addressOf(server) }
	for _, f := range []fault{
		{name: "server killed with -9 during COPY out of 100 MB", play: crash(server, copyOut)},
		{name: "server killed with -9 during COPY in of 100 MB", play: crash(server, copyIn)},
		{name: "server killed with -9 during a pipeline", play: crash(server, pipeline)},
		{name: "server restarted", play: func(p *place) string { return restart(p, server) }, log: []string{"server hung up"}},
		{name: "backend terminated", play: terminate},
		{name: "client killed during COPY out", play: func(p *place) string { return killClient(p, server) }},
	} {
		if strings.Contains(f.name, "killed") {
			f.either = lost("server")
			if strings.HasPrefix(f.name, "client") {
				f.either = lost("client")
			}
		}
		f.section, f.server = "Faults under way", behind
		t.Run(strings.ReplaceAll(f.name, " ", "_"), f.run)
	}
}

// lost is what pgpi says about a party that vanishes, in the middle of a message or between two.
func lost(party string) []string {
	said := []string{
		"connection to " + party + " lost: connection reset by peer", "connection to " + party + " lost: broken pipe",
		party + " hung up",
		"server -> client: the last message was cut off after <n> of <n> bytes",
		"client -> server: the last message was cut off after <n> of <n> bytes",
	}
	if party == "server" {
		said = append(said, "connection to server lost: the stream ended inside a TLS record", "server hung up without TLS close_notify")
	}
	return said
}

// megabytes is how much the COPYs transfer.
const megabytes = 100

// crash kills the server as soon as something is well under way, starts it again, and has a client
// ask it.
func crash(server *localpg.Server, work func(p *place, conn *pgconn.PgConn, underWay func()) error) func(*place) string {
	return func(p *place) string {
		conn := p.connect()
		backend, err := os.FindProcess(int(conn.PID()))
		if err != nil {
			p.Fatal(err)
		}
		kill := sync.OnceFunc(func() {
			if err := errors.Join(backend.Kill(), server.Kill()); err != nil {
				p.Error(err)
			}
		})
		saw := ending(work(p, conn, kill))
		leave(p, conn)
		if err := server.Restart(p.Context()); err != nil {
			p.Fatal(err)
		}
		next := p.connect()
		defer leave(p, next)
		return saw + "; the next connection gets " + ask(p, next, "select 'its answer'")
	}
}

func copyOut(p *place, conn *pgconn.PgConn, underWay func()) error {
	sql := fmt.Sprintf("copy (select repeat('x', 999) from generate_series(1, %d)) to stdout", megabytes*1000)
	_, err := conn.CopyTo(p.Context(), &trigger{at: 20 << 20, do: underWay}, sql)
	return err
}

func copyIn(p *place, conn *pgconn.PgConn, underWay func()) error {
	if _, err := conn.Exec(p.Context(), "create temp table t (v text)").ReadAll(); err != nil {
		return err
	}
	line := strings.Repeat("x", 999) + "\n"
	_, err := conn.CopyFrom(p.Context(), &trigger{at: 20 << 20, do: underWay, lines: line, left: megabytes * 1000}, "copy t from stdin")
	return err
}

// trigger reads or writes bytes, and does something after some of them.
type trigger struct {
	at, seen int
	do       func()
	lines    string // what it writes
	left     int    // how often
}

func (t *trigger) count(n int) {
	if t.seen += n; t.seen >= t.at {
		t.do()
	}
}

func (t *trigger) Write(b []byte) (int, error) {
	t.count(len(b))
	return len(b), nil
}

func (t *trigger) Read(b []byte) (n int, err error) {
	for ; t.left > 0 && len(b)-n >= len(t.lines); t.left-- {
		n += copy(b[n:], t.lines)
	}
	t.count(n)
	if n == 0 {
		err = io.EOF
	}
	return n, err
}

func pipeline(p *place, conn *pgconn.PgConn, underWay func()) error {
	const n = 1000
	queries := conn.StartPipeline(p.Context())
	for range n {
		queries.SendQueryParams("select pg_sleep(0.001), repeat('x', 1000)", nil, nil, nil, nil)
		queries.SendPipelineSync()
	}
	if err := queries.Flush(); err != nil {
		return err
	}
	for results := 0; ; {
		result, err := queries.GetResults()
		switch r := result.(type) {
		case *pgconn.ResultReader:
			r.Read()
			if results++; results == 100 {
				underWay()
			}
		case nil:
			return errors.Join(err, queries.Close())
		}
		if err != nil {
			return errors.Join(err, queries.Close())
		}
	}
}

// restart restarts the server under an idle client.
func restart(p *place, server *localpg.Server) string {
	s := p.speak().logIn()
	if err := server.Restart(p.Context()); err != nil {
		p.Fatal(err)
	}
	saw := s.readReply()
	next := p.connect()
	defer leave(p, next)
	return saw + "; the next connection gets " + ask(p, next, "select 'its answer'")
}

// terminate ends the server process of a client that waits for a reply.
func terminate(p *place) string {
	s := p.speak().logIn()
	s.send(queryMessage("select pg_terminate_backend(pg_backend_pid())"))
	return s.readReply()
}

// endlessCopy sends rows as it makes them. In FROM, generate_series would make all of them first.
const endlessCopy = "copy (select repeat('x', 999 + 0 * generate_series(1, 1000000000))) to stdout"

// killClient kills psql in the middle of an endless COPY. The server must notice.
func killClient(p *place, server *localpg.Server) string {
	control := connectTo(p, addressOf(server))
	defer leave(p, control)
	r := p.startPsql("application_name=victim", endlessCopy+";\n")
	defer r.cancel()
	const busy = "select count(*) from pg_stat_activity where application_name = 'victim' and state = 'active'"
	for ask(p, control, busy) == "0" {
		pause()
	}
	if err := r.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		p.Fatal(err)
	}
	_ = r.cmd.Wait() // it was killed
	await(p, "end of the server process", func() bool {
		return ask(p, control, "select count(*) from pg_stat_activity where application_name = 'victim'") == "0"
	})
	return "killed; its server process ends"
}

// await waits for something that no event announces.
func await(p *place, what string, holds func() bool) {
	p.Helper()
	for end := deadline(); !holds(); pause() {
		if late(end) {
			p.Fatalf("there is no %s within %v", what, program.Hang)
		}
	}
}
