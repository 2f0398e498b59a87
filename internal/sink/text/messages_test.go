package text

import (
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/golden"
	"pgpi/test/transcript"
)

// TestGolden compares what the log says about messages that are not in the example session.
func TestGolden(t *testing.T) {
	for name, fill := range map[string]func(*transcript.Transcript){
		"startup":        startupMessages,
		"authentication": authenticationMessages,
		"extended":       extendedQuery,
		"errors":         errorMessages,
		"context":        contextMessages,
		"encodings":      encodedMessages,
		"oauth":          oauthMessages,
		"copy":           copyMessages,
		"rows":           rowMessages,
		"replication":    replicationMessages,
		"pgoutput":       logicalMessages,
		"basebackup":     backupMessages,
		"other":          otherMessages,
		"broken":         brokenMessages,
		"redaction":      redactedMessages,
		"sentences":      sentences,
	} {
		s := new(transcript.Transcript)
		fill(s)
		for suffix, mode := range map[string]Mode{"": Annotated, "_raw": Raw} {
			t.Run(name+suffix, func(t *testing.T) {
				golden.Compare(t, name+suffix+".txt", render(t, Options{Mode: mode, MaxValue: 30}, s.Events))
			})
		}
	}
}

func startupMessages(s *transcript.Transcript) {
	s.Pass(event.ClientToScript, message(wire.GSSENCRequest, "\x00\x00\x00\x08\x04\xd2\x16\x30"))
	s.Pass(event.ScriptToClient, message(wire.GSSENCResponse, "N"))
	s.Pass(event.ClientToScript, message(wire.SSLRequest, sslRequest))
	s.Pass(event.ScriptToClient, message(wire.SSLResponse, "N"))
	s.Pass(event.ServerToScript, message(wire.GSSENCResponse, "G"), message(wire.SSLResponse, "x"))
	s.Pass(event.ClientToScript, message(wire.CancelRequest, "\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x30\x39\xca\xfe\x00\x2a"))
	s.Pass(event.ClientToScript, message(wire.StartupMessage, "\x00\x00\x00\x16\x00\x03\x27\x0fuser\x00jos\xc3\xa9\x00\x00"))
	s.Pass(event.ServerToScript, message(wire.OldErrorResponse, "EFATAL:  unsupported frontend protocol\n\x00"))
	s.Server(message(wire.NegotiateProtocolVersion, "\x00\x03\x00\x02\x00\x00\x00\x02_pq_.one\x00_pq_.two\x00"))
	s.Server(message(wire.BackendKeyData, "\x00\x00\x30\x39"+strings.Repeat("k", 32)))
}

func authenticationMessages(s *transcript.Transcript) {
	s.Server(message(wire.AuthenticationCleartextPassword, "\x00\x00\x00\x03"))
	s.Client(message(wire.PasswordMessage, "friend\x00"))
	s.Server(message(wire.AuthenticationMD5Password, "\x00\x00\x00\x05\x01\x02Az"))
	s.Client(message(wire.MD5PasswordMessage, "md593c1a6c7b1e3f6f4b5fbc9cf0a2c3f11\x00"))
	s.Server(message(wire.AuthenticationKerberosV4, "\x00\x00\x00\x01"), message(wire.AuthenticationKerberosV5, "\x00\x00\x00\x02"))
	s.Server(message(wire.AuthenticationCryptPassword, "\x00\x00\x00\x04ab"), message(wire.AuthenticationSCMCredential, "\x00\x00\x00\x06"))
	s.Server(message(wire.AuthenticationGSS, "\x00\x00\x00\x07"), message(wire.AuthenticationSSPI, "\x00\x00\x00\x09"))
	s.Server(message(wire.AuthenticationGSSContinue, "\x00\x00\x00\x08\x60\x01token"))
	s.Client(message(wire.GSSResponse, "\x60\x02token"))
	s.Server(message(wire.Authentication, "\x00\x00\x00\x63new"))
	s.Client(message(wire.PasswordOrToken, "early\x00"))
	s.Client(message(wire.SASLInitialResponse, "OAUTHBEARER\x00\xff\xff\xff\xff"))
	s.Client(message(wire.SASLInitialResponse, "OAUTHBEARER\x00\x00\x00\x00\x15n,,\x01auth=Bearer abc\x01\x01"))
	failed := message(wire.AuthenticationSASLContinue, "\x00\x00\x00\x0b{\"status\":\"invalid_token\"}")
	abort := message(wire.SASLResponse, "\x01")
	failed.State.Mechanism, abort.State.Mechanism = wire.OAuthBearer, wire.OAuthBearer
	s.Server(failed)
	s.Client(abort)
	abort.State.Mechanism = wire.OtherMechanism
	s.Client(abort)
}

