package launch

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// environment resolves env and returns what a command would get, as a map, with
// the directory of the private files written {private}.
func environment(t *testing.T, env []string, leg ClientLeg, named ...string) variableMap {
	t.Helper()
	target, err := resolve(env, named...)
	if err != nil {
		t.Fatal(err)
	}
	private := privateFolder(t)
	env, err = NewEnvironment(target, target.Servers[0], leg, private)
	if err != nil {
		t.Fatal(err)
	}
	vars := mapVariables(env)
	for name, value := range vars {
		if private.dir != "" {
			vars[name] = strings.ReplaceAll(value, private.dir, "{private}")
		}
	}
	return vars
}

// privateFolder returns a folder of the test's own, which needs no janitor.
func privateFolder(t *testing.T) *PrivateFolder { return &PrivateFolder{dir: t.TempDir()} }

var (
	plainLeg = ClientLeg{Host: "127.0.0.1", Port: 6543}
	tlsLeg   = ClientLeg{Host: "localhost", Port: 6543, TLS: true, RootCert: "/pgpi/cert.pem"}
)

func TestRewriteURL(t *testing.T) {
	h := newHome(t)
	h.write(t, ".pgpass", "*:*:*:*:x\n")
	h.write(t, "own.pass", "*:*:*:*:y\n")
	h.write(t, ".pg_service.conf", "[s]\nhost=h\n")
	h.write(t, "ca.crt", "")
	h.write(t, ".postgresql/root.crt", "") // for JDBC's ssl=true
	h.write(t, "c.crt", "")
	h.write(t, "c.key", "")
	tests := []struct{ name, text, plain, tls string }{
		{"all parts", "postgres://u:p%40w@db.example.com:5433/my%2Fdb?application_name=a%20b&connect_timeout=3",
			"postgres://u:p%40w@127.0.0.1:6543/my%2Fdb?application_name=a%20b&connect_timeout=3",
			"postgres://u:p%40w@localhost:6543/my%2Fdb?application_name=a%20b&connect_timeout=3"},
		{"no host", "postgresql:///d", "postgresql://127.0.0.1:6543/d", "postgresql://localhost:6543/d"},
		{"nothing", "postgresql://", "postgresql://127.0.0.1:6543", "postgresql://localhost:6543"},
		{"user alone", "postgresql://u@", "postgresql://u@127.0.0.1:6543", "postgresql://u@localhost:6543"},
		{"hosts", "postgres://u:@a:1,[::1]:2/d", "postgres://u:@127.0.0.1:6543/d", "postgres://u:@localhost:6543/d"},
		{"socket", "postgres://u@%2Ftmp/d", "postgres://u@127.0.0.1:6543/d", "postgres://u@localhost:6543/d"},
		{"host=", "postgres:///d?host=/tmp&port=1&options=-c%20a%3Db", "postgres://127.0.0.1:6543/d?options=-c%20a%3Db", "postgres://localhost:6543/d?options=-c%20a%3Db"},
		{"verify-full", "postgres://h/d?sslmode=verify-full&sslrootcert={home}/ca.crt&sslcert={home}/c.crt&sslkey={home}/c.key",
			"postgres://127.0.0.1:6543/d?sslmode=disable",
			"postgres://localhost:6543/d?sslmode=verify-full&sslrootcert=/pgpi/cert.pem"},
		{"system roots", "postgres://h/d?sslrootcert=system", "postgres://127.0.0.1:6543/d", "postgres://localhost:6543/d?sslrootcert=/pgpi/cert.pem"},
		{"disable", "postgres://h/d?sslmode=disable", "postgres://127.0.0.1:6543/d?sslmode=disable", "postgres://localhost:6543/d?sslmode=require"},
		{"binding and direct", "postgres://h/d?sslmode=require&channel_binding=require&sslnegotiation=direct",
			"postgres://127.0.0.1:6543/d?sslmode=disable&channel_binding=disable",
			"postgres://localhost:6543/d?sslmode=require&channel_binding=disable&sslnegotiation=direct"},
		{"ssl=true", "postgres://h/d?ssl=true", "postgres://127.0.0.1:6543/d?sslmode=disable", "postgres://localhost:6543/d?ssl=true"},
		{"ssl=require", "postgresql+asyncpg://h/d?ssl=require", "postgresql+asyncpg://127.0.0.1:6543/d?ssl=disable", "postgresql+asyncpg://localhost:6543/d?ssl=require"},
		{"unknown parameters", "postgres://h/d?schema=public&pgbouncer=true", "postgres://127.0.0.1:6543/d?schema=public&pgbouncer=true", "postgres://localhost:6543/d?schema=public&pgbouncer=true"},
		{"SQLAlchemy", "postgresql+psycopg2://u:p@/d?host=a:1&host=b:2&x=y", "postgresql+psycopg2://u:p@127.0.0.1:6543/d?x=y", "postgresql+psycopg2://u:p@localhost:6543/d?x=y"},
		{"password file", "postgres://h/d?passfile={home}/own.pass", "postgres://127.0.0.1:6543/d?passfile={private}/pgpass1", "postgres://localhost:6543/d?passfile={private}/pgpass1"},
		{"service", "postgres:///d?service=s", "postgres://127.0.0.1:6543/d?service=s", "postgres://localhost:6543/d?service=s"},
		{"service file", "postgres:///d?service=s&servicefile={home}/.pg_service.conf", "postgres://127.0.0.1:6543/d?service=s&servicefile={private}/pg_service0.conf", "postgres://localhost:6543/d?service=s&servicefile={private}/pg_service0.conf"},
		{"JDBC", "jdbc:postgresql://h:1/d?user=u&password=p%26q+r", "jdbc:postgresql://127.0.0.1:6543/d?user=u&password=p%26q+r&sslmode=disable", "jdbc:postgresql://localhost:6543/d?user=u&password=p%26q+r&channelBinding=disable"},
		{"JDBC with TLS", "jdbc:postgresql://h/d?ssl=true&channelBinding=require", "jdbc:postgresql://127.0.0.1:6543/d?ssl=false&channelBinding=disable&sslmode=disable", "jdbc:postgresql://localhost:6543/d?ssl=true&channelBinding=disable"},
		{"JDBC database alone", "jdbc:postgresql:d", "jdbc:postgresql://127.0.0.1:6543/d?sslmode=disable", "jdbc:postgresql://localhost:6543/d?channelBinding=disable"},
		{"keywords", `host=h  password='a b\'c' sslmode=require dbname=d sslpassword='x y'`, `host=127.0.0.1 port=6543 password='a b\'c' sslmode=disable dbname=d`, `host=localhost port=6543 password='a b\'c' sslmode=require dbname=d`},
		{"requiressl", "host=h requiressl=1", "host=127.0.0.1 port=6543 sslmode=disable", "host=localhost port=6543 sslmode=require"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			env := h.with("MY_URL=" + test.text)
			if got := environment(t, env, plainLeg, "MY_URL")["MY_URL"]; got != test.plain {
				t.Errorf("without TLS\n got %s\nwant %s", got, test.plain)
			}
			if got := environment(t, env, tlsLeg, "MY_URL")["MY_URL"]; got != test.tls {
				t.Errorf("with TLS\n got %s\nwant %s", got, test.tls)
			}
		})
	}
}

