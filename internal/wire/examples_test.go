package wire_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
	"pgpi/test/golden"
)

// example is a message written by hand, from the documentation.
type example struct {
	what      string
	typ       wire.Type
	mechanism wire.Mechanism
	state     wire.State
	bytes     string
	omitted   int // bytes that were not kept
}

func (e example) message() wire.Message {
	state := e.state
	if e.mechanism != wire.OtherMechanism {
		state.Mechanism = e.mechanism
	}
	return wire.Message{
		Type:  e.typ,
		State: state,
		Bytes: []byte(e.bytes),
		Size:  int64(len(e.bytes) + e.omitted),
	}
}

// typed puts the header in front of a body.
func typed(code byte, body string) string {
	b := binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))
	return string(b) + body
}

// gaussSalt is as openGauss sends it.
const gaussSalt = "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92"

// examples has at least one message of each type.
var examples = slices.Concat(plainExamples, copyExamples, jsonExamples, replicationExamples, logicalExamples, brokenExamples)

var plainExamples = []example{
	{what: "", typ: wire.UnknownMessage, bytes: typed('i', "body")},

	{typ: wire.SSLRequest, bytes: "\x00\x00\x00\x08\x04\xd2\x16\x2f"},
	{typ: wire.SSLResponse, bytes: "S"},
	{typ: wire.GSSENCRequest, bytes: "\x00\x00\x00\x08\x04\xd2\x16\x30"},
	{typ: wire.GSSENCResponse, bytes: "N"},
	{typ: wire.CancelRequest, bytes: "\x00\x00\x00\x10\x04\xd2\x16\x2e\xff\x00\x00\x01\x11\x22\x33\x44"},
	{what: "protocol 3.2 has longer keys", typ: wire.CancelRequest,
		bytes: "\x00\x00\x00\x14\x04\xd2\x16\x2e\x00\x00\x00\x01\x11\x22\x33\x44\x55\x66\x77\x88"},
	{typ: wire.StartupMessage, bytes: "\x00\x00\x00\x1d\x00\x03\x00\x00user\x00frank\x00options\x00\x00\x00"},
	{what: "libpq's grease, and no user", typ: wire.StartupMessage,
		bytes: "\x00\x00\x00\x29\x00\x03\x27\x0f_pq_.test_protocol_negotiation\x00\x00\x00"},
	{typ: wire.OldErrorResponse, bytes: "Eunsupported frontend protocol\n\x00"},

	{typ: wire.Authentication, bytes: typed('R', "\x00\x00\x00\x0dnew")},
	{typ: wire.AuthenticationOk, bytes: typed('R', "\x00\x00\x00\x00")},
	{typ: wire.AuthenticationKerberosV4, bytes: typed('R', "\x00\x00\x00\x01")},
	{typ: wire.AuthenticationKerberosV5, bytes: typed('R', "\x00\x00\x00\x02")},
	{typ: wire.AuthenticationCleartextPassword, bytes: typed('R', "\x00\x00\x00\x03")},
	{typ: wire.AuthenticationCryptPassword, bytes: typed('R', "\x00\x00\x00\x04ab")},
	{typ: wire.AuthenticationMD5Password, bytes: typed('R', "\x00\x00\x00\x05\x00\x7f\x80\xff")},
	{typ: wire.AuthenticationSCMCredential, bytes: typed('R', "\x00\x00\x00\x06")},
	{typ: wire.AuthenticationGSS, bytes: typed('R', "\x00\x00\x00\x07")},
	{typ: wire.AuthenticationGSSContinue, bytes: typed('R', "\x00\x00\x00\x08\x60\x48\x06")},
	{typ: wire.AuthenticationSSPI, bytes: typed('R', "\x00\x00\x00\x09")},
	{typ: wire.AuthenticationSASL, bytes: typed('R', "\x00\x00\x00\x0aSCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00")},
	{typ: wire.AuthenticationSASLContinue, mechanism: wire.SCRAM,
		bytes: typed('R', "\x00\x00\x00\x0br=ab,s=QSXCR+Q6sek8bf92,i=4096")},
	{what: "the token was refused", typ: wire.AuthenticationSASLContinue, mechanism: wire.OAuthBearer,
		bytes: typed('R', "\x00\x00\x00\x0b{\"status\":\"invalid_token\"}")},
	{what: "empty, after an initial response without data", typ: wire.AuthenticationSASLContinue,
		bytes: typed('R', "\x00\x00\x00\x0b")},
	{typ: wire.AuthenticationSASLFinal, mechanism: wire.SCRAM, bytes: typed('R', "\x00\x00\x00\x0cv=rmF9pqV8S7s=")},
	{typ: wire.AuthenticationSHA256, bytes: typed('R', "\x00\x00\x00\x0a\x00\x00\x00\x02"+gaussSalt+"9f86d081"+"\x00\x00\x27\x10")},
	{what: "with the server's signature, for old clients", typ: wire.AuthenticationSHA256,
		bytes: typed('R', "\x00\x00\x00\x0a\x00\x00\x00\x02"+gaussSalt+"9f86d081"+strings.Repeat("ab", 32))},
	{typ: wire.AuthenticationMD5SHA256, bytes: typed('R', "\x00\x00\x00\x0b"+gaussSalt+"\x00\x7f\x80\xff")},
	{typ: wire.AuthenticationSM3, bytes: typed('R', "\x00\x00\x00\x0d\x00\x00\x00\x03"+gaussSalt+"9f86d081"+"\x00\x00\x27\x10")},
	{typ: wire.AuthenticationDigest, bytes: typed('R', "\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x04salt\x00\x00\x00\x05nonce")},
	{typ: wire.AuthenticationToken, bytes: typed('R', "\x00\x00\x00\x0e")},
	{typ: wire.PasswordOrToken, bytes: typed('p', "friend\x00")},
	{typ: wire.PasswordMessage, bytes: typed('p', "friend\x00")},
	{typ: wire.MD5PasswordMessage, bytes: typed('p', "md5aa5c1c9ac1b7a5f28b9e0b38e0b3a7c1\x00")},
	{typ: wire.HashPasswordMessage, bytes: typed('p', strings.Repeat("c0ffee00", 8)+"\x00")},
	{typ: wire.SASLInitialResponse, bytes: typed('p', "SCRAM-SHA-256\x00\x00\x00\x00\x0an,,n=,r=ab")},
	{typ: wire.SASLInitialResponse, bytes: typed('p', "OAUTHBEARER\x00\x00\x00\x00\x06n,,\x01\x01\x01")},
	{what: "no data yet", typ: wire.SASLInitialResponse, bytes: typed('p', "SCRAM-SHA-256\x00\xff\xff\xff\xff")},
	{what: "a mechanism nobody knows", typ: wire.SASLInitialResponse, bytes: typed('p', "PLAIN\x00\x00\x00\x00\x01x")},
	{typ: wire.SASLResponse, mechanism: wire.SCRAM, bytes: typed('p', "c=biws,r=abcd,p=dHzbZapWIk4=")},
	{typ: wire.SASLResponse, mechanism: wire.OAuthBearer, bytes: typed('p', "\x01")},
	{typ: wire.GSSResponse, bytes: typed('p', "\x60\x82")},
	{typ: wire.NegotiateProtocolVersion, bytes: typed('v', "\x00\x03\x00\x02\x00\x00\x00\x02_pq_.a\x00_pq_.b\x00")},
	{typ: wire.BackendKeyData, bytes: typed('K', "\xff\xff\xff\xff\x00\x11\x22\x33")},
	{what: "protocol 3.2", typ: wire.BackendKeyData, state: wire.State{Protocol: 3<<16 | 2},
		bytes: typed('K', "\x00\x00\x00\x01"+strings.Repeat("k", 256))},

	{typ: wire.Bind, bytes: typed('B', "portal\x00stmt\x00"+
		"\x00\x02\x00\x00\x00\x01"+
		"\x00\x03\x00\x00\x00\x02hi\xff\xff\xff\xff\x00\x00\x00\x00"+
		"\x00\x01\x00\x01")},
	{typ: wire.Close, bytes: typed('C', "Sstmt\x00")},
	{typ: wire.Close, bytes: typed('C', "Pportal\x00")},
	{typ: wire.CopyFail, bytes: typed('f', "no\x00")},
	{typ: wire.Describe, bytes: typed('D', "S\x00")},
	{typ: wire.Describe, bytes: typed('D', "Pportal\x00")},
	{typ: wire.Execute, bytes: typed('E', "portal\x00\x00\x00\x00\x64")},
	{typ: wire.Flush, bytes: typed('H', "")},
	{typ: wire.FunctionCall, bytes: typed('F', "\x80\x00\x00\x01"+
		"\x00\x01\x00\x01"+
		"\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff"+
		"\x00\x01")},
	{typ: wire.Parse, bytes: typed('P', "stmt\x00SELECT $1\x00\x00\x02\x00\x00\x00\x17\xff\xff\xff\xff")},
	{typ: wire.Query, bytes: typed('Q', "SELECT 1; SELECT 'é'\x00")},
	{typ: wire.Sync, bytes: typed('S', "")},
	{typ: wire.Terminate, bytes: typed('X', "")},

	{typ: wire.BindComplete, bytes: typed('2', "")},
	{typ: wire.CloseComplete, bytes: typed('3', "")},
	{typ: wire.CommandComplete, bytes: typed('C', "SELECT 1\x00")},
	{typ: wire.CopyBothResponse, bytes: typed('W', "\x00\x00\x00")},
	{typ: wire.CopyInResponse, bytes: typed('G', "\x01\x00\x02\x00\x01\x00\x01")},
	{typ: wire.CopyOutResponse, bytes: typed('H', "\x00\x00\x01\x00\x00")},
	{typ: wire.DataRow, bytes: typed('D', "\x00\x03\x00\x00\x00\x0242\xff\xff\xff\xff\x00\x00\x00\x00")},
	{typ: wire.EmptyQueryResponse, bytes: typed('I', "")},
	{typ: wire.ErrorResponse, bytes: typed('E', "SERROR\x00VERROR\x00C42601\x00Msyntax error\x00P8\x00?new\x00\x00")},
	{typ: wire.FunctionCallResponse, bytes: typed('V', "\x00\x00\x00\x03abc")},
	{typ: wire.FunctionCallResponse, bytes: typed('V', "\xff\xff\xff\xff")},
	{typ: wire.NoData, bytes: typed('n', "")},
	{typ: wire.NoticeResponse, bytes: typed('N', "SNOTICE\x00\x00")},
	{typ: wire.NotificationResponse, bytes: typed('A', "\xff\xff\xff\xffchannel\x00payload\x00")},
	{typ: wire.ParameterDescription, bytes: typed('t', "\x00\x02\x00\x00\x00\x17\xff\xff\xff\xff")},
	{typ: wire.ParameterStatus, bytes: typed('S', "TimeZone\x00Etc/UTC\x00")},
	{typ: wire.ParseComplete, bytes: typed('1', "")},
	{typ: wire.PortalSuspended, bytes: typed('s', "")},
	{typ: wire.ReadyForQuery, bytes: typed('Z', "I")},
	{typ: wire.RowDescription, bytes: typed('T', "\x00\x02"+
		"ctid\x00\xff\xff\xff\xff\xff\xff\x00\x00\x00\x1b\x00\x06\xff\xff\xff\xff\x00\x00"+
		"\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\x80\x00\x00\x00\x00\x01")},

	{typ: wire.YbParameterStatus, bytes: typed('r', "TimeZone\x00Etc/UTC\x00\x05")},

	{typ: wire.CopyData, bytes: typed('d', "1\tone\n")},
	{typ: wire.CopyDone, bytes: typed('c', "")},
}

