//go:build !linux

package proxy

import (
	"net"
	"time"
)

// leastRoundTrip returns 0: only Linux says how far away a party is.
func leastRoundTrip(net.Conn) time.Duration { return 0 }
