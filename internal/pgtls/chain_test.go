package pgtls

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	mathrand "math/rand/v2"
	"testing"
	"time"
)

// TestSignaturesMakeNoDifference builds random hierarchies twice: with signatures that crypto/x509
// checks, and with signatures that only pgpi does. The same ones must be refused, however many
// reasons there are.
func TestSignaturesMakeNoDifference(t *testing.T) {
	keys := make([]*rsa.PrivateKey, 5)
	for i := range keys {
		var err error
		if keys[i], err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
			t.Fatal(err)
		}
	}
	accepted := map[bool]int{}
	const hierarchies = 400
	now := time.Now()
	for seed := range uint64(hierarchies) {
		usual, odd := newHierarchy(t, seed, now, keys, 32), newHierarchy(t, seed, now, keys, 90)
		want, got := usual.verify(), odd.verify()
		if want != got {
			t.Fatalf("hierarchy %d: %q, but with an odd salt: %q", seed, want, got)
		}
		accepted[got == ""]++
	}
	if accepted[true] < hierarchies/10 || accepted[false] < hierarchies/10 {
		t.Errorf("of the hierarchies %d are accepted and %d refused: that tests only one of both", accepted[true], accepted[false])
	}
}

// hierarchy is certificates as a server sends them and a user trusts them.
type hierarchy struct {
	sent  []*x509.Certificate
	roots *rootSet
}

// newHierarchy makes one. Names and keys are few, so that certificates are taken for each other.
func newHierarchy(t *testing.T, seed uint64, now time.Time, keys []*rsa.PrivateKey, salt int) hierarchy {
	t.Helper()
	random := mathrand.New(mathrand.NewPCG(seed, 0))
	rarely := func() bool { return random.IntN(8) == 0 }
	type made struct {
		*x509.Certificate
		key *rsa.PrivateKey
	}
	var all []made
	for i := range 2 + random.IntN(4) {
		key := keys[random.IntN(len(keys))]
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: string(rune('a' + random.IntN(5)))},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
			BasicConstraintsValid: !rarely(), IsCA: !rarely(), MaxPathLen: -1, KeyUsage: x509.KeyUsageCertSign,
			SignatureAlgorithm: x509.SHA256WithRSAPSS,
		}
		if !template.BasicConstraintsValid {
			template.IsCA = false
		}
		if rarely() {
			template.KeyUsage = x509.KeyUsageDigitalSignature
		}
		if rarely() && template.IsCA {
			template.MaxPathLen, template.MaxPathLenZero = 0, true
		}
		if rarely() {
			template.NotAfter = now.Add(-time.Minute)
		}
		if rarely() {
			template.PermittedDNSDomains = []string{"elsewhere"}
		}
		if rarely() {
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}
		parent := made{template, key}
		if i > 0 && random.IntN(4) > 0 {
			parent = all[random.IntN(len(all))]
		}
		if rarely() { // a forger, who has the name and not the key
			parent.key = keys[random.IntN(len(keys))]
		}
		all = append(all, made{sign(t, template, parent.Certificate, key, parent.key, salt), key})
	}
	issuer := all[len(all)-1]
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(100), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"db.example"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), SignatureAlgorithm: x509.SHA256WithRSAPSS,
	}
	h := hierarchy{
		sent:  []*x509.Certificate{sign(t, leaf, issuer.Certificate, keys[0], issuer.key, salt)},
		roots: &rootSet{path: "roots", pool: x509.NewCertPool()},
	}
	for _, cert := range all {
		switch {
		case isSelfIssued(cert.Certificate) && !rarely():
			h.roots.pool.AddCert(cert.Certificate)
			h.roots.roots = append(h.roots.roots, cert.Certificate)
		case !rarely():
			h.sent = append(h.sent, cert.Certificate)
		}
	}
	random.Shuffle(len(h.sent)-1, func(i, j int) { h.sent[i+1], h.sent[j+1] = h.sent[j+1], h.sent[i+1] })
	return h
}

// verify returns why the server is refused, or "".
func (h hierarchy) verify() string {
	policy := &ServerPolicy{mode: VerifyCA, roots: h.roots}
	if err := policy.verify(h.sent, ""); err != nil {
		return err.Error()
	}
	return ""
}

// sign makes a certificate with RSA-PSS, SHA-256 and a salt of any length.
func sign(t *testing.T, template, parent *x509.Certificate, key, signer *rsa.PrivateKey, salt int) *x509.Certificate {
	t.Helper()
	issuer := *parent
	issuer.PublicKey = signer.Public() // CreateCertificate looks whether it is the signer's
	der, err := x509.CreateCertificate(rand.Reader, template, &issuer, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	var cert struct {
		TBS       tbsCertificate
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &cert); err != nil {
		t.Fatal(err)
	}
	length, err := asn1.MarshalWithParams(salt, "explicit,tag:2")
	if err != nil {
		t.Fatal(err)
	}
	usual := []byte{0xa2, 3, 2, 1, 32}
	var parameters asn1.RawValue
	if _, err := asn1.Unmarshal(cert.Algorithm.Parameters.FullBytes, &parameters); err != nil {
		t.Fatal(err)
	}
	parameters.Bytes, parameters.FullBytes = bytes.Replace(parameters.Bytes, usual, length, 1), nil
	cert.Algorithm.Parameters = parameters
	cert.TBS.Raw, cert.TBS.Algorithm = nil, cert.Algorithm
	tbs, err := asn1.Marshal(cert.TBS)
	if err != nil {
		t.Fatal(err)
	}
	cert.TBS.Raw = tbs
	digest := sha256.Sum256(tbs)
	if cert.Signature.Bytes, err = rsa.SignPSS(rand.Reader, signer, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: salt}); err != nil {
		t.Fatal(err)
	}
	if der, err = asn1.Marshal(cert); err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// tbsCertificate is what is signed of a certificate: RFC 5280, section 4.1.
type tbsCertificate struct {
	Raw                                  asn1.RawContent
	Version                              int `asn1:"optional,explicit,default:0,tag:0"`
	Serial                               *big.Int
	Algorithm                            pkix.AlgorithmIdentifier
	Issuer, Validity, Subject, PublicKey asn1.RawValue
	Extensions                           []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
}
