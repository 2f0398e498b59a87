package text

import (
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

// accounts is a statement with the types of its parameters and the columns of its result.
var accounts = &event.Context{
	SQL:            "SELECT id,\n       note\n  FROM accounts\n WHERE id = $1 AND created > $2 AND note <> '" + strings.Repeat("long ", 20) + "'",
	ParameterTypes: []uint32{23, 1184},
	Columns:        []event.Column{{Name: "id", TypeOID: 23, Binary: true}, {Name: "note", TypeOID: 25, Binary: true}},
}

// contextMessages are shown with what the session knew about them.
func contextMessages(s *transcript.Transcript) {
	settings := &event.Settings{ClientEncoding: "UTF8", TimeZone: "Europe/Berlin", DateStyle: "German, DMY"}
	shown := func(m event.Message, c *event.Context) event.Message {
		m.Context, m.Settings = c, settings
		return m
	}
	s.Client(
		shown(message(wire.Bind, "p\x00a\x00\x00\x01\x00\x01\x00\x03\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x08"+someTime+"\xff\xff\xff\xff\x00\x01\x00\x01"), accounts),
		shown(message(wire.Describe, "Pp\x00"), accounts), shown(message(wire.Execute, "p\x00\x00\x00\x00\x0a"), accounts),
		shown(message(wire.Close, "Sa\x00"), &event.Context{SQL: "select 1", Brief: "select 1"}),
		shown(message(wire.Describe, "Sa\x00"), &event.Context{Shortened: 100_000}),
		shown(message(wire.Describe, "Snever\x00"), &event.Context{NeverParsed: true}),
		shown(message(wire.FunctionCall, "\x00\x00\x03\xbd\x00\x01\x00\x01\x00\x01\x00\x00\x00\x04\x00\x06\x00\x00\x00\x01"), nil),
		shown(message(wire.FunctionCall, "\x00\x01\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01x\x00\x00"), nil),
		shown(message(wire.Execute, "a\x00\x00\x00\x00\x00"), &event.Context{SQL: "insert", Shortened: 100_000}))
	s.Server(
		shown(message(wire.DataRow, "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x28"+strings.Repeat("note", 10)), accounts),
		shown(message(wire.FunctionCallResponse, "\x00\x00\x00\x04\x00\x00\x40\x10"), &event.Context{Function: 957, BinaryResult: true}),
		shown(message(wire.FunctionCallResponse, "\x00\x00\x00\x0516400"), &event.Context{Function: 957}),
		shown(message(wire.FunctionCallResponse, "\x00\x00\x00\x02\x00\x01"), &event.Context{Function: 957, BinaryResult: true}),
		shown(message(wire.DataRow, "\x00\x02\x00\x00\x00\x02\xd5\xc5\x00\x00\x00\x02\xd5\xc5"), &event.Context{Columns: []event.Column{{Name: "t", TypeOID: 25}, {Name: "b", TypeOID: 17}}}),
		shown(message(wire.DataRow, "\x00\x03\xff\xff\xff\xff\x00\x00\x00\x01\x01\x00\x00\x00\x01x"), accounts))
	positions(s)
	s.Server(message(wire.ParameterDescription, "\x00\x03\x00\x00\x00\x17\x00\x00\x04\xa0\x00\x00\x40\x01"))
}

// positions are errors in SQL: a position counts characters, whatever their encoding.
func positions(s *transcript.Transcript) {
	for _, sql := range []struct{ encoding, before string }{
		{"UTF8", "select 'é', '日本' "}, {"LATIN1", "select '\xe9', 'ab' "}, {"SJIS", "select 'e', '\x93\xfa\x96\x7b' "}, {"", "select '\xe9', 'ab' "},
	} {
		m := message(wire.ErrorResponse, "SERROR\x00P18\x00\x00")
		m.Settings, m.Context = &event.Settings{ClientEncoding: sql.encoding}, &event.Context{SQL: sql.before + "form \xe9"}
		if sql.encoding == "UTF8" {
			m.Context.SQL = sql.before + "form é"
		}
		s.Server(m)
		redacted := m
		redacted.Context = &event.Context{SQL: m.Context.SQL, Redacted: true}
		s.Server(redacted)
	}
}

// encodedMessages are in other encodings than the log.
func encodedMessages(s *transcript.Transcript) {
	encoded := func(encoding string, m event.Message) event.Message {
		m.Settings = &event.Settings{ClientEncoding: encoding}
		m.Context = &event.Context{Columns: []event.Column{{Name: "note", TypeOID: 25}}}
		return m
	}
	s.Client(encoded("LATIN1", message(wire.Query, "select 'd\xe9j\xe0'\x00")),
		encoded("LATIN1", message(wire.Parse, "s\xe9\x00select 'd\xe9j\xe0'\x00\x00\x00")))
	s.Server(encoded("LATIN1", message(wire.DataRow, "\x00\x01\x00\x00\x00\x04d\xe9j\xe0")),
		encoded("SJIS", message(wire.DataRow, "\x00\x01\x00\x00\x00\x04\x93\xfa\x96\x7b")),
		encoded("SJIS", message(wire.NoticeResponse, "M\x93\xfa\x96\x7b\x00\x00")),
		encoded("UTF8", message(wire.DataRow, "\x00\x01\x00\x00\x00\x06日本")),
		encoded("EUC_JP", message(wire.NotificationResponse, "\x00\x00\x00\x01\xc6\xfc\x00\xcb\xdc\x00")),
		encoded("EUC_JP", message(wire.NotificationResponse, "\x00\x00\x00\x01\xc6\xfc\x00\xcb\xdc\xff\x00")),
		encoded("GBK", message(wire.NotificationResponse, "\x00\x00\x00\x01\xff\xff\x00\x00")),
		encoded("SQL_ASCII", message(wire.NotificationResponse, "\x00\x00\x00\x01\xff\xff\x00\x00")))
	execute := message(wire.Execute, "\x00\x00\x00\x00\x00")
	execute.Settings, execute.Context = &event.Settings{ClientEncoding: "SJIS"}, &event.Context{SQL: "select '\x93\xfa\x96\x7b'", Brief: "select '\x93\xfa\x96\x7b'"}
	s.Client(execute)
}

// oauthMessages are a login with a token that the server does not accept.
func oauthMessages(s *transcript.Transcript) {
	for _, first := range []string{"n,,\x01auth=\x01\x01", "y,,\x01auth=Bearer abc\x01\x01"} {
		s.Client(message(wire.SASLInitialResponse, "OAUTHBEARER\x00\x00\x00\x00"+string(rune(len(first)))+first))
	}
	for _, data := range []string{
		`{"status":"invalid_token","scope":"openid email","openid-configuration":"https://id.example/.well-known"}`,
		`{ "status": "invalid_request\n", "more": 1 }`, `{"status": 1}`, `no JSON`,
	} {
		m := message(wire.AuthenticationSASLContinue, "\x00\x00\x00\x0b"+data)
		m.State.Mechanism = wire.OAuthBearer
		s.Server(m)
	}
}

// TestNotesOfCutMessages has the notes of messages that were not kept whole.
func TestNotesOfCutMessages(t *testing.T) {
	whole := message(wire.SASLInitialResponse, "SCRAM-SHA-256\x00\x00\x00\x00\x17n,,n=,r=fyko+d2lbbFgONRv")
	for n := range len(whole.Bytes) {
		s := new(transcript.Transcript)
		s.Client(cut(whole, n))
		render(t, Options{}, s.Events)
	}
}

// TestValueBeforeTheCut has a value that ends where the message was cut off. It is whole if it is
// as long as its length says.
func TestValueBeforeTheCut(t *testing.T) {
	row := message(wire.DataRow, "\x00\x02\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x01x")
	row.Context = accounts
	for n, whole := range map[int]bool{14: false, 15: true} {
		s := new(transcript.Transcript)
		s.Server(cut(row, n))
		if log := render(t, Options{}, s.Events); strings.Contains(log, "column value: id = 42") != whole || strings.Contains(log, "malformed") {
			t.Errorf("with %d bytes:\n%s", n, log)
		}
	}
}
