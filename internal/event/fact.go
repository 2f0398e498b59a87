package event

import "time"

// Fact is something that pgpi knows about a connection or itself: one of the types in this file.
// Each has one sentence, in the table in sentence.go.
//
// The tag "wrote" names the party that wrote a field. The content of such a field is not pgpi's own
// words, so redaction looks at it. If the tag also says "name", the field is a name, which is not
// searched for SQL.
type Fact interface{ isFact() }

// fact, embedded in a type, makes it a Fact.
type fact struct{}

func (fact) isFact() {}

// Party is one of the two that talk through pgpi.
type Party string

// The parties.
const (
	Client Party = "client"
	Server Party = "server"
)

// PartyOf returns the party that sends in a direction. pgpi itself is not a party.
func PartyOf(d Direction) Party {
	switch d {
	case ClientToServer, ClientToScript, ScriptToClient:
		return Client
	}
	return Server
}

// Size counts bytes. A Size below 1 is unknown.
type Size int64

// Facts about pgpi itself.
type (
	// Listening says where pgpi waits for clients.
	Listening struct {
		fact
		Address string
	}
	// AcceptFailed says why no client can connect for now.
	AcceptFailed struct {
		fact
		Why string
	}
	// Dropped counts the events that an outlet did not get.
	Dropped struct {
		fact
		Events int
	}
)

// Facts about how a connection begins.
type (
	// Opened is the first fact of a connection. Time is exact to the second. Client is an address
	// with its port, or the path of a Unix socket.
	Opened struct {
		fact
		Time   time.Time
		Client string
	}
	// NotPostgres says what a client sent instead of a startup packet.
	NotPostgres struct {
		fact
		What string
	}
	// HeaderFirst names what a client sends before its startup packet.
	HeaderFirst struct {
		fact
		What string
	}
	// NotPostgresServer says what a server is instead, judging by its first bytes.
	NotPostgresServer struct {
		fact
		What string
	}
	// NoSSLRequest says that the client did not ask for encryption.
	NoSSLRequest struct{ fact }
	// TooMany refuses a connection above the limit.
	TooMany struct {
		fact
		Limit int
	}
)

// Facts about TLS.
type (
	// TLSEstablished says that a leg is encrypted. TLS is the version and cipher suite.
	TLSEstablished struct {
		fact
		TLS   string
		Party Party
	}
	// DirectTLSEstablished is TLSEstablished without an SSLRequest before it.
	DirectTLSEstablished struct {
		fact
		TLS   string
		Party Party
	}
	// TLSFailed says why a handshake failed.
	TLSFailed struct {
		fact
		Party Party
		Why   string
	}
	// ServerName is the name that a client asked for.
	ServerName struct {
		fact
		Name string `wrote:"client name"`
	}
	// TLSOffered says what a client offers in TLS that can't be read, as far as it was captured.
	// The protocols are those of ALPN.
	TLSOffered struct {
		fact
		Versions  string
		Protocols string `wrote:"client name"`
	}
	// TLSChosen says what the server chose from that.
	TLSChosen struct {
		fact
		TLS string
	}
	// TLSAlert says why a party ends TLS before anything is encrypted.
	TLSAlert struct {
		fact
		Party Party
		Why   string
	}
	// CertificateFrom has the certificate of a party, as text.
	CertificateFrom struct {
		fact
		Party       Party
		Certificate string
	}
	// CertificateTo has the certificate of pgpi.
	CertificateTo struct {
		fact
		Party       Party
		Certificate string
	}
	// CertificateWanted says that the server asked for a certificate that pgpi does not have.
	CertificateWanted struct{ fact }
	// CertificateWeak says why a certificate does not protect as it should.
	CertificateWeak struct {
		fact
		Party Party
		Why   string
	}
	// TLSRefused says that the server does not support TLS, but the sslmode requires it.
	TLSRefused struct {
		fact
		Mode string
	}
	// ContinuingPlain says that the server does not support TLS, and the sslmode allows that.
	ContinuingPlain struct{ fact }
)

// Facts about reaching the server.
type (
	// Connecting names the server that was chosen.
	Connecting struct {
		fact
		Server string
	}
	// Connected says at which address a server was reached. Whatever was said to an earlier server
	// no longer counts.
	Connected struct {
		fact
		Address string
	}
	// ConnectFailed says why no server was reached.
	ConnectFailed struct {
		fact
		Why string
	}
	// ConnectRefusedSelf says that the server would have been pgpi itself.
	ConnectRefusedSelf struct {
		fact
		Server string
	}
	// FallingBack says how the next attempt differs, and why the last one failed.
	FallingBack struct {
		fact
		Mode string
		How  string
		Why  string `wrote:"server"`
	}
)

