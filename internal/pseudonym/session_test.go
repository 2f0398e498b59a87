package pseudonym

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/session"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/sink/text"
	"pgpi/internal/wire"
)

// conversation is what two parties send, in order.
type conversation struct {
	said []utterance
}

type utterance struct {
	from  event.Direction
	bytes []byte
}

// client and server add a message: its type byte, and its body in parts.
func (c *conversation) client(code byte, parts ...any) { c.add(event.ClientToServer, code, parts) }
func (c *conversation) server(code byte, parts ...any) { c.add(event.ServerToClient, code, parts) }

func (c *conversation) add(from event.Direction, code byte, parts []any) {
	body := build(parts...)
	b := binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))
	c.said = append(c.said, utterance{from, append(b, body...)})
}

// build makes bytes: strings and byte slices as they are, integers in their width.
func build(parts ...any) []byte {
	var b []byte
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		default:
			b, _ = binary.Append(b, binary.BigEndian, p)
		}
	}
	return b
}

// value is one with its length.
func value(parts ...any) []byte {
	b := build(parts...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

// row is a DataRow's body, or a tuple's.
func row(values ...[]byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(values)))
	return append(b, bytes.Join(values, nil)...)
}

func column(name string, oid uint32, format int16) []byte {
	return build(name, "\x00", uint32(0), int16(0), oid, int16(-1), int32(-1), format)
}

// login is a session's beginning.
func login(c *conversation, parameters string) {
	startup := "\x00\x03\x00\x00user\x00joe\x00database\x00shop\x00" + parameters + "\x00"
	b := binary.BigEndian.AppendUint32(nil, uint32(len(startup)+4))
	c.said = append(c.said, utterance{event.ClientToServer, append(b, startup...)})
	c.server('R', uint32(0))
	c.server('S', "server_version\x0017.0\x00")
	c.server('S', "client_encoding\x00UTF8\x00")
	c.server('Z', "I")
}

// everything is a session with data in all places where there can be some. Each canary is a number
// of its own after the bird.
func everything(c *conversation) {
	login(c, "")
	c.client('Q', `SELECT name, 4711, E'Canary\x4101 it''s' FROM birds WHERE name = 'Canary02''s' AND x = U&'\0043anary03' -- Canary04`, "\x00")
	c.server('T', int16(3), column("name", 25, 0), column("id", 23, 0), column("at", 1184, 0))
	c.server('D', row(value("Canary05"), value("471147"), value("2024-01-15 10:30:00.123456+00")))
	c.server('D', row(value("Canary 06, and {\"Canary07\": [\"Canary08\"]}"), binary.BigEndian.AppendUint32(nil, math.MaxUint32), value("infinity")))
	c.server('C', "SELECT 2\x00")
	c.server('Z', "I")

	c.client('P', "s1\x00INSERT INTO birds VALUES ($1, $2, $3) RETURNING $$Canary09$$\x00", int16(3), uint32(25), uint32(20), uint32(3802))
	c.client('B', "p1\x00s1\x00", int16(3), int16(0), int16(1), int16(1), int16(3),
		value("Canary10"), value(uint64(0x43616e6172793131)), value("\x01{\"Canary12\": 471200}"), int16(1), int16(1))
	c.client('D', "Pp1\x00")
	c.client('E', "p1\x00", uint32(0))
	c.client('S')
	c.server('1')
	c.server('2')
	c.server('T', int16(4), column("n", 1700, 1), column("u", 2950, 1), column("a", 1009, 1), column("b", 17, 1))
	c.server('D', row(
		value(int16(2), int16(1), int16(0), int16(0), int16(4713), int16(1471)), value("Canary13Canary14"),
		value(uint32(1), uint32(0), uint32(25), uint32(1), uint32(1), value("Canary15")), value("\x00\x01Canary16\xff")))
	c.server('C', "INSERT 0 1\x00")
	c.server('Z', "I")

	c.client('Q', "COPY birds (name, note) FROM STDIN (NULL 'nothing')\x00")
	c.server('G', "\x00", int16(2), int16(0), int16(0))
	c.client('d', "Canary17\tCanary\\t18\nnothing\tCana")
	c.client('d', "ry19\n{\"Canary20\": 1}\tx\n")
	c.client('c')
	c.server('C', "COPY 3\x00")
	c.server('Z', "I")
	c.client('Q', "COPY (SELECT * FROM birds WHERE name <> 'Canary21') TO STDOUT WITH (FORMAT csv, HEADER)\x00")
	c.server('H', "\x00", int16(2), int16(0), int16(0))
	c.server('d', "name,note\n")
	c.server('d', "Canary22,\"Canary, \"\"23\"\"\"\n")
	c.server('c')
	c.server('C', "COPY 1\x00")
	c.server('Z', "I")
	c.client('Q', "COPY birds TO STDOUT (FORMAT binary)\x00")
	c.server('H', "\x01", int16(2), int16(1), int16(1))
	c.server('d', "PGCOPY\n\xff\r\n\x00", uint32(0), uint32(0), int16(2), value("Canary24"), value(uint32(471225)))
	c.server('d', int16(-1))
	c.server('c')
	c.server('C', "COPY 1\x00")
	c.server('Z', "I")

	c.client('Q', "SELECT 'Canary26'::int\x00")
	c.server('E', "SERROR\x00VERROR\x00C22P02\x00Minvalid input syntax for type integer: \"Canary\"26\"\x00P8\x00Rpg_strtoint32_safe\x00\x00")
	c.server('Z', "I")
	c.client('Q', "CALL p()\x00")
	c.server('N', "SNOTICE\x00VNOTICE\x00C00000\x00Mhello Canary27\x00WPL/pgSQL function p() line 3 at RAISE\x00Rexec_stmt_raise\x00\x00")
	c.server('E', "SERROR\x00VERROR\x00C23505\x00Mduplicate key value violates unique constraint \"birds_pkey\"\x00DKey (name, id)=(Canary28 (x), 4712) already exists.\x00",
		"WSQL statement \"INSERT INTO \"birds\" VALUES ('Canary29')\"\nPL/pgSQL function p() line 4 at SQL statement\x00sPublic\x00R_bt_check_unique\x00\x00")
	c.server('Z', "I")
	c.client('Q', "NOTIFY birds, 'Canary30'\x00")
	c.server('C', "NOTIFY\x00")
	c.server('A', uint32(7), "birds\x00Canary30\x00")
	c.server('Z', "I")
	c.client('F', uint32(1), int16(1), int16(1), int16(1), value("Canary31"), int16(1))
	c.server('V', value("Canary32"))
	c.server('Z', "I")
	c.client('Q', "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN RETURN 'Canary33' || \"Column\"; END $f$; ALTER ROLE joe PASSWORD 'Canary34'\x00")
	c.server('C', "Canary35 is not a tag\x00")
	c.server('i', "Canary36 is in a message that nobody knows")
	c.server('Z', "I")
}

