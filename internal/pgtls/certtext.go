package pgtls

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// CertificateText describes a certificate in the layout and with the names of openssl x509 -text,
// so that people can compare. Names of people and hosts are written as with -nameopt
// oneline,-space_eq,-esc_msb, the default of later versions of openssl. The text ends in a newline.
// Control characters, which a certificate can contain anywhere, are escaped.
func CertificateText(cert *x509.Certificate) string {
	var t textWriter
	t.line(0, "Certificate:")
	t.line(4, "Data:")
	t.line(8, "Version: %d (0x%x)", cert.Version, cert.Version-1)
	t.serial(cert.SerialNumber)
	t.line(8, "Signature Algorithm: %s", signatureName(cert))
	t.line(8, "Issuer: %s", nameText(cert.RawIssuer))
	t.line(8, "Validity")
	t.line(12, "Not Before: %s", timeText(cert.NotBefore))
	t.line(12, "Not After : %s", timeText(cert.NotAfter))
	t.line(8, "Subject: %s", nameText(cert.RawSubject))
	t.line(8, "Subject Public Key Info:")
	t.publicKey(cert)
	if len(cert.Extensions) > 0 {
		t.line(8, "X509v3 extensions:")
	}
	for _, extension := range cert.Extensions {
		t.extension(cert, extension)
	}
	t.line(4, "Signature Algorithm: %s", signatureName(cert))
	t.line(4, "Signature Value:")
	t.hex(8, 18, cert.Signature)
	return t.String()
}

// textWriter collects indented lines.
type textWriter struct{ strings.Builder }

func (t *textWriter) line(indent int, format string, args ...any) {
	_, _ = t.WriteString(strings.Repeat(" ", indent) + fmt.Sprintf(format, args...) + "\n")
}

// hex writes bytes as "0a:1b:", n per line.
func (t *textWriter) hex(indent, n int, data []byte) {
	for len(data) > n {
		t.line(indent, "%s:", colonHex(data[:n]))
		data = data[n:]
	}
	t.line(indent, "%s", colonHex(data))
}

func (t *textWriter) serial(n *big.Int) {
	if n.IsInt64() {
		t.line(8, "Serial Number: %d (0x%x)", n, n)
		return
	}
	t.line(8, "Serial Number:")
	t.line(12, "%s", colonHex(n.Bytes()))
}

func (t *textWriter) publicKey(cert *x509.Certificate) {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		t.line(12, "Public Key Algorithm: rsaEncryption")
		t.line(16, "Public-Key: (%d bit)", key.N.BitLen())
		t.line(16, "Modulus:")
		modulus := key.N.Bytes()
		if modulus[0] >= 0x80 {
			modulus = append([]byte{0}, modulus...) // as the INTEGER is encoded
		}
		t.hex(20, 15, modulus)
		t.line(16, "Exponent: %d (0x%x)", key.E, key.E)
	case *ecdsa.PublicKey:
		t.line(12, "Public Key Algorithm: id-ecPublicKey")
		t.line(16, "Public-Key: (%d bit)", key.Params().BitSize)
		t.line(16, "pub:")
		point, _ := key.Bytes() // fails only for curves that x509 does not parse
		t.hex(20, 15, point)
		t.line(16, "ASN1 OID: %s", curveNames[key.Params().Name])
		t.line(16, "NIST CURVE: %s", key.Params().Name)
	case ed25519.PublicKey:
		t.line(12, "Public Key Algorithm: ED25519")
		t.line(16, "ED25519 Public-Key:")
		t.line(16, "pub:")
		t.hex(20, 15, key)
	default: // a kind that crypto/x509 does not know
		var info struct {
			Algorithm pkix.AlgorithmIdentifier
			Key       asn1.BitString
		}
		_, _ = asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info) // x509 has parsed it before
		t.line(12, "Public Key Algorithm: %s", info.Algorithm.Algorithm)
		t.hex(20, 15, info.Key.Bytes)
	}
}

var curveNames = map[string]string{"P-224": "secp224r1", "P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}

var signatureNames = map[string]string{
	"1.2.840.113549.1.1.4":  "md5WithRSAEncryption",
	"1.2.840.113549.1.1.5":  "sha1WithRSAEncryption",
	"1.2.840.113549.1.1.10": "rsassaPss",
	"1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
	"1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
	"1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
	"1.2.840.10045.4.1":     "ecdsa-with-SHA1",
	"1.2.840.10045.4.3.2":   "ecdsa-with-SHA256",
	"1.2.840.10045.4.3.3":   "ecdsa-with-SHA384",
	"1.2.840.10045.4.3.4":   "ecdsa-with-SHA512",
	"1.3.101.112":           "ED25519",
}

// signatureName returns OpenSSL's name for the signature's algorithm, or its OID.
func signatureName(cert *x509.Certificate) string {
	var outer struct {
		Certificate asn1.RawValue
		Algorithm   pkix.AlgorithmIdentifier
		Signature   asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.Raw, &outer); err != nil {
		return "unknown"
	}
	oid := outer.Algorithm.Algorithm.String()
	if name, ok := signatureNames[oid]; ok {
		return name
	}
	return oid
}

// attributeNames are OpenSSL's short names for the parts of a distinguished name.
var attributeNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST",
	"2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.15": "businessCategory",
	"2.5.4.17": "postalCode", "2.5.4.42": "GN", "2.5.4.43": "initials", "2.5.4.97": "organizationIdentifier",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
	"1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST", "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// nameText returns a distinguished name as text: `C=US, O="Example, Inc.", CN=a.example`.
func nameText(raw []byte) string {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &rdns); err != nil {
		return "unreadable name: " + err.Error()
	}
	var parts []string
	for _, rdn := range rdns {
		var attributes []string
		for _, attribute := range rdn {
			oid := attribute.Type.String()
			name, ok := attributeNames[oid]
			if !ok {
				name = oid
			}
			attributes = append(attributes, name+"="+quoteValue(fmt.Sprint(attribute.Value)))
		}
		parts = append(parts, strings.Join(attributes, " + "))
	}
	return strings.Join(parts, ", ")
}

// quoteValue quotes a value if it contains characters that are special in RFC 2253.
func quoteValue(s string) string {
	special := strings.ContainsAny(s, `,+"\<>;`) || strings.HasPrefix(s, "#") || strings.Trim(s, " ") != s
	if !special {
		return escape(s)
	}
	return `"` + escape(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)) + `"`
}

// escape replaces control characters, as in \0A.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			fmt.Fprintf(&b, `\%02X`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func timeText(t time.Time) string {
	return t.UTC().Format("Jan _2 15:04:05 2006 GMT")
}

func colonHex(data []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% x", data), " ", ":")
}
