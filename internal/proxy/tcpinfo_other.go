//go:build !linux

package proxy

import (
	"net"
	"time"
)

// leastRoundTrip returns 0: only Linux says how far away a party is.
func leastRoundTrip(net.Conn) time.Duration { return 0 }

// windowLimited reports false: only Linux says for how long a peer had no room.
func windowLimited(net.Conn) (time.Duration, bool) { return 0, false }
