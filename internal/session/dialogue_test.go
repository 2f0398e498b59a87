package session

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// step is some bytes of a dialogue, and what the tracker has to see in them.
type step struct {
	direction event.Direction
	bytes     string
	want      []wire.Type
	field     wire.Name // one that a message has to have; TypeByte for none
}

// dialogue is a connection, up to the part that a test is about.
type dialogue struct {
	name  string
	steps []step
}

const (
	toServer   = event.ClientToServer
	toClient   = event.ServerToClient
	fromClient = event.ClientToScript
	sayClient  = event.ScriptToClient
	sayServer  = event.ScriptToServer
	fromServer = event.ServerToScript
)

var (
	sslRequest    = packet(wire.SSLRequestCode, "")
	gssRequest    = packet(wire.GSSENCRequestCode, "")
	startup       = packet(3<<16, "user\x00frank\x00\x00")
	ok            = typed('R', "\x00\x00\x00\x00")
	ready         = typed('Z', "I")
	noPassword    = typed('E', "SFATAL\x00C28P01\x00Mpassword authentication failed\x00\x00")
	offer         = typed('R', "\x00\x00\x00\x0aSCRAM-SHA-256-PLUS\x00SCRAM-SHA-256\x00\x00")
	clientFirst   = typed('p', "SCRAM-SHA-256\x00\x00\x00\x00\x0an,,n=,r=ab")
	serverFirst   = typed('R', "\x00\x00\x00\x0br=abcd,s=QSXCR+Q6sek8bf92,i=4096")
	clientFinal   = typed('p', "c=biws,r=abcd,p=dHzbZapWIk4=")
	serverFinal   = typed('R', "\x00\x00\x00\x0cv=rmF9pqV8S7s=")
	askedPassword = typed('R', "\x00\x00\x00\x03")
	password      = typed('p', "friend\x00")
)

var (
	startupStep = step{direction: toServer, bytes: startup, want: []wire.Type{wire.StartupMessage}}
	loginSteps  = []step{startupStep, {direction: toClient, bytes: ok + ready, want: []wire.Type{wire.AuthenticationOk, wire.ReadyForQuery}}}
)

// afterLogin returns steps after a login.
func afterLogin(steps ...step) []step { return slices.Concat(loginSteps, steps) }

// afterStartup returns steps after the StartupMessage.
func afterStartup(steps ...step) []step { return slices.Concat([]step{startupStep}, steps) }

// dialogues are whole ones, in which everything has to make sense.
var dialogues = slices.Concat(encryptionDialogues, loginDialogues, queryDialogues, copyDialogues, replicationDialogues)

