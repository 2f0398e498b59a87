package launch

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// describe writes a server in one line, for tables.
func describe(s ServerLeg) string {
	text := fmt.Sprintf("%s|%s|%d %s", s.Host, s.HostAddr, s.Port, s.SSLMode)
	for _, more := range []struct{ name, value string }{
		{"root", s.RootCert}, {"cert", s.Cert}, {"key", s.Key}, {"pass", s.KeyPassword},
		{"binding", s.ChannelBinding}, {"negotiation", s.Negotiation},
	} {
		if more.value != "" {
			text += " " + more.name + "=" + more.value
		}
	}
	return text
}

func TestResolveServers(t *testing.T) {
	h := newHome(t)
	h.write(t, "client.crt", "")
	h.write(t, "client.key", "")
	h.write(t, "ca.crt", "")
	h.write(t, ".pg_service.conf", "# ours\n[other]\nhost=o\n[s]\nhost=svc\nport=6000\nsslmode=require\n\n[local]\nhost=/run/x\nrequirepeer=\n")
	named := h.write(t, "services", "[s]\nhost=named\n")
	tests := []struct {
		name string
		vars []string
		want string // servers, split by "; "
	}{
		{"nothing", nil, "localhost||5432 prefer"},
		{"PGHOST", []string{"PGHOST=h", "PGPORT=7"}, "h||7 prefer"},
		{"empty PGHOST", []string{"PGHOST=", "PGPORT="}, "localhost||5432 prefer"},
		{"PGHOSTADDR alone", []string{"PGHOSTADDR=10.0.0.1"}, "|10.0.0.1|5432 prefer"},
		{"PGHOSTADDR with PGHOST", []string{"PGHOST=h", "PGHOSTADDR=::1"}, "h|::1|5432 prefer"},
		{"two hosts, one port", []string{"PGHOST=a,b", "PGPORT=7"}, "a||7 prefer; b||7 prefer"},
		{"two hosts, two ports", []string{"PGHOST=a,b", "PGPORT=7,"}, "a||7 prefer; b||5432 prefer"},
		{"socket", []string{"PGHOST=/run/x", "PGSSLMODE=verify-full"}, "/run/x||5432 disable"},
		{"socket, with a root certificate that is not there", []string{"PGHOST=/run/x", "PGSSLMODE=verify-ca", "PGSSLROOTCERT=/none"}, "/run/x||5432 disable"},
		{"URL over variables", []string{"DATABASE_URL=postgres://u:p@h:9/d?sslmode=require", "PGHOST=x", "PGSSLMODE=disable"}, "h||9 require"},
		{"variables complete the URL", []string{"DATABASE_URL=postgresql:///d", "PGHOST=x", "PGPORT=8", "PGSSLMODE=disable"}, "x||8 disable"},
		{"URL with nothing", []string{"DATABASE_URL=postgresql://"}, "localhost||5432 prefer"},
		{"URL with hosts", []string{"DATABASE_URL=postgres://u@a:1,b,[::1]:3/d"}, "a||1 prefer; b||5432 prefer; ::1||3 prefer"},
		{"URL with IPv6", []string{"DATABASE_URL=postgres://[2001:db8::1]/d"}, "2001:db8::1||5432 prefer"},
		{"URL with a socket", []string{"DATABASE_URL=postgres://u:p@%2Frun%2Fpg:6/d"}, "/run/pg||6 disable"},
		{"URL with host=", []string{"DATABASE_URL=postgres://u:p@ignored/d?host=/run/pg&port=6"}, "/run/pg||6 disable"},
		{"URL with hostaddr=", []string{"DATABASE_URL=postgres://h/d?hostaddr=10.1.1.1"}, "h|10.1.1.1|5432 prefer"},
		{"URL without a path", []string{"DATABASE_URL=postgres://h?sslmode=allow"}, "h||5432 allow"},
		{"URL with an empty password", []string{"DATABASE_URL=postgres://u:@h/d"}, "h||5432 prefer"},
		{"URL with @ in the password", []string{"DATABASE_URL=postgres://u:p@w@h/d"}, "h||5432 prefer"},
		{"ssl=true", []string{"DATABASE_URL=postgres://h/d?ssl=true"}, "h||5432 require"},
		{"ssl=require", []string{"DATABASE_URL=postgresql+asyncpg://h/d?ssl=require"}, "h||5432 require"},
		{"no-verify", []string{"DATABASE_URL=postgres://h/d?sslmode=no-verify&sslrootcert={home}/ca.crt"}, "h||5432 require"},
		{"SQLAlchemy", []string{"DATABASE_URL=postgresql+psycopg2://u:p@/d?host=a:1&host=b:2"}, "a||1 prefer; b||2 prefer"},
		{"keywords", []string{`DATABASE_URL= host = 'h' port=1 password='a\'b c' sslmode=disable`}, "h||1 disable"},
		{"JDBC", []string{"DATABASE_URL=jdbc:postgresql://h:5/d?user=u&ssl&sslrootcert=system", "PGPORT=8"}, "h||5 verify-full root=system"},
		{"JDBC without a host", []string{"DATABASE_URL=jdbc:postgresql:d", "PGHOST=x", "PGPORT=8", "PGHOSTADDR=::1"}, "localhost||5432 prefer"},
		{"JDBC hosts", []string{"DATABASE_URL=jdbc:postgresql://a:1,b/d?channelBinding=require&sslNegotiation=direct&sslmode=require"},
			"a||1 require binding=require negotiation=direct; b||5432 require binding=require negotiation=direct"},
		{"JDBC without verification", []string{"DATABASE_URL=jdbc:postgresql://h/d?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory"}, "h||5432 require"},
		{"JDBC keeps the security of the variables", []string{"DATABASE_URL=jdbc:postgresql://h/d", "PGSSLMODE=require"}, "h||5432 require"},
		{"service", []string{"PGSERVICE=s"}, "svc||6000 require"},
		{"service over variables", []string{"PGSERVICE=s", "PGHOST=x", "PGSSLMODE=disable"}, "svc||6000 require"},
		{"URL over service", []string{"PGSERVICE=s", "DATABASE_URL=postgres://h/d"}, "h||6000 require"},
		{"service of the URL", []string{"DATABASE_URL=postgres://?service=s"}, "svc||6000 require"},
		{"service file by name", []string{"PGSERVICE=s", "PGSERVICEFILE=" + named}, "named||5432 prefer"},
		{"service file of the string", []string{"DATABASE_URL=service=s servicefile=" + named}, "named||5432 prefer"},
		{"JDBC reads no PGSERVICE", []string{"PGSERVICE=s", "DATABASE_URL=jdbc:postgresql://h/d"}, "h||5432 prefer"},
		{"PGREQUIRESSL", []string{"PGHOST=h", "PGREQUIRESSL=1"}, "h||5432 require"},
		{"PGSSLMODE over PGREQUIRESSL", []string{"PGHOST=h", "PGREQUIRESSL=1", "PGSSLMODE=allow"}, "h||5432 allow"},
		{"client certificate", []string{"PGHOST=h", "PGSSLCERT={home}/client.crt", "PGSSLKEY={home}/client.key"}, "h||5432 prefer cert={home}/client.crt key={home}/client.key"},
		{"client certificate with a passphrase", []string{"DATABASE_URL=host=h sslcert={home}/client.crt sslkey={home}/client.key sslpassword=pw"}, "h||5432 prefer cert={home}/client.crt key={home}/client.key pass=pw"},
		{"client certificate that is not there", []string{"PGHOST=h", "PGSSLCERT={home}/none.crt"}, "h||5432 prefer"},
		{"sslcertmode=disable", []string{"PGHOST=h", "PGSSLCERT={home}/client.crt", "PGSSLKEY={home}/client.key", "PGSSLCERTMODE=disable"}, "h||5432 prefer"},
		{"root certificate", []string{"PGHOST=h", "PGSSLMODE=verify-ca", "PGSSLROOTCERT={home}/ca.crt"}, "h||5432 verify-ca root={home}/ca.crt"},
		{"root certificate that is not there", []string{"PGHOST=h", "PGSSLMODE=require", "PGSSLROOTCERT={home}/none.crt"}, "h||5432 require"},
		{"sslrootcert=system", []string{"PGHOST=h", "PGSSLROOTCERT=system"}, "h||5432 verify-full root=system"},
		{"the rest", []string{"PGHOST=h", "PGSSLMODE=require", "PGCHANNELBINDING=require", "PGSSLNEGOTIATION=direct"}, "h||5432 require binding=require negotiation=direct"},
		{"minimum of TLS 1.2", []string{"PGHOST=h", "PGSSLMINPROTOCOLVERSION=TLSv1.2"}, "h||5432 prefer"},
		{"another database", []string{"DATABASE_URL=mysql://u:p@m/d", "PGHOST=h"}, "h||5432 prefer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, err := resolve(h.with(test.vars...))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range target.Servers {
				got = append(got, describe(s))
			}
			want := strings.ReplaceAll(test.want, "{home}", h.dir)
			if strings.Join(got, "; ") != want {
				t.Errorf("servers\n got %s\nwant %s", strings.Join(got, "; "), want)
			}
		})
	}
}

