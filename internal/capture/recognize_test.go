package capture

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const (
	proxy1 = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 5432\r\n"
	proxy2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x15\x38"
	mysql  = "\x4a\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00abcdefgh\x00\xff\xff\xff\x02\x00"
)

// TestForeign recognizes what speaks at the port of a server instead of Postgres, and shows it.
func TestForeign(t *testing.T) {
	for name, test := range map[string]struct {
		traffic []write
		want    string
	}{
		"HTTP": {
			[]write{{false, []byte("GET / HTTP/1.1\r\n\r\n")}, {true, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")}},
			"#1  client -> server: \"GET / HTTP/1.1\\r\\n\\r\\n\" = 18 bytes, not decoded\n#1  not a Postgres client: it sent an HTTP request\n" +
				"#1  server -> client: \"HTTP/1.1 400 Bad Request\\r\\n\\r\\n\" = 28 bytes, not decoded\n",
		},
		"SSH": {
			[]write{{false, []byte("SSH-2.0-OpenSSH_9.2\r\n")}, {true, []byte("SSH-2.0-OpenSSH_9.2\r\n")}},
			"#1  not a Postgres client: it speaks SSH\n",
		},
		"Redis": {
			[]write{{false, []byte("*1\r\n$4\r\nPING\r\n")}, {true, []byte("+PONG\r\n")}},
			"#1  client -> server: \"*1\\r\\n$4\\r\\nPING\\r\\n\" = 14 bytes, not decoded\n#1  not a Postgres client: it speaks Redis\n",
		},
		"a server that speaks first": {
			[]write{{true, []byte(mysql)}, {false, []byte("\x20\x00\x00\x01what?")}},
			"#1  server -> client: \"J\\x00\\x00\\x00\\n8.0.36\\x00\\b\\x00\\x00\\x00abcdefgh\\x00\\xFF\\xFF\\xFF\\x02\\x00\" = 30 bytes, not decoded\n" +
				"#1  server -> client out of sync at byte 0: it speaks MySQL; relaying the rest undecoded\n",
		},
		"in the place of a reply": {
			[]write{{false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f")}, {true, []byte("-DENIED Redis is running in protected mode\r\n")}},
			"= 44 bytes, not decoded\n#1  server -> client out of sync at byte 0: it speaks Redis; relaying the rest undecoded\n",
		},
		"as a reply": {
			[]write{{false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f")}, {true, []byte("N" + mysql[1:])}},
			"= 29 bytes, not decoded\n#1  server -> client out of sync at byte 1: it speaks MySQL; relaying the rest undecoded\n",
		},
	} {
		w := newCable()
		w.converse(t, test.traffic)
		log, l, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
		if !strings.Contains(log, test.want) || report.Connections != 1 {
			t.Errorf("%s: %+v: there is no %s in\n%s", name, report, test.want, log)
		}
		total := int64(0)
		for _, s := range test.traffic {
			total += int64(len(s.data))
		}
		if l.data[0]+l.data[1] != total {
			t.Errorf("%s: %d bytes are in events, %d were said", name, l.data[0]+l.data[1], total)
		}
		w.serverPort = 6543
		w.packets = nil
		w.converse(t, test.traffic)
		if _, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets)); strings.HasPrefix(name, "a server") && !strings.Contains(report.Instead(), "1 of MySQL") ||
			name == "HTTP" && !strings.Contains(report.Instead(), "1 TCP connections of something else (1 of HTTP request): ") {
			t.Errorf("%s: %s", name, report.Instead())
		}
	}
}

// TestProxied decodes what follows the header of a load balancer, at any port and wherever it is
// cut.
func TestProxied(t *testing.T) {
	for header, words := range map[string]string{proxy1: "a header of PROXY, version 1", proxy2: "a header of PROXY, version 2"} {
		for _, port := range []uint16{5432, 6543} {
			for _, segment := range []int{1, len(header), len(header) + 3, 1448} {
				traffic := dialog(3)
				traffic[0].data = append([]byte(header), traffic[0].data...)
				w := newCable()
				w.segment, w.serverPort = segment, port
				w.converse(t, traffic)
				log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
				if !strings.Contains(log, " bytes, not decoded") || !strings.Contains(log, words+" comes before the startup packet\n#1  client -> server: \"\\x00\\x00\\x00\\x11\" = 17 bytes of startup message") ||
					strings.Count(log, "= Query") != 3 || report.Connections != 1 || report.Ignored != 0 {
					t.Errorf("%s, port %d, segments of %d: %+v\n%.600s", words, port, segment, report, log)
				}
			}
		}
	}
}

// TestStartupInPieces finds a connection at any port, however its first packet is cut.
func TestStartupInPieces(t *testing.T) {
	want, _ := whole(t, dialog(3))
	w := newCable()
	w.segment, w.serverPort = 1, 6543
	w.converse(t, dialog(3))
	log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
	if log = strings.ReplaceAll(log, "port 6543", "port 5432"); log != want || report.Connections != 1 {
		t.Errorf("%+v: %s", report, firstDifference(log, want))
	}
}

// TestBareConnect has connections on which nothing is said, as in health checks.
func TestBareConnect(t *testing.T) {
	const opened = "#1  connected at t0 = 2025-07-04 12:00:00 +0000 from 10.0.0.1:50000\n#1  connected to Postgres server at 10.0.0.2 port 5432\n"
	for want, flags := range map[string][]string{
		opened + "#1  client disconnected before startup\n#1  connection end\n":                 {"cS", "sSA", "cA", "cFA", "sFA", "cA"},
		opened + "#1  server disconnected before startup\n#1  connection end\n":                 {"cS", "sSA", "cA", "sFA", "cFA", "sA"},
		opened + "#1  connection to client lost: it reset the connection\n#1  connection end\n": {"cS", "sSA", "cA", "cRA"},
		opened + "#1  the capture ends before this connection\n#1  connection end\n":            {"cS", "sSA", "cA"},
		"": {"cS", "sRA"}, // no one listens
	} {
		w := newCable()
		for _, f := range flags {
			w.send(t, f[0] == 's', f[1:], nil)
		}
		log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
		if log != want || report.Incomplete() {
			t.Errorf("%v: %+v\n%s", flags, report, log)
		}
	}
}

// TestServerFirstAfterOpening decides when the server speaks before the client has said enough.
func TestServerFirstAfterOpening(t *testing.T) {
	for _, first := range []string{"\x00\x00", proxy1[:20], string(clientHello("db.test", "postgresql")[:200])} {
		for _, port := range []uint16{5432, 6543} {
			w := newCable()
			w.serverPort = port
			w.converse(t, []write{{false, []byte(first)}, {true, []byte("what?")}, {false, bytes.Repeat([]byte("x"), 100)}})
			_, l, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
			if report.Connections+report.Ignored != 1 || port == 5432 && report.Connections != 1 || report.Connections == 1 && report.Encrypted == 0 && l.data[1] == 0 {
				t.Errorf("%q at port %d: %+v", first, port, report)
			}
		}
	}
}

// TestPassedOver: of connections without a beginning at another port than 5432, those to a server at
// which others begin are missed.
func TestPassedOver(t *testing.T) {
	joined := func(w *cable, client, server uint16) {
		w.clientPort, w.serverPort = client, server
		begun := len(w.packets)
		w.converse(t, dialog(2)[2:])                         // after the login
		w.packets = slices.Delete(w.packets, begun, begun+3) // the handshake of TCP
	}
	for name, test := range map[string]struct {
		ports    []int
		traffic  func(w *cable)
		problems []string
	}{
		"before a server is found": {nil, func(w *cable) {
			joined(w, 40000, 6543)
			joined(w, 40001, 6543)
			joined(w, 40002, 7777) // of something else, as far as is known
			w.clientPort, w.serverPort = 50000, 6543
			w.converse(t, dialog(1))
		}, []string{"2 connections to port 6543 were passed over, because their beginnings are not in the capture: Postgres is at that port, so give --port 6543"}},
		"after": {nil, func(w *cable) {
			w.serverPort = 6543
			w.converse(t, dialog(1))
			joined(w, 40000, 6543)
		}, []string{"a connection to port 6543 was passed over, because its beginning is not in the capture: Postgres is at that port, so give --port 6543"}},
		"named": {[]int{6543}, func(w *cable) {
			joined(w, 40000, 6543)
			w.clientPort = 50000
			w.converse(t, dialog(1))
		}, nil},
		"no server found": {nil, func(w *cable) {
			joined(w, 40000, 6543)
			w.clientPort, w.serverPort = 50000, 5432
			w.converse(t, dialog(1))
		}, nil},
		"of something else": {nil, func(w *cable) {
			w.serverPort = 6543
			w.converse(t, dialog(1))
			w.clientPort = 40000
			w.converse(t, []write{{false, []byte("GET / HTTP/1.1\r\n\r\n")}})
		}, nil},
	} {
		w := newCable()
		test.traffic(w)
		log, _, report, problems := read(t, Options{Ports: test.ports}, pcap(t, w.link, w.packets))
		if !slices.Equal(problems, test.problems) || report.Incomplete() != (test.problems != nil) || strings.Count(log, "not all could be read: ") != len(test.problems) {
			t.Errorf("%s: %+v: %q\n%s", name, report, problems, log)
		}
	}
}