var encryptionDialogues = []dialogue{
	{"TLS on both legs", []step{
		{fromClient, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{sayClient, "S", []wire.Type{wire.SSLResponse}, wire.Reply},
		{fromClient, startup, []wire.Type{wire.StartupMessage}, 0},
		{sayServer, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{fromServer, "S", []wire.Type{wire.SSLResponse}, 0},
		{toServer, "", nil, 0},
		{sayServer, startup, []wire.Type{wire.StartupMessage}, 0},
		{toClient, ok + ready, []wire.Type{wire.AuthenticationOk, wire.ReadyForQuery}, 0},
		{toServer, typed('Q', "SELECT 1\x00"), []wire.Type{wire.Query}, wire.SQL},
	}},
	{"no encryption to be had", []step{
		{toServer, gssRequest, []wire.Type{wire.GSSENCRequest}, 0},
		{toClient, "N", []wire.Type{wire.GSSENCResponse}, wire.Reply},
		{toServer, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{toClient, "N", []wire.Type{wire.SSLResponse}, 0},
		{toServer, startup, []wire.Type{wire.StartupMessage}, wire.KeyValue},
		{toClient, ok, []wire.Type{wire.AuthenticationOk}, 0},
	}},
	{"the other way round", []step{
		{toServer, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{toClient, "N", []wire.Type{wire.SSLResponse}, 0},
		{toServer, gssRequest, []wire.Type{wire.GSSENCRequest}, 0},
		{toClient, "G", []wire.Type{wire.GSSENCResponse}, 0},
	}},
	{"a client that does not wait for the reply", []step{
		{toServer, sslRequest + startup, []wire.Type{wire.SSLRequest, wire.StartupMessage}, 0},
		{toClient, "N" + ok, []wire.Type{wire.SSLResponse, wire.AuthenticationOk}, 0},
	}},
	{"SSLRequest answered by an error", []step{
		{toServer, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{toClient, noPassword, []wire.Type{wire.ErrorResponse}, wire.ErrorField},
	}},
	{"SSLRequest answered by an old error", []step{
		{toServer, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{toClient, "Ecould not fork new process\n\x00", []wire.Type{wire.OldErrorResponse}, wire.ErrorText},
	}},
	{"an old error out of the blue", []step{
		{toClient, "Esorry, too many clients already\n\x00", []wire.Type{wire.OldErrorResponse}, 0},
	}},
	{"CancelRequest", []step{
		{toServer, packet(wire.CancelRequestCode, "\x00\x00\x00\x01abcd"), []wire.Type{wire.CancelRequest}, wire.SecretKey},
	}},
	{"CancelRequest inside TLS, protocol 3.2", []step{
		{fromClient, sslRequest, []wire.Type{wire.SSLRequest}, 0},
		{sayClient, "S", []wire.Type{wire.SSLResponse}, 0},
		{toServer, packet(wire.CancelRequestCode, "\x00\x00\x00\x01"+string(make([]byte, 256))), []wire.Type{wire.CancelRequest}, 0},
	}},
}

var loginDialogues = []dialogue{
	{"trust", loginSteps},
	{"notice and protocol negotiation first", afterStartup(
		step{toClient, typed('v', "\x00\x03\x00\x02\x00\x00\x00\x01_pq_.x\x00"), []wire.Type{wire.NegotiateProtocolVersion}, wire.Option},
		step{toClient, typed('N', "SNOTICE\x00\x00") + ok, []wire.Type{wire.NoticeResponse, wire.AuthenticationOk}, 0},
	)},
	{"cleartext password", afterStartup(
		step{toClient, askedPassword, []wire.Type{wire.AuthenticationCleartextPassword}, 0},
		step{toServer, password, []wire.Type{wire.PasswordMessage}, wire.Password},
		step{toClient, ok, []wire.Type{wire.AuthenticationOk}, 0},
	)},
	{"MD5 password", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x05salt"), []wire.Type{wire.AuthenticationMD5Password}, wire.Salt},
		step{toServer, typed('p', "md5aa5c\x00"), []wire.Type{wire.MD5PasswordMessage}, wire.MD5Hash},
	)},
	{"SCRAM", afterStartup(
		step{toClient, offer, []wire.Type{wire.AuthenticationSASL}, wire.Mechanisms},
		step{toServer, clientFirst, []wire.Type{wire.SASLInitialResponse}, wire.SCRAMClientFirst},
		step{toClient, serverFirst, []wire.Type{wire.AuthenticationSASLContinue}, wire.SCRAMServerFirst},
		step{toServer, clientFinal, []wire.Type{wire.SASLResponse}, wire.SCRAMClientFinal},
		step{toClient, serverFinal + ok + ready,
			[]wire.Type{wire.AuthenticationSASLFinal, wire.AuthenticationOk, wire.ReadyForQuery}, wire.SCRAMServerFinal},
	)},
	{"SASL without data at first", afterStartup(
		step{toClient, offer, []wire.Type{wire.AuthenticationSASL}, 0},
		step{toServer, typed('p', "SCRAM-SHA-256\x00\xff\xff\xff\xff"), []wire.Type{wire.SASLInitialResponse}, wire.DataLength},
		step{toClient, typed('R', "\x00\x00\x00\x0b"), []wire.Type{wire.AuthenticationSASLContinue}, 0},
		step{toServer, clientFinal, []wire.Type{wire.SASLResponse}, 0},
	)},
	{"a refused OAuth token", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0aOAUTHBEARER\x00\x00"), []wire.Type{wire.AuthenticationSASL}, 0},
		step{toServer, typed('p', "OAUTHBEARER\x00\x00\x00\x00\x06n,,\x01\x01\x01"), []wire.Type{wire.SASLInitialResponse}, wire.OAuthClientFirst},
		step{toClient, typed('R', "\x00\x00\x00\x0b{}"), []wire.Type{wire.AuthenticationSASLContinue}, wire.OAuthServerError},
		step{toServer, typed('p', "\x01"), []wire.Type{wire.SASLResponse}, wire.OAuthAbort},
		step{toClient, noPassword, []wire.Type{wire.ErrorResponse}, 0},
	)},
	{"a mechanism nobody knows", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0aPLAIN\x00\x00"), []wire.Type{wire.AuthenticationSASL}, 0},
		step{toServer, typed('p', "PLAIN\x00\x00\x00\x00\x01x"), []wire.Type{wire.SASLInitialResponse}, wire.SASLData},
		step{toClient, typed('R', "\x00\x00\x00\x0cx"), []wire.Type{wire.AuthenticationSASLFinal}, wire.SASLData},
	)},
	{"GSS", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x07"), []wire.Type{wire.AuthenticationGSS}, 0},
		step{toServer, typed('p', "\x60"), []wire.Type{wire.GSSResponse}, wire.GSSToken},
		step{toClient, typed('R', "\x00\x00\x00\x08\x60"), []wire.Type{wire.AuthenticationGSSContinue}, wire.GSSToken},
		step{toServer, typed('p', "\x60"), []wire.Type{wire.GSSResponse}, 0},
		step{toClient, ok, []wire.Type{wire.AuthenticationOk}, 0},
	)},
	{"SSPI", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x09"), []wire.Type{wire.AuthenticationSSPI}, 0},
		step{toServer, typed('p', "\x60"), []wire.Type{wire.GSSResponse}, 0},
	)},
	{"obsolete and future methods", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x04ab"), []wire.Type{wire.AuthenticationCryptPassword}, wire.Salt},
		step{toServer, password, []wire.Type{wire.PasswordOrToken}, 0},
		step{toClient, typed('R', "\x00\x00\x00\x0dnew"), []wire.Type{wire.Authentication}, wire.Unknown},
		step{toServer, password, []wire.Type{wire.PasswordOrToken}, wire.Unknown},
	)},
	{"openGauss", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0a\x00\x00\x00\x02"+strings.Repeat("ab", 32)+"9f86d081\x00\x00\x27\x10"), []wire.Type{wire.AuthenticationSHA256}, wire.Iterations},
		step{toServer, typed('p', strings.Repeat("c0", 32)+"\x00"), []wire.Type{wire.HashPasswordMessage}, wire.Password},
		step{toClient, ok, []wire.Type{wire.AuthenticationOk}, 0},
	)},
	{"openGauss, the other methods", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0b"+strings.Repeat("ab", 32)+"salt"), []wire.Type{wire.AuthenticationMD5SHA256}, wire.Nonce},
		step{toServer, typed('p', "md5aa5c\x00"), []wire.Type{wire.HashPasswordMessage}, wire.Password},
		step{toClient, typed('R', "\x00\x00\x00\x0d\x00\x00\x00\x03"+strings.Repeat("ab", 32)+"9f86d081\x00\x00\x27\x10"), []wire.Type{wire.AuthenticationSM3}, wire.Method},
		step{toServer, typed('p', strings.Repeat("c0", 32)+"\x00"), []wire.Type{wire.HashPasswordMessage}, wire.Password},
	)},
	{"Redshift, a digest", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x04salt\x00\x00\x00\x05nonce"), []wire.Type{wire.AuthenticationDigest}, wire.Nonce},
		step{toServer, typed('d', "\x00\x00\x00\x04hash\x00\x00\x00\x01n"), []wire.Type{wire.PasswordOrToken}, wire.Unknown},
		step{toClient, ok + ready, []wire.Type{wire.AuthenticationOk, wire.ReadyForQuery}, 0},
		step{toServer, typed('d', "row\n"), []wire.Type{wire.CopyData}, wire.Data},
	)},
	{"Redshift, a token", afterStartup(
		step{toClient, typed('R', "\x00\x00\x00\x0e"), []wire.Type{wire.AuthenticationToken}, 0},
		step{toServer, typed('i', "token"), []wire.Type{wire.PasswordOrToken}, wire.Unknown},
		step{toServer, typed('X', ""), []wire.Type{wire.Terminate}, 0},
		step{toClient, noPassword, []wire.Type{wire.ErrorResponse}, 0},
		step{toServer, typed('i', "token"), []wire.Type{wire.UnknownMessage}, 0},
	)},
	{"keys of protocol 3.2", []step{
		{toServer, packet(3<<16|2, "user\x00frank\x00\x00"), []wire.Type{wire.StartupMessage}, 0},
		{toClient, ok + typed('K', "\x00\x00\x00\x01"+strings.Repeat("k", 32)), []wire.Type{wire.AuthenticationOk, wire.BackendKeyData}, wire.SecretKey},
	}},
	{"keys of a protocol that the server has lowered", []step{
		{toServer, packet(3<<16|9999, "user\x00frank\x00_pq_.x\x00\x00\x00"), []wire.Type{wire.StartupMessage}, 0},
		{toClient, typed('v', "\x00\x03\x00\x00\x00\x00\x00\x01_pq_.x\x00") + ok, []wire.Type{wire.NegotiateProtocolVersion, wire.AuthenticationOk}, 0},
		{toClient, typed('K', "\x00\x00\x00\x01abcd"), []wire.Type{wire.BackendKeyData}, wire.SecretKey},
	}},
	{"each leg has its own method", []step{
		{fromClient, startup, []wire.Type{wire.StartupMessage}, 0},
		{sayServer, startup, []wire.Type{wire.StartupMessage}, 0},
		{fromServer, offer, []wire.Type{wire.AuthenticationSASL}, 0},
		{sayClient, askedPassword, []wire.Type{wire.AuthenticationCleartextPassword}, 0},
		{fromClient, password, []wire.Type{wire.PasswordMessage}, wire.Password},
		{sayServer, clientFirst, []wire.Type{wire.SASLInitialResponse}, wire.SCRAMClientFirst},
		{fromServer, serverFirst, []wire.Type{wire.AuthenticationSASLContinue}, wire.SCRAMServerFirst},
		{fromClient, password, []wire.Type{wire.PasswordMessage}, 0},
		{sayServer, clientFinal, []wire.Type{wire.SASLResponse}, wire.SCRAMClientFinal},
		{fromServer, serverFinal, []wire.Type{wire.AuthenticationSASLFinal}, wire.SCRAMServerFinal},
		{toClient, ok + ready, []wire.Type{wire.AuthenticationOk, wire.ReadyForQuery}, 0},
		{toServer, typed('Q', "\x00"), []wire.Type{wire.Query}, 0},
	}},
	{"a password before anybody asked", []step{
		{toServer, startup + password, []wire.Type{wire.StartupMessage, wire.PasswordOrToken}, wire.Unknown},
		{toClient, askedPassword + ok, []wire.Type{wire.AuthenticationCleartextPassword, wire.AuthenticationOk}, 0},
		{toServer, password, []wire.Type{wire.PasswordOrToken}, 0},
	}},
	{"an error before authentication", afterStartup(
		step{toClient, noPassword, []wire.Type{wire.ErrorResponse}, 0},
	)},
	{"a password after an error", afterStartup(
		step{toClient, askedPassword + noPassword, []wire.Type{wire.AuthenticationCleartextPassword, wire.ErrorResponse}, 0},
		step{toServer, password, []wire.Type{wire.PasswordOrToken}, 0},
	)},
	{"an old error for the protocol version", afterStartup(
		step{toClient, "EFATAL: unsupported protocol\n\x00", []wire.Type{wire.OldErrorResponse}, wire.ErrorText},
	)},
}

