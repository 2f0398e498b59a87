package pgtls

import (
	"crypto/x509"
	"net"
	"testing"
)

func TestMatchHost(t *testing.T) {
	ips := func(texts ...string) []net.IP {
		out := make([]net.IP, 0, len(texts))
		for _, text := range texts {
			ip := net.ParseIP(text)
			if v4 := ip.To4(); v4 != nil {
				ip = v4
			}
			out = append(out, ip)
		}
		return out
	}
	tests := []struct {
		name, cn string
		dns      []string
		ips      []net.IP
		host     string
		want     bool
	}{
		{"CN alone", "db.example", nil, nil, "db.example", true},
		{"CN alone, wildcard", "*.example", nil, nil, "db.example", true},
		{"CN and another dNSName", "db.example", []string{"other.example"}, nil, "db.example", false},
		{"CN and an iPAddress", "db.example", nil, ips("10.0.0.1"), "db.example", true},
		{"no names", "", nil, nil, "db.example", false},
		{"second dNSName", "", []string{"a.example", "db.example"}, nil, "db.example", true},
		{"case", "", []string{"DB.example"}, nil, "db.EXAMPLE", true},
		{"only ASCII folds", "\u212a.example", nil, nil, "k.example", false},
		{"wildcard", "", []string{"*.example.com"}, nil, "db.example.com", true},
		{"wildcard, case", "", []string{"*.EXAMPLE.com"}, nil, "db.example.COM", true},
		{"wildcard and a dot", "", []string{"*.example.com"}, nil, "a.b.example.com", false},
		{"wildcard and nothing", "", []string{"*.example.com"}, nil, ".example.com", false},
		{"wildcard and its parent", "", []string{"*.example.com"}, nil, "example.com", false},
		{"part of a label", "", []string{"d*.example.com"}, nil, "db.example.com", false},
		{"wildcard in the middle", "", []string{"a.*.com"}, nil, "a.b.com", false},
		{"two wildcards", "", []string{"*.*.com"}, nil, "a.b.com", false},
		{"wildcard alone", "", []string{"*"}, nil, "db", false},
		{"wildcard and a dot alone", "", []string{"*."}, nil, "db.", false},
		{"iPAddress", "", nil, ips("10.0.0.1"), "10.0.0.1", true},
		{"another iPAddress", "10.0.0.1", nil, ips("10.0.0.2"), "10.0.0.1", false},
		{"IPv6", "", nil, ips("2001:db8::1"), "2001:DB8:0::1", true},
		{"IPv6 and IPv4", "", nil, ips("10.0.0.1"), "::ffff:10.0.0.1", false},
		{"address in a dNSName", "", []string{"10.0.0.1"}, nil, "10.0.0.1", true},
		{"address in the CN", "10.0.0.1", nil, nil, "10.0.0.1", true},
		{"address in the CN beside a dNSName", "10.0.0.1", []string{"db.example"}, nil, "10.0.0.1", true},
		{"address in a dNSName beside an iPAddress", "", []string{"10.0.0.1"}, ips("10.0.0.2"), "10.0.0.1", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cert := issue(t, nil, func(c *x509.Certificate) {
				c.Subject.CommonName, c.DNSNames, c.IPAddresses = test.cn, test.dns, test.ips
			})
			names, got := matchHost(cert.Leaf, test.host)
			if got != test.want {
				t.Errorf("%s: %v, want %v (names %q)", test.host, got, test.want, names)
			}
		})
	}
}

// TestWrongHost: a name that a certificate has twice is counted twice, as libpq does, and named
// once.
func TestWrongHost(t *testing.T) {
	err := wrongHost([]string{"db.example", "*.example", "db.example"}, "a.b", "root.pem")
	want := `server certificate for "db.example" (and 2 other names) does not match host name "a.b"`
	if err.Reason != want {
		t.Errorf("reason: %s, want %s", err.Reason, want)
	}
	if want := "connect by a name of the certificate (db.example, *.example), or use --server-sslmode verify-ca"; err.Remedy != want {
		t.Errorf("remedy: %s, want %s", err.Remedy, want)
	}
}
