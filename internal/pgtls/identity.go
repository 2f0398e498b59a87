package pgtls

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"os"
	"time"
)

// Signature is the kind of key, and so of signature, in a generated certificate.
type Signature string

// The signatures that [Generate] knows.
const (
	RSA   Signature = "rsa"   // RSA, 2048 bits
	ECDSA Signature = "ecdsa" // ECDSA on the curve P-256
)

// Generate makes a key and a self-signed certificate for it: CN=pgpi, valid from a day ago for ten
// years, for the names localhost, 127.0.0.1, ::1 and the given host names or IP addresses.
//
// Both kinds are signed with SHA-256, which clients then use for channel binding too. (Ed25519 is
// not offered: it implies no hash for channel binding, and libpq fails with it.)
func Generate(sig Signature, names ...string) (tls.Certificate, error) {
	key, err := generateKey(sig)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("generate a certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("generate a certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: "pgpi"},
		NotBefore:             now.AddDate(0, 0, -1),
		NotAfter:              now.AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if sig == ECDSA {
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	for _, name := range append([]string{"localhost", "127.0.0.1", "::1"}, names...) {
		if addr, err := netip.ParseAddr(name); err == nil {
			template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("generate a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("generate a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func generateKey(sig Signature) (crypto.Signer, error) {
	switch sig {
	case RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("unknown signature %q: use rsa or ecdsa", sig)
	}
}

// IdentityFiles names the files of a certificate and its private key, both in PEM. They may be the
// same file.
type IdentityFiles struct {
	Cert        string // the certificate, then the intermediate ones of its chain
	Key         string // the key: RSA, ECDSA or Ed25519, in PKCS #1, SEC 1 or PKCS #8, encrypted or not
	Password    string // for an encrypted key
	PasswordEnv string // the environment variable with Password, for errors about it

	// Complain, if not nil, is called with a reason why the peer may not accept the certificate.
	Complain func(error)
}

// LoadIdentity reads a certificate chain, and the private key of its first certificate. An error
// says in one sentence which file is wrong, why, and what to do.
func LoadIdentity(files IdentityFiles) (tls.Certificate, error) {
	switch {
	case files.Cert == "":
		return tls.Certificate{}, fmt.Errorf("private key %s is set without its certificate: set both or neither", files.Key)
	case files.Key == "":
		return tls.Certificate{}, fmt.Errorf("certificate %s is set without its private key: set both or neither", files.Cert)
	}
	chain, err := readCertificates(files.Cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readKey(files)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := checkPair(chain, key, files); err != nil {
		return tls.Certificate{}, err
	}
	if why := weakness(chain[:1]); why != "" && files.Complain != nil {
		files.Complain(fmt.Errorf("certificate %s is weak: %s: %s: use a longer key", files.Cert, why, refusesWeak))
	}
	identity := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, cert := range chain {
		identity.Certificate = append(identity.Certificate, cert.Raw)
	}
	return identity, nil
}

// checkPair checks that the first certificate of the chain belongs to the key.
func checkPair(chain []*x509.Certificate, key crypto.Signer, files IdentityFiles) error {
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return fmt.Errorf("private key %s: TLS cannot use a %T: use RSA, ECDSA or Ed25519", files.Key, key)
	}
	for i, cert := range chain {
		if !public.Equal(cert.PublicKey) {
			continue
		}
		if i > 0 {
			return fmt.Errorf("certificate %s: the certificate of the key %s is number %d in the file: it must come first", files.Cert, files.Key, i+1)
		}
		return nil
	}
	return fmt.Errorf("private key %s does not match the certificate %s: use the key that the certificate was made for", files.Key, files.Cert)
}

// readCertificates reads all certificates of a PEM file, which must have at least one. If Go can't
// parse some of them, it returns the others and an error about the first.
func readCertificates(path string) ([]*x509.Certificate, error) {
	data, err := readFile("certificate", path)
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return certs, fmt.Errorf("read certificate %s: %w", path, err)
	}
	return certs, nil
}

// parseCertificates parses the certificates among the PEM blocks of data. Its results are those of
// readCertificates.
func parseCertificates(data []byte) (certs []*x509.Certificate, unreadable error) {
	var seen, others int
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			others++
			continue
		}
		seen++
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err == nil:
			certs = append(certs, cert)
		case unreadable == nil:
			unreadable = &unreadableError{seen, err}
		}
	}
	switch {
	case seen > 0:
		return certs, unreadable
	case others > 0:
		return nil, errors.New("none of its PEM blocks is a certificate: name the file that has the certificate")
	case isDER(data):
		return nil, errors.New("it is in DER, not in PEM: convert it with openssl x509 -inform DER")
	default:
		return nil, errors.New("it has no PEM block: name a file with a certificate in PEM (-----BEGIN CERTIFICATE-----)")
	}
}

// unreadableError is about a certificate that Go can't parse.
type unreadableError struct {
	number int // in its file
	cause  error
}

func (e *unreadableError) Error() string {
	return fmt.Sprintf("certificate number %d: %v: OpenSSL and libpq may accept it, but Go's TLS cannot: use a certificate that follows RFC 5280", e.number, e.cause)
}

func (e *unreadableError) Unwrap() error { return e.cause }

// isDER reports whether data looks like one ASN.1 SEQUENCE, as certificates and keys in DER do.
func isDER(data []byte) bool {
	return bytes.HasPrefix(data, []byte{0x30, 0x82})
}

// readFile reads a file. The error calls it what.
func readFile(what, path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w: check the path and its permissions", what, path, err)
	}
	return data, nil
}
