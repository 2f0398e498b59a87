package pgtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha3"   // for signatures
	_ "crypto/sha512" // likewise
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
)

// signature is how a certificate is signed, if crypto/x509 can't check it. For RSA-PSS, crypto/x509
// only accepts salts as long as the hash, and it knows neither SHA-224 nor SHA-3. OpenSSL accepts
// all of them.
type signature struct {
	name string // "RSA-PSS with SHA-256 and a salt of 222 bytes", …
	kind x509.PublicKeyAlgorithm
	hash crypto.Hash    // 0 if nothing in Go can check it
	pss  *pssParameters // of RSA-PSS
}

// signatures are those that OpenSSL accepts in certificates and crypto/x509 can't check, except
// RSA-PSS.
var signatures = map[string]signature{
	"1.2.840.113549.1.1.14":   {name: "RSA with SHA-224", kind: x509.RSA, hash: crypto.SHA224},
	"2.16.840.1.101.3.4.3.13": {name: "RSA with SHA3-224", kind: x509.RSA, hash: crypto.SHA3_224},
	"2.16.840.1.101.3.4.3.14": {name: "RSA with SHA3-256", kind: x509.RSA, hash: crypto.SHA3_256},
	"2.16.840.1.101.3.4.3.15": {name: "RSA with SHA3-384", kind: x509.RSA, hash: crypto.SHA3_384},
	"2.16.840.1.101.3.4.3.16": {name: "RSA with SHA3-512", kind: x509.RSA, hash: crypto.SHA3_512},
	"1.2.840.10045.4.3.1":     {name: "ECDSA with SHA-224", kind: x509.ECDSA, hash: crypto.SHA224},
	"2.16.840.1.101.3.4.3.2":  {name: "DSA with SHA-256"},
	"1.3.101.113":             {name: "Ed448"},
}

// uncheckableError is about a signature that Go can't check, right or wrong.
type uncheckableError struct{ name string }

func (e uncheckableError) Error() string { return "Go cannot check a signature with " + e.name }

// weakDigestError is about a signature that proves nothing.
type weakDigestError struct{ name string }

func (e weakDigestError) Error() string { return "a signature with " + e.name + " is too weak" }

// isUnknown reports whether crypto/x509 is unable to check issuer's signature on cert, so that
// checkSignature must.
func isUnknown(cert, issuer *x509.Certificate) bool {
	switch cert.SignatureAlgorithm {
	case x509.UnknownSignatureAlgorithm, x509.DSAWithSHA256:
		return true
	case x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		return issuer.PublicKey == nil // a key for RSA-PSS only, which crypto/x509 does not read
	default:
		return false
	}
}

// checkSignature checks issuer's signature on cert in ways that crypto/x509 does not know. It does
// not check whether issuer may sign certificates.
func checkSignature(cert, issuer *x509.Certificate) error {
	s := readSignature(cert)
	switch s.hash {
	case 0:
		return uncheckableError{s.name}
	case crypto.SHA1:
		return weakDigestError{s.name}
	}
	hash := s.hash.New()
	hash.Write(cert.RawTBSCertificate)
	digest := hash.Sum(nil)
	if s.kind == x509.ECDSA {
		if key, ok := issuer.PublicKey.(*ecdsa.PublicKey); ok && ecdsa.VerifyASN1(key, digest, cert.Signature) {
			return nil
		}
		return errors.New("ECDSA verification error")
	}
	key := readRSAKey(issuer)
	if !key.allows(s.pss) {
		return errors.New("the issuer's key is not for " + s.name)
	}
	if s.pss == nil {
		return rsa.VerifyPKCS1v15(key.PublicKey, s.hash, digest, cert.Signature)
	}
	// A salt length of 0 means any to crypto/rsa. That does no harm: the signature is the issuer's
	// all the same.
	return rsa.VerifyPSS(key.PublicKey, s.hash, digest, cert.Signature, &rsa.PSSOptions{SaltLength: s.pss.Salt})
}

// readSignature reads the algorithm of a certificate's signature.
func readSignature(cert *x509.Certificate) signature {
	var parts struct {
		Signed    asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.Raw, &parts); err != nil {
		return signature{name: "what it cannot read"}
	}
	oid := parts.Algorithm.Algorithm.String()
	if oid == pssOID {
		return readPSS(parts.Algorithm.Parameters.FullBytes)
	}
	if s, ok := signatures[oid]; ok {
		return s
	}
	return signature{name: "the algorithm " + oid}
}
