//go:build !unix

package proxy

// alive reports whether a process exists. That can't be found out here, so the socket is tried
// instead.
func alive(int) bool { return false }
