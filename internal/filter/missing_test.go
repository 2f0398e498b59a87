package filter

import (
	"strings"
	"testing"

	"pgpi/internal/event"
)

// Where events are missing, what is held goes by what is known, in the order of all connections,
// and nothing is remembered.
func TestDropped(t *testing.T) {
	d := begin(t, `sqlstate == "" and user != "eve" and from == "client"`)
	d.login("bob")
	d.conn = 2
	d.say(event.Opened{})
	d.pass(event.ClientToScript, packet(tlsCode, ""))
	for range 2 {
		d.conn = 1
		d.pass(event.ClientToServer, message('Q', "select\x00"))
		d.conn = 2
		d.pass(event.ClientToScript, packet(tlsCode, ""))
	}
	d.out.words = nil
	d.drop()
	if got, want := strings.Join(d.out.words, " "), "SSLRequest Query SSLRequest Query SSLRequest"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if n := len(d.sink.connections); n > 0 {
		t.Errorf("%d connections are remembered", n)
	}
	d.out.words = nil
	d.conn = 1
	for range 2 {
		d.pass(event.ServerToClient, failure("40001"), message('Z', "I"))
	}
	d.query("select", "40001")
	d.query("select", "")
	if got := d.end(); got != "Query" {
		t.Errorf("afterwards there came through: %s", got)
	}
}

// The transaction is not known until the next ReadyForQuery.
func TestTransactionUnknown(t *testing.T) {
	for name, lose := range map[string]func(d *dialogue){
		"dropped":    func(d *dialogue) { d.drop() },
		"missing":    func(d *dialogue) { d.say(event.Missing{Direction: event.ServerToClient, Bytes: 7}) },
		"continued":  func(d *dialogue) { d.say(event.Continued{}) },
		"joined":     func(d *dialogue) { d.say(event.Joined{}) },
		"opened new": func(d *dialogue) { d.say(event.Opened{}); d.say(event.Joined{}) },
	} {
		d := begin(t, `tx == "" and type in ["Query", "DataRow"]`)
		d.login("bob")
		d.query("select 1", "")
		lose(d)
		d.pass(event.ServerToClient, message('D', "\x00\x00"))
		d.pass(event.ServerToClient, message('Z', "T"))
		d.query("select 2", "")
		if got := d.end(); got != "DataRow" {
			t.Errorf("%s: there came through: %s", name, got)
		}
	}
}

// An exchange with something missing is decided at once, by what is known.
func TestLost(t *testing.T) {
	for name, lose := range map[string]func(d *dialogue){
		"missing":   func(d *dialogue) { d.say(event.Missing{Direction: event.ServerToClient, Bytes: 7}) },
		"undecoded": func(d *dialogue) { d.pass(event.ServerToClient, []byte("\xff\xff")) },
		"opaque": func(d *dialogue) {
			d.write(event.Event{Kind: event.Undecoded, Opaque: true, Direction: event.ServerToClient, Data: []byte("****")})
		},
		"a defect": func(d *dialogue) { d.say(event.ObserverFailed{Why: "why"}) },
	} {
		d := begin(t, `sqlstate == "" and type in ["Query", "DataRow"]`)
		d.login("bob")
		d.pass(event.ClientToServer, message('Q', "select\x00"))
		d.pass(event.ServerToClient, message('D', "\x00\x00"))
		if len(d.out.words) > 0 {
			t.Errorf("%s: there came through: %s", name, d.out.words)
		}
		lose(d)
		if got := strings.Join(d.out.words, " "); got != "Query DataRow" {
			t.Errorf("%s: there came through: %s", name, got)
		}
	}
}

// many is more connections than there are at once.
const many = 10_001

// A connection whose end is lost leaves nothing behind.
func TestEndsDropped(t *testing.T) {
	for _, expression := range []string{
		`type == "Query"`, `tx == "idle"`, `user == "bob" and type == "nothing"`, `user == "eve"`, `sqlstate == "40001"`, `len(params) > 7`,
	} {
		d := begin(t, expression)
		d.inBatches = true
		for conn := range uint32(many) {
			d.conn = conn + 1
			switch conn % 3 {
			case 0:
				d.say(event.Opened{Client: "10.0.0.1:1"})
			case 1:
				d.login("bob")
			default:
				d.login("bob")
				d.pass(event.ClientToServer, message('Q', "select\x00"))
			}
		}
		d.flush()
		d.drop()
		if n := len(d.sink.connections); n > 0 {
			t.Errorf("%s: %d connections are remembered", expression, n)
		}
		for conn := range uint32(many) { // the ends that were not dropped make nothing new
			d.conn = conn + 1
			d.say(event.Ended{})
		}
		d.flush()
		if n := len(d.sink.connections); n > 0 {
			t.Errorf("%s: %d connections are remembered after their ends", expression, n)
		}
		d.close()
	}
}

func TestEndsDroppedOfConnections(t *testing.T) {
	c := choose(t, `user != "eve"`)
	for conn := range uint32(many) {
		c.open(conn+1, "10.0.0.1:1")
		if conn%2 == 0 {
			c.begin(conn+1, "bob")
		}
	}
	if n := len(c.sink.beginnings); n != many/2 {
		t.Errorf("%d connections are held back of %d", n, many/2)
	}
	c.drop()
	if n := len(c.sink.beginnings); n > 0 {
		t.Errorf("%d connections are remembered", n)
	}
	words := strings.Fields(c.got())
	opened := 0
	for _, word := range words {
		if strings.HasSuffix(word, ":opened") {
			opened++
		}
	}
	if opened != many {
		t.Errorf("%d beginnings came through of %d", opened, many)
	}
}

// Events that share a number keep their order where all is let go at once.
func TestEqualNumbers(t *testing.T) {
	d := begin(t, `user == ""`)
	const each = 50
	for range each {
		for i, f := range []event.Fact{event.Opened{}, event.ServerName{Name: "a"}, event.NoSSLRequest{}, event.CertificateWanted{}} {
			d.batch = append(d.batch, event.Event{Seq: uint64(7 + i/2), Conn: d.conn, Kind: event.Said, Fact: f})
		}
		d.conn++
	}
	d.close()
	want := strings.Repeat("opened sni ", each) + strings.TrimSpace(strings.Repeat("plaintext certificate_wanted ", each))
	if got := strings.Join(d.out.words, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
