package pgtls

import (
	"bytes"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestClientConfigALPN(t *testing.T) {
	identity := sync.OnceValues(func() (tls.Certificate, error) { return Generate(ECDSA) })
	tests := []struct {
		name     string
		offered  []string
		direct   bool
		chosen   string
		refusal  string // by the server's end
		received string // by the client's
	}{
		{name: "direct", direct: true, offered: []string{"postgresql"}, chosen: "postgresql"},
		{name: "direct, among others", direct: true, offered: []string{"h2", "postgresql"}, chosen: "postgresql"},
		{
			name: "direct, no list", direct: true,
			refusal: "received direct SSL connection request without ALPN", received: "remote error: tls: no application protocol",
		},
		{
			name: "direct, another", direct: true, offered: []string{"h2"},
			refusal: "unsupported application protocols", received: "remote error: tls: no application protocol",
		},
		{name: "after SSLRequest", offered: []string{"postgresql"}, chosen: "postgresql"},
		{name: "after SSLRequest, no list"},
		{
			name: "after SSLRequest, another", offered: []string{"http/1.1"},
			refusal: "unsupported application protocols", received: "remote error: tls: no application protocol",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asking := &tls.Config{InsecureSkipVerify: true, NextProtos: test.offered, ServerName: "db.example"}
			client, server := handshake(t, asking, ClientConfig(identity, test.direct, nil))
			if test.refusal == "" {
				if client.err != nil || server.err != nil {
					t.Fatal(client.err, server.err)
				}
				if got := server.state.NegotiatedProtocol; got != test.chosen {
					t.Errorf("chose %q, want %q", got, test.chosen)
				}
				if got := server.state.ServerName; got != "db.example" {
					t.Errorf("server name %q", got)
				}
				return
			}
			if server.err == nil || !strings.Contains(server.err.Error(), test.refusal) {
				t.Errorf("refused with %v, want %q", server.err, test.refusal)
			}
			if client.err == nil || client.err.Error() != test.received {
				t.Errorf("client got %v, want %q", client.err, test.received)
			}
			if text := ExplainClient(server.err); !strings.Contains(text, "needs the ALPN protocol postgresql") {
				t.Errorf("explained as %q", text)
			}
		})
	}
}

// TestClientConfigNoTickets checks that no session of the client leg can be resumed, direct or not:
// a resumed one would hide the certificate from the log.
func TestClientConfigNoTickets(t *testing.T) {
	identity := sync.OnceValues(func() (tls.Certificate, error) { return Generate(ECDSA) })
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, direct := range []bool{false, true} {
			asking := &tls.Config{
				InsecureSkipVerify: true, NextProtos: []string{"postgresql"}, MaxVersion: version,
				ServerName: "db.example", ClientSessionCache: tls.NewLRUClientSessionCache(1),
			}
			for range 2 {
				client, _ := handshake(t, asking, ClientConfig(identity, direct, nil))
				if client.err != nil || client.state.DidResume {
					t.Errorf("%s, direct %v: %v, resumed: %v", tls.VersionName(version), direct, client.err, client.state.DidResume)
				}
			}
		}
	}
}

func TestClientConfigKeyLog(t *testing.T) {
	identity := sync.OnceValues(func() (tls.Certificate, error) { return Generate(ECDSA) })
	for _, direct := range []bool{false, true} {
		var clientLog, serverLog bytes.Buffer
		asking := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"postgresql"}, KeyLogWriter: &clientLog}
		client, server := handshake(t, asking, ClientConfig(identity, direct, &serverLog))
		if client.err != nil || server.err != nil {
			t.Fatal(client.err, server.err)
		}
		for line := range strings.Lines(clientLog.String()) {
			if !strings.Contains(serverLog.String(), line) {
				t.Errorf("direct %v: %q is missing in\n%s", direct, line, serverLog.String())
			}
		}
	}
}

// TestClientConfigIdentity checks that the certificate is asked for only in a handshake, and that
// its failure is the handshake's.
func TestClientConfigIdentity(t *testing.T) {
	broken := errors.New("no entropy")
	calls := 0
	config := ClientConfig(func() (tls.Certificate, error) { calls++; return tls.Certificate{}, broken }, false, nil)
	if calls != 0 {
		t.Error("identity made before a client came")
	}
	if _, server := handshake(t, &tls.Config{InsecureSkipVerify: true}, config); !errors.Is(server.err, broken) || calls != 1 {
		t.Errorf("%v after %d calls", server.err, calls)
	}
}
