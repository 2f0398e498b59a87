package pgtls

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestKeyLog writes from many connections through two openings of one file, as the two legs may.
func TestKeyLog(t *testing.T) {
	path := writeFile(t, t.TempDir(), "keys", []byte("# earlier\n"))
	warn := func(err error) { t.Error(err) }
	const writers, lines = 8, 50
	var wg sync.WaitGroup
	for range 2 {
		log, err := OpenKeyLog(path, warn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = log.Close() }()
		for w := range writers {
			wg.Go(func() {
				for range lines {
					_, _ = fmt.Fprintf(log, "%s\n", strings.Repeat(strconv.Itoa(w), 300))
				}
			})
		}
	}
	wg.Wait()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := strings.CutPrefix(string(content), "# earlier\n")
	if !ok {
		t.Error("what the file held is gone")
	}
	count := 0
	for line := range strings.Lines(rest) {
		count++
		if line != strings.Repeat(line[:1], 300)+"\n" {
			t.Fatalf("broken line %q", line)
		}
	}
	if count != 2*writers*lines {
		t.Errorf("%d lines, want %d", count, 2*writers*lines)
	}
}

func TestKeyLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	log, err := OpenKeyLog(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	policy, err := NewServerPolicy(ServerOptions{KeyLog: log})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := Generate(ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	if client, _ := handshake(t, policy.Config("localhost", false, nil), serving(identity)); client.err != nil {
		t.Fatal(client.err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	secret := regexp.MustCompile(`^(CLIENT|SERVER)_(HANDSHAKE_)?TRAFFIC_SECRET(_0)? [0-9a-f]{64} [0-9a-f]{64,96}\n$`)
	for line := range strings.Lines(string(content)) {
		if !secret.MatchString(line) {
			t.Errorf("line %q", line)
		}
	}
	if !strings.Contains(string(content), "SERVER_TRAFFIC_SECRET_0 ") {
		t.Errorf("no traffic secret in %q", content)
	}
	if _, err := OpenKeyLog(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "open key log: ") {
		t.Errorf("a directory: %v", err)
	}
}

// TestKeyLogFailure checks that a key log that can't be written is reported once and breaks no
// connection.
func TestKeyLogFailure(t *testing.T) {
	var warnings []string
	log, err := OpenKeyLog(filepath.Join(t.TempDir(), "keys"), func(err error) { warnings = append(warnings, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil { // the surest way to let writes fail
		t.Fatal(err)
	}
	policy, err := NewServerPolicy(ServerOptions{KeyLog: log})
	if err != nil {
		t.Fatal(err)
	}
	server := serving(issue(t, nil, func(*x509.Certificate) {}))
	if client, _ := handshake(t, policy.Config("localhost", false, nil), server); client.err != nil {
		t.Errorf("%s: %v", tls.VersionName(client.state.Version), client.err)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "write key log: ") {
		t.Errorf("warnings %q", warnings)
	}
}
