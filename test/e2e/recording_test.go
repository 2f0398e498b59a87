package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// everyday is a session of psql with most of the protocol: rows, COPY in both directions, errors,
// notices and a message larger than pgpi's read buffer.
const everyday = `
select 1 as one, 'x'::text as two;
create temp table t(a int, b text);
copy t from stdin;
1	one
2	\N
\.
copy t to stdout;
select repeat('x', 200000) as big;
select g, repeat('y', 50) from generate_series(1, 3000) g;
do $$ begin raise notice 'hello'; end $$;
listen news; notify news, 'flash';
\set ON_ERROR_STOP off
select * from nosuch;
`

// What pgpi reads from its recording equals its live log, to the byte.
func TestRecordingIsTheLog(t *testing.T) {
	for _, test := range []struct {
		name, user string
		args, read []string
		parameters []string
		has        string // what the log must have
		traffic    func(t *testing.T, s *localpg.Server, c connect)
	}{
		{name: "plaintext", user: "trust", args: []string{"--server-sslmode=disable"}},
		{name: "TLS", user: "scram", args: []string{"--server-sslmode=require", "--log-certs"}, parameters: []string{"sslmode", "require"}},
		{name: "TLS to the server alone", user: "md5", args: []string{"--server-sslmode=require"}},
		{name: "overridden login", user: "scram", args: []string{"--override-auth"}, parameters: []string{"sslmode", "require"}},
		{name: "fallback", user: "nossl", args: []string{"--server-sslmode=prefer"}},
		{name: "hidden binding", user: "scram", args: []string{"--server-sslmode=require", "--hide-channel-binding"}, parameters: []string{"channel_binding", "prefer"}},
		{name: "byte by byte", user: "trust", args: []string{"--send-chunking=byte"}, traffic: small},
		{name: "raw with times", user: "trust", args: []string{"--log-forwarded=raw", "--log-time=iso"}, read: []string{"--log-forwarded=raw", "--log-time=iso"}},
		{name: "queries", user: "scram", args: []string{"--log-forwarded=queries", "--server-sslmode=require"}, read: []string{"--log-forwarded=queries"}, parameters: []string{"sslmode", "require"}},
		{name: "queries of many", user: "scram", args: []string{"--log-forwarded=queries"}, read: []string{"--log-forwarded=queries"}, parameters: []string{"sslmode", "require"}, traffic: bench},
		{name: "queries that take long", user: "trust", args: []string{"--log-forwarded=queries"}, read: []string{"--log-forwarded=queries"}, has: " waiting ", traffic: long},
		{
			name: "queries in files", user: "trust", args: []string{"--log-forwarded=queries", "--record-rotate=300kB"},
			read: []string{"--log-forwarded=queries"}, traffic: manySessions,
		},
		{
			name: "redacted queries in files", user: "trust", args: []string{"--log-forwarded=queries", "--record-rotate=300kB", "--redact=values"},
			read: []string{"--log-forwarded=queries"}, traffic: sessionsOfText,
		},
		{
			name: "JSON in files", user: "trust", args: []string{"--log=annotated=-", "--log=json=FILE", "--record-rotate=300kB"},
			read: []string{"--log-forwarded=json"}, traffic: manySessions,
		},
		{name: "JSON", user: "trust", args: []string{"--log=annotated=-", "--log=json=FILE"}, read: []string{"--log-forwarded=json"}},
		{name: "redacted", user: "scram", args: []string{"--redact-passwords", "--override-auth"}, traffic: small},
		{name: "refused login", user: "nobody"},
		{name: "cancel", user: "trust", traffic: func(t *testing.T, s *localpg.Server, c connect) { interrupt(t, s, psql15, c) }},
		{name: "many connections", user: "scram", args: []string{"--server-sslmode=prefer"}, parameters: []string{"sslmode", "require"}, traffic: bench},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := startCluster(t, server18)
			path, second := filepath.Join(t.TempDir(), "session.pcapng"), filepath.Join(t.TempDir(), "log")
			args := append(to(s), "--log-time=relative", "--record="+path)
			for _, arg := range test.args {
				args = append(args, strings.Replace(arg, "FILE", second, 1))
			}
			p := launch(t, args...)
			c := through(p, test.user, append([]string{"channel_binding", "disable"}, test.parameters...)...)
			if test.traffic == nil {
				test.traffic = everydaySession
			}
			test.traffic(t, s, c)
			p.stop(t)
			live := strings.Join(p.log.all(), "\n") + "\n"
			if b, err := os.ReadFile(second); err == nil {
				live = string(b)
			}
			files, err := filepath.Glob(strings.Replace(path, ".pcapng", "*.pcapng", 1))
			if err != nil || len(files) == 0 || slices.Contains(test.args, "--record-rotate=300kB") && len(files) < 3 {
				t.Fatalf("the files of the recording are %q, %v", files, err)
			}
			log := readBack(t, slices.Concat([]string{"--log-time=relative"}, test.read, files)...)
			if !strings.Contains(live, test.has) {
				t.Errorf("the log does not have %q", test.has)
			}
			if log != live {
				t.Errorf("the log of the recording differs from the live one:\n%s", firstDifference(log, live))
			}
		})
	}
}

