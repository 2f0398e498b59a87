package main

import (
	"testing"

	"pgpi/internal/launch"
	"pgpi/internal/pgtls"
)

// TestCarrySecurity: an option replaces what the command was given, and nothing else becomes
// weaker.
func TestCarrySecurity(t *testing.T) {
	for _, c := range []struct {
		name               string
		given              launch.ServerLeg
		mode, root, direct string // the options
		wantMode, wantRoot string
	}{
		{"all of it", launch.ServerLeg{SSLMode: "verify-full", RootCert: "a"}, "", "", "", "verify-full", "a"},
		{"the system's root", launch.ServerLeg{SSLMode: "verify-full", RootCert: "system"}, "", "", "", "", "system"},
		{"nothing", launch.ServerLeg{SSLMode: "prefer"}, "", "", "", "", ""},
		{"nothing, and direct TLS", launch.ServerLeg{SSLMode: "prefer"}, "", "", "direct", "", ""},
		{"nothing, and a root", launch.ServerLeg{SSLMode: "prefer"}, "", "system", "", "", "system"},
		{"another root", launch.ServerLeg{SSLMode: "verify-full", RootCert: "a"}, "", "b", "", "verify-full", "b"},
		{"the system's root instead", launch.ServerLeg{SSLMode: "require", RootCert: "a"}, "", "system", "", "", "system"},
		{"another mode that verifies", launch.ServerLeg{SSLMode: "verify-full", RootCert: "a"}, "verify-ca", "", "", "verify-ca", "a"},
		{"a mode that verifies nothing", launch.ServerLeg{SSLMode: "verify-full", RootCert: "a"}, "require", "", "", "require", ""},
		{"a mode that verifies with a root", launch.ServerLeg{SSLMode: "verify-full", RootCert: "a"}, "require", "b", "", "require", "b"},
	} {
		o := new(proxyOptions)
		o.Server.ServerSslmode, o.Server.ServerSslrootcert, o.Server.ServerSslnegotiation = c.mode, c.root, c.direct
		carrySecurity(o, c.given)
		if o.Server.ServerSslmode != c.wantMode || o.Server.ServerSslrootcert != c.wantRoot {
			t.Errorf("%s: mode %q, root %q; want %q, %q", c.name, o.Server.ServerSslmode, o.Server.ServerSslrootcert, c.wantMode, c.wantRoot)
		}
		if c.wantRoot == "" {
			if _, err := pgtls.NewServerPolicy(pgtls.ServerOptions{SSLMode: c.wantMode, Direct: c.direct != ""}); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}
