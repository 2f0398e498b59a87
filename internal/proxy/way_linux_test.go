package proxy

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// A TCP connection has a way, once it is established. A Unix socket has none.
func TestLeastRoundTrip(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		network, address string
		has              bool
	}{{"tcp", "127.0.0.1:0", true}, {"unix", filepath.Join(t.TempDir(), "s"), false}} {
		l, err := new(net.ListenConfig).Listen(t.Context(), test.network, test.address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		client, err := new(net.Dialer).DialContext(t.Context(), test.network, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = server.Close() }()
		for _, conn := range []net.Conn{client, server} {
			if takes := leastRoundTrip(conn); takes > 0 != test.has || takes < 0 || takes > time.Hour {
				t.Errorf("%s: the way takes %v", test.network, takes)
			}
		}
	}
	one, _ := net.Pipe()
	if takes := leastRoundTrip(one); takes != 0 {
		t.Errorf("a pipe has a way of %v", takes)
	}
}