// long has statements that are marked while they run, on several connections, and others meanwhile.
func long(t *testing.T, s *localpg.Server, c connect) {
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			if _, err := query(t, psql15, c, "select pg_sleep(10.2)"); err != nil {
				t.Error(err)
			}
		})
	}
	bench(t, s, c)
	done.Wait()
}

// manySessions are several at once.
func manySessions(t *testing.T, s *localpg.Server, c connect) {
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() { everydaySession(t, s, c) })
	}
	bench(t, s, c)
	done.Wait()
}

// sessionsOfText are sessions whose rows have no numbers. A number in a row can be what a number in
// the SQL was replaced with, which then gets another pseudonym: the log of a session is written later
// than the beginning of its recording, so only the log would have that.
func sessionsOfText(t *testing.T, _ *localpg.Server, c connect) {
	var done sync.WaitGroup
	for range 6 {
		done.Go(func() {
			runScript(t, c, "\\set ON_ERROR_STOP off\nselect repeat('y', 50) from generate_series(1, 3000);\nlisten news; select * from nosuch;\n")
		})
	}
	done.Wait()
}

// everydaySession runs everyday with psql. If the login fails, the session is just that.
func everydaySession(t *testing.T, _ *localpg.Server, c connect) { runScript(t, c, everyday) }

// runScript runs a script with psql, which may not be let in.
func runScript(t *testing.T, c connect, script string) {
	t.Helper()
	cmd := psqlCommand(t, psql15, c)
	cmd.Stdin = strings.NewReader(script)
	output, err := cmd.CombinedOutput()
	if err != nil && !bytes.Contains(output, []byte("nobody")) {
		t.Errorf("%v: %s", err, output)
	}
}

// small has no message that redaction would blank.
func small(t *testing.T, _ *localpg.Server, c connect) {
	if _, err := query(t, psql15, c, "select 1; alter role scram password '"+password+"'"); err != nil && c["user"] == "scram" && !strings.Contains(err.Error(), "permission denied") {
		t.Error(err)
	}
}

// bench runs pgbench with many clients, and each of its queries in a different way.
func bench(t *testing.T, _ *localpg.Server, c connect) {
	script := filepath.Join(t.TempDir(), "script.sql")
	if err := os.WriteFile(script, []byte("select :client_id, repeat('z', 100 * :client_id);\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for _, mode := range []string{"simple", "extended", "prepared"} {
		done.Go(func() {
			cmd := exec.Command(servers.Program(t, "pgbench"), "-n", "-M", mode, "-f", script, "-c", "15", "-t", "20", c.String())
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("pgbench: %v: %s", err, output)
			}
		})
	}
	done.Wait()
}

// readBack runs pgpi read, which must not complain.
func readBack(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(pgpiPath, append([]string{"read"}, args...)...)
	var log, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &complaint
	if err := cmd.Run(); err != nil || complaint.Len() > 0 {
		t.Fatalf("pgpi read: %v: %s", err, complaint.String())
	}
	return log.String()
}

