package servers_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// Debian's psql with libpq 18 can do what its own libpq can't: direct TLS.
func TestPsqlWithLibPQ18(t *testing.T) {
	psql, libpq, bin := servers.Program(t, "psql"), servers.LibPQ18(t), servers.Require(t, 18)
	server, err := localpg.Start(t.Context(), localpg.Config{Bin: bin, Auth: localpg.SCRAM, TLS: &localpg.TLS{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, negotiation := range []string{"postgres", "direct"} {
		cmd := exec.Command(psql, "-X", "-At", server.URL()+"&sslnegotiation="+negotiation+"&channel_binding=require",
			"-c", "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libpq)
		output, err := cmd.CombinedOutput()
		if err != nil || strings.TrimSpace(string(output)) != "t" {
			t.Errorf("sslnegotiation=%s: %v: %s", negotiation, err, output)
		}
	}
}

// Every version that test/install provides is found, and is what it claims to be.
func TestVersions(t *testing.T) {
	for _, version := range servers.Versions {
		output, err := exec.Command(servers.Require(t, version)+"/postgres", "--version").Output()
		if err != nil {
			t.Errorf("PostgreSQL %d: %v", version, err)
			continue
		}
		if want := fmt.Sprintf("(PostgreSQL) %d.", version); !strings.Contains(string(output), want) {
			t.Errorf("PostgreSQL %d says %q, without %q", version, output, want)
		}
	}
}