// logicalReplication is pgoutput with rows in it.
func logicalReplication(c *conversation) {
	login(c, "replication\x00database\x00")
	c.client('Q', `START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names '"p"')`, "\x00")
	c.server('W', "\x00", int16(0))
	wal := func(parts ...any) { c.server('d', "w", uint64(1), uint64(2), uint64(3), build(parts...)) }
	wal("B", uint64(1), uint64(2), uint32(7))
	wal("R", uint32(16384), "public\x00birds\x00d", int16(2), "\x01name\x00", uint32(25), int32(-1), "\x00id\x00", uint32(23), int32(-1))
	wal("I", uint32(16384), "N", int16(2), "t", value("Canary40"), "b", value(uint32(471241)))
	wal("U", uint32(16384), "K", int16(2), "t", value("Canary42"), "n", "N", int16(2), "t", value("Canary43"), "u")
	wal("D", uint32(16384), "O", int16(2), "t", value("Canary44"), "t", value("471245"))
	wal("M", "\x00", uint64(1), "prefix\x00", value("Canary46"))
	wal("C", "\x00", uint64(1), uint64(2), uint64(3))
}

// largeMessages are too large to hold.
func largeMessages(c *conversation) {
	login(c, "")
	long := strings.Repeat("Canary50 ", 10_000)
	c.client('Q', "SELECT '"+long+"'\x00")
	c.server('T', int16(2), column("a", 25, 0), column("b", 17, 1))
	c.server('D', row(value("Canary51 "+long), value("\x00Canary52\xff"+long)))
	c.server('C', "SELECT 1\x00")
	c.server('Z', "I")
	c.client('Q', "COPY birds FROM STDIN\x00")
	c.server('G', "\x00", int16(1), int16(0))
	c.client('d', long+"\n")
	c.client('c')
	c.server('C', "COPY 1\x00")
	c.server('Z', "I")
}

// track makes events of what parties send, as the relay does, and passes them to f. The
// bytes are f's to change.
func track(said []utterance, f func(*event.Event)) {
	tracker := session.New(nil)
	seq := uint64(0)
	for _, u := range said {
		for pending := u.bytes; len(pending) > 0; {
			const read = 65000
			p := tracker.Scan(u.from, pending[:min(len(pending), read)])
			if p.Size == 0 {
				p = tracker.Scan(u.from, pending)
			}
			seq++
			e := event.Event{
				Seq: seq, Conn: 1, Kind: p.Kind, Direction: u.from, Relayed: true, Total: p.Total, Offset: p.Offset,
				Data: pending[:p.Size], Messages: p.Messages,
			}
			e = e.Clone()
			f(&e)
			pending = pending[p.Size:]
		}
	}
}

