package pqtrace_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/sink/pqtrace"
	"pgpi/test/servers"
)

// The flags of PQsetTraceFlags (libpq-fe.h).
const (
	suppressTimestamps = 1 << 0
	regressMode        = 1 << 1
)

// relay is pgpi in this process: the proxy, the bus and the sink.
type relay struct {
	port  int
	proxy *proxy.Proxy
	// finish ends everything and returns what the sink has written.
	finish func() string
}

func startRelay(t *testing.T, host string, port int, flags int, change func(*proxy.Config)) *relay {
	t.Helper()
	var written bytes.Buffer
	sink := pqtrace.New(&written, pqtrace.Options{
		Regress: flags&regressMode != 0, NoTimes: flags&suppressTimestamps != 0, Tags: true,
	})
	events := bus.New([]bus.Outlet{{Name: "trace", Sink: sink}}, bus.Options{
		Stages: []bus.Stage{{Stage: decode.New(nil), Name: "decoding"}}, Failed: func(_ string, err error) { t.Error(err) },
	})
	config := proxy.Config{
		Recorder: events, ServerHost: host, ServerPort: port, Server: prefer, Negotiation: proxy.Mimic,
		ClientTLS: pgtls.ClientConfig(identity, false, nil), ClientDirectTLS: pgtls.ClientConfig(identity, true, nil), Identity: identity,
		ChannelBinding: pgauth.PreferBinding, DecodeAll: true, StartupTimeout: hang, ConnectTimeout: hang,
	}
	if change != nil {
		change(&config)
	}
	l, err := proxy.Listen("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &relay{port: l.Addr().(*net.TCPAddr).Port, proxy: proxy.New(config)}
	ended := make(chan struct{})
	go func() {
		r.proxy.Serve(ctx, proxy.Address(l), l)
		close(ended)
	}()
	r.finish = sync.OnceValue(func() string {
		r.proxy.WaitIdle(hang)
		cancel()
		<-ended
		if !events.Close(hang) {
			t.Error("the bus does not end")
		}
		return written.String()
	})
	t.Cleanup(func() { r.finish() })
	return r
}

// The sslmodes of the server leg.
var prefer, disable = serverPolicy("prefer"), serverPolicy("disable")

func serverPolicy(mode string) *pgtls.ServerPolicy {
	policy, err := pgtls.NewServerPolicy(pgtls.ServerOptions{SSLMode: mode})
	if err != nil {
		panic(err) // a mode that exists
	}
	return policy
}

var identity = sync.OnceValues(func() (tls.Certificate, error) { return pgtls.Generate(pgtls.ECDSA) })

// trace runs a session of testdata/trace.py through the relay. It returns what PQtrace wrote for
// each connection, and why libpq could not connect.
func (r *relay) trace(t *testing.T, flags int, session, conninfo string) (traces []string, refused string) {
	t.Helper()
	libpq, python := servers.NewestLibPQ(t), servers.Program(t, "python3")
	file := filepath.Join(t.TempDir(), "trace")
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "testdata/trace.py", libpq, file, fmt.Sprint(flags), session,
		fmt.Sprintf("host=127.0.0.1 port=%d dbname=postgres user=postgres password=%s sslmode=disable gssencmode=disable %s", r.port, password, conninfo))
	cmd.Env = environment()
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	files, _ := filepath.Glob(file + "*") // fails only if the pattern is malformed
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		traces = append(traces, string(b))
	}
	return traces, string(output)
}

// environment keeps the user's own settings away from libpq.
func environment() []string {
	env := []string{"LC_ALL=C", "HOME=/nonexistent"}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); name == "PATH" || name == "TZ" {
			env = append(env, entry)
		}
	}
	return env
}

// record begins a message in a trace. Other lines continue a string that has line breaks in it, or
// are about the length of the message before.
var record = regexp.MustCompile(`(?m)^(?:(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\t)?([FB])\t(?:\d+|NN)\t`)

// messages splits a trace by direction, F and B, into messages without their times, which must be
// within this test.
func messages(t *testing.T, trace string, began time.Time) map[string][]string {
	t.Helper()
	split := map[string][]string{}
	starts := record.FindAllStringSubmatchIndex(trace, -1)
	if len(starts) == 0 || starts[0][0] != 0 {
		t.Fatalf("this is not a trace:\n%s", trace)
	}
	for i, at := range starts {
		end := len(trace)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		from := trace[at[4]:at[5]]
		message := trace[at[4]:end]
		if at[2] >= 0 {
			text := trace[at[2]:at[3]]
			when, err := time.ParseInLocation("2006-01-02 15:04:05", text, time.Local)
			if err != nil || when.Before(began.Truncate(time.Microsecond)) || when.After(time.Now()) {
				t.Errorf("the time %s is not that of this test, from %v on (%v)", text, began, err)
			}
			message = "TIME\t" + message
		}
		split[from] = append(split[from], message)
	}
	return split
}

// compare checks what the sink wrote for a connection against what PQtrace wrote. untraced is how
// many of the server's messages the sink has and PQtrace does not, or -1 for any number at the end.
func compare(t *testing.T, began time.Time, got, want string, untraced int) {
	t.Helper()
	gotMessages, wantMessages := messages(t, got, began), messages(t, want, began)
	for _, from := range []string{"F", "B"} {
		g, w := gotMessages[from], wantMessages[from]
		skip := 0
		if from == "B" {
			if untraced < 0 {
				g = g[:min(len(g), len(w))]
			}
			skip = untraced
		}
		for len(g) > 0 || len(w) > 0 {
			switch {
			case len(g) > 0 && len(w) > 0 && g[0] == w[0]:
				g, w = g[1:], w[1:]
			case len(g) > 0 && skip > 0:
				g, skip = g[1:], skip-1
			default:
				t.Fatalf("from %s, after %d messages:\n    got %q\nPQtrace %q", from, len(wantMessages[from])-len(w), g[:min(len(g), 3)], w[:min(len(w), 3)])
			}
		}
		if skip > 0 {
			t.Errorf("PQtrace has more messages from %s than expected", from)
		}
	}
}

// ofConnection returns the lines with a tag, without the tag.
func ofConnection(log string, conn int) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if rest, ok := strings.CutPrefix(line, fmt.Sprintf("#%d\t", conn)); ok {
			b.WriteString(rest)
		}
	}
	return b.String()
}
