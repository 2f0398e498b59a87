package redaction

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// outputs are the outputs of every run, with their files.
var outputs = []struct{ name, file string }{
	{"annotated", "annotated.log"}, {"raw", "raw.log"}, {"json", "json.log"}, {"pqtrace", "pqtrace.log"}, {"queries", "queries.log"},
	{"text", "report.txt"}, {"json", "report.json"}, {"junit", "report.xml"}, {"sarif", "report.sarif"}, {recorded, "recording.pcapng"},
}

const recorded = "recording"

// run is what one pgpi has seen and written.
type run struct {
	server string
	option string
	way    string // live, or what it has read
	dir    string
	// complaint is what it has said to its user.
	complaint string
	of        *run // whose recording is read again
}

// The ways in which a pgpi gets events.
const (
	live  = "live"
	read  = "read"
	again = "read again" // its own recording, without an option
)

// file returns the file of one of its outputs.
func (r *run) file(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// arguments returns those that make all outputs.
func (r *run) arguments() (args []string) {
	for _, o := range outputs {
		path := filepath.Join(r.dir, o.file)
		switch {
		case strings.HasPrefix(o.file, "report."):
			args = append(args, "--report="+o.name+"="+path)
		case o.name != recorded:
			args = append(args, "--log="+o.name+"="+path)
		case r.way != again:
			args = append(args, "--record="+path)
		}
	}
	args = append(args, "--log-max-value=0", "--slow=1ns") // so that there are findings
	if r.option != nothing {
		args = append(args, r.option)
	}
	return args
}

// listen starts a pgpi for a run that relays to a port.
func (r *run) listen(t testing.TB, port int) *program.Pgpi {
	t.Helper()
	return program.Start(t, program.Command{Path: pgpiPath, Args: append(r.arguments(),
		"--server-host=127.0.0.1", "--server-sslmode=disable", fmt.Sprintf("--server-connect-port=%d", port))})
}

// read has pgpi read a recording, or another capture.
func (r *run) read(t testing.TB, capture string, more ...string) {
	t.Helper()
	cmd := exec.Command(pgpiPath, slices.Concat([]string{"read"}, r.arguments(), more, []string{capture})...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	output, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code < 0 || code == 2 {
		t.Fatalf("pgpi read: %v: %s", err, output)
	}
	r.complaint = string(output)
}

// matrix has all runs of one server.
type matrix struct {
	server string
	all    []construct
	runs   []*run
	found  map[string][][]byte
	// foreign is set if the server does not speak English: then no names in its errors stay.
	foreign bool
}

// start makes a run with a folder of its own.
func (m *matrix) start(t testing.TB, option, way string) *run {
	t.Helper()
	r := &run{server: m.server, option: option, way: way, dir: t.TempDir()}
	m.runs = append(m.runs, r)
	return r
}

// relay has each option see everything live, and then read it from the recording of the run without
// an option. What was recorded with an option is read again.
func (m *matrix) relay(t testing.TB, port int, talk func(*program.Pgpi)) {
	t.Helper()
	for _, option := range []string{nothing, passwords, values} {
		r := m.start(t, option, live)
		p := r.listen(t, port)
		talk(p)
		// A late value stays in what the recording has of an earlier statement. The check says so.
		if code := p.End(syscall.SIGTERM); code != 0 && (code != 1 || !strings.Contains(p.Stderr(), "check the recording ")) {
			t.Errorf("pgpi has ended with exit code %d: %s", code, p.Stderr())
		}
		r.complaint = p.Stderr()
	}
	whole := filepath.Join(m.runs[0].dir, "recording.pcapng")
	for _, option := range []string{passwords, values} {
		m.start(t, option, read).read(t, whole)
	}
	for _, r := range m.runs[1:] {
		back := m.start(t, nothing, again)
		back.read(t, filepath.Join(r.dir, "recording.pcapng"))
		back.option, back.of = r.option, r
	}
}

// spoken is a server that speaks a language.
type spoken struct {
	name     string
	version  int
	language string
	// word is one of its errors about a relation that does not exist.
	word string
}

var languages = []spoken{
	{"15 en", 15, "en", "does not exist"}, {"15 de", 15, "de", "existiert nicht"}, {"15 fr", 15, "fr", "n'existe pas"}, {"15 ja", 15, "ja", "存在しません"},
	{"18 en", 18, "en", "does not exist"},
}

// real runs all constructs against a real server.
func (m *matrix) real(t testing.TB, s spoken) {
	t.Helper()
	m.server, m.all, m.found, m.foreign = s.name, constructs(), map[string][][]byte{}, s.language != "en"
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, s.version), Messages: s.language,
		Settings: map[string]string{"fsync": "off", "synchronous_commit": "off", "max_parallel_workers": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	direct := connect(t, server.Port, nil)
	if _, err := direct.Exec(t.Context(), "select * from nothing").ReadAll(); err == nil || !strings.Contains(err.Error(), s.word) {
		servers.Missing(t, "servers", fmt.Sprintf("PostgreSQL %d does not speak %s: %v", s.version, s.language, err))
	}
	for _, sql := range setup {
		if _, err := direct.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	m.relay(t, server.Port, func(p *program.Pgpi) {
		c := &client{TB: t, ctx: t.Context(), direct: direct, found: m.found}
		c.through = connect(t, p.Port, &c.notices)
		for i := range m.all {
			c.do(&m.all[i])
		}
		if err := c.through.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func connect(t testing.TB, port int, notices interface{ WriteString(s string) (int, error) }) *pgconn.PgConn {
	t.Helper()
	config, err := pgconn.ParseConfig(fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable", port))
	if err != nil {
		t.Fatal(err)
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		if notices != nil {
			_, _ = notices.WriteString(n.Message + n.Detail + n.Hint + n.Where) // a builder's never fails
		}
	}
	conn, err := pgconn.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // it may be closed
	return conn
}

// play runs all scripts.
func (m *matrix) play(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it was for accepting
	port := l.Addr().(*net.TCPAddr).Port
	m.relay(t, port, func(p *program.Pgpi) {
		for i := range m.all {
			playOne(t, &m.all[i], p.Port, l)
		}
	})
}

// playOne plays both parties of a script.
func playOne(t testing.TB, c *construct, port int, l net.Listener) {
	t.Helper()
	client := dial(t, port)
	defer client.Close() //nolint:errcheck // the other end may have closed it
	var server net.Conn
	for i, line := range c.script {
		b := sealed(c.fill(line.bytes))
		from, to := client, server
		if line.server {
			from, to = server, client
		}
		if _, err := from.Write(b); err != nil {
			t.Fatalf("%s: line %d: %v", c.name, i, err)
		}
		if i == 0 {
			if b[0] != 0 {
				break // not a startup packet: nobody reaches the server
			}
			var err error
			if server, err = l.Accept(); err != nil {
				t.Fatal(err)
			}
			defer server.Close()                                 //nolint:errcheck // likewise
			_ = server.SetDeadline(time.Now().Add(program.Hang)) // a failure shows in the next read
			to = server
		}
		got := make([]byte, len(b))
		if n, err := io.ReadFull(to, got); err != nil || string(got) != string(b) {
			t.Fatalf("%s: line %d: %q came as %q: %v", c.name, i, b, got[:n], err)
		}
	}
}

func dial(t testing.TB, port int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(program.Hang)) // a failure shows in the next read
	return conn
}
