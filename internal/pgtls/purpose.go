package pgtls

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// Extensions that crypto/x509 does not read, or reads differently from OpenSSL.
const (
	keyUsageOID            = "2.5.29.15"
	authorityKeyOID        = "2.5.29.35"
	extendedKeyUsageOID    = "2.5.29.37"
	netscapeCertificateOID = "2.16.840.1.113730.1.1"
)

// serverPurposes are the extended key usages of TLS servers. "Any usage" is not one of them:
// OpenSSL requires one that is named.
var serverPurposes = []x509.ExtKeyUsage{
	x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageMicrosoftServerGatedCrypto, x509.ExtKeyUsageNetscapeServerGatedCrypto,
}

// unsuitable returns why a certificate in a chain is not for a TLS server, or "" if it is.
// Certificates after the first must be for issuing those of TLS servers. It follows
// check_purpose_ssl_server in OpenSSL's crypto/x509/v3_purp.c. (crypto/x509 ignores key usages, and
// accepts any extended key usage in place of the right one.)
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
		// Bit 1 is that of SSL servers.
		if _, err := asn1.Unmarshal(value, &bits); err != nil || bits.At(1) == 0 {
			return "its Netscape certificate type has no SSL server"
		}
	}
	return ""
}

// extensionOf returns the value of an extension, or nil if there is none.
func extensionOf(cert *x509.Certificate, oid string) []byte {
	for _, extension := range cert.Extensions {
		if extension.Id.String() == oid {
			return extension.Value
		}
	}
	return nil
}

// isIdentified reports whether issuer has the key and serial number by which cert identifies its
// issuer. It follows X509_check_akid in the same file. (crypto/x509 prefers such an issuer, but
// accepts any.)
func isIdentified(cert, issuer *x509.Certificate) bool {
	var id authorityKeyID
	if _, err := asn1.Unmarshal(extensionOf(cert, authorityKeyOID), &id); err != nil {
		return true // it does not identify its issuer
	}
	otherKey := len(id.Key) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(id.Key, issuer.SubjectKeyId)
	return !otherKey && (id.Serial == nil || id.Serial.Cmp(issuer.SerialNumber) == 0)
}
