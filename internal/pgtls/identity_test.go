package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestGenerate(t *testing.T) {
	for _, sig := range []Signature{RSA, ECDSA} {
		t.Run(string(sig), func(t *testing.T) {
			identity, err := Generate(sig, "db.example", "10.0.0.7")
			if err != nil {
				t.Fatal(err)
			}
			cert := identity.Leaf
			if got := nameText(cert.RawSubject); got != "CN=pgpi" {
				t.Errorf("subject %q", got)
			}
			if got := strings.Join(cert.DNSNames, " "); got != "localhost db.example" {
				t.Errorf("DNS names %q", got)
			}
			for i, want := range []string{"127.0.0.1", "::1", "10.0.0.7"} {
				if !cert.IPAddresses[i].Equal(net.ParseIP(want)) {
					t.Errorf("IP address %v, want %s", cert.IPAddresses[i], want)
				}
			}
			want := map[Signature]x509.SignatureAlgorithm{RSA: x509.SHA256WithRSA, ECDSA: x509.ECDSAWithSHA256}[sig]
			if cert.SignatureAlgorithm != want {
				t.Errorf("signature %v, want %v", cert.SignatureAlgorithm, want)
			}
			if now := time.Now(); now.Before(cert.NotBefore.Add(23*time.Hour)) || now.AddDate(9, 11, 0).After(cert.NotAfter) {
				t.Errorf("valid from %v to %v", cert.NotBefore, cert.NotAfter)
			}
			// Whoever trusts the certificate itself can use it as a root, as with libpq's
			// sslrootcert.
			dir := t.TempDir()
			writeFile(t, dir, "cert.pem", certPEM(cert))
			openSSL(t, dir, "verify", "-CAfile", "cert.pem", "-purpose", "sslserver", "-verify_hostname", "db.example", "cert.pem")
		})
	}
	if _, err := Generate("dsa"); err == nil || !strings.Contains(err.Error(), "use rsa or ecdsa") {
		t.Errorf("Generate of dsa: %v", err)
	}
}

// TestLoadIdentity loads keys as openssl writes them, and shakes hands with each.
func TestLoadIdentity(t *testing.T) {
	dir := t.TempDir()
	openSSL(t, dir, "genrsa", "-out", "rsa.pem", "2048")
	openSSL(t, dir, "ecparam", "-name", "prime256v1", "-genkey", "-out", "ecdsa.pem") // with EC PARAMETERS first
	openSSL(t, dir, "genpkey", "-algorithm", "ed25519", "-out", "ed25519.pem")
	for _, key := range []string{"rsa", "ecdsa", "ed25519"} {
		openSSL(t, dir, "req", "-x509", "-key", key+".pem", "-out", key+".crt", "-subj", "/CN="+key, "-days", "2")
	}
	tests := []struct {
		name, cert string
		convert    []string // an openssl command that writes key.pem
		firstLine  string   // what it must have written, so that the test tests what it says
	}{
		{"PKCS #8 RSA", "rsa", []string{"pkey", "-in", "rsa.pem"}, "-----BEGIN PRIVATE KEY-----"},
		{"PKCS #1 RSA", "rsa", []string{"rsa", "-in", "rsa.pem", "-traditional"}, "-----BEGIN RSA PRIVATE KEY-----"},
		{"legacy encrypted RSA", "rsa", []string{"rsa", "-in", "rsa.pem", "-traditional", "-aes256", "-passout", "pass:secret"}, "Proc-Type: 4,ENCRYPTED"},
		{"legacy 3DES RSA", "rsa", []string{"rsa", "-in", "rsa.pem", "-traditional", "-des3", "-passout", "pass:secret"}, "DES-EDE3-CBC"},
		{"encrypted PKCS #8 RSA", "rsa", []string{"pkcs8", "-topk8", "-in", "rsa.pem", "-passout", "pass:secret"}, "ENCRYPTED PRIVATE KEY"},
		{"scrypt PKCS #8 RSA", "rsa", []string{"pkcs8", "-topk8", "-scrypt", "-in", "rsa.pem", "-passout", "pass:secret"}, "ENCRYPTED PRIVATE KEY"},
		{"SEC 1 ECDSA", "ecdsa", []string{"ec", "-in", "ecdsa.pem"}, "-----BEGIN EC PRIVATE KEY-----"},
		{"EC PARAMETERS and SEC 1", "ecdsa", []string{"ecparam", "-name", "prime256v1"}, "EC PARAMETERS"},
		{"legacy encrypted ECDSA", "ecdsa", []string{"ec", "-in", "ecdsa.pem", "-aes128", "-passout", "pass:secret"}, "Proc-Type: 4,ENCRYPTED"},
		{"encrypted PKCS #8 ECDSA", "ecdsa", []string{"pkcs8", "-topk8", "-in", "ecdsa.pem", "-passout", "pass:secret"}, "ENCRYPTED PRIVATE KEY"},
		{"PKCS #8 Ed25519", "ed25519", []string{"pkey", "-in", "ed25519.pem"}, "-----BEGIN PRIVATE KEY-----"},
		{"encrypted PKCS #8 Ed25519", "ed25519", []string{"pkcs8", "-topk8", "-in", "ed25519.pem", "-passout", "pass:secret"}, "ENCRYPTED PRIVATE KEY"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key := filepath.Join(dir, "key.pem")
			openSSL(t, dir, append(test.convert, "-out", key)...)
			if test.name == "EC PARAMETERS and SEC 1" {
				key = filepath.Join(dir, "ecdsa.pem")
			}
			content, err := os.ReadFile(key)
			if err != nil || !strings.Contains(string(content), test.firstLine) {
				t.Fatalf("openssl wrote %v\n%s", err, content)
			}
			identity, err := LoadIdentity(IdentityFiles{Cert: filepath.Join(dir, test.cert+".crt"), Key: key, Password: "secret"})
			if err != nil {
				t.Fatal(err)
			}
			config := ClientConfig(func() (tls.Certificate, error) { return identity, nil }, false, nil)
			client, _ := handshake(t, &tls.Config{InsecureSkipVerify: true}, config)
			if client.err != nil {
				t.Error(client.err)
			}
		})
	}
}