// birds are what must not be found anywhere: the canaries in all the forms they have.
func birds() []string {
	all := []string{"Canary", "43616e617279", "43616E617279", "4711", "4712", "anary"}
	for n := 471100; n < 471300; n++ {
		all = append(all, fmt.Sprintf("%08x", n)) // in binary format
	}
	return append(all, "2024-01-15", "10:30:00.123456", "infinity")
}

// Whatever a session says, no sink shows a value of it, and a reader of what was
// recorded finds messages of the same types and lengths.
func TestNoValueSurvives(t *testing.T) {
	for name, script := range map[string]func(*conversation){
		"everything": everything, "logical replication": logicalReplication, "large messages": largeMessages,
	} {
		for _, learned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, learned %v", name, learned), func(t *testing.T) {
				var c conversation
				script(&c)
				v := New()
				if learned {
					track(c.said, v.Learn)
				}
				redacted := redactConversation(t, v, c.said, learned)
				compareTypes(t, c.said, redacted)
				check := v.Check()
				track(redacted, check.Add)
				if err := check.Err(); err != nil && learned {
					t.Error(err)
				}
				if check.checked == 0 || len(v.seen.values) == 0 {
					t.Error(check)
				}
			})
		}
	}
}

// redactConversation returns what is recorded, and looks at what the sinks write about it
// for all birds that they write without redaction.
func redactConversation(t *testing.T, v *Values, said []utterance, learned bool) []utterance {
	t.Helper()
	var redacted []utterance
	before := show(t, said, func(*event.Event) {})
	after := show(t, said, func(e *event.Event) {
		v.Apply(e)
		redacted = append(redacted, utterance{e.Direction, e.Data})
	})
	seen := 0
	for i := range before {
		for _, bird := range birds() {
			if !strings.Contains(before[i], bird) {
				continue
			}
			seen++
			for line := range strings.Lines(after[i]) {
				if isInLine(bird, line, learned) {
					t.Errorf("%s in %.2000s", bird, line)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d birds are seen without redaction", seen)
	}
	return redacted
}

// show returns what each sink writes about a conversation, changed by f.
func show(t *testing.T, said []utterance, f func(*event.Event)) []string {
	t.Helper()
	var outputs [4]bytes.Buffer
	sinks := []interface{ Write([]event.Event) error }{
		text.New(&outputs[0], text.Options{}), text.New(&outputs[1], text.Options{Mode: text.Raw}),
		jsonl.New(&outputs[2], jsonl.Options{}), pqtrace.New(&outputs[3], pqtrace.Options{}),
	}
	track(said, func(e *event.Event) {
		f(e)
		for _, sink := range sinks {
			if err := sink.Write([]event.Event{*e}); err != nil {
				t.Fatal(err)
			}
		}
	})
	all := make([]string, len(sinks))
	for i := range all {
		all[i] = outputs[i].String()
	}
	return all
}

// compareTypes compares the messages of what was said with those of what was recorded.
func compareTypes(t *testing.T, said, redacted []utterance) {
	t.Helper()
	list := func(said []utterance) (all []string) {
		track(said, func(e *event.Event) {
			for _, m := range e.Messages {
				line := fmt.Sprintf("%s %d", m.Type, m.Size)
				for _, f := range wire.AppendFields(nil, &m.Message) {
					if e.Kind == event.Traffic {
						line += fmt.Sprintf(" %s:%d-%d", f.Name, f.Start, f.End)
					}
				}
				all = append(all, line)
			}
		})
		return all
	}
	before, after := list(said), list(redacted)
	if len(before) != len(after) {
		t.Fatalf("%d messages became %d", len(before), len(after))
	}
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("%s\nbecame %s", before[i], after[i])
		}
	}
}

// isInLine reports whether a canary is in a line. Four digits may be in a longer number
// or in hexadecimal by chance, and where values were not known before, anywhere.
func isInLine(bird, line string, learned bool) bool {
	if strings.Trim(bird, "0123456789") != "" {
		return strings.Contains(line, bird)
	}
	for before, after, found := strings.Cut(line, bird); found && learned; before, after, found = strings.Cut(after, bird) {
		if before == "" || !strings.ContainsAny(before[len(before)-1:], "0123456789abcdef") {
			return true
		}
	}
	return false
}
