package pgtls

import (
	"crypto/tls"
	"strings"
	"testing"
)

// TestCipherNames compares the names with those of openssl, which lists lines of
// "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 - ECDHE-RSA-AES256-GCM-SHA384 TLSv1.2 …".
func TestCipherNames(t *testing.T) {
	names := map[string]string{}
	for line := range strings.Lines(openSSL(t, t.TempDir(), "ciphers", "-stdname", "ALL:@SECLEVEL=0")) {
		if fields := strings.Fields(line); len(fields) > 2 {
			names[fields[0]] = fields[2]
		}
	}
	ids := append(cipherSuites(), tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384, tls.TLS_CHACHA20_POLY1305_SHA256)
	for _, id := range ids {
		if want := names[tls.CipherSuiteName(id)]; cipherName(id) != want || want == "" {
			t.Errorf("%s: %q, want %q", tls.CipherSuiteName(id), cipherName(id), want)
		}
	}
	for _, suite := range tls.CipherSuites() {
		if name := cipherName(suite.ID); names[suite.Name] != name {
			t.Errorf("%s, which Go enables by default, is called %q", suite.Name, name)
		}
	}
}

func TestDescribe(t *testing.T) {
	for want, state := range map[string]tls.ConnectionState{
		"TLSv1.3/TLS_AES_256_GCM_SHA384":      {Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_256_GCM_SHA384},
		"TLSv1.2/ECDHE-RSA-AES256-GCM-SHA384": {Version: tls.VersionTLS12, CipherSuite: tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		"0x0305/0x1399":                       {Version: 0x305, CipherSuite: 0x1399},
	} {
		if got := Describe(state); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
