package drivers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// target is a server for the programs, and what pgpi needs in front of it.
type target struct {
	name      string
	port      int
	password  string // of the user postgres
	rootCert  string // file of the authority that issued its certificate
	cert, key string // its files

	// pgpi presents another server's certificate: with the target's own, channel binding would
	// work.
	pgpiCert, pgpiKey, pgpiRootCert string
}

// login returns how to connect to the target itself.
func (s target) login(database string) login {
	return login{
		port: s.port, database: database, password: s.password, tls: true, rootCert: s.rootCert,
	}
}

// The names of targets that other files mention.
const (
	current   = "PostgreSQL 18"
	pgbouncer = "pgbouncer"
)

// startTargets starts PostgreSQL 15 and 18, and pgbouncer in front of 18. All accept only TLS and
// SCRAM.
func startTargets(t *testing.T) []target {
	t.Helper()
	old, fresh := startServer(t, 15), startServer(t, 18)
	behind := func(name string, port int, server, other *localpg.Server) target {
		return target{
			name: name, port: port, password: server.Password, rootCert: server.RootCert, cert: server.ServerCert, key: server.ServerKey,
			pgpiCert: other.ServerCert, pgpiKey: other.ServerKey, pgpiRootCert: other.RootCert,
		}
	}
	return []target{
		behind("PostgreSQL 15", old.Port, old, fresh),
		behind(current, fresh.Port, fresh, old),
		behind(pgbouncer, startPgbouncer(t, fresh), fresh, old),
	}
}

// sleeper is the one statement with which a program waits, before it cancels, until its own long
// query runs.
const sleeper = `CREATE FUNCTION wait_for_sleeper() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ` +
	`WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() ` +
	`AND query LIKE 'select pg_sleep(60)%' AND wait_event = 'PgSleep') ` +
	`LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$`

// startServer starts a server with a database for each driver, so that their notifications do not
// mix.
func startServer(t *testing.T, version int) *localpg.Server {
	t.Helper()
	statements := []string{sleeper}
	for _, d := range drivers {
		statements = append(statements, fmt.Sprintf(`CREATE DATABASE "%s" TEMPLATE postgres`, d.name))
	}
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, version), Auth: localpg.SCRAM, User: user, TLS: &localpg.TLS{}, SQL: statements,
		HBA: []string{"hostssl all all 127.0.0.1/32 scram-sha-256"}, //nolint:dupword // databases and users
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

// startPgbouncer starts pgbouncer in session mode, and returns its port. It does not know channel
// binding. It accepts cancel requests from old libpqs only if TLS is not required.
func startPgbouncer(t *testing.T, server *localpg.Server) int {
	t.Helper()
	dir := filepath.Dir(server.RootCert) // where its user can read the key
	port := servers.ReservePort(t)
	users := filepath.Join(dir, "users.txt")
	if err := os.WriteFile(users, fmt.Appendf(nil, "%q %q\n", user, server.Password), 0o644); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, pgbouncerConfig,
		server.Port, port, users, server.ServerCert, server.ServerKey, server.RootCert), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-q", config}
	if os.Geteuid() == 0 { // which it refuses to be; localpg chooses the same user, for whom the key is
		args = append([]string{"-u", "postgres"}, args...)
	}
	cmd := exec.Command(servers.Program(t, "pgbouncer"), args...)
	log, err := os.Create(filepath.Join(t.TempDir(), "pgbouncer.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("pgbouncer says:\n%s", text)
		}
	})
	awaitPort(t, port)
	return port
}

const pgbouncerConfig = `
[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
pool_mode = session
auth_type = scram-sha-256
auth_file = %s
client_tls_sslmode = allow
client_tls_cert_file = %s
client_tls_key_file = %s
server_tls_sslmode = verify-full
server_tls_ca_file = %s
ignore_startup_parameters = extra_float_digits
`

// awaitPort waits until something listens.
func awaitPort(t *testing.T, port int) {
	t.Helper()
	address := net.JoinHostPort(host, strconv.Itoa(port))
	for end := time.Now().Add(program.Hang); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatalf("nothing listens on %s", address)
}
