package capture

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// clientHello is a ClientHello, in a record, that offers TLS 1.3 and 1.2.
func clientHello(name string, protocols ...string) []byte {
	vector := func(width int, b []byte) []byte {
		length := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
		return append(length[4-width:], b...)
	}
	extension := func(kind byte, b []byte) []byte { return append([]byte{0, kind}, vector(2, b)...) }
	var list []byte
	for _, p := range protocols {
		list = append(list, vector(1, []byte(p))...)
	}
	var extensions []byte
	if name != "" {
		extensions = append(extensions, extension(0, vector(2, append([]byte{0}, vector(2, []byte(name))...)))...)
	}
	if len(protocols) > 0 {
		extensions = append(extensions, extension(16, vector(2, list))...)
	}
	extensions = append(extensions, extension(43, vector(1, []byte("\x03\x04\x03\x03")))...)
	extensions = append(extensions, extension(99, bytes.Repeat([]byte("x"), 1500))...) // like keys that no quantum computer breaks
	hello := append([]byte("\x03\x03"), bytes.Repeat([]byte("r"), 32)...)
	hello = append(hello, "\x00\x00\x02\x13\x01\x01\x00"...)
	hello = append(hello, vector(2, extensions)...)
	return append([]byte("\x16\x03\x01"), vector(2, append([]byte{1}, vector(3, hello)...))...)
}

var (
	tlsAlert = []byte("\x15\x03\x01\x00\x02\x02\x28")
	tlsData  = append([]byte("\x17\x03\x03\x00\x40"), bytes.Repeat([]byte("?"), 64)...)
)

// TestSealed says what TLS has in the clear, wherever packets end.
func TestSealed(t *testing.T) {
	request := write{false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f")}
	const (
		offered   = "server name via SNI: db.test\n#1  TLS offered by client: TLSv1.3, TLSv1.2; protocols via ALPN: postgresql\n"
		encrypted = "the rest is encrypted by TLS and can't be read"
		alert     = "TLS alert from server: handshake failure (40)\n"
	)
	for name, test := range map[string]struct {
		traffic     []write
		want, never []string
		port        uint16
		encrypted   int
	}{
		"after an SSLRequest": {
			traffic: []write{request, {true, []byte("S")}, {false, clientHello("db.test", "postgresql")}, {true, append(bytes.Clone(serverHelloOf()), tlsData...)}, {false, tlsData}},
			want:    []string{"= SSL supported\n#1  " + offered + "#1  TLS chosen by server: TLSv1.3/TLS_AES_128_GCM_SHA256\n#1  " + encrypted}, encrypted: 1,
		},
		"without waiting for the reply": {
			traffic: []write{{false, append(bytes.Clone(request.data), clientHello("db.test", "postgresql")...)}, {true, []byte("S")}, {true, tlsData}},
			want:    []string{"= SSL supported\n#1  " + offered, encrypted}, never: []string{"out of sync"}, encrypted: 1,
		},
		"direct, at another port": {
			port: 6543, traffic: []write{{false, clientHello("db.test", "postgresql")}, {true, tlsData}},
			want: []string{offered, encrypted}, encrypted: 1,
		},
		"direct, without ALPN": {
			traffic: []write{{false, clientHello("")}, {true, tlsData}},
			want:    []string{"port 5432\n#1  TLS offered by client: TLSv1.3, TLSv1.2; protocols via ALPN: none\n", encrypted}, encrypted: 1,
		},
		"refused": {
			traffic: []write{request, {true, []byte("S")}, {false, clientHello("db.test", "postgresql")}, {true, tlsAlert}},
			want:    []string{offered + "#1  " + alert}, never: []string{encrypted},
		},
		"an alert in the place of a reply": {
			traffic: []write{request, {true, tlsAlert}},
			want:    []string{alert}, never: []string{encrypted, "out of sync"},
		},
		"no TLS after the reply": {
			traffic: []write{request, {true, []byte("S")}, {false, []byte("what is this?")}},
			want:    []string{encrypted}, encrypted: 1,
		},
	} {
		for _, segment := range []int{1448, 700, 1} {
			w := newCable()
			w.segment = segment
			if test.port != 0 {
				w.serverPort = test.port
			}
			w.converse(t, test.traffic)
			log, _, report, _ := read(t, Options{}, pcap(t, w.link, w.packets))
			for _, want := range test.want {
				if !strings.Contains(log, want) {
					t.Errorf("%s, segments of %d: there is no %q in\n%s", name, segment, want, log)
				}
			}
			for _, never := range test.never {
				if strings.Contains(log, never) {
					t.Errorf("%s, segments of %d: there is %q in\n%s", name, segment, never, log)
				}
			}
			if report.Connections != 1 || report.Encrypted != test.encrypted || report.Missing != 0 {
				t.Errorf("%s, segments of %d: %+v", name, segment, report)
			}
		}
	}
}

// serverHelloOf is a ServerHello that chooses TLS 1.3.
func serverHelloOf() []byte {
	hello := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x13\x01\x00\x00\x06\x00\x2b\x00\x02\x03\x04"
	record := "\x02\x00\x00" + string(rune(len(hello))) + hello
	return []byte("\x16\x03\x03\x00" + string(rune(len(record))) + record)
}

// TestJoinedTLS begins inside TLS, in a record of either party or between two.
func TestJoinedTLS(t *testing.T) {
	w := newCable()
	w.converse(t, []write{
		{false, clientHello("db.test", "postgresql")}, {true, serverHelloOf()}, {true, tlsData}, {false, tlsData}, {true, tlsData}, {false, tlsData},
		{true, append([]byte("\x17\x03\x03\x10\x00"), bytes.Repeat([]byte("?"), 4096)...)}, {false, tlsData}, {true, tlsData},
	})
	for begin := 6; begin < len(w.packets)-8; begin++ {
		log, l, report, _ := read(t, Options{}, pcap(t, w.link, w.packets[begin:]))
		if !strings.Contains(log, "the capture begins in the middle of this connection\n") || !strings.Contains(log, "encrypted by TLS") ||
			report.Encrypted != 1 || l.data[0] > 0 || strings.Contains(log, "out of sync") {
			t.Errorf("from packet %d: %+v\n%s", begin, report, log)
		}
	}
}

// TestSnappedHello says what was captured of a ClientHello.
func TestSnappedHello(t *testing.T) {
	w := newCable()
	w.converse(t, []write{{false, clientHello("db.test", "postgresql")}, {true, tlsData}})
	name, _ := snap(t, w, 54+200)
	log, _, report, _ := read(t, Options{}, name)
	if !strings.Contains(log, "SNI: db.test\n#1  TLS offered by client: TLSv1.3, TLSv1.2; protocols via ALPN: postgresql\n") || report.Encrypted != 1 {
		t.Errorf("%+v\n%s", report, log)
	}
	name, _ = snap(t, w, 54+70)
	log, _, report, _ = read(t, Options{}, name)
	if strings.Contains(log, "TLS offered") || report.Encrypted != 1 {
		t.Errorf("%+v\n%s", report, log)
	}
}
