package pqtrace_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// What no PostgreSQL server sends is also traced as libpq traces it.
func TestOddServers(t *testing.T) {
	const rows = "\x00\x01n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00"
	complete := typed('C', "SELECT 1\x00")
	tests := []struct {
		name, login, reply string
		untraced           int // messages that libpq rejects, or does not wait for, without tracing them
	}{
		{name: "nothing odd", reply: typed('T', rows) + typed('D', "\x00\x01\x00\x00\x00\x011") + complete},
		{name: "high bytes", reply: typed('T', rows) + typed('D', "\x00\x01\x00\x00\x00\x04\x7f\x80\xff\xe9") + typed('C', "S\xe9L\x1b[0m\x00")},
		{name: "many columns", reply: typed('T', rows) + typed('D', "\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x01b") + complete},
		{name: "trailing bytes", reply: typed('T', rows) + typed('D', "\x00\x01\x00\x00\x00\x011?") + typed('C', "SELECT 1\x00more\x00"), untraced: 2},
		{name: "trailing bytes of columns", reply: typed('T', rows+"!") + typed('D', "\x00\x01\x00\x00\x00\x011?") + complete, untraced: 1},
		{name: "trailing bytes of a notice", reply: typed('N', "Mnotice\x00\x00more") + typed('I', "more"), untraced: 2},
		{name: "trailing bytes of a setting", reply: typed('S', "a\x00b\x00c\x00") + typed('I', ""), untraced: 1},
		{name: "odd fields of errors", reply: typed('E', "SERROR\x00\x01one\x00\xe9two\x00Xthree\x00Ffile\x00Lline\x00Rroutine\x00Rroutine\x00\x00")},
		{name: "no fields", reply: typed('N', "\x00") + typed('E', "\x00")},
		{name: "negative number", reply: typed('A', "\xff\xff\xff\xff\xe9\x00\n\x00") + typed('I', "")},
		{name: "message of a client", reply: typed('B', "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01x\x00\x00") + typed('Z', "I")},
		{name: "message of nobody", reply: typed('i', "odd") + typed('Z', "I")},
		{name: "odd transaction status", reply: typed('I', "") + typed('Z', "\x00") + typed('Z', "\xff")},
		{name: "odd COPY", reply: typed('H', "\x07\x00\x02\x00\x01\x80\x00") + typed('d', "\x00\xff~") + typed('d', "") + typed('c', "") + typed('C', "COPY\x00")},
		{name: "COPY BOTH", reply: typed('W', "\x00\x00\x02\x00\x01\x00\x00") + typed('d', "data") + typed('c', "")},
		{name: "COPY BOTH without columns", reply: typed('W', "\x00\x00\x00") + typed('d', "data") + typed('c', "")},
		{name: "notice before login", login: typed('N', "SNOTICE\x00C00000\x00Mnotice\x00\x00"), untraced: 1},
		{name: "unknown login", login: typed('R', "\x00\x00\x00\x63more"), untraced: 1},
		{name: "negotiation of options", login: typed('v', "\x00\x03\x00\x00\x00\x00\x00\x02_pq_.a\x00_pq_.b\x00"), untraced: 1},
		{name: "negotiation as a reply", reply: typed('v', "\x00\x03\x00\x00\x00\x00\x00\x02_pq_.a\x00_pq_.b\x00") + typed('v', "\x00\x03\x00\x02\x00\x00\x00\x00")},
		{name: "negotiation that trails", reply: typed('v', "\x00\x03\x00\x00\x00\x00\x00\x01_pq_.a\x00?")},
		{name: "no key", login: authenticated + typed('K', "\x00\x00\x00\x01") + typed('Z', "I"), untraced: 2},
		{name: "short key", login: authenticated + typed('K', "\x00\x00\x00\x01abc") + typed('Z', "I"), untraced: 2},
		{name: "long key", login: authenticated + typed('K', "\xff\xff\xff\xffabcdefgh\x00\xff'\"") + typed('Z', "I"), untraced: 2},
		{name: "key as a reply", reply: typed('K', "\xff\xff\xff\xff\x00a\xff'") + typed('I', "")},
		{name: "error at login", login: typed('E', "SFATAL\x00C28000\x00Mno\x00\x00")},
	}
	for _, test := range tests {
		for _, flags := range []int{0, regressMode | suppressTimestamps} {
			t.Run(fmt.Sprintf("%s/flags %d", test.name, flags), func(t *testing.T) {
				t.Parallel()
				began, login := time.Now(), test.login
				if login == "" {
					login = authenticated + typed('K', "\x00\x00\x00\x01\xff\xff\xff\xff") + typed('Z', "I")
				}
				r := startRelay(t, "127.0.0.1", startOddServer(t, login, test.reply+typed('Z', "I")), flags, disableTLS)
				traces, _ := r.trace(t, flags, "login", "")
				compare(t, began, ofConnection(r.finish(), 1), traces[0], test.untraced)
			})
		}
	}
}

const authenticated = "R\x00\x00\x00\x08\x00\x00\x00\x00"

// typed returns a message with its type byte and length.
func typed(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

// startOddServer starts a server that answers each StartupMessage with login and each Query with
// reply, whatever they are.
func startOddServer(t *testing.T, login, reply string) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() }) // it is closed either way
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveOddly(conn, login, reply)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func serveOddly(conn net.Conn, login, reply string) {
	defer conn.Close() //nolint:errcheck // the client sees it
	header := make([]byte, 5)
	if _, err := io.ReadFull(conn, header[:4]); err != nil {
		return
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(header))-4); err != nil {
		return
	}
	answer := login
	for {
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(header[1:]))-4); err != nil {
			return
		}
		answer = ""
		if header[0] == 'Q' {
			answer = reply
		}
	}
}

// The one message that the sink writes differently: libpq traces an error without a length word as
// if it had one.
func TestErrorBeforeProtocol3(t *testing.T) {
	r := startRelay(t, "127.0.0.1", startOddServer(t, "EFATAL:  unsupported frontend protocol\n\x00", ""), suppressTimestamps, disableTLS)
	traces, refused := r.trace(t, suppressTimestamps, "login", "")
	if !strings.Contains(refused, "unsupported frontend protocol") {
		t.Errorf("libpq says %q", refused)
	}
	if misread := "B\t1178686529\tErrorResponse\t L \":  unsupported"; !strings.Contains(traces[0], misread) {
		t.Errorf("PQtrace has learned to read it:\n%s", traces[0])
	}
	if log := r.finish(); !strings.Contains(log, "#1\tB\t40\tOldErrorResponse\t E \"FATAL:  unsupported frontend protocol\n#1\t\"\n") {
		t.Errorf("the sink has:\n%s", log)
	}
}
