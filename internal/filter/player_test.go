package filter

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/decode"
	"pgpi/internal/event"
	sums "pgpi/internal/exchange"
)

// player plays connections into a filter, as the bus would: decoded, in batches, and in memory that
// is used again.
type player struct {
	t     testing.TB
	sink  Next
	stage *decode.Stage
	sums  *sums.Stage // nil if no one wants exchanges
	seq   uint64
	conn  uint32
	// inBatches says that what is played waits for flush.
	inBatches bool
	batch     []event.Event
}

func newPlayer(t testing.TB, sink Next) *player {
	return &player{t: t, sink: sink, stage: decode.New(nil), conn: 1}
}

func (p *player) write(e event.Event) {
	p.t.Helper()
	e.Conn = p.conn
	p.record(e)
}

// record takes an event of any connection.
func (p *player) record(e event.Event) {
	p.t.Helper()
	if e.TakesNumber() {
		p.seq++
	}
	e.Seq = p.seq
	p.stage.Take(&e, func(e *event.Event) {
		if p.sums != nil {
			p.sums.Take(e, p.gather)
		} else {
			p.gather(e)
		}
	})
	if !p.inBatches {
		p.flush()
	}
}

// gather adds an event to the batch.
func (p *player) gather(e *event.Event) {
	own := e.Clone()
	for i := range own.Messages {
		own.Messages[i].Redacted = []event.Span{{Start: 1, End: 2}}
	}
	p.batch = append(p.batch, own)
}

// flush hands over a batch, and spoils its memory.
func (p *player) flush() {
	p.t.Helper()
	if err := p.sink.Write(p.batch); err != nil {
		p.t.Fatal(err)
	}
	for i := range p.batch {
		e := &p.batch[i]
		for j := range e.Data {
			e.Data[j] = '!'
		}
		for j := range e.Messages {
			for k := range e.Messages[j].Bytes {
				e.Messages[j].Bytes[k] = '!'
			}
			clear(e.Messages[j].Redacted)
		}
		clear(e.Messages)
	}
	clear(p.batch)
	p.batch = p.batch[:0]
}

func (p *player) say(f event.Fact) {
	p.t.Helper()
	p.write(event.Event{Kind: event.Said, Fact: f})
}

// drop says that events are missing.
func (p *player) drop() {
	p.t.Helper()
	p.flush()
	gap := event.Event{Seq: p.seq + 1, Kind: event.Said, Fact: event.Dropped{Events: 7}}
	if err := p.sink.Write([]event.Event{gap}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) pass(d event.Direction, messages ...[]byte) {
	p.t.Helper()
	p.write(event.Event{Kind: event.Bytes, Direction: d, Data: slices.Concat(messages...), Relayed: d <= event.ServerToClient})
}

func (p *player) close() {
	p.t.Helper()
	p.flush()
	if err := p.sink.Close(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) login(user string) {
	p.t.Helper()
	p.say(event.Opened{Client: "10.0.0.1:4711"})
	p.pass(event.ClientToScript, packet(startupCode, "user\x00"+user+"\x00database\x00shop\x00application_name\x00till\x00\x00"))
	p.pass(event.ServerToClient, message('R', "\x00\x00\x00\x00"), message('Z', "I"))
}

func (p *player) query(sql, sqlstate string) {
	p.t.Helper()
	p.pass(event.ClientToServer, message('Q', sql+"\x00"))
	if sqlstate != "" {
		p.pass(event.ServerToClient, failure(sqlstate))
		p.pass(event.ServerToClient, message('Z', "I"))
		return
	}
	p.pass(event.ServerToClient, result("id"), message('D', "\x00\x01\x00\x00\x00\x01"+"1"), message('C', "SELECT 1\x00"), message('Z', "I"))
}

func (p *player) prepared(parameter uint32) {
	p.t.Helper()
	value := binary.BigEndian.AppendUint32(nil, parameter)
	p.pass(event.ClientToServer, message('P', "s\x00select $1 from stock\x00\x00\x01\x00\x00\x00\x17"),
		message('B', "\x00s\x00\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04"+string(value)+"\x00\x00"), message('E', "\x00\x00\x00\x00\x00"), message('S', ""))
	p.pass(event.ServerToClient, message('1', ""), message('2', ""), message('D', "\x00\x00"), message('C', "SELECT 7\x00"), message('Z', "I"))
}

// result is a RowDescription of one column, an int4.
func result(name string) []byte {
	return message('T', "\x00\x01"+name+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
}

func failure(sqlstate string) []byte { return message('E', "SERROR\x00C"+sqlstate+"\x00\x00") }

func message(code byte, body string) []byte {
	b := append([]byte{code, 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return b
}

// packet is one that begins with its length and a code.
func packet(code uint32, body string) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 4), code)
	b = append(b, body...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

const (
	startupCode = 3 << 16
	tlsCode     = 80877103
	cancelCode  = 80877102
)

// kept is a sink that remembers what it was given, as words.
type kept struct {
	words  []string
	totals []int64 // of the events
	closed bool
}

func (k *kept) Write(events []event.Event) error {
	for i := range events {
		e := &events[i]
		if e.Kind == event.Said {
			k.words = append(k.words, event.Key(e.Fact))
		}
		for j := range e.Messages {
			m := &e.Messages[j]
			k.words = append(k.words, m.Type.String())
			if strings.Contains(string(m.Bytes), "!!!!") || m.Redacted[0].End != 2 {
				k.words = append(k.words, "memory of the bus")
			}
		}
		k.totals = append(k.totals, e.Total)
	}
	return nil
}

func (k *kept) Close() error { k.closed = true; return nil }

// dialogue is a player of one connection, with what came through and what was said.
type dialogue struct {
	*player

	sink *Sink
	out  kept
	said []string
}

func begin(t testing.TB, expression string) *dialogue {
	t.Helper()
	f, err := Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	d := &dialogue{}
	d.sink = f.New(&d.out, false, func(err error) { d.said = append(d.said, err.Error()) })
	d.player = newPlayer(t, d.sink)
	return d
}

// end ends the connection and the filter, and returns what has come through.
func (d *dialogue) end() string {
	d.t.Helper()
	d.say(event.Ended{})
	d.close()
	if !d.out.closed {
		d.t.Error("the sink after it was not closed")
	}
	if len(d.sink.connections) > 0 {
		d.t.Errorf("%d connections are remembered", len(d.sink.connections))
	}
	return strings.Join(d.out.words, " ")
}
