package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
)

// With --redact-passwords, no secret that passes through pgpi is in its log, whatever the log shows
// and wherever the secret is. Without it all of them are, so this test can fail.
func TestSecrets(t *testing.T) {
	for _, mode := range []string{"annotated", "raw", "none"} {
		for _, override := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s override=%v", mode, override), func(t *testing.T) {
				t.Parallel()
				args := []string{"--log-forwarded=" + mode}
				if override {
					args = append(args, "--override-auth", "--server-sslmode=require")
				} else {
					args = append(args, "--server-sslmode=disable") // so that SCRAM succeeds, to its last message
				}
				log, known := logSecrets(t, append(args, "--redact-passwords")...)
				for _, leak := range leaks(log, known) {
					t.Errorf("%s is in the log in spite of --redact-passwords", leak)
				}
				if t.Failed() {
					t.Log(log)
				}
				log, known = logSecrets(t, args...)
				found := leaks(log, known)
				for name := range known {
					if mode != "none" && !slices.Contains(found, name) {
						t.Errorf("%s is not in the log without --redact-passwords, so that this test can't find it", name)
					}
				}
				if len(found) == 0 {
					t.Error("nothing secret is in the log without --redact-passwords")
				}
			})
		}
	}
}

// secrets are what must not be in a log, with names for people.
type secrets map[string]func(log []byte) bool

func (s secrets) text(name, secret string) {
	s[name] = func(log []byte) bool { return bytes.Contains(log, []byte(secret)) }
}

func (s secrets) pattern(name, pattern string) {
	s[name] = regexp.MustCompile(pattern).Match
}

// logSecrets sends all kinds of secrets through a pgpi, and returns its log and what to look for in
// it.
func logSecrets(t *testing.T, args ...string) (log string, known secrets) {
	t.Helper()
	s := startCluster(t, server18)
	file := filepath.Join(t.TempDir(), "log")
	p := start(t, append(append(to(s), args...), "--log-file="+file)...)
	known = secrets{}
	known.text("the password", password)
	logIn(t, p, known)
	logInWrongly(t, p, known)
	cancelKeys(t, s, p, known)
	secretSQL(t, p, known)
	p.stop(t)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content) + p.stderr.String(), known
}

// logIn logs in by each method.
func logIn(t *testing.T, p *pgpi, known secrets) {
	t.Helper()
	for _, client := range tableClients {
		for _, auth := range []string{"password", "md5", "scram"} {
			for _, sslmode := range []string{"disable", "require"} {
				if _, err := query(t, client, through(p, auth, "sslmode", sslmode), "select 1"); err != nil {
					t.Errorf("%s with %s: %v", auth, client, err)
				}
			}
		}
	}
	known.pattern("an MD5 hash", `md5[0-9a-f]{32}`)
	known.pattern("a SCRAM proof", `,p=[A-Za-z0-9+/]{43}=`)
	known.pattern("a SCRAM signature", `v=[A-Za-z0-9+/]{43}=`)
}

// logInWrongly sends wrong passwords, passwords before they are asked for, and incomplete ones.
func logInWrongly(t *testing.T, p *pgpi, known secrets) {
	t.Helper()
	if _, err := query(t, pgx, through(p, "password", "password", "canary-wrong"), "select 1"); err == nil {
		t.Error("a wrong password is right")
	}
	known.text("a wrong password", "canary-wrong")

	startup := startupMessage("user", "password", "database", "postgres")
	early := speak(t, p)
	early.send(startup, passwordMessage("canary-early"))
	early.readAll()
	known.text("a password before its request", "canary-early")

	half := speak(t, p)
	half.send(startup)
	half.read(9) // AuthenticationCleartextPassword
	half.send(passwordMessage("canary-half and what never comes")[:5+11])
	half.closeWrite()
	half.readAll()
	known.text("half a password", "canary-half")
}

