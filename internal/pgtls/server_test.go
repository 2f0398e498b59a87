package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServerPolicyVerify is the table of sslmode × sslrootcert × the server's certificate × host.
func TestServerPolicyVerify(t *testing.T) {
	root, otherRoot := newAuthority(t, "root", nil), newAuthority(t, "other root", nil)
	intermediate := newAuthority(t, "intermediate", root)
	named := func(c *x509.Certificate) { c.DNSNames = []string{"db.example", "*.pool.example"} }
	expired := func(c *x509.Certificate) { named(c); c.NotAfter = c.NotBefore.Add(time.Minute) }
	future := func(c *x509.Certificate) { named(c); c.NotBefore = c.NotAfter.Add(-time.Minute) }
	clientOnly := func(c *x509.Certificate) {
		named(c)
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}

	direct := serving(issue(t, root, named))
	chain := serving(issue(t, intermediate, named), intermediate)
	withRoot := serving(issue(t, intermediate, named), intermediate, root)
	partial := serving(issue(t, intermediate, named))
	selfSigned := issue(t, nil, named)
	own := serving(selfSigned)

	dir := t.TempDir()
	rootFile := writeFile(t, dir, "root.pem", root.pem())
	otherFile := writeFile(t, dir, "other.pem", otherRoot.pem())
	bothFile := writeFile(t, dir, "both.pem", append(intermediate.pem(), root.pem()...))
	ownFile := writeFile(t, dir, "own.pem", certPEM(selfSigned.Leaf))
	rootDir := t.TempDir()
	writeFile(t, rootDir, "abcdef01.0", otherRoot.pem())
	writeFile(t, rootDir, "abcdef02.0", root.pem())
	writeFile(t, rootDir, "README", []byte("no certificate"))
	if err := os.Symlink("nowhere", filepath.Join(rootDir, "abcdef03.0")); err != nil {
		t.Fatal(err)
	}

	const verifyFailed = "certificate verify failed: "
	const unknown = verifyFailed + "unable to get local issuer certificate"
	tests := []struct {
		mode, roots, host string
		server            *tls.Config
		want              string // the beginning of the error, "" for none
	}{
		// Without root certificates nothing is verified.
		{"prefer", "", "db.example", own, ""},
		{"require", "", "elsewhere", serving(issue(t, nil, expired)), ""},
		// With them, every mode verifies the chain.
		{"allow", rootFile, "elsewhere", direct, ""},
		{"prefer", rootFile, "elsewhere", direct, ""},
		{"require", rootFile, "elsewhere", direct, ""},
		{"verify-ca", rootFile, "elsewhere", direct, ""},
		{"allow", otherFile, "db.example", direct, unknown},
		{"prefer", otherFile, "db.example", direct, unknown},
		{"require", otherFile, "db.example", direct, unknown},
		{"verify-ca", otherFile, "db.example", direct, unknown},
		{"verify-full", otherFile, "db.example", direct, unknown},
		// And verify-full the name.
		{"verify-full", rootFile, "db.example", direct, ""},
		{"verify-full", rootFile, "DB.Example", direct, ""},
		{"verify-full", rootFile, "a.pool.example", direct, ""},
		{"verify-full", rootFile, "a.b.pool.example", direct, verifyFailed + `server certificate for "db.example" (and 1 other name) does not match host name "a.b.pool.example": connect by a name of the certificate (db.example, *.pool.example), or use --server-sslmode verify-ca`},
		{"verify-full", rootFile, "127.0.0.1", direct, verifyFailed + `server certificate for "db.example" (and 2 other names) does not match`},
		// Chains.
		{"verify-full", rootFile, "db.example", chain, ""},
		{"verify-full", rootFile, "db.example", withRoot, ""},
		{"verify-full", rootDir, "db.example", chain, ""},
		{"verify-full", rootFile, "db.example", partial, unknown},
		{"verify-full", bothFile, "db.example", partial, ""},
		{"verify-ca", otherFile, "", chain, unknown},
		{"verify-ca", otherFile, "", withRoot, verifyFailed + "self-signed certificate in certificate chain"},
		{"verify-full", ownFile, "db.example", own, ""},
		{"verify-full", ownFile, "elsewhere", own, verifyFailed + `server certificate for "db.example"`},
		{"verify-ca", rootFile, "", own, verifyFailed + "self-signed certificate"},
		// Dates and purposes.
		{"verify-ca", rootFile, "", serving(issue(t, root, expired)), verifyFailed + "certificate has expired"},
		{"prefer", rootFile, "", serving(issue(t, root, future)), verifyFailed + "certificate is not yet valid"},
		{"verify-ca", rootFile, "", serving(issue(t, root, clientOnly)), verifyFailed + "unsuitable certificate purpose"},
		// The system's roots trust none of these.
		{"", "system", "db.example", direct, verifyFailed},
		{"verify-full", "system", "db.example", own, verifyFailed},
	}
	for _, test := range tests {
		t.Run(test.mode+" "+filepath.Base(test.roots)+" "+test.host, func(t *testing.T) {
			policy, err := NewServerPolicy(ServerOptions{SSLMode: test.mode, RootCert: test.roots})
			if err != nil {
				t.Fatal(err)
			}
			client, _ := handshake(t, policy.Config(test.host, false, nil), test.server)
			switch {
			case test.want == "" && client.err != nil:
				t.Error(client.err)
			case test.want != "" && client.err == nil:
				t.Errorf("no error, want %q", test.want)
			case test.want != "":
				if text := ExplainServer(client.err, false); !strings.HasPrefix(text, test.want) {
					t.Errorf("%q, want %q", text, test.want)
				}
			}
		})
	}
}