var brokenExamples = []example{
	{what: "length -2", typ: wire.DataRow, bytes: typed('D', "\x00\x02\x00\x00\x00\x011\xff\xff\xff\xfe\x00")},
	{what: "a value longer than the message", typ: wire.DataRow, bytes: typed('D', "\x00\x01\x00\x00\x00\x05abc")},
	{what: "fewer columns than announced", typ: wire.DataRow, bytes: typed('D', "\xff\xff\x00\x00\x00\x011")},
	{what: "no terminator", typ: wire.Query, bytes: typed('Q', "SELECT 1")},
	{what: "a second string", typ: wire.Query, bytes: typed('Q', "SELECT 1\x00SELECT 2\x00")},
	{what: "length -2", typ: wire.SASLInitialResponse, bytes: typed('p', "SCRAM-SHA-256\x00\xff\xff\xff\xfen,,")},
	{what: "data behind no data", typ: wire.SASLInitialResponse, bytes: typed('p', "SCRAM-SHA-256\x00\xff\xff\xff\xffn,,")},
	{what: "no end of the list", typ: wire.ErrorResponse, bytes: typed('E', "SERROR\x00")},
	{what: "neither statement nor portal", typ: wire.Describe, bytes: typed('D', "?x\x00")},
	{what: "no key", typ: wire.BackendKeyData, bytes: typed('K', "\x00\x00\x00\x01")},
	{what: "a key of 3 bytes", typ: wire.BackendKeyData, bytes: typed('K', "\x00\x00\x00\x01abc")},
	{what: "a long key under protocol 3.0", typ: wire.BackendKeyData, state: wire.State{Protocol: 3 << 16},
		bytes: typed('K', "\x00\x00\x00\x01abcdefgh")},
	{what: "a key of 257 bytes", typ: wire.BackendKeyData, state: wire.State{Protocol: 3<<16 | 2},
		bytes: typed('K', "\x00\x00\x00\x01"+strings.Repeat("k", 257))},
	{what: "no key", typ: wire.CancelRequest, bytes: "\x00\x00\x00\x0c\x04\xd2\x16\x2e\x00\x00\x00\x01"},
	{what: "half a header", typ: wire.Sync, bytes: "S\x00\x00"},
	{what: "nothing at all", typ: wire.Sync, bytes: ""},
	{what: "cut in an integer", typ: wire.RowDescription, bytes: typed('T', "\x00\x02a\x00\x00\x00"), omitted: 31},
	{what: "cut between columns", typ: wire.DataRow, bytes: typed('D', "\x00\x02\x00\x00\x00\x011"), omitted: 5},
	{what: "wrong before the cut", typ: wire.Bind, bytes: typed('B', "\x00\x00\x00\x00\x00\x01\xff\xff\xff\xfeab"), omitted: 9},
	{what: "a length that leads behind the end", typ: wire.DataRow, bytes: typed('D', "\x00\x01\x00\x00\x00\x64ab"), omitted: 9},
	{what: "cut in a value", typ: wire.CopyData, bytes: typed('d', "1\t"), omitted: 1 << 20},
}

