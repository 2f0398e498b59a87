package jsonl

import (
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/golden"
	"pgpi/test/transcript"
)

// TestGolden compares sessions with how they were shown before, and checks them against the schema.
func TestGolden(t *testing.T) {
	for name, fill := range map[string]func(*transcript.Transcript){
		"startup":     startup,
		"extended":    extendedQuery,
		"errors":      errorMessages,
		"copy":        copyMessages,
		"replication": replication,
		"broken":      brokenMessages,
		"redaction":   redactedMessages,
		"encodings":   encodings,
		"sentences":   sentences,
	} {
		t.Run(name, func(t *testing.T) {
			s := newTranscript()
			fill(s)
			log := render(t, Options{MaxValue: 30}, s.Events)
			golden.Compare(t, name+".jsonl", log)
			parseLines(t, log)
		})
	}
}

func startup(s *transcript.Transcript) {
	const nonce = "r=fci+VTkzKrO1kJLK0tL7DEQ1"
	s.Say(event.Opened{Time: time.Date(2025, 7, 4, 14, 28, 59, 0, time.FixedZone("", 3600)), Client: "127.0.0.1 port 50000"})
	s.Pass(event.ClientToScript, message(wire.SSLRequest, "\x00\x00\x00\x08\x04\xd2\x16\x2f"))
	s.Pass(event.ScriptToClient, message(wire.SSLResponse, "S"))
	s.Say(event.TLSEstablished{TLS: "TLSv1.3/TLS_AES_256_GCM_SHA384", Party: event.Client})
	s.Pass(event.ClientToScript, message(wire.StartupMessage, "\x00\x00\x00\x22\x00\x03\x00\x02user\x00frank\x00database\x00shop\x00\x00"))
	s.Say(event.NoSSLRequest{})
	s.Say(event.StartupForwarded{})
	s.Server(message(wire.NegotiateProtocolVersion, "\x00\x03\x00\x00\x00\x00\x00\x01_pq_.one\x00"))
	s.Server(message(wire.AuthenticationSASL, "\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"))
	s.Client(message(wire.SASLInitialResponse, "SCRAM-SHA-256\x00\x00\x00\x00\x20n,,n=,"+nonce))
	s.Server(message(wire.AuthenticationSASLContinue, "\x00\x00\x00\x0b"+nonce+"Urymgg,s=KBGVGRza5g==,i=4096"))
	s.Client(message(wire.SASLResponse, "c=biws,"+nonce+"Urymgg,p=PTTYe085="))
	s.Server(message(wire.AuthenticationSASLFinal, "\x00\x00\x00\x0cv=Oj1crnRp="), message(wire.AuthenticationOk, "\x00\x00\x00\x00"),
		message(wire.ParameterStatus, "TimeZone\x00Europe/Berlin\x00"),
		message(wire.BackendKeyData, "\x00\x00\x30\x39\xfe\xb8\x7d\x87"), message(wire.ReadyForQuery, "I"))
	s.Client(message(wire.Terminate, ""))
	s.Say(event.Ended{})
}