func TestServerPolicyMode(t *testing.T) {
	rootFile := writeFile(t, t.TempDir(), "root.pem", newAuthority(t, "root", nil).pem())
	tests := []struct {
		mode, roots      string
		asked, forDirect SSLMode
	}{
		{"", "", Prefer, Require},
		{"disable", "", Disable, Disable},
		{"allow", "", Allow, Require},
		{"prefer", "", Prefer, Require},
		{"require", "", Require, Require},
		{"", rootFile, Prefer, VerifyCA},
		{"disable", rootFile, Disable, Disable},
		{"allow", rootFile, Allow, VerifyCA},
		{"require", rootFile, VerifyCA, VerifyCA},
		{"verify-ca", rootFile, VerifyCA, VerifyCA},
		{"verify-full", rootFile, VerifyFull, VerifyFull},
		{"", "system", VerifyFull, VerifyFull},
		{"verify-full", "system", VerifyFull, VerifyFull},
	}
	for _, test := range tests {
		policy, err := NewServerPolicy(ServerOptions{SSLMode: test.mode, RootCert: test.roots})
		if err != nil {
			t.Errorf("%q with %q: %v", test.mode, test.roots, err)
			continue
		}
		if got := policy.Mode(false); got != test.asked {
			t.Errorf("%q with %q: %v, want %v", test.mode, test.roots, got, test.asked)
		}
		if got := policy.Mode(true); got != test.forDirect {
			t.Errorf("%q with %q, direct: %v, want %v", test.mode, test.roots, got, test.forDirect)
		}
	}
}

