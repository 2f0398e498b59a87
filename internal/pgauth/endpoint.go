package pgauth

import (
	"crypto"
	_ "crypto/sha256" // crypto.SHA224 and crypto.SHA256
	_ "crypto/sha512" // crypto.SHA384 and crypto.SHA512
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// ServerEndPoint returns the tls-server-end-point channel binding of a server's certificate (RFC
// 5929, section 4.1): the certificate's hash by the algorithm of its own signature, with MD5 and
// SHA-1 replaced by SHA-256. It fails for certificates whose signature algorithm implies no hash,
// such as Ed25519.
func ServerEndPoint(cert *x509.Certificate) ([]byte, error) {
	hash, err := signatureHash(cert)
	if err != nil {
		return nil, err
	}
	sum := hash.New()
	sum.Write(cert.Raw)
	return sum.Sum(nil), nil
}

// signatureHash reads the algorithm from the certificate itself, because x509 does not know all
// that servers use. RSA-PSS with an unusual salt length and SHA-224 are unknown algorithms to it.
func signatureHash(cert *x509.Certificate) (crypto.Hash, error) {
	var outer struct {
		TBSCertificate     asn1.RawValue
		SignatureAlgorithm pkix.AlgorithmIdentifier
		Signature          asn1.BitString
	}
	if _, err := asn1.Unmarshal(cert.Raw, &outer); err != nil {
		return 0, fmt.Errorf("read the certificate's signature algorithm: %w", err)
	}
	algorithm := outer.SignatureAlgorithm.Algorithm.String()
	if algorithm == oidRSAPSS {
		return pssHash(outer.SignatureAlgorithm.Parameters)
	}
	hash, known := signatureHashes[algorithm]
	if !known {
		return 0, fmt.Errorf("the certificate has no tls-server-end-point hash: its signature algorithm is %s",
			algorithmName(cert, algorithm))
	}
	return hash, nil
}

// pssHash reads the hash from the parameters of RSASSA-PSS (RFC 4055, section 3.1). The default is
// SHA-1.
func pssHash(parameters asn1.RawValue) (crypto.Hash, error) {
	var pss struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,optional,tag:0"`
		Mask asn1.RawValue            `asn1:"explicit,optional,tag:1"`
		Salt int                      `asn1:"explicit,optional,tag:2,default:20"`
		Tail int                      `asn1:"explicit,optional,tag:3,default:1"`
	}
	if _, err := asn1.Unmarshal(parameters.FullBytes, &pss); err != nil {
		return 0, fmt.Errorf("read the certificate's RSA-PSS parameters: %w", err)
	}
	if pss.Hash.Algorithm == nil {
		return crypto.SHA256, nil
	}
	hash, known := digestHashes[pss.Hash.Algorithm.String()]
	if !known {
		return 0, fmt.Errorf("the certificate has no tls-server-end-point hash: its RSA-PSS digest is %s", pss.Hash.Algorithm)
	}
	return hash, nil
}

func algorithmName(cert *x509.Certificate, oid string) string {
	if cert.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return oid
	}
	return cert.SignatureAlgorithm.String()
}

const oidRSAPSS = "1.2.840.113549.1.1.10"

// signatureHashes maps signature algorithms (RFC 3279, 4055, 5758) to hashes. MD5 and SHA-1 are
// replaced already.
var signatureHashes = map[string]crypto.Hash{
	"1.2.840.113549.1.1.4":   crypto.SHA256, // md5WithRSAEncryption
	"1.2.840.113549.1.1.5":   crypto.SHA256, // sha1WithRSAEncryption
	"1.3.14.3.2.29":          crypto.SHA256, // an older name of the same
	"1.2.840.113549.1.1.14":  crypto.SHA224, // sha224WithRSAEncryption
	"1.2.840.113549.1.1.11":  crypto.SHA256, // sha256WithRSAEncryption
	"1.2.840.113549.1.1.12":  crypto.SHA384, // sha384WithRSAEncryption
	"1.2.840.113549.1.1.13":  crypto.SHA512, // sha512WithRSAEncryption
	"1.2.840.10040.4.3":      crypto.SHA256, // dsa-with-sha1
	"2.16.840.1.101.3.4.3.1": crypto.SHA224, // dsa-with-sha224
	"2.16.840.1.101.3.4.3.2": crypto.SHA256, // dsa-with-sha256
	"1.2.840.10045.4.1":      crypto.SHA256, // ecdsa-with-SHA1
	"1.2.840.10045.4.3.1":    crypto.SHA224, // ecdsa-with-SHA224
	"1.2.840.10045.4.3.2":    crypto.SHA256, // ecdsa-with-SHA256
	"1.2.840.10045.4.3.3":    crypto.SHA384, // ecdsa-with-SHA384
	"1.2.840.10045.4.3.4":    crypto.SHA512, // ecdsa-with-SHA512
}

// digestHashes maps the digests in RSA-PSS parameters to hashes. MD5 and SHA-1 are replaced
// already.
var digestHashes = map[string]crypto.Hash{
	"1.2.840.113549.2.5":     crypto.SHA256, // md5
	"1.3.14.3.2.26":          crypto.SHA256, // sha1
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}
