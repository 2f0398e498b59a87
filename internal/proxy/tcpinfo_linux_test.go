package proxy

import (
	"io"
	"net"
	"testing"
	"time"

	"pgpi/internal/event"
)

// TestStalled checks that a slow write is a reader's fault only where the reader had no room.
func TestStalled(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).SetWriteBuffer(1 << 16); err != nil { // whatever the kernel would choose
		t.Fatal(err)
	}
	l := newLeg(event.Client, conn)
	defer l.close()
	reader, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()

	const took = time.Hour // as if the process had got no processor for so long
	if _, err := l.Write([]byte("read at once")); err != nil {
		t.Fatal(err)
	}
	if got := l.stalled(took); got != 0 {
		t.Errorf("%v of a write with room in the window are the reader's", got)
	}

	const pause = 20 * time.Millisecond
	go func() { // a reader that does not read until the writer has waited for it
		for {
			if limited, _ := windowLimited(conn); limited >= pause {
				break
			}
			<-time.After(time.Millisecond)
		}
		_, _ = io.Copy(io.Discard, reader)
	}()
	more := make([]byte, 64<<20) // more than the other end holds
	began := time.Now()
	if _, err := l.Write(more); err != nil {
		t.Fatal(err)
	}
	written := time.Since(began)
	if got := l.stalled(written); got < pause || got > written {
		t.Errorf("%v of a write of %v are the reader's, who did not read for %v", got, written, pause)
	}
	if got := l.stalled(took); got != 0 {
		t.Errorf("%v are the reader's twice", got)
	}
}
