package pgtls

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// Extensions that crypto/x509 does not read, or not as OpenSSL does.
const (
	keyUsageOID            = "2.5.29.15"
	authorityKeyOID        = "2.5.29.35"
	extendedKeyUsageOID    = "2.5.29.37"
	netscapeCertificateOID = "2.16.840.1.113730.1.1"
)

// serverPurposes are the extended key usages of TLS servers. Any usage is not among them: OpenSSL wants one that is
// named.
var serverPurposes = []x509.ExtKeyUsage{
	x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageMicrosoftServerGatedCrypto, x509.ExtKeyUsageNetscapeServerGatedCrypto,
}

// unsuitable says why a certificate of a chain is not for a TLS server or, behind the first, for those that issue
// certificates of TLS servers; "" where it is. It follows check_purpose_ssl_server in OpenSSL's crypto/x509/v3_purp.c.
// (crypto/x509 ignores key usages, and takes any extended key usage for the one that it wants.)
func unsuitable(cert *x509.Certificate, first bool) string {
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 && !slices.ContainsFunc(cert.ExtKeyUsage, func(usage x509.ExtKeyUsage) bool {
		return slices.Contains(serverPurposes, usage)
	}) {
		return "its extended key usage is " + extendedKeyUsage(extensionOf(cert, extendedKeyUsageOID))
	}
	if !first {
		return ""
	}
	const forTLS = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
	if extensionOf(cert, keyUsageOID) != nil && cert.KeyUsage&forTLS == 0 {
		return "its key usage is " + keyUsage(cert.KeyUsage)
	}
	if value := extensionOf(cert, netscapeCertificateOID); value != nil {
		var bits asn1.BitString
		if _, err := asn1.Unmarshal(value, &bits); err != nil || bits.At(1) == 0 { // the bit of SSL servers
			return "its Netscape certificate type has no SSL server"
		}
	}
	return ""
}

// extensionOf returns the value of an extension, nil where there is none.
func extensionOf(cert *x509.Certificate, oid string) []byte {
	for _, extension := range cert.Extensions {
		if extension.Id.String() == oid {
			return extension.Value
		}
	}
	return nil
}

// isIdentified reports whether issuer is the one that cert identifies by its key and its serial number, as
// X509_check_akid in the same file does. (crypto/x509 prefers such a one, and takes any.)
func isIdentified(cert, issuer *x509.Certificate) bool {
	var id authorityKeyID
	if _, err := asn1.Unmarshal(extensionOf(cert, authorityKeyOID), &id); err != nil {
		return true // it says nothing
	}
	otherKey := len(id.Key) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(id.Key, issuer.SubjectKeyId)
	return !otherKey && (id.Serial == nil || id.Serial.Cmp(issuer.SerialNumber) == 0)
}
