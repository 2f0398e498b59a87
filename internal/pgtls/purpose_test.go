package pgtls

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"strings"
	"testing"
)

// TestRulesOfOpenSSL holds those that crypto/x509 does not have, or has otherwise. What OpenSSL
// itself makes of such certificates is in test/e2e.
func TestRulesOfOpenSSL(t *testing.T) {
	root := newAuthority(t, "root", nil)
	middle := func(edit func(*x509.Certificate)) *authority {
		return newAuthorityLike(t, "middle", root, edit)
	}
	named := func(c *x509.Certificate) { c.DNSNames = []string{"db.example"} }
	unnamed := func(c *x509.Certificate) { c.Subject.CommonName = "db.example" }
	usage := func(usages ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { named(c); c.ExtKeyUsage = usages }
	}
	keyUsage := func(bits x509.KeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { named(c); c.KeyUsage = bits }
	}
	extension := func(oid asn1.ObjectIdentifier, value ...byte) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			named(c)
			c.ExtraExtensions = []pkix.Extension{{Id: oid, Value: value}}
		}
	}
	authorityKey, netscape := asn1.ObjectIdentifier{2, 5, 29, 35}, asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}

	const purpose = "unsuitable certificate purpose: "
	tests := []struct {
		name   string
		leaf   func(*x509.Certificate)
		issuer *authority // nil for the root
		want   string     // after "certificate verify failed: ", "" for none
	}{
		{"no usages", named, nil, ""},
		{"signs certificates", keyUsage(x509.KeyUsageCertSign | x509.KeyUsageCRLSign), nil, purpose + `"CN=a test" is not for TLS servers: its key usage is Certificate Sign, CRL Sign: give the server a certificate that is for TLS servers`},
		{"encrypts data", keyUsage(x509.KeyUsageDataEncipherment), nil, purpose},
		{"signs", keyUsage(x509.KeyUsageDigitalSignature), nil, ""},
		{"encrypts keys", keyUsage(x509.KeyUsageKeyEncipherment), nil, ""},
		{"agrees on keys", keyUsage(x509.KeyUsageKeyAgreement), nil, ""},
		{"for servers", usage(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth), nil, ""},
		{"for clients", usage(x509.ExtKeyUsageClientAuth), nil, purpose + `"CN=a test" is not for TLS servers: its extended key usage is TLS Web Client Authentication`},
		{"for anything", usage(x509.ExtKeyUsageAny), nil, purpose},
		{"gated", usage(x509.ExtKeyUsageNetscapeServerGatedCrypto), nil, ""},
		{"Netscape server", extension(netscape, 3, 2, 6, 0x40), nil, ""},
		{"Netscape client", extension(netscape, 3, 2, 7, 0x80), nil, purpose},
		{"issuer for clients", named, middle(usage(x509.ExtKeyUsageClientAuth)), purpose + `"CN=middle"`},
		{"issuer for anything", named, middle(usage(x509.ExtKeyUsageAny)), purpose + `"CN=middle"`},
		{"another key identifier", extension(authorityKey, 0x30, 3, 0x80, 1, 7), nil, `unable to get local issuer certificate: the authority key identifier of "CN=a test" is not that of its issuer "CN=root"`},
		{"another serial number", extension(authorityKey, 0x30, 3, 0x82, 1, 7), nil, "unable to get local issuer certificate: the authority key identifier"},
		{"an issuer that may not be one", named, middle(func(c *x509.Certificate) { c.IsCA = false }), `invalid CA certificate: "CN=middle" may not sign certificates`},
		{"an issuer that may not sign", named, middle(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), `invalid CA certificate: "CN=middle" may not sign certificates`},
		{"name permitted", named, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example"} }), ""},
		{"name not permitted", named, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"elsewhere"} }), `permitted subtree violation: DNS name "db.example"`},
		{"CN permitted", unnamed, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example"} }), ""},
		{"CN not permitted", unnamed, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"elsewhere"} }), `permitted subtree violation: DNS name "db.example"`},
		{"CN excluded", unnamed, middle(func(c *x509.Certificate) { c.ExcludedDNSDomains = []string{"db.example"} }), `excluded subtree violation: DNS name "db.example"`},
		{"CN beside an address not permitted", func(c *x509.Certificate) { unnamed(c); c.IPAddresses = []net.IP{{10, 0, 0, 1}} }, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"elsewhere"} }), "permitted subtree violation"},
		{"CN that is not a DNS name", func(c *x509.Certificate) { c.Subject.CommonName = "db" }, middle(func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"elsewhere"} }), ""},
		{"policy required", named, middle(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Value: []byte{0x30, 3, 0x80, 1, 0}}}
		}), ""},
		{"unknown critical extension", func(c *x509.Certificate) {
			named(c)
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		}, nil, `unhandled critical extension: Go's TLS does not know all of 1.2.3.4 in "CN=a test"`},
	}
	policy, err := NewServerPolicy(ServerOptions{SSLMode: "verify-ca", RootCert: writeFile(t, t.TempDir(), "root.pem", root.pem())})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			issuer, sent := root, []*x509.Certificate(nil)
			if test.issuer != nil {
				issuer, sent = test.issuer, []*x509.Certificate{test.issuer.cert}
			}
			err := policy.verify(append([]*x509.Certificate{issue(t, issuer, test.leaf).Leaf}, sent...), "db.example")
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "certificate verify failed: "+test.want)):
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// newAuthorityLike makes an authority that differs from a good one.
func newAuthorityLike(t *testing.T, name string, parent *authority, edit func(*x509.Certificate)) *authority {
	t.Helper()
	good := newAuthority(t, name, parent)
	identity := issue(t, parent, func(c *x509.Certificate) {
		c.Subject.CommonName, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = name, true, true, x509.KeyUsageCertSign
		edit(c)
		c.DNSNames = nil
	})
	good.cert, good.key = identity.Leaf, identity.PrivateKey.(*ecdsa.PrivateKey)
	return good
}
