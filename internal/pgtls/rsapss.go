package pgtls

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// Names from RFC 4055, "Additional Algorithms and Identifiers for RSA Cryptography".
const (
	rsaOID  = "1.2.840.113549.1.1.1"
	pssOID  = "1.2.840.113549.1.1.10" // of keys and of signatures
	mgf1OID = "1.2.840.113549.1.1.8"
)

// pssParameters are those of a signature, or the limits of a key: RFC 4055, section 3.1. A missing
// hash is SHA-1.
type pssParameters struct {
	Hash    pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:0"`
	Mask    pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:1"`
	Salt    int                      `asn1:"explicit,optional,default:20,tag:2"`
	Trailer int                      `asn1:"explicit,optional,default:1,tag:3"`
}

// pssHashes are the hashes that RSA-PSS can have.
var pssHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// readPSS reads the parameters of a signature. If the result has no hash, Go can't check the
// signature.
func readPSS(der []byte) signature {
	var p pssParameters
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 || p.Trailer != 1 || p.Salt < 0 {
		return signature{name: "RSA-PSS with odd parameters"}
	}
	hash, mask := p.hash(), p.maskHash()
	switch {
	case hash == 0:
		return signature{name: "RSA-PSS with the hash " + p.Hash.Algorithm.String()}
	case hash != mask: // crypto/rsa has no option for that
		return signature{name: fmt.Sprintf("RSA-PSS with %v and a mask of another hash", hash)}
	}
	return signature{name: fmt.Sprintf("RSA-PSS with %v and a salt of %d bytes", hash, p.Salt), kind: x509.RSA, hash: hash, pss: &p}
}

// hash returns 0 for an unknown hash.
func (p *pssParameters) hash() crypto.Hash {
	if p.Hash.Algorithm == nil {
		return crypto.SHA1
	}
	return pssHashes[p.Hash.Algorithm.String()]
}

// maskHash returns the hash of MGF1, the only mask generation function.
func (p *pssParameters) maskHash() crypto.Hash {
	if p.Mask.Algorithm == nil {
		return crypto.SHA1
	}
	var hash pkix.AlgorithmIdentifier
	if _, err := asn1.Unmarshal(p.Mask.Parameters.FullBytes, &hash); err != nil || p.Mask.Algorithm.String() != mgf1OID {
		return 0
	}
	return pssHashes[hash.Algorithm.String()]
}

// rsaKey is an RSA key, and what it may be used for.
type rsaKey struct {
	*rsa.PublicKey
	pssOnly bool
	limits  *pssParameters // of a key for RSA-PSS only; nil for no limits
}

// readRSAKey reads the key of a certificate, even one for RSA-PSS only, which crypto/x509 does not
// read. For other kinds of keys, PublicKey is nil.
func readRSAKey(cert *x509.Certificate) (key rsaKey) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info); err != nil {
		return rsaKey{}
	}
	switch info.Algorithm.Algorithm.String() {
	case rsaOID:
	case pssOID:
		key.pssOnly = true
		if parameters := info.Algorithm.Parameters.FullBytes; len(parameters) > 0 {
			key.limits = new(pssParameters)
			if _, err := asn1.Unmarshal(parameters, key.limits); err != nil {
				return rsaKey{}
			}
		}
	default:
		return rsaKey{}
	}
	public, err := x509.ParsePKCS1PublicKey(info.Key.Bytes)
	if err != nil {
		return rsaKey{}
	}
	key.PublicKey = public
	return key
}

// allows reports whether this key may make a signature with these parameters, which are nil for
// PKCS #1 v1.5: RFC 4055, section 3.3.
func (k rsaKey) allows(p *pssParameters) bool {
	switch {
	case k.PublicKey == nil:
		return false
	case !k.pssOnly:
		return true
	case p == nil || k.limits == nil:
		return p != nil
	}
	return p.hash() == k.limits.hash() && p.maskHash() == k.limits.maskHash() && p.Salt >= k.limits.Salt
}
