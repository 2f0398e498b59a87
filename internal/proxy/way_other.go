//go:build !linux

package proxy

import (
	"net"
	"time"
)

// leastRoundTrip returns 0: how far away a party is, only Linux says.
func leastRoundTrip(net.Conn) time.Duration { return 0 }