func TestLoadIdentityErrors(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	openSSL(t, dir, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=a")
	openSSL(t, dir, "genrsa", "-out", "other.pem", "2048")
	openSSL(t, dir, "pkcs8", "-topk8", "-in", "key.pem", "-out", "encrypted.pem", "-passout", "pass:secret")
	openSSL(t, dir, "pkcs8", "-topk8", "-in", "key.pem", "-out", "pbes1.pem", "-v1", "PBE-SHA1-3DES", "-passout", "pass:secret")
	openSSL(t, dir, "rsa", "-in", "key.pem", "-traditional", "-aes256", "-out", "legacy.pem", "-passout", "pass:secret")
	openSSL(t, dir, "x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der")
	openSSL(t, dir, "pkey", "-in", "key.pem", "-outform", "DER", "-out", "key.der")
	openSSL(t, dir, "req", "-x509", "-key", "key.pem", "-out", "negative.pem", "-subj", "/CN=a", "-set_serial", "-5")
	openSSL(t, dir, "ecparam", "-name", "brainpoolP256r1", "-genkey", "-noout", "-out", "brainpool.pem")
	root := newAuthority(t, "root", nil)
	leaf, err := os.ReadFile(path("cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "misordered.pem", append(root.pem(), leaf...))
	writeFile(t, dir, "text", []byte("hello\n"))

	tests := []struct {
		name  string
		files IdentityFiles
		want  []string
	}{
		{"no key", IdentityFiles{Cert: path("cert.pem")}, []string{"cert.pem is set without its private key"}},
		{"no certificate", IdentityFiles{Key: path("key.pem")}, []string{"key.pem is set without its certificate"}},
		{"missing", IdentityFiles{Cert: path("nowhere"), Key: path("key.pem")}, []string{"read certificate " + path("nowhere") + ": no such file"}},
		{"directory", IdentityFiles{Cert: path("cert.pem"), Key: dir}, []string{"read private key " + dir + ": is a directory"}},
		{"not PEM", IdentityFiles{Cert: path("text"), Key: path("key.pem")}, []string{"has no PEM block"}},
		{"no key in the file", IdentityFiles{Cert: path("cert.pem"), Key: path("cert.pem")}, []string{"cert.pem: it has no private key"}},
		{"swapped", IdentityFiles{Cert: path("key.pem"), Key: path("cert.pem")}, []string{"none of its PEM blocks is a certificate"}},
		{"DER certificate", IdentityFiles{Cert: path("cert.der"), Key: path("key.pem")}, []string{"in DER", "openssl x509"}},
		{"DER key", IdentityFiles{Cert: path("cert.pem"), Key: path("key.der")}, []string{"in DER", "openssl pkey"}},
		{"another key", IdentityFiles{Cert: path("cert.pem"), Key: path("other.pem")}, []string{"other.pem does not match the certificate", "cert.pem"}},
		{"order", IdentityFiles{Cert: path("misordered.pem"), Key: path("key.pem")}, []string{"number 2", "must come first"}},
		{"no password", IdentityFiles{Cert: path("cert.pem"), Key: path("encrypted.pem"), PasswordEnv: "PGPI_X"}, []string{"encrypted", "environment variable PGPI_X"}},
		{"no password, legacy", IdentityFiles{Cert: path("cert.pem"), Key: path("legacy.pem"), PasswordEnv: "PGPI_X"}, []string{"encrypted", "environment variable PGPI_X"}},
		{"wrong password", IdentityFiles{Cert: path("cert.pem"), Key: path("encrypted.pem"), Password: "no", PasswordEnv: "PGPI_X"}, []string{"password in PGPI_X"}},
		{"wrong password, legacy", IdentityFiles{Cert: path("cert.pem"), Key: path("legacy.pem"), Password: "no", PasswordEnv: "PGPI_X"}, []string{"password in PGPI_X"}},
		{"PBES1", IdentityFiles{Cert: path("cert.pem"), Key: path("pbes1.pem"), Password: "secret"}, []string{"PBES2", "openssl pkey -aes256"}},
		{"negative serial", IdentityFiles{Cert: path("negative.pem"), Key: path("key.pem")}, []string{"negative serial", "libpq may accept it, but Go's TLS cannot"}},
		{"brainpool", IdentityFiles{Cert: path("cert.pem"), Key: path("brainpool.pem")}, []string{"elliptic curve", "P-256"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadIdentity(test.files)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			t.Log(err)
		})
	}
}
