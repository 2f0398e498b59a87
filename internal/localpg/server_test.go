//go:build unix

package localpg_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	if folder := os.Getenv(abandonVar); folder != "" {
		abandonServer(folder)
	}
	os.Exit(m.Run())
}

// start starts a server that the test closes.
func start(t *testing.T, config localpg.Config) *localpg.Server {
	t.Helper()
	if config.Bin == "" {
		config.Bin = servers.Require(t, 15)
	}
	server, err := localpg.Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log:\n%s", server.Log())
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// ask runs a query that returns one text.
func ask(t *testing.T, connString, query string) (string, error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), connString)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background()) //nolint:errcheck // the answer is what counts
	var answer string
	err = conn.QueryRow(t.Context(), query).Scan(&answer)
	return answer, err
}

func TestVersions(t *testing.T) {
	for _, version := range servers.Versions {
		t.Run(strconv.Itoa(version), func(t *testing.T) {
			server := start(t, localpg.Config{
				Bin: servers.Require(t, version), Auth: localpg.SCRAM, TLS: &localpg.TLS{}, Database: "shop",
			})
			if server.Version != version {
				t.Errorf("Version is %d", server.Version)
			}
			answer, err := ask(t, server.URL(), `select concat_ws(' ', current_database(), current_user, ssl)
				from pg_stat_ssl where pid = pg_backend_pid()`)
			if want := "shop postgres t"; err != nil || answer != want {
				t.Errorf("got %q, %v, want %q", answer, err, want)
			}
		})
	}
}

