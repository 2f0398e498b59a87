package servers

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"syscall"
	"testing"
)

// ReservePort returns a TCP port of 127.0.0.1 on which nobody listens, and which nobody else takes
// until the test ends. Nobody takes it by chance: systems choose ports for themselves from higher
// ones (Linux from 32768 on, ip(7); others from 49152 on, RFC 6335). And another test that reserves a
// port, in whatever process, sees that the UDP port of the same number is taken.
func ReservePort(t testing.TB) int {
	t.Helper()
	for {
		port := 20_000 + rand.IntN(10_000)
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		reservation, err := net.ListenPacket("udp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatalf("reserve a port: %v", err)
		}
		t.Cleanup(func() { _ = reservation.Close() }) // nothing was sent
		l, err := net.Listen("tcp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatalf("reserve a port: %v", err)
		}
		_ = l.Close() // nobody has connected
		return port
	}
}
