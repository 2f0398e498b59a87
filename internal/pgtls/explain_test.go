package pgtls

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestExplainServer lets openssl be servers that Go's TLS can't talk to, and servers that are none.
func TestExplainServer(t *testing.T) {
	dir := t.TempDir()
	cert := func(name string, args ...string) {
		openSSL(t, dir, append([]string{"req", "-x509", "-nodes", "-keyout", name + ".key", "-out", name + ".crt", "-subj", "/CN=a", "-newkey"}, args...)...)
	}
	cert("rsa", "rsa:2048")
	cert("negative", "rsa:2048", "-set_serial", "-5")
	cert("brainpool", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")
	cert("ed448", "ed448")
	tests := []struct {
		name string
		args []string // of openssl s_server
		want string
	}{
		{"TLS 1.1", []string{"-cert", "rsa.crt", "-key", "rsa.key", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, "TLS 1.2 is the oldest version"},
		{"DHE only", []string{"-cert", "rsa.crt", "-key", "rsa.key", "-tls1_2", "-cipher", "DHE"}, "Go's TLS has no DHE suites"},
		{"brainpool", []string{"-cert", "rsa.crt", "-key", "rsa.key", "-tls1_2", "-cipher", "ECDHE", "-curves", "brainpoolP256r1"}, "no brainpool curves"},
		{"negative serial", []string{"-cert", "negative.crt", "-key", "negative.key"}, "not accept a certificate with a negative serial number, but libpq does"},
		{"brainpool certificate", []string{"-cert", "brainpool.crt", "-key", "brainpool.key", "-tls1_2"}, "no brainpool curves"},
		{"Ed448 certificate", []string{"-cert", "ed448.crt", "-key", "ed448.key"}, "no certificates with Ed448, RSASSA-PSS keys"},
		{"another ALPN", []string{"-cert", "rsa.crt", "-key", "rsa.key", "-alpn", "h2"}, "it is not a PostgreSQL server"},
		{"RSA key exchange", []string{"-cert", "rsa.crt", "-key", "rsa.key", "-tls1_2", "-cipher", "kRSA"}, ""},
	}
	policy, err := NewServerPolicy(ServerOptions{SSLMode: "require"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn, err := tls.Dial("tcp", startOpenSSLServer(t, dir, test.args...), policy.Config("db.example", false, nil))
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want == "":
				_ = conn.Close()
			case err == nil:
				t.Fatal("no error")
			default:
				if text := ExplainServer(err, false); !strings.Contains(text, test.want) {
					t.Errorf("%q, want %q", text, test.want)
				}
			}
		})
	}
}

// startOpenSSLServer runs openssl s_server until the test ends, and returns its address.
func startOpenSSLServer(t *testing.T, dir string, args ...string) string {
	t.Helper()
	needOpenSSL(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_server", "-accept", "127.0.0.1:0"}, args...)...)
	cmd.Dir = dir
	if _, err := cmd.StdinPipe(); err != nil { // at whose end it would hang up
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ACCEPT "); ok {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return address
		}
	}
	t.Fatal("openssl s_server did not start")
	return ""
}

// TestExplainServerEnds explains servers that do not speak TLS.
func TestExplainServerEnds(t *testing.T) {
	tests := []struct {
		name, answer string
		direct       bool
		want         string
	}{
		{"hangs up", "", false, "EOF: the server ended the connection in the TLS handshake"},
		{"hangs up on direct TLS", "", true, "use --server-sslnegotiation postgres"},
		{"does not know the name (alert 112)", "\x15\x03\x03\x00\x02\x02\x70", false, "the server does not know the name that pgpi sent as SNI"},
		{"wants a name (alert 109)", "\x15\x03\x03\x00\x02\x02\x6d", false, "the server wants a server name"},
		{"speaks no TLS", "HTTP/1.1 400 Bad Request\r\n\r\n", false, "what the server sent is not TLS"},
	}
	policy, err := NewServerPolicy(ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			near, far := loopback(t)
			go func() {
				_, _ = far.Write([]byte(test.answer))
				_ = far.CloseWrite()
			}()
			err := tls.Client(near, policy.Config("a", test.direct, nil)).HandshakeContext(t.Context())
			if err == nil || !strings.Contains(ExplainServer(err, test.direct), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	if got := ExplainServer(context.DeadlineExceeded, false); got != context.DeadlineExceeded.Error() {
		t.Errorf("an error that needs no words: %q", got)
	}
}

// TestExplainClient lets openssl be clients that pgpi refuses, and that refuse pgpi.
func TestExplainClient(t *testing.T) {
	tests := []struct {
		name string
		args []string // of openssl s_client
		want string
	}{
		{"TLS 1.1", []string{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, "TLS 1.2 is the oldest version"},
		{"DHE only", []string{"-tls1_2", "-cipher", "DHE"}, "share no cipher suite"},
		{"brainpool", []string{"-tls1_3", "-curves", "brainpoolP256r1"}, ""},
		{"ECDSA only", []string{"-tls1_3", "-sigalgs", "ECDSA+SHA256"}, "use the other --client-cert-sig"},
		{"verifies, TLS 1.2", []string{"-tls1_2", "-verify_return_error", "-verify", "1"}, "--client-ssl-cert"},
		{"verifies, TLS 1.3", []string{"-tls1_3", "-verify_return_error", "-verify", "1"}, "--client-ssl-cert"},
		{"another ALPN", []string{"-alpn", "h2"}, "needs the ALPN protocol postgresql"},
	}
	identity := sync.OnceValues(func() (tls.Certificate, error) { return Generate(RSA) })
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := serveOpenSSLClient(t, ClientConfig(identity, false, nil), test.args...)
			if err == nil {
				t.Fatal("no error")
			}
			if text := ExplainClient(err); !strings.Contains(text, test.want) {
				t.Errorf("%q, want %q", text, test.want)
			}
		})
	}
	if got := ExplainClient(fmt.Errorf("TLS: %w", io.EOF)); !strings.Contains(got, "the client ended the connection") {
		t.Errorf("EOF is explained as %q", got)
	}
}

// serveOpenSSLClient accepts a connection of openssl s_client and returns the error of the
// handshake.
func serveOpenSSLClient(t *testing.T, config *tls.Config, args ...string) error {
	t.Helper()
	needOpenSSL(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "openssl", append([]string{"s_client", "-connect", listener.Addr().String()}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		_ = listener.Close() // so that a client that never comes does not block the test
		close(exited)
	}()
	t.Cleanup(func() { cancel(); <-exited })
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(errors.Join(errors.New("openssl s_client did not connect"), err))
	}
	defer func() { _ = conn.Close() }()
	return tls.Server(conn, config).HandshakeContext(t.Context())
}
