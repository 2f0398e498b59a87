package pgtls

import (
	"crypto/x509"
	"path/filepath"
	"strings"
	"testing"
)

// TestRootsThatGoCannotRead checks that they are not in the way of others, and are named where they
// may be missing.
func TestRootsThatGoCannotRead(t *testing.T) {
	dir := t.TempDir()
	openSSL(t, dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1", "-nodes", "-keyout", "a.key", "-out", "a.crt", "-subj", "/CN=a")
	root, stranger := newAuthority(t, "root", nil), newAuthority(t, "stranger", nil)
	unreadable := openSSL(t, dir, "x509", "-in", "a.crt")
	bundle := writeFile(t, t.TempDir(), "bundle.pem", append([]byte(unreadable), root.pem()...))
	folder := t.TempDir()
	writeFile(t, folder, "README", []byte("no certificate"))
	writeFile(t, folder, "a.pem", []byte(unreadable))
	writeFile(t, folder, "root.pem", root.pem())
	for _, path := range []string{bundle, folder} {
		policy, err := NewServerPolicy(ServerOptions{SSLMode: "verify-ca", RootCert: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := policy.verify([]*x509.Certificate{issue(t, root, func(*x509.Certificate) {}).Leaf}, ""); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		err = policy.verify([]*x509.Certificate{issue(t, stranger, func(*x509.Certificate) {}).Leaf}, "")
		const want = "certificate number 1: x509: unsupported elliptic curve"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	_, err := NewServerPolicy(ServerOptions{RootCert: filepath.Join(dir, "a.crt")})
	if err == nil || !strings.Contains(err.Error(), "unsupported elliptic curve") {
		t.Errorf("alone: %v", err)
	}
}
