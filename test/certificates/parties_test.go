package certificates

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"pgpi/test/program"
	"pgpi/test/servers"
)

// The kinds of refusals, except those of certificates, which are in OpenSSL's words.
const (
	verifyFailed  = "certificate verify failed" // libpq does not say why
	wrongName     = "host name"
	noTLS         = "no TLS"
	noHandshake   = "TLS handshake"
	noNegotiation = "SSLRequest"
	noStart       = "does not start"
)

// kinds are parts of what libpq says, and of what pgpi says if it says the same, in order.
var kinds = []struct{ text, kind string }{
	{"does not match host name", wrongName},
	{"could not get server's host name from server certificate", wrongName},
	{"SSL certificate's name contains embedded null", wrongName},
	{"certificate verify failed", verifyFailed},
	{"server does not support SSL, but SSL was required", noTLS},
	{"server sent an error response during SSL exchange", noNegotiation},
	{"received invalid response to SSL negotiation", noNegotiation}, // libpq's
	{"in reply to an SSLRequest", noNegotiation},                    // pgpi's
	{"during SSL negotiation", noNegotiation},                       // pgpi's
	{"SSL error: ", noHandshake},                                    // libpq's
	{"SSL SYSCALL error: ", noHandshake},                            // libpq's
	{"server closed the connection unexpectedly", noNegotiation},    // libpq's
	{"TLS handshake with server failed", noHandshake},               // pgpi's
	{"connection to server lost: remote error: tls", noHandshake},   // pgpi's, after the handshake
}

// runClient runs a client that prints whether it is encrypted.
func runClient(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	said := strings.TrimSpace(stderr.String())
	if err == nil {
		return outcome{how: strings.TrimSpace(stdout.String())}
	}
	for _, k := range kinds {
		if strings.Contains(said, k.text) {
			return outcome{refused, k.kind, said}
		}
	}
	t.Errorf("%v: this is no kind of refusal: %v: %q", cmd.Args, err, said)
	return outcome{refused, said, said}
}

// libpq connects to a server without pgpi.
func (s *running) libpq(t *testing.T, b *bench, m mode) outcome {
	t.Helper()
	parameters := []string{
		"host=" + s.host, "hostaddr=127.0.0.1", fmt.Sprintf("port=%d", s.port), "user=x", "dbname=x", "sslmode=" + m.ssl, "gssencmode=disable",
	}
	env := append(os.Environ(), "OPENSSL_CONF="+b.config, "HOME="+b.home)
	switch m.roots {
	case "file":
		parameters = append(parameters, "sslrootcert="+s.roots)
	case "system": // Debian's libpq does not know it yet
		parameters = append(parameters, "sslrootcert=system")
		env = append(env, "LD_LIBRARY_PATH="+b.libpq, s.systemRoots())
	}
	if s.crl != "" {
		parameters = append(parameters, "sslcrl="+s.crl)
	}
	ctx, cancel := context.WithTimeout(t.Context(), program.Hang)
	defer cancel()
	cmd := psql(ctx, t, strings.Join(parameters, " ")) // no value contains a space
	cmd.Env = env
	return runClient(t, cmd)
}

// systemRoots makes OpenSSL and Go use a file as the system's roots.
func (s *running) systemRoots() string { return "SSL_CERT_FILE=" + s.roots }

func psql(ctx context.Context, t *testing.T, info string) *exec.Cmd {
	return exec.CommandContext(ctx, servers.Program(t, "psql"), "-X", "-At", "-w", "-d", info, "-c", "select")
}

// pgpi connects to a server through pgpi.
func (s *running) pgpi(t *testing.T, b *bench, m mode) outcome {
	t.Helper()
	c := program.Command{Path: b.wrapper, Args: []string{
		"--server-host=" + s.host, fmt.Sprintf("--server-connect-port=%d", s.port), "--server-sslmode=" + m.ssl,
	}}
	switch m.roots {
	case "file":
		c.Args = append(c.Args, "--server-sslrootcert="+s.roots)
	case "system":
		c.Args = append(c.Args, "--server-sslrootcert=system")
		c.Env = []string{s.systemRoots()}
	}
	ctx, cancel := context.WithTimeout(t.Context(), program.Hang)
	defer cancel()
	if s.noStart && m.roots == "file" {
		out, err := exec.CommandContext(ctx, c.Path, c.Args...).CombinedOutput()
		if err == nil || !strings.HasPrefix(string(out), "pgpi: sslrootcert: ") {
			t.Errorf("%v: pgpi should not start: %v, %s", m, err, out)
		}
		return outcome{refused, noStart, string(out)}
	}
	p := program.Start(t, c)
	got := runClient(t, psql(ctx, t, fmt.Sprintf("host=127.0.0.1 port=%d user=x dbname=x sslmode=disable", p.Port)))
	if got.kind == verifyFailed {
		got.kind = reasonOf(t, got.said)
	}
	s.checkWarning(t, p, m, got)
	p.Stop()
	if said := p.Stderr(); said != "" {
		t.Errorf("%v: pgpi complains: %s", m, said)
	}
	return got
}

// reasonOf returns the words that pgpi has from OpenSSL. They come after the operation and before
// the remedy.
func reasonOf(t *testing.T, said string) string {
	t.Helper()
	const operation, remedy = "pgpi: TLS handshake with server failed: certificate verify failed: ", "or use --server-ssl"
	_, why, found := strings.Cut(said, operation)
	if !found || !strings.Contains(why, remedy) {
		t.Errorf("the refusal is not %q, a reason, and %q: %s", operation, remedy, said)
	}
	words, _, _ := strings.Cut(why, ":")
	return words
}

var verifyError = regexp.MustCompile(`verify error:num=\d+:(.*)`)

// openSSLWords returns why OpenSSL, and libpq with it, does not verify a server's certificate. It
// returns "" if it does, or if there is none.
func (s *running) openSSLWords(t *testing.T, b *bench) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), program.Hang)
	defer cancel()
	cmd := exec.CommandContext(ctx, servers.Program(t, "openssl"), "s_client", "-starttls", "postgres",
		"-connect", fmt.Sprintf("127.0.0.1:%d", s.port), "-CAfile", s.roots, "-no-CApath", "-no-CAstore", "-verify_return_error")
	if s.crl != "" {
		cmd.Args = append(cmd.Args, "-CRL", s.crl, "-crl_check")
	}
	cmd.Env = append(os.Environ(), "OPENSSL_CONF="+b.config)
	out, _ := cmd.CombinedOutput() // it fails if it refuses
	if words := verifyError.FindSubmatch(out); words != nil {
		return string(words[1])
	}
	return ""
}
