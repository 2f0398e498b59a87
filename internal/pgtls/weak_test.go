package pgtls

import (
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"
)

// TestWeakKeys checks that RSA keys of fewer than 2048 bits are reported wherever they are.
func TestWeakKeys(t *testing.T) {
	dir := t.TempDir()
	certificate := func(name, bits string, args ...string) tls.Certificate {
		openSSL(t, dir, append([]string{"req", "-x509", "-newkey", "rsa:" + bits, "-nodes", "-keyout", name + ".key", "-out", name + ".crt", "-subj", "/CN=" + name}, args...)...)
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	certificate("weak-root", "1024")
	certificate("root", "2048")
	tests := []struct {
		server tls.Certificate
		root   string
		want   string
	}{
		{certificate("weak", "1024", "-CA", "root.crt", "-CAkey", "root.key"), "root.crt", `the RSA key of "CN=weak" has 1024 bits, fewer than 2048: `},
		{certificate("weak", "1024", "-CA", "root.crt", "-CAkey", "root.key"), "", `the RSA key of "CN=weak" has 1024 bits`},
		{certificate("nearly", "2047", "-CA", "root.crt", "-CAkey", "root.key"), "root.crt", `the RSA key of "CN=nearly" has 2047 bits`},
		{certificate("good", "2048", "-CA", "root.crt", "-CAkey", "root.key"), "root.crt", ""},
		{certificate("issued", "2048", "-CA", "weak-root.crt", "-CAkey", "weak-root.key"), "weak-root.crt", `the RSA key of "CN=weak-root" has 1024 bits`},
		{certificate("issued", "2048", "-CA", "weak-root.crt", "-CAkey", "weak-root.key"), "", ""}, // it may come from anywhere
	}
	for _, test := range tests {
		options := ServerOptions{SSLMode: "require"}
		if test.root != "" {
			options.RootCert = filepath.Join(dir, test.root)
		}
		policy, err := NewServerPolicy(options)
		if err != nil {
			t.Fatal(err)
		}
		client, _ := handshake(t, policy.Config("db.example", false, nil), &tls.Config{Certificates: []tls.Certificate{test.server}})
		if client.err != nil {
			t.Fatal(client.err)
		}
		got := policy.Weakness(client.state)
		if !strings.HasPrefix(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q, want %q", test.root, got, test.want)
		}
	}
	var complaints []string
	for _, name := range []string{"weak", "good"} {
		_, err := LoadIdentity(IdentityFiles{
			Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key"),
			Complain: func(err error) { complaints = append(complaints, err.Error()) },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(complaints) != 1 || !strings.Contains(complaints[0], `weak.crt is weak: the RSA key of "CN=weak" has 1024 bits`) {
		t.Errorf("complaints: %q", complaints)
	}
}
