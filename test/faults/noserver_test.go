package faults

import (
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"pgpi/test/servers"
)

// TestNoServer has addresses without a server, or with one that does not answer. pgpi tells the
// client what it would have found out itself.
func TestNoServer(t *testing.T) {
	t.Parallel()
	for _, f := range []fault{
		{name: "connection refused", server: nobody, differs: true, log: []string{"connection refused"}},
		{name: "name unknown to DNS", server: func(*testing.T) address { return address{"no..such.host", 5432} }, differs: true,
			log: []string{`could not translate host name "no..such.host" to address`}},
		{name: "no answer to SYN", server: blackHole, differs: true, options: []string{"--connect-timeout=1s"},
			log: []string{"connection to Postgres server failed: 127.0.0.1 port", "timed out"}},
		{name: "no answer to the SSLRequest", server: silent, differs: true,
			options: []string{"--connect-timeout=1s", "--server-sslmode=require"}, log: []string{"connection to server lost: timed out"}},
		{name: "no answer to the StartupMessage", server: silent, options: []string{"--server-sslmode=disable"}, log: []string{"client hung up"}},
	} {
		f.section = "No server"
		f.play = func(p *place) string {
			patience := 2 // of psql, where nobody but psql ends the waiting
			if f.differs && p.pgpi != nil {
				patience = 60
			}
			return p.psql(fmt.Sprint("connect_timeout=", patience), "select 1;\n")
		}
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			f.run(t)
		})
	}
}

// nobody returns an address where nobody listens.
func nobody(t *testing.T) address {
	t.Helper()
	return address{"127.0.0.1", servers.ReservePort(t)}
}

// silent is a server that accepts connections and says nothing.
func silent(t *testing.T) address {
	return scripted(t, func(s *speaker) { s.readAll() })
}

// blackHole returns an address that does not answer to a SYN: its queue is full, and Linux drops
// what comes (listen(2)).
func blackHole(t *testing.T) address {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) }) // nothing was written
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	a := address{"127.0.0.1", name.(*syscall.SockaddrInet4).Port}
	conn, err := net.Dial("tcp", net.JoinHostPort(a.host, fmt.Sprint(a.port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing was written
	await(&place{T: t}, "full queue", func() bool {
		// What a listener has in these fields: how many wait, and how many may (Linux, tcp_get_info in net/ipv4/tcp.c).
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		return info.Unacked > info.Sacked
	})
	return a
}