func TestExamplesCoverTheRegistry(t *testing.T) {
	t.Parallel()
	seen := map[wire.Type]bool{}
	for _, e := range examples {
		seen[e.typ] = true
	}
	for _, typ := range wire.Types() {
		if !seen[typ] {
			t.Errorf("no example of %s", typ)
		}
	}
}

// unknownToOracle are the types that pgproto3 does not decode.
var unknownToOracle = []wire.Type{
	wire.UnknownMessage, wire.SSLResponse, wire.GSSENCResponse, wire.OldErrorResponse, wire.PasswordOrToken,
	wire.Authentication, wire.AuthenticationKerberosV4, wire.AuthenticationKerberosV5,
	wire.AuthenticationCryptPassword, wire.AuthenticationSCMCredential, wire.AuthenticationSSPI,
	wire.AuthenticationSHA256, wire.AuthenticationMD5SHA256, wire.AuthenticationSM3, wire.AuthenticationDigest,
	wire.AuthenticationToken, wire.HashPasswordMessage, wire.YbParameterStatus,
}

// The fields of the examples are as testdata/fields.txt has them. Read its diff
// against the documentation before you accept a new one.
func TestExamples(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, e := range examples {
		checkFields(t, e.message())
		describe(&b, e)
	}
	golden.Compare(t, "fields.txt", b.String())
}

