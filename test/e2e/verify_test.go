package e2e

import (
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// A trusted certificate for another name is refused by verify-full, and only by that.
func TestWrongHostName(t *testing.T) {
	own := makeCertificate(t, filepath.Join(t.TempDir(), "own"), "elsewhere.example")
	pair, err := tls.LoadX509KeyPair(own.cert, own.key)
	if err != nil {
		t.Fatal(err)
	}
	server := scripted(t, func(s *speaker) {
		s.read(len(sslRequest))
		s.send([]byte("S"))
		encrypted := tls.Server(s.conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		_, _ = encrypted.Read(make([]byte, 1024)) // the test is about a client that leaves
		_, _ = encrypted.Write(greeting)          // likewise
		_, _ = encrypted.Read(make([]byte, 1024))
	})
	for _, sslmode := range []string{"verify-ca", "verify-full"} {
		p := start(t, append(server, "--server-sslmode="+sslmode, "--server-sslrootcert="+own.cert)...)
		s := speak(t, p)
		s.send(startupMessage("user", "x"), message('X', ""))
		reply := string(s.readAll())
		s.close()
		log := p.log.ended(t, "#1")
		for _, why := range []string{`certificate verify failed: server certificate for "elsewhere.example" `, ` does not match host name "127.0.0.1": connect by a name of the certificate`} {
			if refused := strings.Contains(reply, why); refused != (sslmode == "verify-full") || refused != log.has(why) {
				t.Errorf("%s: the client is told %q, and the log has:\n%s", sslmode, reply, log)
			}
		}
	}
}

// A server that wants a client certificate gets it. If there is none, the log says that the server
// asked for it.
func TestClientCertificate(t *testing.T) {
	own := makeCertificate(t, filepath.Join(t.TempDir(), "own"), "trust")
	for _, version := range []int{15, 18} {
		s, err := localpg.Start(t.Context(), localpg.Config{
			Bin: servers.Require(t, version), TLS: &localpg.TLS{ClientCA: own.cert}, HBA: []string{"hostssl all postgres all trust clientcert=verify-ca"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		without := start(t, append(to(s), "--server-sslmode=require")...)
		_, err = query(t, psql15, through(without, "postgres"), "select 1")
		if err == nil || !strings.Contains(err.Error(), "connection requires a valid client certificate") {
			t.Errorf("PostgreSQL %d: without a certificate the client's error is %v", version, err)
		}
		without.log.ended(t, "#1").mustHave(t, "the server asks for a client certificate and none is set: give one with --server-sslcert and --server-sslkey")

		with := start(t, append(to(s), "--server-sslmode=require", "--server-sslcert="+own.cert, "--server-sslkey="+own.key)...)
		if rows, err := query(t, psql15, through(with, "postgres"), "select client_dn from pg_stat_ssl where pid = pg_backend_pid()"); err != nil || rows != "/CN=trust" {
			t.Errorf("PostgreSQL %d: with a certificate: %q, %v", version, rows, err)
		}
		with.log.ended(t, "#1").mustLack(t, "asks for a client certificate")

		other := makeCertificate(t, filepath.Join(t.TempDir(), "other"), "trust")
		wrong := start(t, append(to(s), "--server-sslmode=require", "--server-sslcert="+other.cert, "--server-sslkey="+other.key)...)
		const why = "connection to server lost: remote error: tls: unknown certificate authority: the server does not accept the client certificate"
		if _, err := query(t, psql15, through(wrong, "postgres"), "select 1"); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("PostgreSQL %d, with a certificate that it does not trust: the client's error is %v", version, err)
		}
		wrong.log.ended(t, "#1").mustHave(t, why)
	}
}