// cancelKeys makes connections with short and long keys, and cancels statements that contain a
// secret.
func cancelKeys(t *testing.T, s *localpg.Server, p *pgpi, known secrets) {
	t.Helper()
	known.text("a password in a statement that is canceled", "canary-running")
	for _, version := range []string{"3.0", "3.2"} {
		name := fmt.Sprintf("cancel%d", p.port)
		conn, err := pgconn.Connect(t.Context(), through(p, "trust", "max_protocol_version", version, "application_name", name).String())
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := conn.Exec(t.Context(), "select pg_sleep(60), 'password=canary-running'").ReadAll()
			ended <- err
		}()
		awaitQuery(t, s, name)
		if err := conn.CancelRequest(t.Context()); err != nil {
			t.Errorf("cancel: %v", err)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "canceling statement") {
			t.Errorf("the statement was not canceled: %v", err)
		}
		known.text("the cancel key of protocol "+version, string(conn.SecretKey()))
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// secretSQL sets passwords in every way that SQL has.
func secretSQL(t *testing.T, p *pgpi, known secrets) {
	t.Helper()
	role := fmt.Sprintf("canary_%d", p.port)
	statements := map[string]string{
		"CREATE ROLE":         "create role " + role + " password 'canary-create'",
		"ALTER ROLE":          "alter role " + role + " encrypted password 'canary-alter' valid until 'infinity'",
		"ALTER USER, quoted":  "alter user " + role + " password E'canary-escape\\x21'",
		"ALTER ROLE, dollars": "alter role " + role + " password $q$canary-dollar$q$",
		"CREATE SUBSCRIPTION": "create subscription " + role + " connection 'host=localhost password=canary-subscription' publication p with (connect = false)",
		"ALTER SUBSCRIPTION":  "alter subscription " + role + " connection 'postgres://me:canary-uri@localhost/db'",
		"CREATE USER MAPPING": "create user mapping for " + role + " server srv_" + role + " options (user 'me', password 'canary-mapping')",
		"ALTER USER MAPPING":  "alter user mapping for " + role + " server srv_" + role + " options (set password 'canary-remapping')",
		"an error's context":  "do $$ begin execute 'alter role no_such_role password ''canary-context'''; end $$",
		"an error's position": "alter role " + role + " password 'canary-typo' typo",
		"a large statement":   "/* " + strings.Repeat("x", 100_000) + " */ alter role " + role + " password 'canary-large'",
	}
	order := []string{
		"CREATE ROLE", "ALTER ROLE", "ALTER USER, quoted", "ALTER ROLE, dollars", "CREATE SUBSCRIPTION", "ALTER SUBSCRIPTION",
		"CREATE USER MAPPING", "ALTER USER MAPPING", "an error's context", "an error's position", "a large statement",
	}
	conn, err := pgconn.Connect(t.Context(), through(p, "postgres", "password", "").String())
	if err != nil {
		t.Fatal(err)
	}
	run := func(sql string) error {
		_, err := conn.Exec(t.Context(), sql).ReadAll()
		return err
	}
	if err := run("create foreign data wrapper " + role + "; create server srv_" + role + " foreign data wrapper " + role); err != nil {
		t.Error(err)
	}
	for _, name := range order {
		sql := statements[name]
		err := run(sql)
		if fails := strings.Contains(name, "error"); fails == (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		known.text("the password of "+name, regexp.MustCompile(`canary-\w+`).FindString(sql))
	}
	result := conn.ExecParams(t.Context(), "alter role "+role+" password 'canary-parse'", nil, nil, nil, nil).Read()
	if result.Err != nil {
		t.Error(result.Err)
	}
	known.text("the password of Parse", "canary-parse")
	setByPsql(t, p, role)
	known.pattern("the verifier of \\password", `SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$`)

	cleanUp := "drop user mapping for " + role + " server srv_" + role + "; drop foreign data wrapper " + role + " cascade;" +
		"alter subscription " + role + " set (slot_name = none)"
	for _, sql := range []string{cleanUp, "drop subscription " + role, "drop role " + role} {
		if err := run(sql); err != nil {
			t.Error(err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// setByPsql sets a password with psql's \password, which sends its verifier. Without a terminal,
// psql reads the password from its input.
func setByPsql(t *testing.T, p *pgpi, role string) {
	t.Helper()
	cmd := psqlCommand(t, psql15, through(p, "postgres", "password", ""), "-c", `\password `+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdin = strings.NewReader(strings.Repeat("canary-psql\n", 2))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("\\password: %v: %s", err, output)
	}
}

// leaks returns the names of the secrets in a log, unchanged or escaped.
func leaks(log string, known secrets) (names []string) {
	decoded := unescape(log)
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if known[name]([]byte(log)) || known[name](decoded) {
			names = append(names, name)
		}
	}
	return names
}

var escape = regexp.MustCompile(`\\(x[0-9a-fA-F]{2}|.)`)

// unescape turns what is in quotes in the log into bytes.
func unescape(log string) []byte {
	plain := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'e': 0x1b, 'a': 7, 'b': 8, 'v': 11, 'f': 12}
	return escape.ReplaceAllFunc([]byte(log), func(b []byte) []byte {
		if b[1] == 'x' && len(b) == 4 {
			var c byte
			fmt.Sscanf(string(b[2:]), "%x", &c) //nolint:errcheck // the expression has matched
			return []byte{c}
		}
		if c, ok := plain[b[1]]; ok {
			return []byte{c}
		}
		return bytes.TrimPrefix(b, []byte{'\\'})
	})
}