func extendedQuery(s *transcript.Transcript) {
	s.Client(
		message(wire.Parse, "s1\x00SELECT * FROM \"T\" WHERE a = $1\n  AND b = $2 -- #{x} é\x00"+
			"\x00\x06\x00\x00\x00\x17\x00\x00\x00\x19\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x17\x00\x00\x00\x17"),
		message(wire.Bind, "\x00s1\x00\x00\x01\x00\x01\x00\x03\x00\x00\x00\x04\x00\x00\x00\x2a\xff\xff\xff\xff"+
			"\x00\x00\x00\x06\xc3\xa9t\xc3\xa9!\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00\x00\x02"),
		message(wire.Describe, "Ss1\x00"), message(wire.Describe, "P\x00"),
		message(wire.Execute, "\x00\x00\x00\x00\x00"), message(wire.Execute, "c\x00\x00\x00\x00\x32"),
		message(wire.Close, "Ss1\x00"), message(wire.Close, "X\x00"),
		message(wire.Flush, ""), message(wire.Sync, ""))
	s.Server(
		message(wire.ParseComplete, ""), message(wire.BindComplete, ""),
		message(wire.ParameterDescription, "\x00\x02\x00\x00\x00\x17\x00\x00\x00\x19"),
		message(wire.NoData, ""),
		message(wire.RowDescription, "\x00\x02id\x00\x00\x00\x40\x01\x00\x01\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x01"+
			"ctid\x00\xff\x00\x40\x01\xff\xff\x00\x00\x00\x1b\x00\x06\xff\xff\xff\xff\x00\x02"),
		message(wire.DataRow, "\x00\x03\x00\x00\x00\x04\x00\x00\x00\x2a\xff\xff\xff\xff\x00\x00\x00\x00"),
		message(wire.DataRow, "\x00\x01\x00\x00\x00\x28"+strings.Repeat("0123456789", 4)),
		message(wire.PortalSuspended, ""), message(wire.EmptyQueryResponse, ""),
		message(wire.CommandComplete, "SELECT 1\x00"), message(wire.CloseComplete, ""),
		message(wire.ReadyForQuery, "T"), message(wire.ReadyForQuery, "E"), message(wire.ReadyForQuery, "?"))
}

func errorMessages(s *transcript.Transcript) {
	s.Server(message(wire.ErrorResponse, "SFEHLER\x00VERROR\x00C42601\x00Msyntax error at or near \"FORM\"\x00Dd\x00Hh\x00"+
		"P10\x00p2\x00qSELECT\x00WPL/pgSQL function f()\nline 3\x00spublic\x00tt\x00cc\x00dtext\x00nkey\x00Fscan.l\x00L1\x00Rf\x00?new\x00\x00"))
	s.Server(message(wire.NoticeResponse, "SNOTICE\x00VNOTICE\x00C00000\x00Mhello\x1b[31m\x00\x00"))
}

