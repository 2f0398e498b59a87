package pqtrace_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/wire"
)

// libpq 18 asks for no version and no option unknown to servers, so a scripted client does
// ("grease", as libpq 19's betas send it). What the server answers is traced as libpq traces the
// same bytes.
func TestGrease(t *testing.T) {
	for _, version := range []int{15, 18} {
		t.Run(fmt.Sprint("PostgreSQL ", version), func(t *testing.T) {
			began := time.Now()
			server := startServer(t, version)
			r := startRelay(t, server.Host, server.Port, suppressTimestamps, disableTLS)
			startup := "\x00\x03\x27\x0fuser\x00postgres\x00_pq_.test_protocol_negotiation\x00\x00\x00"
			answer := greasedLogin(t, r.port, startup)
			lines := messages(t, ofConnection(r.finish(), 1), began)
			want := `F	55	StartupMessage	 3 9999 "user" "postgres" "_pq_.test_protocol_negotiation" ""` + "\n"
			if want := []string{want, "F\t4\tTerminate\n"}; !slices.Equal(lines["F"], want) {
				t.Errorf("the client's lines are\n%q, want\n%q", lines["F"], want)
			}
			if !strings.Contains(lines["B"][0], `"_pq_.test_protocol_negotiation"`) {
				t.Errorf("the server does not refuse the option: %q", lines["B"][0])
			}

			login := authenticated + typed('K', "\x00\x00\x00\x01"+strings.Repeat("k", 32)) + typed('Z', "I")
			r = startRelay(t, "127.0.0.1", startOddServer(t, login, answer), suppressTimestamps, disableTLS)
			traces, _ := r.trace(t, suppressTimestamps, "login", "max_protocol_version=3.2")
			judged := messages(t, traces[0], began)["B"]
			if judged = judged[2:]; !slices.Equal(lines["B"], judged) {
				t.Errorf("    got %q\nPQtrace %q", lines["B"], judged)
			}
		})
	}
}

// greasedLogin logs in with a startup packet. It returns the server's answer up to ReadyForQuery,
// without AuthenticationOk, which is not traced.
func greasedLogin(t *testing.T, port int, startup string) (answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing more is said
	if err := conn.SetDeadline(time.Now().Add(hang)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(startup)+4)), startup...)); err != nil {
		t.Fatal(err)
	}
	for {
		m := make([]byte, wire.HeaderSize)
		if _, err := io.ReadFull(conn, m); err != nil {
			t.Fatalf("after %q: %v", answer, err)
		}
		m = append(m, make([]byte, wire.Size(m)-wire.HeaderSize)...)
		if _, err := io.ReadFull(conn, m[wire.HeaderSize:]); err != nil {
			t.Fatal(err)
		}
		if m[0] != 'R' {
			answer += string(m)
		}
		if m[0] == 'Z' {
			break
		}
	}
	if _, err := io.WriteString(conn, typed('X', "")); err != nil {
		t.Fatal(err)
	}
	return answer
}
