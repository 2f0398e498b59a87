package peer_test

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	"pgpi/internal/peer"
	"pgpi/internal/wire"
)

// mongo is a message of MongoDB.
func mongo(replyTo, code uint32, body string) string {
	b := binary.LittleEndian.AppendUint32(nil, uint32(16+len(body)))
	for _, n := range []uint32{1, replyTo, code} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return string(b) + body
}

// greeting is what a server of MySQL says first.
const greeting = "\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00\xff\xdf\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abcdefghijkl\x00caching_sha2_password\x00"

// TestOf names protocols by what their clients and servers send first.
func TestOf(t *testing.T) {
	for _, test := range []struct {
		client, server string
		want           peer.Protocol
	}{
		{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "", peer.HTTPRequest},
		{"PATCH /x HTTP/1.0\r\n\r\n", "", peer.HTTPRequest},
		{"", "HTTP/1.1 400 Bad Request\r\n", peer.HTTP},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", peer.HTTP2},
		{"SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2\r\n", peer.SSH},
		{"EHLO client.example\r\n", "220 mail.example ESMTP Postfix\r\n", peer.SMTP},
		{"", "220 (vsFTPd 3.0.3)\r\n", peer.FTP},
		{"PROXY TCP4 192.0.2.1 192.0.2.2 56324 5432\r\n", "", peer.Proxy1},
		{"PROXY UNKNOWN\r\n", "", peer.Proxy1},
		{"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x15\x38", "", peer.Proxy2},
		{"*1\r\n$4\r\nPING\r\n", "-ERR unknown command\r\n", peer.Redis},
		{"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n", "-DENIED Redis is running in protected mode\r\n", peer.Redis},
		{"\x12\x01\x00\x2f\x00\x00\x00\x00\x00\x00\x1a\x00\x06\x01", "\x04\x01\x00\x2b\x00\x00\x01\x00\x00\x00\x1a\x00\x06", peer.TDS},
		{mongo(0, 2013, "\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00"), mongo(1, 2013, "\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00"), peer.Mongo},
		{mongo(0, 2004, "\x00\x00\x00\x00admin.$cmd\x00"), mongo(1, 1, "\x08\x00\x00\x00"), peer.Mongo},
		{"AMQP\x00\x00\x09\x01", "AMQP\x00\x00\x09\x01", peer.AMQP},
		{"", greeting, peer.MySQL},
		{"", "\x5b\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB-0+deb12u1\x00", peer.MySQL},
		{"", "\x45\x00\x00\x00\xff\x6a\x04Host '192.0.2.1' is not allowed to connect to this MySQL server", peer.MySQL},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x15\x03\x01\x00\x02\x02\x46", peer.TLS},

		{"\x00\x00\x00\x08\x04\xd2\x16\x2f", "", ""},
		{"\x00\x00\x00\x14\x00\x03\x00\x00user\x00frank\x00\x00", "R\x00\x00\x00\x08\x00\x00\x00\x00", ""},
		{"\x00\x00\x00\x04", "Y", ""},
		{"GE", "HT", ""},
		{"*\r\n$", "\x4a\x00\x00\x00\x0a8", ""},
	} {
		if got := peer.OfClient([]byte(test.client)); test.client != "" && got != test.want {
			t.Errorf("client %q: %q, want %q", test.client, got, test.want)
		}
		if got := peer.OfServer([]byte(test.server)); test.server != "" && got != test.want {
			t.Errorf("server %q: %q, want %q", test.server, got, test.want)
		}
	}
}

// TestWords has sentences that programs may look for.
func TestWords(t *testing.T) {
	for protocol, want := range map[peer.Protocol]string{
		peer.HTTPRequest: "it sent an HTTP request", peer.HTTP: "it speaks HTTP", peer.SSH: "it speaks SSH", peer.TDS: "it speaks TDS, as SQL Server does",
		peer.Proxy2: "it sent a header of PROXY, version 2, which tells a server behind a load balancer who its client is",
	} {
		if got := protocol.Words(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestPostgres checks that no message of Postgres is taken for anything else, whatever is in it.
func TestPostgres(t *testing.T) {
	for _, b := range []string{
		"d\x00\x00\x00\x0a12.34\n", "d\x00\x00\x00\x0a12",
		"Z\x00\x00\x00\x05ID\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x011",
	} {
		if got := peer.OfServer([]byte(b)); got != "" {
			t.Errorf("%q: %q", b, got)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		for _, kind := range wire.Types() {
			b := wire.Random(r, kind, wire.State{}).Bytes
			for range 10 {
				next := wire.Types()[r.IntN(len(wire.Types()))]
				m := wire.Random(r, next, wire.State{}).Bytes
				hasHeader := len(m) >= wire.HeaderSize && int(binary.BigEndian.Uint32(m[1:])) == len(m)-1
				if hasHeader && next.Code() != 0 && next.From() == kind.From() {
					b = append(b, m...)
				}
			}
			if kind.Code() == 0 {
				continue
			}
			for _, size := range []int{len(b), min(len(b), 1+r.IntN(peer.Needed))} {
				if kind.From() != wire.Client && peer.OfServer(b[:size]) != "" {
					t.Fatalf("%v %q: %q", kind, b[:min(size, peer.Needed)], peer.OfServer(b[:size]))
				}
				if kind.From() != wire.Server && peer.OfClient(b[:size]) != "" {
					t.Fatalf("%v %q: %q", kind, b[:min(size, peer.Needed)], peer.OfClient(b[:size]))
				}
			}
		}
	}
	for _, kind := range []wire.Type{wire.SSLRequest, wire.GSSENCRequest, wire.CancelRequest, wire.StartupMessage} {
		for range 1000 {
			if b := wire.Random(r, kind, wire.State{}).Bytes; peer.OfClient(b) != "" {
				t.Fatalf("%v %q: %q", kind, b, peer.OfClient(b))
			}
		}
	}
}

// TestProxyHeader finds the end of a header.
func TestProxyHeader(t *testing.T) {
	for header, want := range map[string]int{
		"PROXY TCP4 192.0.2.1 192.0.2.2 56324 5432\r\n": 43,
		"PROXY UNKNOWN\r\n":                             15,
		"PROXY TCP4 192.0.2.1":                          0,
		"PROXY " + strings.Repeat("x", 200) + "\r\n":    0,
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x15\x38": 28,
		"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00":                                                 16,
		"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00":                                         0,
		"\r\n\r\n\x00\r\nQUIT\n":                                                                 0,
		"\x00\x00\x00\x08\x04\xd2\x16\x2f":                                                       0,
	} {
		if got := peer.ProxyHeader([]byte(header)); got != want {
			t.Errorf("%q: %d, want %d", header, got, want)
		}
		if got := peer.ProxyHeader([]byte(header + "\x00\x00\x00\x08")); want != 0 && got != want {
			t.Errorf("%q and more: %d, want %d", header, got, want)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add([]byte(greeting))
	f.Add([]byte("PROXY TCP4 \r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = peer.OfClient(b), peer.OfServer(b)
		if n := peer.ProxyHeader(b); n < 0 || n > len(b) {
			t.Errorf("%d of %d bytes", n, len(b))
		}
	})
}