func copyMessages(s *transcript.Transcript) {
	s.Server(message(wire.CopyInResponse, "\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	s.Client(message(wire.CopyData, "1\tone\n"), message(wire.CopyData, "PGCOPY\n\xff\r\n\x00"),
		message(wire.CopyData, strings.Repeat("é\t", 20)), message(wire.CopyDone, ""), message(wire.CopyFail, "no more\x00"))
	s.Server(message(wire.CopyOutResponse, "\x01\x00\x01\x00\x01"), message(wire.CopyBothResponse, "\x00\x00\x00"))
}

func otherMessages(s *transcript.Transcript) {
	s.Client(message(wire.FunctionCall, "\x00\x00\x03\xbc\x00\x01\x00\x01\x00\x02\x00\x00\x00\x04\x00\x00\x40\x01\xff\xff\xff\xff\x00\x01"))
	s.Server(message(wire.FunctionCallResponse, "\x00\x00\x00\x04\x00\x00\x00\x00"), message(wire.FunctionCallResponse, "\xff\xff\xff\xff"))
	s.Server(message(wire.NotificationResponse, "\x00\x00\x30\x39jobs\x00{\"id\": 7}\x00"))
	s.Server(message(wire.UnknownMessage, "")) // has no header of its own
	s.Server(event.Message{Message: wire.Message{Bytes: []byte("i\x00\x00\x00\x0anew \xf0\x9f"), Size: 11}})
	e := s.Pass(event.ServerToClient, message(wire.ReadyForQuery, "I"))
	e.OneByOne, e.Left, e.Elapsed = true, 12, 1006*time.Millisecond
}

func brokenMessages(s *transcript.Transcript) {
	s.Client(message(wire.Query, "SELECT 1"))
	s.Client(message(wire.Query, "SELECT 1\x00\x01\x02extra"))
	s.Client(message(wire.Sync, "!"), message(wire.Terminate, "")) // trailing bytes get a line of their own
	s.Server(message(wire.DataRow, "\x00\x02\x00\x00\x00\x01a"), message(wire.DataRow, "\x00\x01\xff\xff\xff\xfbab"))
	s.Server(message(wire.BackendKeyData, "\x00\x00"))
	row := message(wire.DataRow, "\x00\x02\x00\x00\x00\x08abcdefgh\x00\x00\x00\x04abcd")
	for _, n := range []int{24, 20, 12, 6, 3} {
		s.Server(cut(row, n))
	}
	s.Client(cut(message(wire.Query, "SELECT 'a long one'\x00"), 14))
	s.Client(cut(message(wire.SSLRequest, sslRequest), 4), cut(message(wire.SSLRequest, sslRequest), 0))
	s.Add(event.Event{Kind: event.Fragment, Direction: event.ServerToClient, Data: []byte("abc"), Relayed: true})
	e := s.Pass(event.ServerToClient, cut(row, 17))
	e.Kind = event.Fragment
	s.Add(event.Event{Kind: event.Undecoded, Direction: event.ServerToClient, Data: []byte("abc"), Relayed: true, Total: 3})
	s.Say(event.OutOfSync{Direction: event.ServerToClient, Offset: 1234, Why: "impossible message length"})
}

func redactedMessages(s *transcript.Transcript) {
	s.Client(redacted(message(wire.PasswordMessage, "friend\x00"), "friend"))
	s.Client(redacted(message(wire.PasswordMessage, "friend\x00"), "friend\x00"))
	s.Client(redacted(message(wire.SASLResponse, "c=biws,r=nonce,p=PTTYe08="), "PTTYe08="))
	s.Server(redacted(message(wire.AuthenticationSASLFinal, "\x00\x00\x00\x0cv=Oj1crn="), "Oj1crn="))
	s.Server(redacted(message(wire.BackendKeyData, "\x00\x00\x30\x39\xfe\xb8\x7d\x87"), "\xfe\xb8\x7d\x87"))
	s.Client(redacted(message(wire.Query, "ALTER ROLE a PASSWORD 'x1'; ALTER ROLE b PASSWORD 'x1'\x00"), "x1"))
	s.Client(redacted(message(wire.Bind, "\x00\x00\x00\x00\x00\x02\x00\x00\x00\x06x1\xffx1\x00\x00\x00\x00\x02x1\x00\x00"), "x1"))
	s.Client(redacted(message(wire.CopyData, strings.Repeat("a", 25)+"long secret"), "long secret"))
	across := message(wire.ParameterStatus, "key\x00value\x00")
	across.Redacted = []event.Span{{Start: 7, End: 12}}
	s.Server(across)
}

func sentences(s *transcript.Transcript) {
	s.Say(event.Listening{Address: "127.0.0.1 port 5432"})
	s.Events[0].Conn = 0
	s.Say(event.CertificateFrom{Party: event.Server, Certificate: "Certificate:\n    Data:\n        Version: 3 (0x2)\n"})
	s.Events[1].Conn = 0
	s.Say(event.CertificateFrom{Party: event.Server, Certificate: "Certificate:\n    Data:\n        Version: 3 (0x2)\n"})
	s.Say(event.ServerName{Name: "\x1b]0;evil\a\r\nexämple\u202e\xff \"#{x}\""})
	s.Say(event.Ended{})
}