func TestResolveHomeDefaults(t *testing.T) {
	h := newHome(t)
	root := h.write(t, ".postgresql/root.crt", "")
	cert := h.write(t, ".postgresql/postgresql.crt", "")
	env := h.with("PGHOST=h")
	if _, err := resolve(env); err == nil || !strings.Contains(err.Error(), "postgresql.key") {
		t.Errorf("a certificate without its key: error %v", err)
	}
	key := h.write(t, ".postgresql/postgresql.key", "")
	target, err := resolve(env)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("h||5432 prefer root=%s cert=%s key=%s", root, cert, key)
	if got := describe(target.Servers[0]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	h.write(t, ".postgresql/root.crl", "")
	if _, err := resolve(env); err == nil || !strings.Contains(err.Error(), "revocation") {
		t.Errorf("with root.crl: error %v", err)
	}
}

func TestResolveDefaultSocket(t *testing.T) {
	h := newHome(t)
	dir := t.TempDir()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	for port, want := range map[string]string{"5432": dir, "5433": "localhost"} {
		target, err := Resolve(h.with("PGPORT="+port), Options{socketDirs: []string{t.TempDir(), dir}})
		if err != nil {
			t.Fatal(err)
		}
		if got := target.Servers[0].Host; got != want {
			t.Errorf("port %s: host %s, want %s", port, got, want)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	h := newHome(t)
	h.write(t, ".pg_service.conf", "[broken]\nhost localhost\n[nested]\nservice=x\n[ldap]\nldap://x\n")
	tests := []struct{ name, vars, want string }{
		{"service not in its file", "PGSERVICE=none", `find service "none" of PGSERVICE: it is not in {home}/.pg_service.conf or {home}/pg_service.conf`},
		{"service file not there", "PGSERVICE=s PGSERVICEFILE={home}/none", "the service file {home}/none does not exist"},
		{"broken service", "PGSERVICE=broken", "line 2 is not a parameter"},
		{"nested service", "PGSERVICE=nested", "line 4 is not a parameter"},
		{"LDAP service", "PGSERVICE=ldap", "LDAP"},
		{"revocation list", "PGHOST=h PGSSLCRL=/x", "carry sslcrl of PGSSLCRL over to the server leg: pgpi does not read certificate revocation lists"},
		{"revocation directory", "DATABASE_URL=postgres://h/d?sslcrldir=/x", "carry sslcrldir of DATABASE_URL"},
		{"requirepeer", "PGHOST=/run/x PGREQUIREPEER=postgres", "requirepeer of PGREQUIREPEER"},
		{"gssencmode", "PGHOST=h PGGSSENCMODE=require", "GSSAPI"},
		{"TLS 1.3 alone", "PGHOST=h PGSSLMINPROTOCOLVERSION=TLSv1.3", "ssl_min_protocol_version"},
		{"sslcertmode", "PGHOST=h PGSSLCERTMODE=require", "sslcertmode"},
		{"engine", "PGHOST=h PGSSLKEY=pkcs11:key PGSSLCERT=/x", "engine"},
		{"Java factory", "DATABASE_URL=jdbc:postgresql://h/d?sslfactory=com.example.F", "sslfactory"},
		{"Java sockets", "DATABASE_URL=jdbc:postgresql://h/d?socketFactory=com.example.F", "socketFactory"},
		{"Prisma's check", "DATABASE_URL=postgres://h/d?sslaccept=strict", "sslaccept"},
		{"missing root certificate", "PGHOST=h PGSSLMODE=verify-full PGSSLROOTCERT=/none",
			"verify the server with sslmode=verify-full of PGSSLMODE: root certificate file /none of PGSSLROOTCERT does not exist: provide it, "},
		{"verify-ca without one", "PGHOST=h PGSSLMODE=verify-ca", "root certificate file {home}/.postgresql/root.crt does not exist: provide it, "},
		{"verify-full without one", "DATABASE_URL=postgres://h/d?sslmode=verify-full", "verify the server with sslmode=verify-full of DATABASE_URL: " +
			"root certificate file {home}/.postgresql/root.crt does not exist: provide it, or use the roots of this machine with --server-sslrootcert system"},
		{"verify-full for one of two", "PGHOST=/run/x,h PGSSLMODE=verify-full", "does not exist"},
		{"JDBC's verification without one", "DATABASE_URL=jdbc:postgresql://h/d?ssl=true", "does not exist"},
		{"weak mode with system", "PGHOST=h PGSSLMODE=require PGSSLROOTCERT=system", "sslrootcert=system requires sslmode=verify-full"},
		{"weak mode with direct", "PGHOST=h PGSSLNEGOTIATION=direct", "sslnegotiation=direct requires an sslmode of require or stronger"},
		{"no sslmode", "PGHOST=h PGSSLMODE=yes", "its sslmode is not one of disable, allow"},
		{"port", "PGHOST=h PGPORT=x", "read PGPORT: its port is not a number from 1 to 65535"},
		{"ports", "PGHOST=a,b,c PGPORT=1,2", "2 ports for 3 hosts"},
		{"addresses", "PGHOST=a,b PGHOSTADDR=::1", "1 addresses and PGHOST has 2 hosts"},
		{"address", "PGHOSTADDR=name", "not an IP address"},
		{"--url-env without a value", "PGHOST=h", "read MY_URL, named by --url-env: it is not set"},
		{"--url-env of another database", "MY_URL=mysql://h/d", "read MY_URL: it is not a Postgres URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var named []string
			if strings.Contains(test.want, "MY_URL") {
				named = []string{"MY_URL"}
			}
			_, err := resolve(h.with(strings.Fields(test.vars)...), named...)
			want := strings.ReplaceAll(test.want, "{home}", h.dir)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v\n  want %s", err, want)
			}
		})
	}
}

// TestOwnRoots: whoever says by options how the server is verified misses no root certificate of
// the environment.
func TestOwnRoots(t *testing.T) {
	h := newHome(t)
	for _, vars := range []string{"PGSSLMODE=verify-full", "PGSSLMODE=verify-ca", "PGSSLMODE=verify-full PGSSLROOTCERT=/none"} {
		target, err := Resolve(h.with(strings.Fields("PGHOST=h "+vars)...), Options{OwnRoots: true, socketDirs: []string{}})
		if err != nil {
			t.Errorf("%s: %v", vars, err)
			continue
		}
		if s := target.Servers[0]; s.RootCert != "" || !strings.HasPrefix(s.SSLMode, "verify-") {
			t.Errorf("%s: %s", vars, describe(s))
		}
	}
}

// TestNoSecretInErrors has strings that can't be read, or only by guessing
// where the password ends. All hold a canary, which nothing may repeat.
func TestNoSecretInErrors(t *testing.T) {
	const canary = "hunter2"
	h := newHome(t)
	for _, text := range []string{
		"hunter2", "hunter2=", "'hunter2", "hunter2:x", "hunter2://u:p@h",
		"postgres://u:hunter2/x@h/d", "postgres://u:12/hunter2@h/d", "postgres://u:hunter2?x@h/d",
		"postgres://u:hunter2%zz@h/d", "postgres://u:hunter2%00@h/d", "postgres://u:hunter2%@h/d",
		"postgres://u:p@h:hunter2/d", "postgres://u:p@h:1:hunter2/d", "postgres://u:p@[hunter2/d",
		"postgres://u:p@[::1]hunter2/d", "postgres://u:p@[]hunter2/d", "postgres://u:p@h/d?hunter2",
		"postgres://u:p@h/d?password=hunter2&x", "postgres://u:p@h/d?password=hunter2%", "postgres://u:p@h/d?hunter2%x=1",
		"postgres://u:p@h/d?sslmode=hunter2", "postgres://u:p@h/d?ssl=hunter2", "postgres://u:p@h/d?channel_binding=hunter2",
		"postgres://u:p@h/d?port=hunter2", "postgres://u:p@h/d?hostaddr=hunter2", "postgres://u:hunter2 x@h y/d",
		"postgres://u:p@h hunter2/d", "postgres://u:p@\thunter2/d", "postgres://u:p\x01hunter2",
		"postgresql+psycopg://u:p@/d?host=[hunter2", "postgresql+psycopg://u:hunter2@h:x/d",
		"jdbc:postgresql://u:hunter2@h/d", "jdbc:postgresql://h:hunter2/d", "jdbc:postgresql://h/d?password=hunter2%",
		"jdbc:mysql://h/d?password=hunter2", "jdbc:postgresql://h/hunter2%",
		"host=h password=my hunter2", "host=h password='hunter2", "host=h password=hunter2 port=x", "password= hunter2 x",
		"host='a hunter2'", `"postgres://u:hunter2@h/d"`, " postgres://u:hunter2@h/d",
	} {
		target, err := resolve(h.with("MY_URL="+text), "MY_URL")
		if err == nil {
			t.Errorf("%q is taken, for %v", text, target.Servers)
			continue
		}
		if strings.Contains(err.Error(), canary) || strings.Contains(fmt.Sprintf("%+v %#v", err, err), canary) {
			t.Errorf("%q: the error repeats the secret: %v", text, err)
		}
		if !strings.Contains(err.Error(), "MY_URL") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: not a sentence on MY_URL: %v", text, err)
		}
	}
}

