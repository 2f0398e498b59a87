package proxy

import (
	"math"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// leastRoundTrip returns tcpi_min_rtt of a TCP connection, or 0 if there is none. It is the
// kernel's minimum over the last five minutes (net/ipv4/tcp_input.c, tcp_update_rtt_min).
func leastRoundTrip(conn net.Conn) time.Duration {
	info := tcpInfo(conn)
	if info == nil || info.Min_rtt == math.MaxUint32 { // nothing was measured
		return 0
	}
	return time.Duration(info.Min_rtt) * time.Microsecond
}

// windowLimited returns tcpi_rwnd_limited of a TCP connection: for how long there was something to
// send and no room in the peer's receive window (net/ipv4/tcp_output.c, tcp_write_xmit). It reports
// false if this is not known.
func windowLimited(conn net.Conn) (time.Duration, bool) {
	info := tcpInfo(conn)
	if info == nil {
		return 0, false
	}
	return time.Duration(info.Rwnd_limited) * time.Microsecond, true
}

// tcpInfo returns what the kernel knows about a TCP connection, or nil.
func tcpInfo(conn net.Conn) (info *unix.TCPInfo) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	_ = raw.Control(func(fd uintptr) { // nothing is known about a closed connection
		if i, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			info = i
		}
	})
	return info
}
