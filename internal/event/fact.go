package event

import "time"

// Fact is something that pgpi knows of a connection or of itself: one of the types of this
// file. Each has one sentence, in the table of sentence.go.
//
// The tag wrote names the party that wrote a field: what such a field holds is not pgpi's own
// words, and redaction looks at it. Where the tag says name as well, the field is a name, in
// which no SQL is looked for.
type Fact interface{ isFact() }

// fact makes a type one of the facts.
type fact struct{}

func (fact) isFact() {}

// Party is one of the two that talk through pgpi.
type Party string

// The parties.
const (
	Client Party = "client"
	Server Party = "server"
)

// PartyOf is the party that sends in a direction, pgpi aside.
func PartyOf(d Direction) Party {
	switch d {
	case ClientToServer, ClientToScript, ScriptToClient:
		return Client
	}
	return Server
}

// Size counts bytes. Less than 1 is unknown.
type Size int64

// Facts about pgpi itself.
type (
	// Listening says where pgpi waits for clients.
	Listening struct {
		fact
		Address string
	}
	// AcceptFailed says why no client can connect for a while.
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
	// NotPostgresServer says what a server is instead, by its first bytes.
	NotPostgresServer struct {
		fact
		What string
	}
	// NoSSLRequest says that the client asked for no encryption.
	NoSSLRequest struct{ fact }
	// TooMany refuses a connection above the limit.
	TooMany struct {
		fact
		Limit int
	}
)

// Facts about TLS.
type (
	// TLSEstablished says that a leg is encrypted. TLS is its version and cipher suite.
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
	// TLSFailed says why a handshake came to nothing.
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
	// TLSOffered says what a client offers, as far as it was captured, in TLS that can't be read. The
	// protocols are those of ALPN.
	TLSOffered struct {
		fact
		Versions  string
		Protocols string `wrote:"client name"`
	}
	// TLSChosen says what a server has chosen of it.
	TLSChosen struct {
		fact
		TLS string
	}
	// TLSAlert says why a party ends TLS, before anything is encrypted.
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
	// CertificateTo has pgpi's own.
	CertificateTo struct {
		fact
		Party       Party
		Certificate string
	}
	// CertificateWanted says that the server asked for one that pgpi does not have.
	CertificateWanted struct{ fact }
	// CertificateWeak says why a certificate does not protect as it should.
	CertificateWeak struct {
		fact
		Party Party
		Why   string
	}
	// TLSRefused says that a server has no TLS where the sslmode requires it.
	TLSRefused struct {
		fact
		Mode string
	}
	// ContinuingPlain says that a server has no TLS where the sslmode allows that.
	ContinuingPlain struct{ fact }
)

// Facts about the way to the server.
type (
	// Connecting names the server that was chosen.
	Connecting struct {
		fact
		Server string
	}
	// Connected says at which address a server was reached. Whatever was said to an earlier
	// one no longer counts.
	Connected struct {
		fact
		Address string
	}
	// ConnectFailed says why no server was reached.
	ConnectFailed struct {
		fact
		Why string
	}
	// ConnectRefusedSelf says that the server would be pgpi itself.
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

// Facts about the login and what is forwarded.
type (
	// StartupForwarded says that the server gets the client's StartupMessage.
	StartupForwarded struct{ fact }
	// Forwarding says that all later traffic is relayed.
	Forwarding struct{ fact }
	// ForwardingSilently is Forwarding where nothing of it is logged.
	ForwardingSilently struct{ fact }
	// OverridingAuth says that pgpi logs in to the server by itself.
	OverridingAuth struct{ fact }
	// OverrideFailed says why it could not.
	OverrideFailed struct {
		fact
		Why string
	}
	// BindingWillFail says that channel binding is in the way of a login, and what helps.
	BindingWillFail struct {
		fact
		What     string `wrote:"server"`
		Remedies string
	}
	// BindingHidden says that an offer of channel binding was taken out.
	BindingHidden struct{ fact }
	// CancelForwarded names the connection that a CancelRequest is for. The SQL that its
	// server runs is derived.
	CancelForwarded struct {
		fact
		Connection uint32
		SQL        string `wrote:"client"`
	}
	// CancelUnknown says that no live connection has the key of a CancelRequest.
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
	// ServerMistake says what the server sent that nobody asked for. Names are withheld until
	// there is no doubt any more what it answers.
	ServerMistake struct {
		fact
		What string
	}
	// OutOfSync says at which byte of a direction no message begins.
	OutOfSync struct {
		fact
		Direction Direction
		Offset    int64
		Why       string
	}
	// Undecodable counts the bytes of a direction that could not be decoded.
	Undecodable struct {
		fact
		Direction Direction
		Bytes     int64
	}
	// CutOff says that the last message of a direction has only so many of its bytes.
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
	// Stopping says that pgpi ends the connection, because it ends itself.
	Stopping struct{ fact }
	// Ended is the last fact of a connection.
	Ended struct{ fact }
	// ObserverFailed says that decoding has failed.
	ObserverFailed struct {
		fact
		Why string
	}
	// StageFailed says that something else that is done with events has failed.
	StageFailed struct {
		fact
		Stage string
		Why   string
	}
	// ConnectionFailed says that a defect of pgpi has ended the connection.
	ConnectionFailed struct {
		fact
		Why string
	}
)

// Facts about what a capture has and lacks.
type (
	// Joined says that the beginning of a connection is not in the capture.
	Joined struct{ fact }
	// Continued says that it is in a file of the recording that was not read.
	Continued struct{ fact }
	// Resumed counts the bytes before the place where messages begin again.
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
	// CancelFor is CancelForwarded as a capture has it.
	CancelFor struct {
		fact
		Connection uint32
		SQL        string `wrote:"client"`
	}
	// CaptureEnded says that the connection was still open.
	CaptureEnded struct{ fact }
)
