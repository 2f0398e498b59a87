package pqtrace

import (
	"encoding/binary"
	"strconv"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// message writes the line of a message. There are two if PQtrace does not read the message to the
// end.
func (l *line) message(m *event.Message, toServer bool) {
	*l = line{text: l.text, regress: l.regress, m: m}
	switch m.Type {
	case wire.SSLRequest, wire.GSSENCRequest, wire.CancelRequest, wire.StartupMessage:
		l.startup()
	case wire.SSLResponse, wire.GSSENCResponse:
		l.reply()
	case wire.OldErrorResponse:
		l.oldError()
	default:
		l.typedMessage(toServer)
	}
}

// typedMessage writes a message that has a type byte: pqTraceOutputMessage.
func (l *line) typedMessage(toServer bool) {
	l.readLength(1)
	var code byte
	if len(l.m.Bytes) > 0 {
		code = l.m.Bytes[0]
	}
	// The length of an error depends on where in the server's source it arose.
	l.begin(toServer, l.length, l.regress && !toServer && (code == 'E' || code == 'N'))
	if l.has(wire.HeaderSize, false) {
		l.at = wire.HeaderSize
		layout := layoutOf(code, toServer)
		l.text = append(l.text, layout.name...)
		if layout.body == nil {
			l.text = append(l.text, "Unknown message: "...)
			l.text = append(l.text, digits[code>>4], digits[code&15])
		} else {
			layout.body(l)
		}
	}
	l.end()
	if consumed := l.at - 1; !l.stopped && consumed != l.length {
		l.text = append(l.text, "mismatched message length: consumed "...)
		l.text = strconv.AppendInt(l.text, int64(consumed), 10)
		l.text = append(l.text, ", expected "...)
		l.text = strconv.AppendInt(l.text, int64(l.length), 10)
		l.end()
	}
}

// startup writes a packet without a type byte: pqTraceOutputNoTypeByteMessage.
func (l *line) startup() {
	l.readLength(0)
	l.begin(true, l.length, false)
	defer l.end()
	if l.length < 8 {
		l.text = append(l.text, "Unknown message"...)
		return
	}
	if !l.has(8, false) {
		return
	}
	l.at = 4
	switch code := binary.BigEndian.Uint32(l.m.Bytes[4:]); {
	case code == wire.CancelRequestCode && l.length >= 16:
		l.request("CancelRequest\t")
		l.int32(l.regress)
		l.nchar(l.length-l.at, l.regress)
	case code == wire.SSLRequestCode:
		l.request("SSLRequest\t")
	case code == wire.GSSENCRequestCode:
		l.request("GSSENCRequest\t")
	default:
		l.request("StartupMessage\t")
		for l.more() {
			twoStrings(l)
		}
	}
}

// request writes a name, and the code in place of a StartupMessage's version: major and minor.
func (l *line) request(name string) {
	l.text = append(l.text, name...)
	l.int16()
	l.int16()
}

// reply writes the byte that answers a request for encryption: pqTraceOutputCharResponse.
func (l *line) reply() {
	l.begin(false, 1, false)
	l.text = append(l.text, l.m.Type.String()...)
	l.text = append(l.text, '\t')
	l.byte1()
	l.end()
}

// oldError writes an error without a length word, for which PQtrace has no line.
func (l *line) oldError() {
	l.begin(false, int(l.m.Size), false)
	l.text = append(l.text, "OldErrorResponse\t"...)
	l.byte1()
	l.cstring(false)
	l.end()
}

// writeUndecoded writes bytes whose messages are unknown. PQtrace has no line for them.
func (l *line) writeUndecoded(b []byte, toServer bool) {
	*l = line{text: l.text, regress: l.regress, m: &event.Message{Message: wire.Message{Bytes: b, Size: int64(len(b))}}}
	l.begin(toServer, len(b), false)
	l.text = append(l.text, "Undecoded\t"...)
	l.data(len(b), l.regress)
	l.end()
}

// readLength reads the message's own length at an offset. If even that is cut off, the length is
// the number of bytes that came.
func (l *line) readLength(at int) {
	l.length, l.whole = int(l.m.Size), l.m.Size+1
	if len(l.m.Bytes) >= at+4 {
		l.length = int(int32(binary.BigEndian.Uint32(l.m.Bytes[at:])))
		l.whole = int64(l.length + at)
	}
}

// begin writes who sent the message, F for the frontend and B for the backend, and its length, or a
// word in its place if it is suppressed.
func (l *line) begin(toServer bool, length int, suppress bool) {
	if toServer {
		l.text = append(l.text, "F\t"...)
	} else {
		l.text = append(l.text, "B\t"...)
	}
	if suppress {
		l.text = append(l.text, "NN"...)
	} else {
		l.text = strconv.AppendInt(l.text, int64(length), 10)
	}
	l.text = append(l.text, '\t')
}

func (l *line) end() { l.text = append(l.text, '\n') }