var queryDialogues = []dialogue{
	{"simple query", afterLogin(
		step{toServer, typed('Q', "SELECT 1\x00"), []wire.Type{wire.Query}, 0},
		step{toClient, typed('T', "\x00\x00") + typed('D', "\x00\x00") + typed('C', "SELECT 1\x00") + ready,
			[]wire.Type{wire.RowDescription, wire.DataRow, wire.CommandComplete, wire.ReadyForQuery}, 0},
		step{toServer, typed('X', ""), []wire.Type{wire.Terminate}, 0},
	)},
	{"letters that both use", afterLogin(
		step{toServer, typed('C', "S\x00") + typed('D', "P\x00") + typed('E', "\x00\x00\x00\x00\x00") + typed('H', "") + typed('S', ""),
			[]wire.Type{wire.Close, wire.Describe, wire.Execute, wire.Flush, wire.Sync}, 0},
		step{toClient, typed('C', "\x00") + typed('D', "\x00\x00") + typed('E', "\x00") + typed('H', "\x00\x00\x00") + typed('S', "a\x00b\x00"),
			[]wire.Type{wire.CommandComplete, wire.DataRow, wire.ErrorResponse, wire.CopyOutResponse, wire.ParameterStatus}, 0},
	)},
	{"COPY", afterLogin(
		step{toClient, typed('G', "\x00\x00\x00"), []wire.Type{wire.CopyInResponse}, 0},
		step{toServer, typed('d', "1\n") + typed('c', "") + typed('f', "no\x00"), []wire.Type{wire.CopyData, wire.CopyDone, wire.CopyFail}, 0},
		step{toClient, typed('H', "\x00\x00\x00") + typed('d', "1\n") + typed('c', ""),
			[]wire.Type{wire.CopyOutResponse, wire.CopyData, wire.CopyDone}, wire.Data},
		step{toClient, typed('W', "\x00\x00\x00"), []wire.Type{wire.CopyBothResponse}, 0},
	)},
	{"unknown messages", afterLogin(
		step{toServer, typed('j', "?"), []wire.Type{wire.UnknownMessage}, wire.Unknown},
		step{toServer, typed('S', ""), []wire.Type{wire.Sync}, 0},
		step{toServer, typed('j', "?") + typed('k', ""), []wire.Type{wire.UnknownMessage, wire.UnknownMessage}, 0},
		step{toClient, typed('j', "?") + typed('r', "?"), []wire.Type{wire.UnknownMessage, wire.UnknownMessage}, wire.Unknown},
	)},
	{"a password in the middle of everything", afterLogin(
		step{toServer, password, []wire.Type{wire.PasswordOrToken}, 0},
	)},
}

