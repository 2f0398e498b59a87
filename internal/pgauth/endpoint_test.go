package pgauth

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServerEndPoint(t *testing.T) {
	tests := []struct {
		certificate string
		want        crypto.Hash
	}{
		{"rsa-md5", crypto.SHA256},
		{"rsa-sha1", crypto.SHA256},
		{"rsa-sha384", crypto.SHA384},
		{"rsa-pss-sha1", crypto.SHA256},
		{"rsa-pss-sha512-salt20", crypto.SHA512},
		{"ecdsa-sha256", crypto.SHA256},
		{"ecdsa-sha512", crypto.SHA512},
	}
	for _, test := range tests {
		t.Run(test.certificate, func(t *testing.T) {
			cert := readCertificate(t, test.certificate)
			sum := test.want.New()
			sum.Write(cert.Raw)
			got, err := ServerEndPoint(cert)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, sum.Sum(nil)) {
				t.Errorf("binding is %x, want the certificate's %v hash", got, test.want)
			}
		})
	}
}

func TestServerEndPointFails(t *testing.T) {
	if hash, err := ServerEndPoint(readCertificate(t, "ed25519")); err == nil || !strings.Contains(err.Error(), "Ed25519") {
		t.Errorf("the hash for Ed25519 is %x, %v", hash, err)
	}
	if hash, err := ServerEndPoint(&x509.Certificate{Raw: []byte("not DER")}); err == nil {
		t.Errorf("the hash for garbage is %x", hash)
	}
}

// readCertificate reads a self-signed certificate from testdata; its name says key and signature.
// They were made by "openssl req -x509", with -sigopt rsa_padding_mode:pss for RSA-PSS.
func readCertificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