func TestEnvironmentVariables(t *testing.T) {
	h := newHome(t)
	cert, key := h.write(t, "c.crt", ""), h.write(t, "c.key", "")
	env := h.with("PGHOST=h", "PGHOSTADDR=10.0.0.1", "PGPORT=1", "PGSSLMODE=require", "PGREQUIRESSL=1",
		"PGSSLCERT="+cert, "PGSSLKEY="+key, "PGSSLROOTCERT=/none", "PGCHANNELBINDING=require", "PGSSLNEGOTIATION=direct",
		"PGUSER=u", "PGPASSWORD=p", "PGDATABASE=d", "PGAPPNAME=a=b", "PGPI_CLIENT_SSL_PASSWORD=secret", "PGPI_=x", "EMPTY=")
	same := "PATH HOME PGSYSCONFDIR PGUSER PGPASSWORD PGDATABASE PGAPPNAME EMPTY"
	for name, test := range map[string]struct {
		leg ClientLeg
		set []string
	}{
		"plain": {plainLeg, []string{"PGCHANNELBINDING=disable", "PGHOST=127.0.0.1", "PGPORT=6543", "PGSSLMODE=disable"}},
		"TLS":   {tlsLeg, []string{"PGCHANNELBINDING=disable", "PGHOST=localhost", "PGPORT=6543", "PGSSLMODE=require", "PGSSLNEGOTIATION=direct", "PGSSLROOTCERT=/pgpi/cert.pem"}},
	} {
		t.Run(name, func(t *testing.T) {
			target, err := resolve(env)
			if err != nil {
				t.Fatal(err)
			}
			private := new(PrivateFolder)
			got, err := NewEnvironment(target, target.Servers[0], test.leg, private)
			if err != nil {
				t.Fatal(err)
			}
			want := append([]string(nil), test.set...)
			for _, entry := range env {
				if name, _, _ := strings.Cut(entry, "="); slices.Contains(strings.Fields(same), name) {
					want = append(want, entry)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("\n got %q\nwant %q", got, want)
			}
			if private.dir != "" {
				t.Error("private files without need")
			}
		})
	}
}

func TestRewritePasswords(t *testing.T) {
	const file = `# comment
db.example.com:5432:d:u:one
DB.example.com:5432:d:u:case
*:5432:*:u:any\:host
db.example.com:5433:d:u:other port
db.example.com:*:d:u:any port
other:*:d:u:other
localhost:5432:d:u:local
\/var/run/postgresql:5432:d:u:socket
10.0.0.1:5432:d:u:address
\:\:1:5432:d:u:v6
broken
:
`
	tests := []struct {
		name   string
		server ServerLeg
		leg    ClientLeg
		want   []string
	}{
		{"name", ServerLeg{Host: "db.example.com", Port: 5432}, plainLeg,
			[]string{"127.0.0.1:6543:d:u:one", `127.0.0.1:6543:*:u:any\:host`, "127.0.0.1:6543:d:u:any port"}},
		{"default socket", ServerLeg{Host: "/var/run/postgresql", Port: 5432}, plainLeg,
			[]string{`127.0.0.1:6543:*:u:any\:host`, "127.0.0.1:6543:d:u:local", "127.0.0.1:6543:d:u:socket"}},
		{"other socket", ServerLeg{Host: "/run/x", Port: 5432}, plainLeg, []string{`127.0.0.1:6543:*:u:any\:host`}},
		{"name before address", ServerLeg{Host: "other", HostAddr: "10.0.0.1", Port: 1}, plainLeg, []string{"127.0.0.1:6543:d:u:other"}},
		{"address alone", ServerLeg{HostAddr: "10.0.0.1", Port: 5432}, plainLeg,
			[]string{`127.0.0.1:6543:*:u:any\:host`, "127.0.0.1:6543:d:u:address"}},
		{"IPv6", ServerLeg{Host: "::1", Port: 5432}, ClientLeg{Host: "::1", Port: 1},
			[]string{`\:\:1:1:*:u:any\:host`, `\:\:1:1:d:u:v6`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := strings.CutSuffix(rewritePasswords(file, test.server, test.leg), file)
			if !ok {
				t.Error("the original entries are not at the end")
			}
			if want := strings.Join(test.want, "\n") + "\n"; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestPrivateFiles(t *testing.T) {
	h := newHome(t)
	passwords := h.write(t, ".pgpass", "h:1:*:*:x")
	target, err := resolve(h.with("PGHOST=h", "PGPORT=1"))
	if err != nil {
		t.Fatal(err)
	}
	folder := new(PrivateFolder)
	env, err := NewEnvironment(target, target.Servers[0], plainLeg, folder)
	if err != nil {
		t.Fatal(err)
	}
	private := mapVariables(env)["PGPASSFILE"]
	info, err := os.Stat(private)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: mode %v, error %v", private, info.Mode(), err)
	}
	if err := folder.Close(); err != nil || fileExists(private) || fileExists(folder.dir) {
		t.Errorf("after Close: error %v, still there: %v", err, fileExists(private))
	}
	if onWindows {
		return
	}
	if err := os.Chmod(passwords, 0o640); err != nil {
		t.Fatal(err)
	}
	if file, ok := environment(t, h.with("PGHOST=h"), plainLeg)["PGPASSFILE"]; ok {
		t.Errorf("a password file that others can read is copied to %s", file)
	}
}

func TestRewriteServices(t *testing.T) {
	const file = `# my services
[s]
host=h
  port = 5
# in it
sslmode=verify-full
sslrootcert=/x
dbname=d
[t]
host=h
sslmode=verify-full`
	for name, test := range map[string]struct {
		leg  ClientLeg
		want string
	}{
		"plain": {plainLeg, "# my services\n[s]\nhost=127.0.0.1\nport=6543\n# in it\nsslmode=disable\ndbname=d\n[t]\nhost=h\nsslmode=verify-full"},
		"TLS":   {tlsLeg, "# my services\n[s]\nhost=localhost\nport=6543\n# in it\nsslmode=verify-full\nsslrootcert=/pgpi/cert.pem\ndbname=d\n[t]\nhost=h\nsslmode=verify-full"},
	} {
		if got := rewriteServices(file, map[string]bool{"s": true}, test.leg, privateFiles{}); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

// lib/pq refuses to start where PGCHANNELBINDING is set, so it is only where it has to be.
func TestChannelBindingVariable(t *testing.T) {
	h := newHome(t)
	for _, test := range []struct {
		given string
		leg   ClientLeg
		want  string
	}{
		{"PGUSER=u", plainLeg, ""},
		{"PGUSER=u", tlsLeg, "disable"},
		{"PGCHANNELBINDING=prefer", plainLeg, "disable"},
		{"PGCHANNELBINDING=prefer", tlsLeg, "disable"},
	} {
		if got := environment(t, h.with("PGHOST=h", test.given), test.leg)["PGCHANNELBINDING"]; got != test.want {
			t.Errorf("%s, TLS %v: PGCHANNELBINDING=%s, want %s", test.given, test.leg.TLS, got, test.want)
		}
		login := Login{User: "u", Password: "p", Database: "d"}
		got := mapVariables(ThrowawayEnvironment(h.with(test.given), nil, login, test.leg))["PGCHANNELBINDING"]
		if got != test.want {
			t.Errorf("%s, TLS %v, throwaway server: PGCHANNELBINDING=%s, want %s", test.given, test.leg.TLS, got, test.want)
		}
	}
}

func TestThrowawayEnvironment(t *testing.T) {
	login := Login{User: "postgres", Password: "p/w @", Database: "app"}
	env := []string{"DATABASE_URL=jdbc:postgresql://h/d?user=x", "MY_URL=postgresql+psycopg://x@h/d", "THIRD=kept",
		"PGSERVICE=s", "PGPASSFILE=/x", "PGUSER=x", "PGHOST=h", "PGPI_X=y"}
	want := []string{"THIRD=kept",
		"DATABASE_URL=jdbc:postgresql://127.0.0.1:6543/app?user=postgres&password=p/w%20%40&sslmode=disable",
		"MY_URL=postgresql+psycopg://postgres:p%2Fw%20%40@127.0.0.1:6543/app",
		"PGDATABASE=app", "PGHOST=127.0.0.1", "PGPASSWORD=p/w @", "PGPORT=6543", "PGSSLMODE=disable", "PGUSER=postgres"}
	if got := ThrowawayEnvironment(env, []string{"MY_URL"}, login, plainLeg); !slices.Equal(got, want) {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	got := mapVariables(ThrowawayEnvironment(nil, nil, login, tlsLeg))
	if want := "postgresql://postgres:p%2Fw%20%40@localhost:6543/app?sslmode=require"; got["DATABASE_URL"] != want {
		t.Errorf("DATABASE_URL=%s, want %s", got["DATABASE_URL"], want)
	}
}

func TestWhySilent(t *testing.T) {
	h := newHome(t)
	target, err := resolve(h.with("POSTGRES_URL=postgres://h/d", "OTHER=x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		unread bool
		want   string
	}{
		{[]string{"psql", "postgres://u:hunter2@h/d"}, false, "one of its arguments"},
		{[]string{"psql", "-hlocalhost"}, false, "one of its arguments"},
		{[]string{"psql", "dbname=d host=h"}, false, "one of its arguments"},
		{[]string{"npm", "test"}, true, "--url-env POSTGRES_URL"},
		{[]string{"/usr/bin/docker", "compose", "up"}, false, "container"},
		{[]string{"true"}, false, ".env"},
	} {
		target := &Target{Unread: target.Unread}
		if !test.unread {
			target.Unread = nil
		}
		if got := WhySilent(target, test.args); !strings.Contains(got, test.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%q: %s", test.args, got)
		}
	}
}