// firstDifference returns the first line in which logs differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d\n got %.500s\nwant %.500s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// tsharkNames are what tshark calls messages. It has no name for the one-byte replies.
var tsharkNames = map[string]string{
	"SSLRequest": "SSL request", "StartupMessage": "Startup message", "CancelRequest": "Cancel request",
	"AuthenticationOk": "Authentication request", "AuthenticationSASL": "Authentication request",
	"AuthenticationSASLContinue": "Authentication request", "AuthenticationSASLFinal": "Authentication request",
	"SASLInitialResponse": "SASLInitialResponse message", "SASLResponse": "SASLResponse message",
	"BackendKeyData": "Backend key data", "ParameterStatus": "Parameter status", "ReadyForQuery": "Ready for query",
	"Query": "Simple query", "RowDescription": "Row description", "DataRow": "Data row", "CommandComplete": "Command completion",
	"CopyInResponse": "CopyIn response", "CopyOutResponse": "CopyOut response", "CopyData": "Copy data", "CopyDone": "Copy completion",
	"ErrorResponse": "Error", "NoticeResponse": "Notice", "NotificationResponse": "Notification", "Terminate": "Termination",
	"Parse": "Parse", "Bind": "Bind", "Describe": "Describe", "Execute": "Execute", "Sync": "Sync",
	"ParseComplete": "Parse completion", "BindComplete": "Bind completion", "NoData": "No data",
}

// Stock tshark, without any setting, shows the same for a recording as pgpi: the type, length and
// direction of every message, in the same order.
func TestTshark(t *testing.T) {
	tshark := servers.Program(t, "tshark")
	for name, traffic := range map[string]func(t *testing.T, s *localpg.Server, c connect){"psql": everydaySession, "pgbench": bench} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startCluster(t, server18)
			path := filepath.Join(t.TempDir(), "session.pcapng")
			p := launch(t, append(to(s), "--server-sslmode=require", "--record="+path)...)
			traffic(t, s, through(p, "scram", "sslmode", "require", "channel_binding", "disable"))
			p.stop(t)

			cmd := exec.Command(tshark, "-r", path, "-Y", "pgsql", "-T", "fields", "-e", "pgsql.frontend", "-e", "pgsql.type", "-e", "pgsql.length")
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir()) // and so without the user's settings
			output, err := cmd.Output()
			if err != nil {
				t.Fatalf("tshark: %v", err)
			}
			got := tsharkMessages(t, string(output))
			want := messagesOf(t, readBack(t, "--log-forwarded=json", path))
			for i := range min(len(got), len(want)) {
				if got[i] != want[i] {
					t.Fatalf("message %d: tshark has %s, pgpi has %s", i+1, got[i], want[i])
				}
			}
			if len(got) != len(want) || len(want) < 100 {
				t.Errorf("tshark has %d messages, pgpi has %d", len(got), len(want))
			}
		})
	}
}

// tsharkMessages returns the messages that tshark shows, one packet per line.
func tsharkMessages(t *testing.T, output string) (all []string) {
	t.Helper()
	for line := range strings.Lines(output) {
		columns := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(columns) != 3 || columns[1] == "" {
			continue // a one-byte reply
		}
		from, kinds, lengths := strings.Split(columns[0], ","), strings.Split(columns[1], ","), strings.Split(columns[2], ",")
		if len(from) != len(kinds) || len(lengths) != len(kinds) {
			t.Fatalf("tshark: %q", line)
		}
		for i := range kinds {
			all = append(all, fmt.Sprintf("%s of length %s, from client: %t", kinds[i], lengths[i], from[i] == "1" || from[i] == "True"))
		}
	}
	return all
}

// messagesOf returns the messages of a log in JSON, in tshark's words.
func messagesOf(t *testing.T, log string) (all []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		var e struct {
			Kind, Type, From, To string
			Fields               struct{ Length int }
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Kind != "message" || e.Type == "SSLResponse" {
			continue
		}
		kind, _, _ := strings.Cut(e.Type, "/") // tshark does not look into CopyData
		name, known := tsharkNames[kind]
		if !known {
			t.Fatalf("%s has no name in tshark", e.Type)
		}
		client := e.From == "client" || e.From == "script" && e.To == "server"
		all = append(all, fmt.Sprintf("%s of length %d, from client: %t", name, e.Fields.Length, client))
	}
	return all
}