func TestServerPolicyErrors(t *testing.T) {
	dir := t.TempDir()
	root := newAuthority(t, "root", nil)
	rootFile := writeFile(t, dir, "root.pem", root.pem())
	empty := writeFile(t, dir, "empty.pem", nil)
	intermediate := writeFile(t, dir, "intermediate.pem", newAuthority(t, "middle", root).pem())
	emptyDir := t.TempDir()
	textDir := t.TempDir()
	writeFile(t, textDir, "text", []byte("hello"))

	tests := []struct {
		name    string
		options ServerOptions
		want    string
		option  bool // it is for the options to change, not the files
	}{
		{"unknown mode", ServerOptions{SSLMode: "verify"}, `unknown sslmode "verify": use disable, allow`, true},
		{"weak with system", ServerOptions{SSLMode: "verify-ca", RootCert: "system"}, `weak sslmode "verify-ca" may not be used with sslrootcert=system`, true},
		{"disable with system", ServerOptions{SSLMode: "disable", RootCert: "system"}, `weak sslmode "disable"`, true},
		{"verify-ca without roots", ServerOptions{SSLMode: "verify-ca"}, "sslmode verify-ca needs root certificates", true},
		{"verify-full without roots", ServerOptions{SSLMode: "verify-full"}, "--server-sslrootcert system", true},
		{"missing roots", ServerOptions{RootCert: filepath.Join(dir, "nowhere")}, "nowhere: no such file", false},
		{"missing roots, disabled", ServerOptions{SSLMode: "disable", RootCert: filepath.Join(dir, "nowhere")}, "nowhere: no such file", false},
		{"empty roots", ServerOptions{RootCert: empty}, "empty.pem: it has no PEM block", false},
		{"no root in the file", ServerOptions{RootCert: intermediate}, `only one issued by "CN=root"`, false},
		{"empty directory", ServerOptions{RootCert: emptyDir}, "is empty", false},
		{"directory without certificates", ServerOptions{RootCert: textDir}, "no certificate in the directory", false},
		{"half a pair", ServerOptions{Identity: IdentityFiles{Cert: rootFile}}, "is set without its private key", false},
		{"weak and direct", ServerOptions{SSLMode: "prefer", Direct: true}, `weak sslmode "prefer" may not be used with --server-sslnegotiation direct`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewServerPolicy(test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if _, option := errors.AsType[*OptionError](err); option != test.option {
				t.Errorf("a mistake in the options: %t", option)
			}
		})
	}
	if _, err := NewServerPolicy(ServerOptions{Direct: true}); err != nil {
		t.Errorf("direct with the default mode: %v", err)
	}
}

