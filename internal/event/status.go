package event

import "strings"

// Status is a sentence that pgpi says about a connection. Each has one fixed
// phrase, which programs may look for.
type Status uint8

// Everything that pgpi says. The phrases are in the table below.
const (
	Listening Status = iota
	Opened
	AcceptFailed
	Dropped

	TLSEstablished
	DirectTLSEstablished
	TLSFailed
	ServerName
	NoSSLRequest
	CertificateFrom
	CertificateTo
	CertificateWanted
	CertificateWeak

	Connecting
	Connected
	ConnectFailed
	ConnectRefusedSelf
	ContinuingPlain
	FallingBack
	TLSRefused

	TooMany
	StartupForwarded
	Forwarding
	ForwardingSilently
	CancelForwarded
	CancelUnknown
	OverridingAuth
	OverrideFailed
	BindingWillFail
	BindingHidden

	NotPostgres
	ProtocolViolation
	OutOfSync
	Undecodable
	CutOff
	HungUp
	Disconnected
	ConnectionLost
	Stopping
	Ended
	ObserverFailed
	ConnectionFailed

	Joined
	Continued
	Resumed
	Missing
	Encrypted
	CancelFor
	CaptureEnded

	statusCount
)

// phrases are templates: {name} stands for an argument, in order. The fixed words
// of a phrase do not change between versions.
var phrases = [statusCount]struct{ key, template string }{
	Listening:    {"listening", "listening on {address} ..."},
	Opened:       {"opened", "connected at t0 = {time} from {client}"},
	Dropped:      {"dropped", "{events} events are missing here: the log could not be written fast enough"},
	AcceptFailed: {"accept_failed", "connections can't be accepted: {why}; trying again"},

	TLSEstablished:       {"tls", "{tls} connection established with {party}"},
	DirectTLSEstablished: {"direct_tls", "direct {tls} connection established with {party}"},
	TLSFailed:            {"tls_failed", "TLS handshake with {party} failed: {why}"},
	ServerName:           {"sni", "server name via SNI: {name}"},
	NoSSLRequest:         {"plaintext", "no SSLRequest: continuing in plaintext"},
	CertificateFrom:      {"certificate_from", "certificate received from {party}:\n{certificate}"},
	CertificateTo:        {"certificate_to", "certificate presented to {party}:\n{certificate}"},
	CertificateWanted:    {"certificate_wanted", "the server asks for a client certificate and none is set: give one with --server-sslcert and --server-sslkey"},
	CertificateWeak:      {"certificate_weak", "certificate of {party} is weak: {why}"},

	Connecting:         {"connecting", "connecting to Postgres server: {server}"},
	Connected:          {"connected", "connected to Postgres server at {address}"},
	ConnectFailed:      {"connect_failed", "connection to Postgres server failed: {why}"},
	ConnectRefusedSelf: {"connect_self", "connection to Postgres server refused: {server} is pgpi itself; name the server with --server-host, or its port with --server-connect-port"},
	ContinuingPlain:    {"continuing_plain", "continuing without encryption"},
	FallingBack:        {"falling_back", "sslmode {mode}: falling back to a connection {how}, because {why}"},
	TLSRefused:         {"tls_refused", "server does not support TLS, but sslmode {mode} requires it: enable it on the server, or allow less with --server-sslmode"},

	TooMany:            {"too_many", "too many connections: {limit} are relayed already; raise --max-connections"},
	StartupForwarded:   {"startup_forwarded", "forwarding client startup message to server"},
	Forwarding:         {"forwarding", "forwarding all later traffic"},
	ForwardingSilently: {"forwarding_silently", "silently forwarding all later traffic"},
	CancelForwarded:    {"cancel_forwarded", "forwarding cancel request for connection #{connection} to server, which runs: {sql}"},
	CancelUnknown:      {"cancel_unknown", "cancel request names no live connection: forwarding it to {server}"},
	OverridingAuth:     {"overriding_auth", "now overriding authentication"},
	OverrideFailed:     {"override_failed", "overriding authentication failed: {why}"},
	BindingWillFail:    {"binding_will_fail", "channel binding: {what}\n{remedies}"},
	BindingHidden:      {"binding_hidden", "hiding SCRAM-SHA-256-PLUS from client, which has no TLS"},

	NotPostgres:       {"not_postgres", "not a Postgres client: {what}"},
	ProtocolViolation: {"protocol_violation", "protocol violation by {party}: {what}"},
	OutOfSync:         {"out_of_sync", "{direction} out of sync at byte {offset}: {why}; relaying the rest undecoded"},
	Undecodable:       {"undecoded", "{direction}: {bytes} bytes relayed undecoded"},
	CutOff:            {"cut_off", "{direction}: the last message was cut off after {bytes} of {size} bytes"},
	HungUp:            {"hung_up", "{party} hung up{how}"},
	Disconnected:      {"disconnected", "{party} disconnected {when}"},
	ConnectionLost:    {"connection_lost", "connection to {party} lost: {why}"},
	Stopping:          {"stopping", "closing the connection, because pgpi ends"},
	Ended:             {"closed", "connection end"},
	ObserverFailed:    {"observer_failed", "decoding failed, which is a defect of pgpi: {why}; relaying the rest undecoded"},
	ConnectionFailed:  {"connection_failed", "connection closed, which is a defect of pgpi: {why}"},

	Joined:       {"joined", "the capture begins in the middle of this connection"},
	Continued:    {"continued", "this connection began in an earlier file of the recording"},
	Resumed:      {"resumed", "{direction}: {bytes} bytes passed over, up to where messages begin again"},
	Missing:      {"missing", "{direction}: {bytes} bytes are missing in the capture"},
	Encrypted:    {"encrypted", "the rest is encrypted by {what} and can't be read: relay it through pgpi with --record, or capture it where it is not encrypted"},
	CancelFor:    {"cancel", "cancel request for connection #{connection}, whose server runs: {sql}"},
	CaptureEnded: {"capture_ended", "the capture ends before this connection"},
}

// Key is the status as a word for programs.
func (s Status) Key() string { return phrases[s].key }

// QuotesSQL reports whether an argument is SQL of a client, or words of a server that
// may repeat it.
func (s Status) QuotesSQL() bool {
	return s == CancelForwarded || s == CancelFor || s == FallingBack || s == BindingWillFail
}

// Template is the phrase with a {name} for each argument.
func (s Status) Template() string { return phrases[s].template }

// Format puts arguments into a status's phrase. One that is missing stays a {name}.
func (s Status) Format(args []string) string {
	template := phrases[s].template
	var b strings.Builder
	for _, arg := range args {
		before, rest, found := strings.Cut(template, "{")
		if !found {
			break
		}
		b.WriteString(before)
		b.WriteString(arg)
		_, template, _ = strings.Cut(rest, "}")
	}
	b.WriteString(template)
	return b.String()
}

// Statuses lists all of them, for the documentation.
func Statuses() []Status {
	all := make([]Status, statusCount)
	for s := range all {
		all[s] = Status(s)
	}
	return all
}
