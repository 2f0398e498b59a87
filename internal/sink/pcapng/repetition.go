package pcapng

import (
	"bytes"
	"encoding/binary"

	"pgpi/internal/event"
)

// Messages that repeat to a reader what was in an earlier file.

// appendMessage appends a message.
func appendMessage(dst []byte, code byte, body []byte) []byte {
	dst = append(dst, code)
	dst = binary.BigEndian.AppendUint32(dst, uint32(4+len(body)))
	return append(dst, body...)
}

// repetition returns what makes and describes a statement, and what the server answered.
func (s *statement) repetition() (client, server []byte) {
	client = bytes.Clone(s.parse.data)
	server = appendMessage(nil, '1', nil)
	if s.context == nil {
		return client, server
	}
	name, _, _ := bytes.Cut(s.parse.data[5:], []byte{0})
	client = appendMessage(client, 'D', append(append([]byte{'S'}, name...), 0))
	types := binary.BigEndian.AppendUint16(nil, uint16(len(s.context.ParameterTypes)))
	for _, oid := range s.context.ParameterTypes {
		types = binary.BigEndian.AppendUint32(types, oid)
	}
	server = appendMessage(server, 't', types)
	if s.columns == nil {
		return client, appendMessage(server, 'n', nil)
	}
	return client, appendRowDescription(server, s.columns)
}

// appendRowDescription appends a RowDescription, with what is known about columns.
func appendRowDescription(dst []byte, columns []event.Column) []byte {
	body := binary.BigEndian.AppendUint16(nil, uint16(len(columns)))
	for _, c := range columns {
		body = append(append(body, c.Name...), 0)
		body = append(body, 0, 0, 0, 0, 0, 0) // the table's OID and the attribute's number
		body = binary.BigEndian.AppendUint32(body, c.TypeOID)
		body = append(body, 0xff, 0xff) // the type's length: it varies
		body = binary.BigEndian.AppendUint32(body, uint32(c.TypeModifier))
		format := uint16(0)
		if c.Binary {
			format = 1
		}
		body = binary.BigEndian.AppendUint16(body, format)
	}
	return appendMessage(dst, 'T', body)
}

// appendSettings appends a ParameterStatus for each known setting.
func appendSettings(dst []byte, s *event.Settings) []byte {
	for _, setting := range [][2]string{
		{"client_encoding", s.ClientEncoding},
		{"DateStyle", s.DateStyle},
		{"IntervalStyle", s.IntervalStyle},
		{"TimeZone", s.TimeZone},
		{"server_version", s.ServerVersion},
		{"standard_conforming_strings", s.StandardStrings},
	} {
		if setting[1] != "" {
			dst = appendMessage(dst, 'S', []byte(setting[0]+"\x00"+setting[1]+"\x00"))
		}
	}
	return dst
}
