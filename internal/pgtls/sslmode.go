package pgtls

import (
	"fmt"
	"slices"
)

// SSLMode is libpq's sslmode: how much TLS the server leg must have. The modes are in order of
// strength.
type SSLMode int

// The modes: PostgreSQL documentation, "SSL Support" of libpq, table "SSL Mode Descriptions".
const (
	Disable    SSLMode = iota // never TLS
	Allow                     // first without TLS, then with it
	Prefer                    // first with TLS, then without
	Require                   // only with TLS
	VerifyCA                  // and the certificate must come from a trusted root
	VerifyFull                // and it must be for the host name
)

var modeNames = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// String returns libpq's name for the mode.
func (m SSLMode) String() string {
	if m < Disable || m > VerifyFull {
		return fmt.Sprintf("SSLMode(%d)", int(m))
	}
	return modeNames[m]
}

// parseMode parses the value of --server-sslmode. As in libpq, the default is prefer. If the
// system's roots are trusted, the default is verify-full and nothing weaker is allowed, because
// anybody can get a certificate from them.
func parseMode(name, rootCert string) (SSLMode, error) {
	system := rootCert == systemRoots
	if name == "" {
		if system {
			return VerifyFull, nil
		}
		return Prefer, nil
	}
	i := slices.Index(modeNames, name)
	if i < 0 {
		return 0, optionError("unknown sslmode %q: use disable, allow, prefer, require, verify-ca or verify-full", name)
	}
	if mode := SSLMode(i); system && mode < VerifyFull {
		return 0, optionError("weak sslmode %q may not be used with sslrootcert=system: use --server-sslmode verify-full, or leave it out", name)
	}
	return SSLMode(i), nil
}
