package proxy_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"
)

// credentials are certificates that are valid in the bubbles of synctest, whose clock starts in the
// year 2000.
type credentials struct {
	server  tls.Certificate // for db.test, signed by testdata/authority.pem
	pgpi    tls.Certificate // what pgpi presents to clients
	edwards tls.Certificate // the same with an Ed25519 key
}

var certificates = sync.OnceValue(func() credentials {
	curve := func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	authority := must(tls.LoadX509KeyPair("testdata/authority.pem", "testdata/authority.pem"))
	return credentials{
		server:  certificate("db.test", curve(), &authority),
		pgpi:    certificate("pgpi.test", curve(), nil),
		edwards: certificate("pgpi.test", edwards, nil),
	}
})

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// certificate makes a certificate for a name, signed by an issuer or by itself.
func certificate(name string, key crypto.Signer, issuer *tls.Certificate) tls.Certificate {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	parent, signer := template, crypto.PrivateKey(key)
	if issuer == nil {
		template.IsCA = true
		template.KeyUsage |= x509.KeyUsageCertSign
	} else {
		parent, signer = issuer.Leaf, issuer.PrivateKey
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: must(x509.ParseCertificate(der))}
}