// Each method of authentication lets the right password in, and a wrong one only where it does not
// ask.
func TestAuth(t *testing.T) {
	for _, method := range []localpg.Auth{localpg.Trust, localpg.Cleartext, localpg.MD5, localpg.SCRAM} {
		t.Run(string(method), func(t *testing.T) {
			server := start(t, localpg.Config{Auth: method, User: "alice", Password: "s€cret"})
			if _, err := ask(t, server.URL(), "select 'in'"); err != nil {
				t.Errorf("the right password: %v", err)
			}
			_, err := ask(t, strings.Replace(server.URL(), "alice:", "alice:not", 1), "select 'in'")
			var refused *pgconn.PgError
			if method == localpg.Trust && err != nil {
				t.Errorf("trust refuses: %v", err)
			} else if method != localpg.Trust && (!errors.As(err, &refused) || refused.Code != "28P01") {
				t.Errorf("a wrong password: got %v, want SQLSTATE 28P01", err)
			}
			rules, err := ask(t, server.URL(), "select string_agg(distinct auth_method, ',') from pg_hba_file_rules")
			if err != nil || rules != string(method) {
				t.Errorf("rules are %q, %v", rules, err)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	value := `it's a \ and "so" on`
	server := start(t, localpg.Config{
		Settings: map[string]string{"pgpi.note": value, "fsync": "on"},
		HBA:      []string{"host all postgres 127.0.0.1/32 trust", "host all bob 127.0.0.1/32 md5"},
		SQL: []string{
			"SET password_encryption = 'md5'",
			"CREATE ROLE bob LOGIN\nPASSWORD 'builder';",
			"CREATE TABLE t AS SELECT 'made'::text AS x",
		},
	})
	for _, test := range []struct{ query, want string }{
		{"select current_setting('pgpi.note')", value},
		{"select current_setting('fsync')", "on"},
		{"select x from t", "made"},
	} {
		if got, err := ask(t, server.URL(), test.query); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v, want %q", test.query, got, err, test.want)
		}
	}
	if _, err := ask(t, strings.Replace(server.URL(), "postgres@", "bob:builder@", 1), "select 'in'"); err != nil {
		t.Errorf("bob: %v", err)
	}
}

// Certificates of the caller's are used, and clients without one are refused where there is an
// authority for them.
func TestOwnCertificates(t *testing.T) {
	issuer := start(t, localpg.Config{TLS: &localpg.TLS{}})
	server := start(t, localpg.Config{
		TLS: &localpg.TLS{CertFile: issuer.ServerCert, KeyFile: issuer.ServerKey, ClientCA: issuer.RootCert},
		HBA: []string{"hostssl postgres all 127.0.0.1/32 trust clientcert=verify-ca"},
	})
	if server.RootCert != "" || !strings.HasSuffix(server.URL(), "sslmode=require") {
		t.Errorf("root certificate %q in %s: want none", server.RootCert, server.URL())
	}
	_, err := ask(t, server.URL()+"&sslrootcert="+issuer.RootCert, "select 'in'")
	if err == nil || !strings.Contains(err.Error(), "requires a valid client certificate") {
		t.Errorf("without a client certificate: %v", err)
	}
}

func TestUnixSocket(t *testing.T) {
	server := start(t, localpg.Config{Auth: localpg.MD5, Password: "x"})
	address := fmt.Sprintf("host=%s port=%d user=postgres password=x dbname=postgres", server.SocketDir, server.Port)
	if _, err := ask(t, address, "select 'in'"); err != nil {
		t.Error(err)
	}
}

func TestStopRestartKillClose(t *testing.T) {
	server := start(t, localpg.Config{})
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck // the answer is what counts
	if _, err := conn.Exec(t.Context(), "create table kept as select 'kept'::text as x"); err != nil {
		t.Fatal(err)
	}

	for name, end := range map[string]func() error{
		"fast":      func() error { return server.Stop(localpg.Fast) },
		"immediate": func() error { return server.Stop(localpg.Immediate) },
		"kill":      server.Kill,
		"restart":   func() error { return nil },
	} {
		if err := end(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name != "restart" {
			if _, err := ask(t, server.URL(), "select 'up'"); err == nil {
				t.Fatalf("%s: the server still answers", name)
			}
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		if got, err := ask(t, server.URL(), "select x from kept"); err != nil || got != "kept" {
			t.Fatalf("after %s: got %q, %v", name, got, err)
		}
	}

	for range 2 {
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Dir(server.DataDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory after Close: %v", err)
	}
	if err := server.Restart(t.Context()); err == nil {
		t.Error("a closed server was restarted")
	}
}

// What can't work is said in one sentence that holds the reason, and leaves nothing behind.
func TestRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // nothing was written
	bin := servers.Require(t, 15)
	for _, test := range []struct {
		name   string
		config localpg.Config
		want   string
	}{
		{"authentication", localpg.Config{Auth: "gss"}, `unknown authentication method "gss"`},
		{"password", localpg.Config{Auth: localpg.MD5, Password: "a\nb"}, "line break"},
		{"port", localpg.Config{Port: 65536}, "out of range"},
		{"half a pair", localpg.Config{TLS: &localpg.TLS{CertFile: "x"}}, "needs its key"},
		{"no such certificate", localpg.Config{TLS: &localpg.TLS{CertFile: "/nowhere/x", KeyFile: "/nowhere/y"}}, "open /nowhere/x"},
		{"no such programs", localpg.Config{Bin: "/nowhere"}, "use the PostgreSQL programs in /nowhere"},
		{"no such user", localpg.Config{RunAs: "nobody-of-this-name"}, "nobody-of-this-name"},
		{"superuser", localpg.Config{User: "pg_me"}, `superuser name "pg_me" is disallowed`},
		{"statement", localpg.Config{SQL: []string{"SELECT 1/0"}}, "division by zero"},
		{"setting", localpg.Config{Settings: map[string]string{"work_mem": "much"}}, `invalid value for parameter "work_mem"`},
		{"port in use", localpg.Config{Port: taken.Addr().(*net.TCPAddr).Port}, "Address already in use"},
		{"long path", localpg.Config{UnixSocketDir: "/" + strings.Repeat("x", 100)}, "longer than 103 bytes"},
		{"no such folder", localpg.Config{Dir: "/nowhere"}, "/nowhere: no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := openFolder(t)
			if test.config.Bin == "" {
				test.config.Bin = bin
			}
			if test.config.Dir == "" {
				test.config.Dir = folder
			}
			server, err := localpg.Start(t.Context(), test.config)
			if err == nil {
				_ = server.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line with %q", err, test.want)
			}
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

func TestCancelledStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder := openFolder(t)
	if _, err := localpg.Start(ctx, localpg.Config{Bin: servers.Require(t, 15), Dir: folder}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// The server's user must be able to reach its folders; root's own are closed to others.
func TestClosedFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs servers as another user: run the tests as root to try this")
	}
	folder := openFolder(t)
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, 15), Dir: folder})
	if err == nil || !strings.Contains(err.Error(), "may not enter "+folder) {
		t.Errorf("got %v", err)
	}
}

// openFolder is like t.TempDir, short enough for a socket, and open to the server's user.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
