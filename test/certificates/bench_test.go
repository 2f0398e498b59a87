package certificates

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/test/servers"
)

// bench is what all connections of the table share.
type bench struct {
	servers []*running
	config  string // OPENSSL_CONF
	wrapper string // a script that runs pgpi where the table's host names resolve
	libpq   string // LD_LIBRARY_PATH of the newest libpq
	home    string
}

// running is a server that listens on 127.0.0.1.
type running struct {
	server
	port  int
	roots string // a file
	crl   string // a file, or ""
}

// opensslConfig sets the security level. The default depends on who built OpenSSL.
const opensslConfig = `openssl_conf=init
[init]
ssl_conf=ssl
[ssl]
system_default=default
[default]
CipherString=DEFAULT:@SECLEVEL=2
MinProtocol=TLSv1.2
`

func newBench(t *testing.T) *bench {
	t.Helper()
	m := newMaker(t)
	b := &bench{config: m.write("openssl.cnf", []byte(opensslConfig)), libpq: newestLibPQ(t, m), home: m.dir}
	hosts := "127.0.0.1 localhost"
	var settings []map[string]string
	for _, section := range sections {
		for _, s := range section.servers {
			r, setting := prepare(m, s)
			hosts += " " + r.host
			b.servers, settings = append(b.servers, r), append(settings, setting)
		}
	}
	for i, port := range listen(t, m, settings) {
		b.servers[i].port = port
	}
	b.wrapper = wrap(t, m, hosts)
	return b
}

// prepare makes the certificates of a server, and its settings for testdata/servers.py.
func prepare(m *maker, s server) (*running, map[string]string) {
	m.t.Helper()
	r := &running{server: s}
	if r.host == "" {
		r.host = "db.example"
	}
	setting := map[string]string{}
	maps.Copy(setting, s.speaks)
	own := ""
	if _, scripted := s.speaks["reply"]; !scripted {
		files := m.own(s)
		own = files.cert
		sent := []string{own}
		for _, name := range s.sends {
			sent = append(sent, m.authority(name).cert)
		}
		setting["chain"], setting["key"] = m.bundle("chain of "+s.name, sent), files.key
	}
	if name, ok := setting["client_ca"]; ok {
		setting["client_ca"] = m.authority(name).cert
	}
	if group, ok := setting["dh"]; ok {
		setting["dh"] = m.path(group)
		m.openSSL("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:"+group, "-out", setting["dh"])
	}
	r.roots = m.trusted(s, own)
	if s.revoked {
		r.crl = m.revocations(own)
	}
	return r, setting
}

// own returns the certificate that a server presents as its own, which may be an authority's.
func (m *maker) own(s server) pair {
	m.t.Helper()
	if name, ok := strings.CutPrefix(s.cert.issuer, itself+" "); ok {
		return m.authority(name)
	}
	return m.leaf(s.name, s.cert)
}

// trusted returns the file of the root certificates that a server's clients trust.
func (m *maker) trusted(s server, own string) string {
	m.t.Helper()
	names := s.roots
	if names == nil {
		names = []string{"root"}
	}
	var paths []string
	for _, name := range names {
		if name == itself {
			paths = append(paths, own)
		} else {
			paths = append(paths, m.authority(name).cert)
		}
	}
	return m.bundle("roots of "+s.name, paths)
}

// listen starts all servers until the test ends, and returns their ports.
func listen(t *testing.T, m *maker, settings []map[string]string) (ports []int) {
	t.Helper()
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	// Python warns that old versions of TLS are old.
	cmd := exec.CommandContext(t.Context(), servers.Program(t, "python3"), "-W", "ignore", "testdata/servers.py", m.write("servers.json", text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // ends it
		_ = cmd.Wait()    // it was killed if the test was canceled
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the servers do not start: %v", err)
	}
	if err := json.Unmarshal(line, &ports); err != nil {
		t.Fatal(err)
	}
	return ports
}

// wrap writes a script that runs pgpi in a mount namespace with its own hosts file. libpq has
// hostaddr for names that do not resolve; pgpi does not.
func wrap(t *testing.T, m *maker, hosts string) (path string) {
	t.Helper()
	unshare := servers.Program(t, "unshare")
	file := m.write("hosts", []byte(hosts+"\n"))
	script := fmt.Sprintf("#!/bin/sh\nexec %s --map-root-user --mount sh -c 'mount --bind %s /etc/hosts && exec %s \"$@\"' sh \"$@\"\n", unshare, file, pgpiPath)
	path = m.write("pgpi", []byte(script))
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), path, "--version").CombinedOutput(); err != nil {
		need(t, fmt.Sprintf("a mount namespace is refused to this user (%v: %s): run the test as root, or set kernel.unprivileged_userns_clone to 1", err, out))
	}
	return path
}

// newestLibPQ returns a value of LD_LIBRARY_PATH with which psql loads the libpq of psycopg, which
// test/install drivers puts into .tools. The names of libraries there contain hashes.
func newestLibPQ(t *testing.T, m *maker) string {
	t.Helper()
	found, err := filepath.Glob("../../.tools/venv/lib/python3*/site-packages/psycopg_binary.libs/libpq-*.so.5*")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		need(t, "there is no psycopg: make test, or test/install drivers, installs it")
	}
	library, err := filepath.Abs(found[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(library, m.path("libpq.so.5")); err != nil {
		t.Fatal(err)
	}
	return m.dir + ":" + filepath.Dir(library)
}

// need ends a test that lacks something.
func need(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