// extendedQuery has contexts as a session provides them.
func extendedQuery(s *transcript.Transcript) {
	settings := &event.Settings{ClientEncoding: "UTF8", TimeZone: "Europe/Berlin", DateStyle: "ISO, DMY"}
	statement := &event.Context{SQL: "SELECT * FROM t WHERE a = $1", ParameterTypes: []uint32{23, 1184, 25, 16402}}
	rows := &event.Context{SQL: statement.SQL, Columns: []event.Column{
		{Name: "id", TypeOID: 23, Binary: true}, {Name: "at", TypeOID: 1184, Binary: true}, {Name: "größe \"x\"", TypeOID: 25},
		{Name: "mood", TypeOID: 16402, Binary: true}, {Name: "raw", TypeOID: 17, Binary: true},
	}}
	long := &event.Context{SQL: strings.Repeat("SELECT 'é'; ", 10), Shortened: 7}
	forgotten := &event.Context{Shortened: 70_000}

	s.Client(message(wire.Parse, "s1\x00SELECT * FROM t WHERE a = $1\x00\x00\x03\x00\x00\x00\x17\x00\x00\x00\x00\x00\x00\x40\x12"),
		with(message(wire.Bind, "\x00s1\x00\x00\x04\x00\x01\x00\x01\x00\x00\x00\x01\x00\x05\x00\x00\x00\x04\x00\x00\x00\x2a"+
			"\x00\x00\x00\x08\x00\x02\xdb\xf0\x1e\x28\x4a\x40\xff\xff\xff\xff\x00\x00\x00\x05happy\x00\x00\x00\x02\xff\xfe\x00\x01\x00\x01"), statement, settings),
		with(message(wire.Describe, "Ss1\x00"), statement, settings), with(message(wire.Describe, "P\x00"), long, settings),
		with(message(wire.Execute, "\x00\x00\x00\x00\x00"), statement, settings), with(message(wire.Execute, "c\x00\x00\x00\x00\x32"), forgotten, settings),
		with(message(wire.Close, "Ss1\x00"), statement, settings), message(wire.Close, "X\x00"), message(wire.Sync, ""))
	s.Server(
		message(wire.ParseComplete, ""), message(wire.BindComplete, ""),
		message(wire.ParameterDescription, "\x00\x02\x00\x00\x00\x17\x00\x00\x40\x12"),
		message(wire.RowDescription, "\x00\x02id\x00\x00\x00\x40\x01\x00\x01\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x01"+
			"ctid\x00\xff\x00\x40\x01\xff\xff\x00\x00\x00\x1b\x00\x06\xff\xff\xff\xff\x00\x02"),
		with(message(wire.DataRow, "\x00\x06\x00\x00\x00\x04\x00\x00\x00\x2a\x00\x00\x00\x08\x00\x02\xdb\xf0\x1e\x28\x4a\x40"+
			"\x00\x00\x00\x06t\xc3\xa9xt\n\x00\x00\x00\x05happy\x00\x00\x00\x03\x00\x01\xff\xff\xff\xff\xff"), rows, settings),
		with(message(wire.DataRow, "\x00\x05\x00\x00\x00\x03\x00\x00\x2a\xff\xff\xff\xff\x00\x00\x00\x28"+strings.Repeat("0123456789", 4)+
			"\x00\x00\x00\x00\x00\x00\x00\x28"+strings.Repeat("\x00\xff", 20)), rows, settings),
		with(cut(message(wire.DataRow, "\x00\x03\x00\x00\x00\x04\x00\x00\x00\x2a\xff\xff\xff\xff\x00\x00\x00\x06abcdef"), 25), rows, settings),
		message(wire.PortalSuspended, ""), message(wire.CommandComplete, "SELECT 1\x00"), message(wire.CloseComplete, ""),
		message(wire.ReadyForQuery, "T"), message(wire.ReadyForQuery, "?"))
	s.Client(message(wire.FunctionCall, "\x00\x00\x03\xbc\x00\x01\x00\x01\x00\x02\x00\x00\x00\x04\x00\x00\x40\x01\xff\xff\xff\xff\x00\x01"))
	s.Server(message(wire.FunctionCallResponse, "\xff\xff\xff\xff"), message(wire.NotificationResponse, "\x00\x00\x30\x39jobs\x00{\"id\": 7}\x00"))
}

func errorMessages(s *transcript.Transcript) {
	failed := message(wire.ErrorResponse, "SFEHLER\x00VERROR\x00C42601\x00Msyntax error at or near \"FORM\"\x00P10\x00Fscan.l\x00L1\x00?new\x00\x00")
	s.Server(with(failed, &event.Context{SQL: "SELECT * FORM t"}, nil))
	s.Server(message(wire.NoticeResponse, "SNOTICE\x00VNOTICE\x00C00000\x00Mhello\x1b[31m\u202e\u0085\U000e0001\x7f\x00\x00"))
}

func copyMessages(s *transcript.Transcript) {
	rows := &event.Context{SQL: "COPY t FROM STDIN", Relation: "public.t", Columns: []event.Column{{Name: "id", TypeOID: 23}, {Name: "note", TypeOID: 25}}}
	text := wire.State{Copy: wire.Copy{Null: `\N`, EndMark: true}}
	s.Server(message(wire.CopyInResponse, "\x00\x00\x02\x00\x00\x00\x00"))
	for _, body := range []string{"1\tone\n2\t\\N\n", "3\tth", "\\.\nrest"} {
		m := with(message(wire.CopyText, body), rows, nil)
		m.State = text
		s.Client(m)
	}
	rest := with(message(wire.CopyText, "ree\n\n"), rows, nil)
	rest.State.Copy = text.Copy.After(wire.CopyText, []byte("3\tth"))
	s.Client(rest, message(wire.CopyDone, ""), message(wire.CopyFail, "no more\x00"))
	for i := range rows.Columns {
		rows.Columns[i].Binary = true
	}
	s.Server(message(wire.CopyOutResponse, "\x01\x00\x02\x00\x01\x00\x01"),
		with(message(wire.CopyBinary, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"+
			"\x00\x02\x00\x00\x00\x04\x00\x00\x00\x2a\xff\xff\xff\xff\xff\xff"), rows, nil),
		message(wire.CopyData, "neither"), message(wire.CopyData, "PGCOPY\n\xff"))
}