// Whoever cuts the stream however, each message has its right name and all its fields.
func TestDialogues(t *testing.T) {
	t.Parallel()
	for _, d := range dialogues {
		for name, cut := range map[string]func(int) int{
			"whole": whole, "single bytes": single, "random": randomly(7), "sevens": everySoMany(7),
		} {
			t.Run(d.name+", "+name, func(t *testing.T) {
				t.Parallel()
				p := newPump(t)
				for i, s := range d.steps {
					before := len(p.seen)
					p.feed(s.direction, s.bytes, cut)
					checkStep(t, i, s, p.seen[before:])
				}
				for _, direction := range []event.Direction{toServer, toClient, sayClient, sayServer} {
					if want := p.end(direction); want != 0 {
						t.Errorf("%s ends inside a message of %d bytes", direction, want)
					}
				}
			})
		}
	}
}

func checkStep(t *testing.T, i int, s step, seen []sighting) {
	t.Helper()
	where := "step " + strconv.Itoa(i) + ", " + s.direction.String()
	if got := types(seen); !slices.Equal(got, s.want) {
		t.Fatalf("%s: got %v, want %v", where, got, s.want)
	}
	names := fieldNames(seen)
	if slices.Contains(names, wire.Malformed) || slices.Contains(names, wire.Trailing) {
		t.Errorf("%s: malformed or trailing bytes in %q", where, s.bytes)
	}
	if s.field != wire.TypeByte && !slices.Contains(names, s.field) {
		t.Errorf("%s: no field %s among %v", where, s.field, names)
	}
}

