package pgtls

import (
	"bytes"
	"crypto/x509"
	"net/netip"
	"strings"
)

// matchHost reports whether a certificate is for host, a name or an IP address. It follows
// pgtls_verify_peer_name_matches_certificate_guts in libpq's fe-secure-openssl.c. If it is not, the
// names are those that were compared.
//
// The subject's CN counts only if no alternative name is of the same kind as host: dNSName for
// names, iPAddress for addresses. An address also matches a dNSName that spells it, which RFC 6125
// forbids and libpq allows.
func matchHost(cert *x509.Certificate, host string) ([]string, bool) {
	var names []string
	hostAddr, err := netip.ParseAddr(host)
	isAddr := err == nil && hostAddr.Zone() == ""

	for _, name := range cert.DNSNames {
		if matchName(name, host) {
			return nil, true
		}
		names = append(names, name)
	}
	for _, ip := range cert.IPAddresses {
		if isAddr && bytes.Equal(ip, hostAddr.AsSlice()) {
			return nil, true
		}
		names = append(names, ip.String())
	}
	sameKind := len(cert.DNSNames)
	if isAddr {
		sameKind = len(cert.IPAddresses)
	}
	if name, ok := commonName(cert); ok && sameKind == 0 {
		if matchName(name, host) {
			return nil, true
		}
		names = append(names, name)
	}
	return names, false
}

// matchName reports whether host matches a name in a certificate, ignoring the case of ASCII
// letters. A leading "*." matches one label of host.
func matchName(name, host string) bool {
	name, host = lowerASCII(name), lowerASCII(host)
	if name == host {
		return true
	}
	suffix, ok := strings.CutPrefix(name, "*")
	if !ok || len(suffix) < 2 || suffix[0] != '.' {
		return false
	}
	label, ok := strings.CutSuffix(host, suffix)
	return ok && label != "" && !strings.Contains(label, ".")
}

// lowerASCII leaves other letters alone: folding them would make different names equal.
func lowerASCII(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

const commonNameOID = "2.5.4.3"

// commonName returns the first CN of the subject, as libpq does. (pkix.Name has the last.)
func commonName(cert *x509.Certificate) (string, bool) {
	for _, attribute := range cert.Subject.Names {
		if attribute.Type.String() == commonNameOID {
			name, ok := attribute.Value.(string)
			return name, ok
		}
	}
	return "", false
}