func TestResolveConflicts(t *testing.T) {
	h := newHome(t)
	tests := []struct {
		name    string
		vars    []string
		named   []string
		host    string
		source  string
		notes   []string // parts of each
		rewrite []string // variables that lead to pgpi
	}{
		{"one", []string{"DATABASE_URL=postgres://a/d"}, nil, "a", "DATABASE_URL", nil, []string{"DATABASE_URL"}},
		{"same server", []string{"DATABASE_URL=postgres://a/d", "PGHOST=a", "MY_URL=host=a"}, []string{"MY_URL"}, "a", "MY_URL", nil, []string{"MY_URL", "DATABASE_URL"}},
		{"PGHOST differs", []string{"DATABASE_URL=postgres://a/d", "PGHOST=b"}, nil, "a", "DATABASE_URL",
			[]string{"DATABASE_URL and the PG variables name different servers (a port 5432; b port 5432): DATABASE_URL decides"}, []string{"DATABASE_URL"}},
		{"two URLs", []string{"DATABASE_URL=postgres://a/d", "MY_URL=postgres://b/d"}, []string{"MY_URL"}, "b", "MY_URL",
			[]string{"DATABASE_URL stays as it is"}, []string{"MY_URL"}},
		{"more security elsewhere", []string{"DATABASE_URL=postgres://a/d?sslmode=verify-full&sslrootcert=system", "MY_URL=postgres://a/d"}, []string{"MY_URL"}, "a", "MY_URL",
			[]string{"the same server (a port 5432) with other security"}, []string{"MY_URL"}},
		{"less security elsewhere", []string{"DATABASE_URL=postgres://a/d", "MY_URL=postgres://a/d?sslmode=require", "PGHOST=a"}, []string{"MY_URL"}, "a", "MY_URL",
			nil, []string{"MY_URL", "DATABASE_URL"}},
		{"another database", []string{"DATABASE_URL=mysql://a/d", "PGHOST=b"}, nil, "b", "PGHOST", []string{"DATABASE_URL is not a Postgres URL"}, nil},
		{"nothing", nil, nil, "localhost", "the default, since nothing names a server", nil, nil},
		{"checked by the command", []string{"PGHOST=a,b", "PGTARGETSESSIONATTRS=primary"}, nil, "a", "PGHOST", []string{"target_session_attrs"}, nil},
		{"not kept", []string{"PGHOST=a", "PGSSLMAXPROTOCOLVERSION=TLSv1.2", "PGSSLSNI=0"}, nil, "a", "PGHOST", []string{"newest TLS", "sslsni"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			target, err := resolve(h.with(test.vars...), test.named...)
			if err != nil {
				t.Fatal(err)
			}
			if target.Servers[0].Host != test.host || target.Source != test.source {
				t.Errorf("host %s by %s, want %s by %s", target.Servers[0].Host, target.Source, test.host, test.source)
			}
			if len(target.Notes) != len(test.notes) {
				t.Fatalf("notes %q, want %q", target.Notes, test.notes)
			}
			for i, note := range target.Notes {
				if !strings.Contains(note, test.notes[i]) {
					t.Errorf("note %q, want %q", note, test.notes[i])
				}
			}
			var rewritten []string
			for _, c := range target.claims {
				if c.text != nil {
					rewritten = append(rewritten, c.text.variable)
				}
			}
			if !slices.Equal(rewritten, test.rewrite) {
				t.Errorf("rewritten %q, want %q", rewritten, test.rewrite)
			}
		})
	}
}

func TestResolveOverride(t *testing.T) {
	h := newHome(t)
	env := h.with("DATABASE_URL=postgres://a:1,b:2/d?sslmode=require&hostaddr=10.0.0.1,10.0.0.2")
	for want, opts := range map[string]Options{
		"x||5432 require":      {Host: "x"},
		"x||9 require":         {Host: "x", Port: 9},
		"a|10.0.0.1|9 require": {Port: 9},
		"/run/x||5432 disable": {Host: "/run/x"},
		"a|10.0.0.1|1 require": {},
	} {
		target, err := Resolve(env, opts)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(target.Servers[0]); got != want {
			t.Errorf("%+v: got %s, want %s", opts, got, want)
		}
	}
}
