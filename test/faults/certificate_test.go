package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"

	"pgpi/internal/localpg"
)

// TestCertificateChanged changes the server's certificate between two connections. A client that
// only trusts the old authority is refused, and pgpi continues.
func TestCertificateChanged(t *testing.T) {
	t.Parallel()
	server := ownServer(t)
	original := []string{read(t, server.ServerCert), read(t, server.ServerKey)}
	root := t.TempDir() + "/root.crt"
	write(t, root, read(t, server.RootCert))
	fault{
		name: "server certificate changed between connections", section: "Faults under way", differs: true,
		options: []string{"--server-sslmode=verify-ca", "--server-sslrootcert=" + root},
		server:  func(*testing.T) address { return addressOf(server) },
		play: func(p *place) string {
			parameters := "sslmode=verify-ca sslrootcert=" + root
			if p.pgpi != nil {
				parameters = "sslmode=require"
			}
			install(p, server, original[0], original[1])
			before := p.psql(parameters, "select 'success';\n")
			certificate, key := selfSigned(p.T)
			install(p, server, certificate, key)
			return before + ", then " + p.psql(parameters, "select 'success';\n")
		},
	}.run(t)
}

// install installs a certificate on the server.
func install(p *place, server *localpg.Server, certificate, key string) {
	p.Helper()
	write(p.T, server.ServerCert, certificate)
	write(p.T, server.ServerKey, key)
	control := connectTo(p, addressOf(server))
	ask(p, control, "select pg_reload_conf()")
	leave(p, control)
	await(p, "new certificate", func() bool { return presented(p, server) == certificate })
}

// presented returns the certificate that the server presents.
func presented(p *place, server *localpg.Server) string {
	p.Helper()
	s := speak(p.T, addressOf(server)).encrypt()
	defer s.close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate()}))
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// write writes into an existing file, which keeps its owner and mode, or makes a file.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// selfSigned makes a certificate that nobody trusts.
func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "somebody else"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}))
}
