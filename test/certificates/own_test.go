package certificates

import (
	"testing"

	"pgpi/test/program"
)

// TestOwnWeakCertificates starts pgpi with certificates of its own that OpenSSL would refuse, and
// checks that it warns about them.
func TestOwnWeakCertificates(t *testing.T) {
	m := newMaker(t)
	weak := m.leaf("weak", by("root").with("RSA 1024"))
	for _, option := range []string{"client-ssl-", "server-ssl"} {
		p := program.Start(t, program.Command{Path: pgpiPath, Args: []string{"--" + option + "cert=" + weak.cert, "--" + option + "key=" + weak.key}})
		p.WaitStderr("pgpi: certificate " + weak.cert + ` is weak: the RSA key of "CN=server" has 1024 bits, fewer than 2048: `)
		p.Stop()
	}
}
