//go:build !unix

package proxy

// alive reports whether a process exists, which can't be told here: the socket is
// asked.
func alive(int) bool { return false }