// TestServerPolicyTime checks that certificates are checked by the clock of the options.
func TestServerPolicyTime(t *testing.T) {
	root := newAuthority(t, "root", nil)
	server := serving(issue(t, root, func(*x509.Certificate) {}))
	policy, err := NewServerPolicy(ServerOptions{
		RootCert: writeFile(t, t.TempDir(), "root.pem", root.pem()),
		Time:     func() time.Time { return time.Now().AddDate(30, 0, 0) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if client, _ := handshake(t, policy.Config("a", false, nil), server); client.err == nil || !strings.Contains(client.err.Error(), "expired") {
		t.Errorf("in thirty years: %v", client.err)
	}
}

func TestServerPolicyClientCertificate(t *testing.T) {
	root := newAuthority(t, "root", nil)
	identity := issue(t, root, func(c *x509.Certificate) { c.Subject.CommonName = "alice" })
	dir := t.TempDir()
	files := IdentityFiles{Cert: writeFile(t, dir, "alice.pem", certPEM(identity.Leaf)), Key: filepath.Join(dir, "alice.key")}
	der, err := x509.MarshalPKCS8PrivateKey(identity.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "alice.der", der)
	openSSL(t, dir, "pkcs8", "-topk8", "-inform", "DER", "-in", "alice.der", "-out", files.Key, "-passout", "pass:secret")
	files.Password = "secret"

	roots, strangers := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root.cert)
	strangers.AddCert(newAuthority(t, "stranger", nil).cert)
	const missing = "remote error: tls: certificate required: the server wants a client certificate: give one with --server-sslcert"
	tests := []struct {
		name    string
		files   IdentityFiles
		auth    tls.ClientAuthType
		trusted *x509.CertPool
		asked   bool
		subject string // that the server sees
		failure string
	}{
		{name: "not asked for", files: files, auth: tls.NoClientCert},
		{name: "asked for, none", auth: tls.VerifyClientCertIfGiven, asked: true},
		{name: "asked for, given", files: files, auth: tls.VerifyClientCertIfGiven, subject: "alice"},
		{name: "required, none", auth: tls.RequireAndVerifyClientCert, asked: true, failure: missing},
		{name: "required, given", files: files, auth: tls.RequireAndVerifyClientCert, subject: "alice"},
		// As libpq, pgpi sends its certificate even where the server names other authorities.
		{name: "refused", files: files, auth: tls.RequireAndVerifyClientCert, trusted: strangers, failure: "remote error: tls: unknown certificate authority: the server does not accept the client certificate"},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, test := range tests {
			t.Run(tls.VersionName(version)+" "+test.name, func(t *testing.T) {
				policy, err := NewServerPolicy(ServerOptions{SSLMode: "require", Identity: test.files})
				if err != nil {
					t.Fatal(err)
				}
				config := serving(issue(t, root, func(c *x509.Certificate) { c.DNSNames = []string{"db.example"} }))
				config.ClientAuth, config.ClientCAs, config.MaxVersion = test.auth, roots, version
				if test.trusted != nil {
					config.ClientCAs = test.trusted
				}
				asked := false
				client, server := handshake(t, policy.Config("db.example", false, func() { asked = true }), config)
				if asked != test.asked {
					t.Errorf("asked for a certificate that there is not: %v, want %v", asked, test.asked)
				}
				if test.failure != "" {
					checkRefusal(t, client.err, test.failure, version)
					return
				}
				if client.err != nil || server.err != nil {
					t.Fatal(client.err, server.err)
				}
				subject := ""
				if certs := server.state.PeerCertificates; len(certs) > 0 {
					subject = certs[0].Subject.CommonName
				}
				if subject != test.subject {
					t.Errorf("the server saw %q, want %q", subject, test.subject)
				}
			})
		}
	}
}

// checkRefusal checks how a server's refusal of a client certificate is explained. (In TLS 1.2 a
// missing one is only a "bad certificate" or a "handshake failure".)
func checkRefusal(t *testing.T, err error, want string, version uint16) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", want)
	}
	text := ExplainServer(err, false)
	if version == tls.VersionTLS12 && strings.Contains(want, "certificate required") {
		want = "--server-sslcert"
	}
	if !strings.Contains(text, want) {
		t.Errorf("%q, want %q", text, want)
	}
}

func TestServerPolicyDirect(t *testing.T) {
	root := newAuthority(t, "root", nil)
	policy, err := NewServerPolicy(ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	with := serving(issue(t, root, func(*x509.Certificate) {}))
	without := with.Clone()
	without.NextProtos = nil
	for _, direct := range []bool{false, true} {
		client, _ := handshake(t, policy.Config("db.example", direct, nil), with)
		if client.err != nil || client.state.NegotiatedProtocol != "postgresql" {
			t.Errorf("direct %v: %v, protocol %q", direct, client.err, client.state.NegotiatedProtocol)
		}
	}
	if client, _ := handshake(t, policy.Config("db.example", false, nil), without); client.err != nil {
		t.Errorf("after SSLRequest, a server without ALPN: %v", client.err)
	}
	client, _ := handshake(t, policy.Config("db.example", true, nil), without)
	if client.err == nil || !strings.Contains(ExplainServer(client.err, true), "use --server-sslnegotiation postgres") {
		t.Errorf("direct, a server without ALPN: %v", client.err)
	}
}

func TestServerNameIndication(t *testing.T) {
	policy, err := NewServerPolicy(ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	identity := issue(t, nil, func(*x509.Certificate) {})
	for host, want := range map[string]string{
		"db.example": "db.example", "localhost": "localhost", "127.0.0.1": "", "::1": "", "fe80::1%lo": "", "1.2.3": "", "3com.example": "3com.example",
	} {
		client, server := handshake(t, policy.Config(host, false, nil), serving(identity))
		if client.err != nil || server.state.ServerName != want {
			t.Errorf("%s: %v, SNI %q, want %q", host, client.err, server.state.ServerName, want)
		}
	}
}
