package pgtls

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// search finds chains from a server's certificate to a root. It uses crypto/x509, which has
// OpenSSL's rules for dates, constraints and issuers, on copies that are edited where OpenSSL's
// other rules differ.
type search struct {
	leaf   *x509.Certificate
	middle []*x509.Certificate // sent by the server, or from the file of roots
	roots  *rootSet
}

func newSearch(sent []*x509.Certificate, roots *rootSet) *search {
	s := &search{leaf: withoutPolicies(sent[0]), roots: roots}
	nameByCommonName(s.leaf)
	for _, cert := range slices.Concat(sent[1:], roots.others) {
		s.middle = append(s.middle, withoutPolicies(cert))
	}
	return s
}

// chains returns all chains. It does not check what the certificates are for: see unsuitable.
func (s *search) chains(now time.Time) ([][]*x509.Certificate, error) {
	options := x509.VerifyOptions{
		Roots: s.roots.pool, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	middle, roots, err := s.standIns()
	if err != nil {
		return nil, err
	}
	for _, cert := range slices.Concat(s.middle, middle) {
		options.Intermediates.AddCert(cert)
	}
	if len(roots) > 0 {
		options.Roots = options.Roots.Clone()
	}
	for _, cert := range roots {
		options.Roots.AddCert(cert)
	}
	return s.leaf.Verify(options)
}

// withoutPolicies returns a copy without policy rules. OpenSSL checks those only on request, and
// libpq does not request it.
func withoutPolicies(cert *x509.Certificate) *x509.Certificate {
	edited := *cert
	edited.Policies = nil
	edited.RequireExplicitPolicy, edited.RequireExplicitPolicyZero = 0, false
	return &edited
}

// dnsName matches what OpenSSL takes for a DNS name in a CN (cn2dnsid in crypto/x509/v3_ncons.c):
// two labels or more.
var dnsName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)+$`)

// nameByCommonName turns the CNs of a certificate without DNS names into DNS names, because libpq
// takes them for the server's names. So constraints on names apply to them too, as in OpenSSL.
func nameByCommonName(cert *x509.Certificate) {
	if len(cert.DNSNames) > 0 {
		return
	}
	for _, attribute := range cert.Subject.Names {
		name, ok := attribute.Value.(string)
		if ok && attribute.Type.String() == commonNameOID && dnsName.MatchString(name) {
			cert.DNSNames = append(cert.DNSNames, name)
		}
	}
	if cert.DNSNames != nil { // crypto/x509 ignores them without the extension
		alternativeNames := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}}
		cert.Extensions = append(slices.Clone(cert.Extensions), alternativeNames)
	}
}

// maxSignatureChecks bounds the work that a server can demand. It is as large as the limit in
// crypto/x509.
const maxSignatureChecks = 100

// standIns checks the signatures that crypto/x509 can't check, and shows it which are right. A
// certificate with a right signature is signed again, by a key made for it alone. Each issuer that
// had really signed it gets a stand-in that is identical except for that key. So crypto/x509 finds
// the link where it is genuine and nowhere else, and applies all its other rules.
func (s *search) standIns() (middle, roots []*x509.Certificate, err error) {
	type link struct {
		issuer *x509.Certificate
		isRoot bool
		key    ed25519.PublicKey
	}
	var links []link
	checks, issuers := 0, slices.Concat(s.middle, s.roots.roots)
	for _, cert := range append([]*x509.Certificate{s.leaf}, s.middle...) {
		before := len(links)
		for i, issuer := range issuers {
			if !bytes.Equal(cert.RawIssuer, issuer.RawSubject) || !isUnknown(cert, issuer) {
				continue
			}
			if checks++; checks <= maxSignatureChecks && checkSignature(cert, issuer) == nil {
				links = append(links, link{issuer: issuer, isRoot: i >= len(s.middle)})
			}
		}
		if before == len(links) {
			continue
		}
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			return nil, nil, fmt.Errorf("check a signature: %w", err)
		}
		cert.SignatureAlgorithm, cert.Signature = x509.PureEd25519, ed25519.Sign(private, cert.RawTBSCertificate)
		for i := range links[before:] {
			links[before+i].key = public
		}
	}
	for _, l := range links { // after all certificates that are signed again
		standIn := *l.issuer
		standIn.PublicKey, standIn.PublicKeyAlgorithm = l.key, x509.Ed25519
		standIn.Raw = slices.Concat(l.issuer.Raw, l.key) // a pool ignores duplicates
		if l.isRoot {
			roots = append(roots, &standIn)
		} else {
			middle = append(middle, &standIn)
		}
	}
	return middle, roots, nil
}