func TestReadyAndAuthenticated(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	check := func(ready, client, server bool) {
		t.Helper()
		f := p.tracker.framer
		if f.client.ready != ready || f.client.authenticated != client || f.server.authenticated != server {
			t.Errorf("ready %t, authenticated client %t, server %t; want %t, %t, %t",
				f.client.ready, f.client.authenticated, f.server.authenticated, ready, client, server)
		}
	}
	p.feed(fromClient, startup, whole)
	p.feed(sayServer, startup, whole)
	p.feed(fromServer, askedPassword, whole)
	check(false, false, false)
	p.feed(fromServer, ok, whole)
	check(false, false, true)
	p.feed(sayClient, ok, whole)
	check(false, true, true)
	p.feed(toClient, ready[:5], whole)
	check(false, true, true)
	p.feed(toClient, ready[5:], whole)
	check(true, true, true)
}

// Another server in place of the first begins anew; the client's side goes on.
func TestNewServer(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	p.feed(fromClient, startup, whole)
	p.feed(sayServer, sslRequest, whole)
	p.feed(fromServer, "S\x00", whole)
	if last := p.seen[len(p.seen)-1]; last.loss == (Loss{}) {
		t.Fatalf("the first server is in sync: %v", last)
	}
	p.tracker.NewServer()
	p.framer.NewServer()
	p.late.NewServer()
	p.seen = nil
	p.feed(sayServer, sslRequest, single)
	p.feed(fromServer, "N", whole)
	p.feed(sayServer, startup, single)
	p.feed(fromServer, askedPassword, single)
	p.feed(sayServer, password, whole)
	p.feed(fromClient, password, whole)
	want := []wire.Type{
		wire.SSLRequest, wire.SSLResponse, wire.StartupMessage, wire.AuthenticationCleartextPassword,
		wire.PasswordMessage, wire.PasswordOrToken,
	}
	if got := types(p.seen); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
