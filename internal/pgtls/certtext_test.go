package pgtls

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCertificateText compares with the text of the real openssl. The differences allowed are white
// space at the ends of lines, which openssl leaves after colons, and those that a test names.
func TestCertificateText(t *testing.T) {
	// A list of one SCT: version 0, a log ID, a time, no extensions, ecdsa with SHA-256, a
	// signature of 20 bytes.
	sct := "00" + strings.Repeat("ab", 32) + "0000018bb2c1f2d1" + "0000" + "0403" + "0014" + strings.Repeat("5c", 20)
	sctLength := len(sct) / 2
	scts := fmt.Sprintf("04%02x%04x%04x%s", sctLength+4, sctLength+2, sctLength, sct)

	full := []string{
		"-addext", "subjectAltName=DNS:a.example,DNS:*.b.example,IP:127.0.0.1,IP:2001:db8::1,email:a@b.example,URI:http://x.example/",
		"-addext", "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement,keyCertSign,cRLSign",
		"-addext", "extendedKeyUsage=serverAuth,clientAuth,1.2.3.4",
		"-addext", "authorityInfoAccess=OCSP;URI:http://ocsp.example/,caIssuers;URI:http://ca.example/ca.crt",
		"-addext", "crlDistributionPoints=URI:http://crl.example/a.crl",
		"-addext", "certificatePolicies=2.23.140.1.2.1,1.2.3.4",
		"-addext", "1.3.6.1.4.1.11129.2.4.2=DER:" + scts,
		"-addext", "1.2.3.4.5=ASN1:UTF8:unknown",
		"-addext", "1.2.3.4.6=critical,ASN1:UTF8:unknown and critical",
	}
	tests := []struct {
		name    string
		key     []string
		rest    []string
		differs map[string]string // lines of openssl's that are others with us, by their beginning
	}{
		{name: "RSA", key: []string{"rsa:2048"}, rest: full},
		{name: "RSA 3072, SHA-512", key: []string{"rsa:3072"}, rest: []string{"-sha512"}},
		{name: "P-256", key: []string{"ec", "-pkeyopt", "ec_paramgen_curve:P-256"}, rest: full},
		{name: "P-384, SHA-384", key: []string{"ec", "-pkeyopt", "ec_paramgen_curve:P-384"}, rest: []string{"-sha384"}},
		{name: "P-521", key: []string{"ec", "-pkeyopt", "ec_paramgen_curve:P-521"}},
		{name: "Ed25519", key: []string{"ed25519"}, rest: full},
		{name: "short serial", key: []string{"ed25519"}, rest: []string{"-set_serial", "4711"}},
		{name: "long serial", key: []string{"ed25519"}, rest: []string{"-set_serial", "0x8000000000000001"}},
		{name: "path length", key: []string{"ed25519"}, rest: []string{"-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"}},
		{
			name: "authority's name", key: []string{"ed25519"}, rest: []string{"-addext", "authorityKeyIdentifier=keyid,issuer:always", "-set_serial", "0x1234567890abcdef12"},
			// The form of this name is an old one in openssl, and the only one of its kind.
			differs: map[string]string{"DirName:CN=a.example": "DirName:/CN=a.example"},
		},
		{name: "no authority", key: []string{"ed25519"}, rest: []string{"-addext", "basicConstraints=CA:FALSE"}},
		{name: "names", key: []string{"ed25519"}, rest: []string{
			"-utf8", "-multivalue-rdn",
			"-subj", `/C=DE/ST=Baden/L=K\/A/O=Exämple, "Inc."/OU= blank /DC=example/UID=7/CN=a.example+serialNumber=5/emailAddress=a@b.example/2.5.4.65=pseudo/street=#1`,
		}, differs: map[string]string{"2.5.4.65": "pseudonym"}},
		{
			name: "RSA-PSS", key: []string{"rsa:2048"}, rest: []string{"-sigopt", "rsa_padding_mode:pss"},
			differs: map[string]string{
				"": "Hash Algorithm: sha256,Mask Algorithm: mgf1 with sha256,Salt Length: 0xDE,Trailer Field: 0x01 (default)",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"req", "-x509", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=a.example", "-newkey"}, test.key...)
			openSSL(t, dir, append(args, test.rest...)...)
			theirs := openSSL(t, dir, "x509", "-in", "cert.pem", "-noout", "-text", "-nameopt", "oneline,-space_eq,-esc_msb")
			certs, err := readCertificates(filepath.Join(dir, "cert.pem"))
			if err != nil {
				t.Fatal(err)
			}
			ours := CertificateText(certs[0])
			if diff := diffLines(trimLines(theirs, test.differs), trimLines(ours, test.differs)); diff != "" {
				t.Errorf("openssl (-) and pgpi (+) differ:\n%s", diff)
			}
		})
	}
}

// TestCertificateTextEscapes checks that a certificate can't forge lines of the log.
func TestCertificateTextEscapes(t *testing.T) {
	text := CertificateText(issue(t, nil, func(c *x509.Certificate) {
		c.Subject.CommonName = "a\nforged"
		c.DNSNames = []string{"b\r\nforged"}
		c.CRLDistributionPoints = []string{"http://c.example/\nforged"}
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3}, Value: []byte("d\nforged")}}
	}).Leaf)
	if !strings.Contains(text, `CN=a\0Aforged`) || strings.Contains(text, "\nforged") || strings.Contains(text, "\r") {
		t.Error(text)
	}
}

func FuzzCertificateExtensions(f *testing.F) {
	f.Add([]byte{4, 4, 0, 2, 0, 0})
	f.Add([]byte{0x30, 0x03, 0x82, 0x01, 'a'})
	f.Fuzz(func(t *testing.T, value []byte) {
		for _, lines := range [][]string{timestamps(value), policies(value), authorityInformation(value), authorityKey(value), {generalNames(value), extendedKeyUsage(value), dotted(value)}} {
			for _, line := range lines {
				if strings.ContainsAny(line, "\r\n") {
					t.Errorf("%q has several lines", line)
				}
			}
		}
	})
}

// trimLines takes white space off the ends of lines and replaces the parts of lines that may
// differ. Lines of the list under "" are left out.
func trimLines(text string, differs map[string]string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		for ours, theirs := range differs {
			if ours != "" {
				line = strings.ReplaceAll(line, ours, theirs)
			}
		}
		if left := strings.Split(differs[""], ","); line != "" && slices.Contains(left, strings.TrimSpace(line)) {
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

// diffLines shows the lines of one list that the other does not have at the same place.
func diffLines(theirs, ours []string) string {
	var diff strings.Builder
	for i := range max(len(theirs), len(ours)) {
		var a, b string
		if i < len(theirs) {
			a = theirs[i]
		}
		if i < len(ours) {
			b = ours[i]
		}
		if a != b {
			fmt.Fprintf(&diff, "-%s\n+%s\n", a, b)
		}
	}
	return diff.String()
}
