package proxy

import (
	"math"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// leastRoundTrip returns tcpi_min_rtt of a TCP connection, or 0 if there is none. It is the
// kernel's minimum over the last five minutes (net/ipv4/tcp_input.c, tcp_update_rtt_min).
func leastRoundTrip(conn net.Conn) (takes time.Duration) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { // a closed connection has no way
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && info.Min_rtt != math.MaxUint32 { // nothing was measured
			takes = time.Duration(info.Min_rtt) * time.Microsecond
		}
	})
	return takes
}
