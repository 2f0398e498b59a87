package proxy

import (
	"fmt"
	"strings"

	"pgpi/internal/event"
	"pgpi/internal/session"
)

// decoder finds out what the events of a connection mean, after they were recorded: the
// recorder calls it, in the order of all events. The relay does not wait for it, and
// nothing here may touch what the relay uses. It stands behind a wall: a panic is a defect,
// which ends the decoding of one connection.
type decoder struct {
	conn    uint32 // the connection's tag
	tracker *session.Tracker
	blind   bool // decoding has failed
	// undecoded counts the relayed bytes that nobody has understood, by direction.
	undecoded [2]int64

	scan, end event.Decode // decodeBytes and decodeEnd, made once

	// messages is room for those of an event. All decoders share it, because the recorder
	// calls one at a time: connections that are idle should hold little.
	messages *[]event.Message
}

func newDecoder(conn uint32, budget *session.Budget, messages *[]event.Message) *decoder {
	d := &decoder{conn: conn, tracker: session.New(budget), messages: messages}
	d.scan, d.end = d.decodeBytes, d.decodeEnd
	return d
}

// decodeBytes finds the messages of a frame.
func (d *decoder) decodeBytes(e *event.Event, emit func(*event.Event)) {
	if e.Kind != event.Undecoded {
		d.ask(e, emit, func() {
			p := d.tracker.ScanFrame(e.Direction, e.Data, *d.messages)
			*d.messages = p.Messages
			d.fill(e, p)
		})
	}
	d.pass(e, emit)
	clear(*d.messages) // they point to what is not theirs
}

// decodeEnd finds the message that a direction ends in.
func (d *decoder) decodeEnd(e *event.Event, emit func(*event.Event)) {
	if e.Kind != event.Undecoded {
		d.ask(e, emit, func() {
			p, _ := d.tracker.End(e.Direction, e.Data)
			d.fill(e, p)
		})
	}
	d.pass(e, emit)
}

// fill adds the messages. The tracker has framed the bytes again, as the relay did.
func (d *decoder) fill(e *event.Event, p session.Piece) {
	if p.Kind != e.Kind || p.Size != len(e.Data) || p.Total != e.Total {
		panic(fmt.Sprintf("%d bytes that were framed as %d, of messages of %d, are %d, of messages of %d", len(e.Data), e.Kind, e.Total, p.Size, p.Total))
	}
	e.Messages = p.Messages
}

// pass gives an event on, which is undecoded where decoding has failed.
func (d *decoder) pass(e *event.Event, emit func(*event.Event)) {
	if d.blind {
		e.Kind, e.Messages, e.Total, e.Offset = event.Undecoded, nil, 0, 0
	}
	if e.Kind == event.Undecoded && e.Relayed {
		d.undecoded[e.Direction] += int64(len(e.Data))
	}
	if len(e.Data) > 0 || e.Total > 0 {
		emit(e)
	}
}

// sumUp says how many bytes of a direction were not decoded, if there were any.
func (d *decoder) sumUp(direction event.Direction, e *event.Event, emit func(*event.Event)) {
	if n := d.undecoded[direction]; n > 0 {
		e.Args = []string{direction.String(), fmt.Sprint(n)}
		emit(e)
	}
}

// newServer forgets what was said to an earlier server, and is no event.
func (d *decoder) newServer(e *event.Event, emit func(*event.Event)) {
	d.ask(e, emit, func() { d.tracker.NewServer() })
}

// close is the last event of a connection. It gives back what was kept, also where
// decoding has failed.
func (d *decoder) close(e *event.Event, emit func(*event.Event)) {
	failed := d.blind
	d.blind = false
	d.ask(e, func(told *event.Event) {
		if !failed {
			emit(told)
		}
	}, func() { d.tracker.Close() })
	d.blind = true // as far as others ask
	emit(e)
}

// maxRunning is how much of a statement a sentence repeats, in bytes.
const maxRunning = 200

// addRunning adds to a sentence, which can be another connection's, the SQL that this
// one's server works on.
func (d *decoder) addRunning(e *event.Event, emit func(*event.Event)) {
	sql := ""
	d.ask(e, emit, func() { sql = d.tracker.Running() })
	switch {
	case sql == "":
		sql = "nothing that is known"
	case len(sql) > maxRunning:
		sql = strings.ToValidUTF8(sql[:maxRunning], "") + " ..."
	}
	e.Args = append(e.Args, sql)
	emit(e)
}

// ask does something behind the wall, unless that has failed before.
func (d *decoder) ask(e *event.Event, emit func(*event.Event), something func()) {
	if d.blind {
		return
	}
	defer func() {
		if reason := recover(); reason != nil {
			d.blind = true
			emit(&event.Event{
				At: e.At, Elapsed: e.Elapsed, Conn: d.conn, Kind: event.Said,
				Status: event.ObserverFailed, Args: []string{fmt.Sprint(reason)},
			})
		}
	}()
	something()
}
