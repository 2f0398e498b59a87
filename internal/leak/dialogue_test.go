package leak

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/pseudonym"
	"pgpi/internal/session"
)

// dialogue is what two parties send, in order.
type dialogue []utterance

type utterance struct {
	from  event.Direction
	bytes []byte
}

// client and server add a message: its type byte, and its body in parts.
func (d *dialogue) client(code byte, parts ...any) { d.add(event.ClientToServer, code, parts) }
func (d *dialogue) server(code byte, parts ...any) { d.add(event.ServerToClient, code, parts) }

func (d *dialogue) add(from event.Direction, code byte, parts []any) {
	body := build(parts...)
	b := binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))
	*d = append(*d, utterance{from, append(b, body...)})
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
			b, _ = binary.Append(b, binary.BigEndian, p) // integers fit
		}
	}
	return b
}

// value is one with its length, row a list of them.
func value(parts ...any) []byte {
	b := build(parts...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func row(values ...[]byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(values))), bytes.Join(values, nil)...)
}

func column(name string, oid uint32, format int16) []byte {
	return build(name, "\x00", uint32(0), int16(0), oid, int16(-1), int32(-1), format)
}

// login begins a session. The server reports standard_conforming_strings if it is not "".
func login(standard, parameters string) dialogue {
	startup := "\x00\x03\x00\x00user\x00joe\x00database\x00shop\x00" + parameters + "\x00"
	d := dialogue{{event.ClientToServer, append(binary.BigEndian.AppendUint32(nil, uint32(len(startup)+4)), startup...)}}
	d.server('R', uint32(0))
	d.server('S', "server_version\x0017.0\x00")
	d.server('S', "client_encoding\x00UTF8\x00")
	if standard != "" {
		d.server('S', "standard_conforming_strings\x00", standard, "\x00")
	}
	d.server('Z', "I")
	return d
}

// track calls f with the events of a dialogue, as the relay makes them. The bytes are f's
// to change.
func (d dialogue) track(f func(*event.Event)) {
	tracker := session.New(nil)
	seq := uint64(0)
	for _, u := range d {
		for pending := u.bytes; len(pending) > 0; {
			const read = 65000
			p := tracker.Scan(u.from, pending[:min(len(pending), read)])
			if p.Size == 0 {
				p = tracker.Scan(u.from, pending)
			}
			seq++
			e := event.Event{
				Seq: seq, Conn: 1, Kind: p.Kind, Direction: u.from, Relayed: true, Total: p.Total, Offset: p.Offset,
				Data: bytes.Clone(pending[:p.Size]), Messages: p.Messages,
			}
			rest := e.Data
			for i := range e.Messages {
				m := &e.Messages[i]
				if e.Kind == event.Traffic {
					m.Bytes, rest = rest[:len(m.Bytes)], rest[len(m.Bytes):]
				} else {
					m.Bytes = bytes.Clone(m.Bytes)
				}
			}
			f(&e)
			pending = pending[p.Size:]
		}
	}
}

// redacted is a dialogue as the redaction records it, which knows all values from the
// beginning. No word of a value stays.
func (d dialogue) redacted(t *testing.T) dialogue {
	t.Helper()
	v, detector := pseudonym.New(), New()
	d.track(v.Learn)
	safe := dialogue{}
	d.track(func(e *event.Event) {
		detector.Watch(e, v.Apply)
		safe = append(safe, utterance{e.Direction, e.Data})
	})
	if detector.kept.any() {
		t.Error(detector.Err())
	}
	return safe
}

// learned returns a detector that knows the values of a dialogue.
func (d dialogue) learned() *Detector {
	detector := New()
	d.track(detector.learn)
	return detector
}

// check searches the recording of a dialogue, with what a detector knows of another one.
func (d dialogue) check(t *testing.T, other dialogue) error {
	t.Helper()
	detector := other.learned()
	if detector.learned.size() == 0 {
		t.Error("no value is known")
	}
	readRecording(t, record(t, d), detector.Search)
	return detector.Err()
}
