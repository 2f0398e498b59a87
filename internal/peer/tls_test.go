package peer_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"pgpi/internal/peer"
)

// tap keeps what one end of a connection writes.
type tap struct {
	net.Conn
	mu      sync.Mutex
	written []byte
}

func (c *tap) Write(b []byte) (int, error) {
	c.mu.Lock()
	c.written = append(c.written, b...)
	c.mu.Unlock()
	return c.Conn.Write(b)
}

// handshake has a handshake, and returns what both parties have written.
func handshake(t *testing.T, client, server *tls.Config) (fromClient, fromServer []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server.Certificates = []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}
	client.InsecureSkipVerify = true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it was for one connection
	var ends [2]*tap
	for i, connect := range []func() (net.Conn, error){func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }, l.Accept} {
		conn, err := connect()
		if err != nil {
			t.Fatal(err)
		}
		ends[i] = &tap{Conn: conn}
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = tls.Server(ends[1], server).Handshake(); _ = ends[1].Close() }) // what they say is what is wanted
	_ = tls.Client(ends[0], client).Handshake()
	_ = ends[0].Close()
	wg.Wait()
	return ends[0].written, ends[1].written
}

// hello reads a stream in pieces of a size.
func hello(b []byte, size int) (said peer.Said, over bool) {
	var c peer.Clear
	for len(b) > 0 {
		n := min(size, len(b))
		more := c.Read(b[:n])
		if more.Client != nil {
			said.Client = more.Client
		}
		if more.Server != nil {
			said.Server = more.Server
		}
		said.Alerts = append(said.Alerts, more.Alerts...)
		b = b[n:]
	}
	return said, c.Over()
}

// TestClear reads what Go's TLS says in the clear.
func TestClear(t *testing.T) {
	for _, test := range []struct {
		name           string
		client, server *tls.Config
		offered        string
		chosen         string
		alert          string
	}{
		{"TLS 1.3", &tls.Config{ServerName: "db.example.com", NextProtos: []string{"postgresql", "x"}}, &tls.Config{NextProtos: []string{"postgresql"}},
			"TLSv1.3, TLSv1.2", "TLSv1.3", ""},
		{"TLS 1.2", &tls.Config{ServerName: "db.example.com", NextProtos: []string{"postgresql", "x"}, MaxVersion: tls.VersionTLS12}, &tls.Config{},
			"TLSv1.2", "TLSv1.2", ""},
		{"another key", &tls.Config{ServerName: "db.example.com", NextProtos: []string{"postgresql", "x"}}, &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP521}},
			"TLSv1.3, TLSv1.2", "TLSv1.3", ""},
		{"no version in common", &tls.Config{ServerName: "db.example.com", NextProtos: []string{"postgresql", "x"}, MaxVersion: tls.VersionTLS12}, &tls.Config{MinVersion: tls.VersionTLS13},
			"TLSv1.2", "", "protocol version not supported (70)"},
		{"no protocol in common", &tls.Config{ServerName: "db.example.com", NextProtos: []string{"postgresql", "x"}, MaxVersion: tls.VersionTLS12}, &tls.Config{NextProtos: []string{"h2"}},
			"TLSv1.2", "", "no application protocol (120)"},
	} {
		client, server := handshake(t, test.client, test.server)
		for _, size := range []int{1, 7, 1 << 20} {
			said, over := hello(client, size)
			h := said.Client
			if h == nil || !h.Whole || h.Name != "db.example.com" || h.VersionNames() != test.offered || !slices.Equal(h.Protocols, []string{"postgresql", "x"}) || over != (test.alert == "") {
				t.Errorf("%s: %+v, over: %t", test.name, h, over)
			}
			said, over = hello(server, size)
			if (said.Server != nil) != (test.chosen != "") || said.Server != nil && said.Server.VersionNames() != test.chosen || over != (test.alert == "") {
				t.Errorf("%s: %+v, over: %t", test.name, said.Server, over)
			}
			if len(said.Alerts) > 0 != (test.alert != "") || test.alert != "" && said.Alerts[0].String() != test.alert {
				t.Errorf("%s: %v", test.name, said.Alerts)
			}
		}
		for size := range client {
			var c peer.Clear
			c.Read(client[:size])
			if said := c.Cut(); said.Client != nil && (said.Client.Name != "" && said.Client.Name != "db.example.com" || said.Client.Whole) || !c.Over() {
				t.Fatalf("%s: of %d bytes %+v", test.name, size, said.Client)
			}
		}
	}
}

func FuzzClear(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"), uint8(1))
	f.Add([]byte("\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04\x15\x03\x03\x00\x02\x02\x28"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		want, over := hello(b, len(b)+1)
		got, overToo := hello(b, int(size)+1)
		if len(got.Alerts) != len(want.Alerts) || (got.Client == nil) != (want.Client == nil) || (got.Server == nil) != (want.Server == nil) || over != overToo {
			t.Errorf("%+v %t, want %+v %t", got, overToo, want, over)
		}
		var c peer.Clear
		c.Read(b)
		c.Cut()
		if c.Waiting() != 0 {
			t.Errorf("%d bytes wait", c.Waiting())
		}
	})
}
