package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSaltOfOpenSSL verifies a certificate that openssl has signed with RSA-PSS and the longest
// salt, its default.
func TestSaltOfOpenSSL(t *testing.T) {
	pair, err := tls.LoadX509KeyPair("testdata/rsapss.crt", "testdata/rsapss.key")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := NewServerPolicy(ServerOptions{
		SSLMode: "verify-full", RootCert: "testdata/rsapss-ca.crt",
		Time: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := handshake(t, policy.Config("localhost", false, nil), &tls.Config{Certificates: []tls.Certificate{pair}})
	if client.err != nil {
		t.Error(client.err)
	}
}

// signatureTests are algorithms as openssl makes them, by authorities of these kinds of keys.
var signatureTests = []struct {
	name, authority string
	args            []string
	want            string // a part of the error, "" for none
}{
	{"salt of 0", "rsa", pss("0"), ""},
	{"salt of 20", "rsa", pss("20"), ""},
	{"the usual salt", "rsa", pss("32"), ""},
	{"the longest salt", "rsa", pss("222"), ""},
	{"SHA-224", "rsa", append(pss("28"), "-sha224"), ""},
	{"SHA-384", "rsa", append(pss("32"), "-sha384"), ""},
	{"SHA-512", "rsa", append(pss("32"), "-sha512"), ""},
	{"all defaults", "rsa", append(pss("20"), "-sha1"), "is too weak"},
	{"another mask", "rsa", append(pss("32"), "-sigopt", "rsa_mgf1_md:sha512"), "Go cannot check"},
	{"RSA with SHA-224", "rsa", []string{"-sha224"}, ""},
	{"RSA with SHA3-224", "rsa", []string{"-sha3-224"}, ""},
	{"RSA with SHA3-256", "rsa", []string{"-sha3-256"}, ""},
	{"RSA with SHA3-384", "rsa", []string{"-sha3-384"}, ""},
	{"RSA with SHA3-512", "rsa", []string{"-sha3-512"}, ""},
	{"ECDSA with SHA-224", "ecdsa", []string{"-sha224"}, ""},
	{"key for RSA-PSS", "rsa-pss", pss("32"), ""},
	{"key for RSA-PSS, the longest salt", "rsa-pss", pss("222"), ""},
	{"key for RSA-PSS with limits", "rsa-pss-limited", append(pss("40"), "-sha384"), ""},
	{"Ed448", "ed448", nil, "Go cannot check"},
	{"SHA-512/256", "rsa", []string{"-sha512-256"}, "Go cannot check"},
}

func pss(salt string) []string {
	return []string{"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:" + salt}
}

// TestCheckSignature lets openssl sign, and checks that it is found right, and wrong where a bit or
// the key is another.
func TestCheckSignature(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"rsa": {"RSA"}, "other-rsa": {"RSA"}, "ecdsa": {"EC", "ec_paramgen_curve:P-256"}, "other-ecdsa": {"EC", "ec_paramgen_curve:P-256"},
		"rsa-pss": {"RSA-PSS"}, "ed448": {"ED448"},
		"rsa-pss-limited": {"RSA-PSS", "rsa_pss_keygen_md:sha384", "rsa_pss_keygen_mgf1_md:sha384", "rsa_pss_keygen_saltlen:40"},
	} {
		command := []string{"genpkey", "-out", name + ".key", "-algorithm", args[0]}
		for _, option := range args[1:] {
			command = append(command, "-pkeyopt", option)
		}
		openSSL(t, dir, command...)
		openSSL(t, dir, "req", "-x509", "-key", name+".key", "-out", name+".crt", "-subj", "/CN=ca")
	}
	for _, test := range signatureTests {
		t.Run(test.name, func(t *testing.T) {
			issuer := readOne(t, filepath.Join(dir, test.authority+".crt"))
			openSSL(t, dir, slices.Concat([]string{"req", "-x509", "-key", "rsa.key", "-out", "leaf.crt", "-subj", "/CN=leaf", "-CA", test.authority + ".crt", "-CAkey", test.authority + ".key"}, test.args)...)
			cert := readOne(t, filepath.Join(dir, "leaf.crt"))
			err := checkSignature(cert, issuer)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %q", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, other := range []string{"other-rsa", "other-ecdsa", "ed448"} {
				if checkSignature(cert, readOne(t, filepath.Join(dir, other+".crt"))) == nil {
					t.Errorf("%s has signed it, too", other)
				}
			}
			for _, at := range []int{0, len(cert.Signature) / 2, len(cert.Signature) - 1} {
				forged := *cert
				forged.Signature = slices.Clone(cert.Signature)
				forged.Signature[at] ^= 1
				if checkSignature(&forged, issuer) == nil {
					t.Errorf("byte %d of the signature does not matter", at)
				}
			}
			forged := *cert
			forged.RawTBSCertificate = slices.Clone(cert.RawTBSCertificate)
			forged.RawTBSCertificate[len(forged.RawTBSCertificate)/2] ^= 1
			if checkSignature(&forged, issuer) == nil {
				t.Error("what is signed does not matter")
			}
		})
	}
}

// TestLimitsOfKey checks that a key for RSA-PSS with limits has signed nothing else.
func TestLimitsOfKey(t *testing.T) {
	sha384 := readPSSOf(t, append(pss("40"), "-sha384"))
	tests := []struct {
		name string
		args []string
		want bool
	}{
		{"equal", append(pss("40"), "-sha384"), true},
		{"a longer salt", append(pss("48"), "-sha384"), true},
		{"a shorter salt", append(pss("39"), "-sha384"), false},
		{"another hash", append(pss("40"), "-sha512"), false},
	}
	key := readRSAKey(readOne(t, "testdata/rsapss.crt"))
	for _, test := range tests {
		limited := rsaKey{PublicKey: key.PublicKey, pssOnly: true, limits: sha384}
		if got := limited.allows(readPSSOf(t, test.args)); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
	if (rsaKey{PublicKey: key.PublicKey, pssOnly: true}).allows(nil) {
		t.Error("a key for RSA-PSS alone is accepted for PKCS #1")
	}
	if !key.allows(nil) || !key.allows(sha384) || (rsaKey{}).allows(nil) {
		t.Error("an RSA key, or none")
	}
}

// readPSSOf returns the parameters of what openssl signs with args.
func readPSSOf(t *testing.T, args []string) *pssParameters {
	t.Helper()
	dir := t.TempDir()
	openSSL(t, dir, slices.Concat([]string{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "crt", "-subj", "/CN=a"}, args)...)
	s := readSignature(readOne(t, filepath.Join(dir, "crt")))
	if s.pss == nil {
		t.Fatalf("%v has no parameters but is %s", args, s.name)
	}
	return s.pss
}

func readOne(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	certs, err := readCertificates(path)
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}
