//go:build unix

package replication

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"pgpi/internal/event"
	"pgpi/internal/localpg"
	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/sink/text"
	"pgpi/internal/wire"
	"pgpi/test/decoded"
	"pgpi/test/servers"
)

// hang is how long to wait for something before it counts as never happening.
const hang = time.Minute

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// wiretap is pgpi in this process, in front of a server. It looks at each message that passes.
type wiretap struct {
	tb      testing.TB
	version int // of the server
	port    int

	mu      sync.Mutex
	changed chan struct{} // closed and made again with each event
	seen    map[wire.Type]int
	log     bytes.Buffer
	sink    *text.Sink
	fields  []wire.Field
}

// tap starts pgpi in front of a server of a major version.
func tap(t *testing.T, version, port int) *wiretap {
	t.Helper()
	w := &wiretap{tb: t, version: version, seen: map[wire.Type]int{}, changed: make(chan struct{})}
	w.sink = text.New(&w.log, text.Options{Time: text.NoTime, MaxValue: 100})
	policy, err := pgtls.NewServerPolicy(pgtls.ServerOptions{SSLMode: "disable"})
	if err != nil {
		t.Fatal(err)
	}
	identity := sync.OnceValues(func() (tls.Certificate, error) { return pgtls.Generate(pgtls.ECDSA) })
	p := proxy.New(proxy.Config{
		Recorder: decoded.New(w.record), ServerHost: "127.0.0.1", ServerPort: port, Server: policy, Negotiation: proxy.Mimic, Identity: identity,
		ClientTLS: pgtls.ClientConfig(identity, false, nil), ClientDirectTLS: pgtls.ClientConfig(identity, true, nil),
		ChannelBinding: pgauth.PreferBinding, DecodeAll: true, StartupTimeout: hang, ConnectTimeout: hang,
	})
	l, err := proxy.Listen("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	w.port = l.Addr().(*net.TCPAddr).Port
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		p.Serve(ctx, proxy.Address(l), l)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		remember(w.version, w.seen)
		if t.Failed() {
			w.tail()
		}
	})
	return w
}

// record takes an event as sinks see it.
func (w *wiretap) record(e *event.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range e.Messages {
		w.check(&e.Messages[i])
	}
	if err := w.sink.Write([]event.Event{*e}); err != nil {
		w.tb.Error(err)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

// check checks what this package is about: every byte is explained.
func (w *wiretap) check(m *event.Message) {
	w.seen[m.Type]++
	if m.Type == wire.CopyData || m.Type == wire.UnknownMessage || m.Type == wire.PasswordOrToken {
		w.tb.Errorf("%s: %.200q", m.Type, m.Bytes)
	}
	w.fields = wire.AppendFields(w.fields[:0], &m.Message)
	for _, f := range w.fields {
		switch f.Name {
		case wire.Malformed, wire.Trailing, wire.Unknown:
			w.tb.Errorf("%s has a field %s: %.200q", m.Type, f.Name, m.Bytes)
		case wire.Omitted:
			w.tb.Errorf("%s was not kept", m.Type)
		case wire.RelationOID:
			if m.Context == nil || m.Context.Relation == "" {
				w.tb.Errorf("%s has an unknown table: %.200q", m.Type, m.Bytes)
			}
		}
	}
}

// wait returns when a number of messages of a type have passed.
func (w *wiretap) wait(typ wire.Type, count int) {
	w.tb.Helper()
	w.until(fmt.Sprintf("%d times %s", count, typ), func() bool { return w.seen[typ] >= count })
}

// until returns when a condition holds. It can only begin to hold after an event.
func (w *wiretap) until(what string, holds func() bool) {
	w.tb.Helper()
	limit := time.After(hang)
	for {
		w.mu.Lock()
		done, changed := holds(), w.changed
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit:
			w.tb.Fatalf("%s: not seen within %v", what, hang)
		}
	}
}

// text returns the log so far.
func (w *wiretap) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *wiretap) tail() {
	lines := strings.Split(w.text(), "\n")
	w.tb.Logf("the end of the log:\n%s", strings.Join(lines[max(0, len(lines)-40):], "\n"))
}

// demand fails if one of the types was not seen.
func (w *wiretap) demand(types ...wire.Type) {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, typ := range types {
		if w.seen[typ] == 0 {
			w.tb.Errorf("no %s was seen", typ)
		}
	}
}

// startServer starts a server of a major version, with settings for all kinds of replication.
func startServer(t *testing.T, version int, more map[string]string) *localpg.Server {
	t.Helper()
	settings := map[string]string{
		"wal_level": "logical", "max_prepared_transactions": "10", "max_wal_senders": "20", "max_replication_slots": "20",
		"logical_decoding_work_mem": "64kB", "wal_receiver_status_interval": "1", "wal_retrieve_retry_interval": "100ms",
		"autovacuum": "off",
	}
	for name, value := range more {
		settings[name] = value
	}
	server, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, version), Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			log := server.Log()
			t.Logf("the end of the server's log:\n%s", log[max(0, len(log)-3000):])
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// connect opens a session that does not pass pgpi.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func ask(t *testing.T, conn *pgx.Conn, sql string) (answer string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

// conninfo returns how libpq reaches a server through pgpi.
func (w *wiretap) conninfo() string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable gssencmode=disable", w.port)
}

// program runs one of PostgreSQL's programs until it ends.
func program(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(hang, func() { _ = cmd.Process.Kill() }) // fails if it has ended
	defer limit.Stop()
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, output.String())
	}
}

// command prepares one of PostgreSQL's programs, without any of the user's settings.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(servers.Program(t, name), args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "PG") })
	cmd.Dir = os.TempDir()
	return cmd
}

// background starts a program that is ended with the test.
func background(t *testing.T, cmd *exec.Cmd) (end func(os.Signal)) {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	once := sync.Once{}
	end = func(how os.Signal) {
		once.Do(func() {
			if err := cmd.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Error(err)
			}
			err := <-ended // a killed program has an error
			if t.Failed() {
				t.Logf("%v: %v: %s", cmd.Args, err, output.String())
			}
		})
	}
	t.Cleanup(func() { end(os.Kill) })
	return end
}