// Facts about the login, and about what is forwarded.
type (
	// StartupForwarded says that the server gets the client's StartupMessage.
	StartupForwarded struct{ fact }
	// Forwarding says that all later traffic is relayed.
	Forwarding struct{ fact }
	// ForwardingSilently is Forwarding without anything in the log.
	ForwardingSilently struct{ fact }
	// OverridingAuth says that pgpi itself logs in to the server.
	OverridingAuth struct{ fact }
	// OverrideFailed says why that login failed.
	OverrideFailed struct {
		fact
		Why string
	}
	// BindingWillFail says that channel binding prevents a login, and what helps.
	BindingWillFail struct {
		fact
		What     string `wrote:"server"`
		Remedies string
	}
	// BindingHidden says that an offer of channel binding was removed.
	BindingHidden struct{ fact }
	// CancelForwarded names the connection that a CancelRequest is for. The SQL that its server is
	// running is derived.
	CancelForwarded struct {
		fact
		Connection uint32
		SQL        string `wrote:"client"`
	}
	// CancelUnknown says that no live connection has the key in a CancelRequest.
	CancelUnknown struct {
		fact
		Server string
	}
)

// Facts about what was relayed, and about how a connection ends.
type (
	// ProtocolViolation says what a party did that the protocol does not allow.
	ProtocolViolation struct {
		fact
		Party Party
		What  string
	}
	// ServerMistake says what the server sent that nobody asked for. Names are withheld until it is
	// certain again what the server answers.
	ServerMistake struct {
		fact
		What string
	}
	// OutOfSync says at which byte of a direction a message should begin, but does not.
	OutOfSync struct {
		fact
		Direction Direction
		Offset    int64
		Why       string
	}
	// GreaseFails says what the server does instead of negotiating with a client that checks
	// whether it can.
	GreaseFails struct {
		fact
		Does string
	}
	// Undecodable counts the bytes of a direction that could not be decoded.
	Undecodable struct {
		fact
		Direction Direction
		Bytes     int64
	}
	// CutOff says how many bytes of the last message of a direction came.
	CutOff struct {
		fact
		Direction Direction
		Bytes     int64
		Size      Size
	}
	// HungUp says which party ended the conversation.
	HungUp struct {
		fact
		Party Party
		How   string
	}
	// Disconnected is HungUp before anything could be relayed.
	Disconnected struct {
		fact
		Party Party
		When  string
	}
	// ConnectionLost says why a leg broke.
	ConnectionLost struct {
		fact
		Party Party
		Why   string
	}
	// Stopping says that pgpi ends the connection because pgpi itself ends.
	Stopping struct{ fact }
	// Ended is the last fact of a connection.
	Ended struct{ fact }
	// ObserverFailed says that decoding failed.
	ObserverFailed struct {
		fact
		Why string
	}
	// StageFailed says that another stage failed for the connection.
	StageFailed struct {
		fact
		Stage string
		Why   string
	}
	// StageIncomplete says that another stage failed when time passed, or at the end of everything.
	StageIncomplete struct {
		fact
		Stage string
		Why   string
	}
	// ConnectionFailed says that a defect of pgpi ended the connection.
	ConnectionFailed struct {
		fact
		Why string
	}
)

// Facts about what a capture has and lacks.
type (
	// Joined says that the capture lacks the beginning of a connection.
	Joined struct{ fact }
	// Continued says that the beginning is in a file of the recording that was not read.
	Continued struct{ fact }
	// Resumed counts the bytes that were skipped before messages begin again.
	Resumed struct {
		fact
		Direction Direction
		Bytes     int64
	}
	// Missing counts bytes that were on the wire and are not in the capture.
	Missing struct {
		fact
		Direction Direction
		Bytes     int64
	}
	// Encrypted says that the rest can't be read.
	Encrypted struct {
		fact
		What string
	}
	// CancelFor is CancelForwarded for a capture.
	CancelFor struct {
		fact
		Connection uint32
		SQL        string `wrote:"client"`
	}
	// Damaged says why not everything in a capture could be read.
	Damaged struct {
		fact
		Why string
	}
	// CaptureEnded says that the connection was still open at the end of the capture.
	CaptureEnded struct{ fact }
)

// Facts of Measured events, which are in recordings and in no log.
type (
	// Tick says that time has passed. There is one a second while a connection is open, and for a
	// little longer, of all connections together.
	Tick struct{ fact }
	// Way says how far away a party is: the least time that the network took lately from pgpi to
	// the next end of a TCP connection and back. That end is the party's, or a pooler's or a
	// tunnel's.
	Way struct {
		fact
		Party Party
		Takes time.Duration
	}
	// OneCommand says that all connections are those of one command that pgpi has started.
	OneCommand struct{ fact }
)