func replication(s *transcript.Transcript) {
	const header = "w\x00\x00\x00\x00\x01\x6b\x37\x48\x00\x00\x00\x01\xab\xcd\xef\x00\x00\x02\xdb\xf0\x1e\x28\x4a\x40"
	relation := &event.Context{Relation: "public.t", Columns: []event.Column{{Name: "id", TypeOID: 23}, {Name: "note", TypeOID: 25}}}
	s.Server(message(wire.CopyBothResponse, "\x00\x00\x00"), message(wire.XLogData, header+"\xd1\x16\x00"),
		message(wire.PrimaryKeepalive, "k\x00\x00\x00\x00\x01\x6b\x37\x48\x7f\xff\xff\xff\xff\xff\xff\xff\x01"),
		message(wire.LogicalRelation, header+"R\x00\x00\x40\x01public\x00t\x00d\x00\x01\x01id\x00\x00\x00\x00\x17\xff\xff\xff\xff"),
		with(message(wire.LogicalUpdate, header+"U\x00\x00\x40\x01K\x00\x02t\x00\x00\x00\x011nN\x00\x02t\x00\x00\x00\x012u"), relation, nil),
		message(wire.LogicalTruncate, header+"T\x00\x00\x00\x02\x01\x00\x00\x40\x01\x00\x00\x40\x02"))
	s.Client(message(wire.StandbyStatusUpdate, "r\x00\x00\x00\x00\x01\x6b\x37\x48\x00\x00\x00\x00\x01\x6b\x37\x48\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xdb\xf0\x1e\x28\x4a\x40\x00"))
}

func brokenMessages(s *transcript.Transcript) {
	s.Client(message(wire.Query, "SELECT 1"))
	s.Client(message(wire.Query, "SELECT 1\x00\x01\x02extra"))
	row := message(wire.DataRow, "\x00\x02\x00\x00\x00\x08abcdefgh\x00\x00\x00\x04abcd")
	for _, n := range []int{24, 20, 12, 6, 3, 0} {
		s.Server(cut(row, n))
	}
	s.Client(cut(message(wire.Query, "SELECT 'é'\x00"), 14))
	s.Server(event.Message{Message: wire.Message{Bytes: []byte("i\x00\x00\x00\x0anew \xf0\x9f"), Size: 11}})
	s.Add(event.Event{Kind: event.Fragment, Direction: event.ServerToClient, Data: []byte("abc"), Relayed: true})
	e := s.Pass(event.ServerToClient, cut(row, 17))
	e.Kind, e.OneByOne, e.Left = event.Fragment, true, 12
	s.Add(event.Event{Kind: event.Undecoded, Direction: event.ServerToClient, Data: []byte("abc"), Relayed: true, Total: 3})
	s.Say(event.OutOfSync{Direction: event.ServerToClient, Offset: 1234, Why: "impossible message length"})
}

func redactedMessages(s *transcript.Transcript) {
	s.Client(redacted(message(wire.PasswordMessage, "friend\x00"), "friend"))
	s.Client(redacted(message(wire.SASLResponse, "c=biws,r=nonce,p=PTTYe08="), "PTTYe08="))
	s.Server(redacted(message(wire.BackendKeyData, "\x00\x00\x30\x39\xfe\xb8\x7d\x87"), "\xfe\xb8\x7d\x87"))
	s.Client(redacted(message(wire.Query, "ALTER ROLE a PASSWORD 'x1'; ALTER ROLE b PASSWORD 'x1'\x00"), "x1"))
	s.Client(redacted(message(wire.Bind, "\x00\x00\x00\x00\x00\x02\x00\x00\x00\x06x1\xffx1\x00\x00\x00\x00\x02x1\x00\x00"), "x1"))
	s.Client(redacted(message(wire.CopyData, strings.Repeat("a", 25)+"long secret"), "long secret"))
	across := message(wire.ParameterStatus, "key\x00value\x00")
	across.Redacted = []event.Span{{Start: 7, End: 12}}
	s.Server(across)
}

func encodings(s *transcript.Transcript) {
	latin := &event.Settings{ClientEncoding: "LATIN1"}
	japanese := &event.Settings{ClientEncoding: "SJIS"}
	column := &event.Context{Columns: []event.Column{{Name: "gr\xf6\xdfe", TypeOID: 25}}}
	s.Client(with(message(wire.Query, "SELECT 'gr\xf6\xdfer'\x00"), nil, latin))
	s.Server(with(message(wire.DataRow, "\x00\x01\x00\x00\x00\x03\xe9t\xe9"), column, latin))
	s.Client(with(message(wire.Execute, "\x00\x00\x00\x00\x00"), &event.Context{SQL: strings.Repeat("\x93\xfa\x96\x7b", 7) + "a\x93\xfa"}, japanese))
	s.Client(with(message(wire.Query, "SELECT '\xfa\xff'\x00"), nil, nil))
}

func sentences(s *transcript.Transcript) {
	s.Say(event.Listening{Address: "127.0.0.1 port 5432"})
	s.Events[0].Conn, s.Events[0].Elapsed = 0, 0
	s.Say(event.CertificateFrom{Party: event.Server, Certificate: "Certificate:\n    Data:\n        Version: 3 (0x2)\n"})
	s.Say(event.ServerName{Name: "\x1b]0;evil\a\r\nexämple\u202e\xff \"#{x}\""})
	s.Say(event.Ended{})
	s.Events[3].At = time.Date(2025, 7, 4, 0, 0, 0, 1, time.FixedZone("", -3600*9))
}