var kinds = map[wire.Kind]string{
	wire.Byte1: "byte1", wire.Int8: "int8", wire.Int16: "int16", wire.Int32: "int32", wire.Int64: "int64",
	wire.LSN: "lsn", wire.Timestamp: "time", wire.TextValue: "textvalue", wire.BinaryValue: "binvalue",
	wire.CString: "cstring", wire.Text: "text", wire.Value: "value", wire.Binary: "binary", wire.IntegerPart: "part",
}

// describe writes an example's fields, one a line.
func describe(b *strings.Builder, e example) {
	fmt.Fprintf(b, "%s", e.typ)
	if e.what != "" {
		fmt.Fprintf(b, " (%s)", e.what)
	}
	b.WriteString("\n")
	m := e.message()
	for _, f := range wire.AppendFields(nil, &m) {
		line := fmt.Sprintf("%*s%s", 2*int(f.Depth)+2, "", f.Name)
		bytes := e.bytes[f.Start:f.End]
		switch {
		case f.Kind == wire.Group:
			line += fmt.Sprintf(" [%d]", f.Int)
		case f.Name == wire.Omitted:
			line += fmt.Sprintf(" %d bytes", f.Int)
		case f.Name == wire.Malformed:
			line = fmt.Sprintf("%-30s %q instead of %s", line, bytes, wire.Name(f.Int))
		case f.Kind.IsInteger():
			line = fmt.Sprintf("%-30s %-8s %d", line, kinds[f.Kind], f.Int)
		default:
			line = fmt.Sprintf("%-30s %-8s %q", line, kinds[f.Kind], bytes)
		}
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")
}
