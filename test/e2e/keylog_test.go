package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// keyLine is a line of a key log as Wireshark reads it.
var keyLine = regexp.MustCompile(`^([A-Z_0-9]+) ([0-9a-f]{64}) [0-9a-f]{64,96}$`)

// readKeys checks a key log and returns its lines, and how many connections have each label.
func readKeys(t *testing.T, path string) (lines []string, connections map[string]int) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v: others can read it", path, info.Mode())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	connections = map[string]int{}
	for line := range strings.Lines(string(content)) {
		m := keyLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil || !strings.HasSuffix(line, "\n") {
			t.Errorf("%s has the line %q", path, line)
			continue
		}
		lines = append(lines, m[0])
		connections[m[1]]++
	}
	return lines, connections
}

// Many connections append to the key logs of both legs at once.
func TestKeyLogs(t *testing.T) {
	dir := t.TempDir()
	client, server := filepath.Join(dir, "client"), filepath.Join(dir, "server")
	p := start(t, append(to(startCluster(t, server18)), "--server-sslmode=require", "--log-forwarded=none",
		"--client-sslkeylogfile="+client, "--server-sslkeylogfile="+server)...)
	const n = 20
	var done sync.WaitGroup
	for range n {
		done.Go(func() {
			if _, err := query(t, pgx, through(p, "trust", "sslmode", "require"), "select 1"); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	p.stop(t)
	for _, path := range []string{client, server} {
		_, connections := readKeys(t, path)
		for _, label := range []string{"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"} {
			if connections[label] != n {
				t.Errorf("%s has %d lines %s instead of %d", path, connections[label], label, n)
			}
		}
	}
}

// The client's own key log has the same keys.
func TestKeyLogIsTheClients(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours"), filepath.Join(dir, "theirs")
	p := start(t, append(to(startCluster(t, server18)), "--client-sslkeylogfile="+ours)...)
	if _, err := query(t, psql18, through(p, "trust", "sslmode", "require", "sslkeylogfile", theirs), "select 1"); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	ourLines, _ := readKeys(t, ours)
	theirLines, connections := readKeys(t, theirs)
	if connections["CLIENT_TRAFFIC_SECRET_0"] != 1 {
		t.Fatalf("the client's own key log has %v", theirLines)
	}
	for _, line := range ourLines {
		if !slices.Contains(theirLines, line) {
			t.Errorf("the client does not know %q; it has:\n%s", line, strings.Join(theirLines, "\n"))
		}
	}
}

// TLS 1.2 has keys of another kind.
func TestKeyLogsOfTLS12(t *testing.T) {
	s, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, 18), TLS: &localpg.TLS{}, Settings: map[string]string{"ssl_max_protocol_version": "TLSv1.2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	client, server := filepath.Join(dir, "client"), filepath.Join(dir, "server")
	p := start(t, append(to(s), "--server-sslmode=require", "--client-sslkeylogfile="+client, "--server-sslkeylogfile="+server)...)
	if _, err := query(t, psql15, through(p, "postgres", "sslmode", "require", "ssl_max_protocol_version", "TLSv1.2"), "select 1"); err != nil {
		t.Error(err)
	}
	log := p.log.ended(t, "#1")
	for _, party := range []string{"client", "server"} {
		log.mustHave(t, "connection established with "+party)
	}
	if n := log.count("TLSv1.2/"); n != 2 {
		t.Errorf("%d legs instead of 2 have TLS 1.2:\n%s", n, log)
	}
	for _, path := range []string{client, server} {
		if lines, connections := readKeys(t, path); connections["CLIENT_RANDOM"] != 1 || len(lines) != 1 {
			t.Errorf("%s has %v", path, lines)
		}
	}
}
