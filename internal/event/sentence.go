package event

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Origin is what a reader of a recording does with a fact in it.
type Origin uint8

const (
	// Known is what only the process that recorded could know. It is read.
	Known Origin = iota + 1
	// Derived follows from the bytes. It is recorded for other readers. Our reader drops it and
	// derives it again.
	Derived
	// Unsaid is read like what is known. No log shows it: it is of a Measured event.
	Unsaid
)

// sentence is how a fact is put into words.
type sentence struct {
	fact   Fact // the zero value of its type
	key    string
	origin Origin
	// template has a {name} for each field, in lower case. Its fixed words do not change between
	// versions, because programs may look for them.
	template string
}

// sentences is everything that pgpi says, in the order of docs/log.md.
var sentences = []sentence{
	{Listening{}, "listening", Known, "listening on {address} ..."},
	{Opened{}, "opened", Known, "connected at t0 = {time} from {client}"},
	{AcceptFailed{}, "accept_failed", Known, "connections can't be accepted: {why}; trying again"},
	{Dropped{}, "dropped", Known, "{events} events are missing here: the log could not be written fast enough"},

	{TLSEstablished{}, "tls", Known, "{tls} connection established with {party}"},
	{DirectTLSEstablished{}, "direct_tls", Known, "direct {tls} connection established with {party}"},
	{TLSFailed{}, "tls_failed", Known, "TLS handshake with {party} failed: {why}"},
	{ServerName{}, "sni", Known, "server name via SNI: {name}"},
	{NoSSLRequest{}, "plaintext", Known, "no SSLRequest: continuing in plaintext"},
	{CertificateFrom{}, "certificate_from", Known, "certificate received from {party}:\n{certificate}"},
	{CertificateTo{}, "certificate_to", Known, "certificate presented to {party}:\n{certificate}"},
	{CertificateWanted{}, "certificate_wanted", Known, "the server asks for a client certificate and none is set: give one with --server-sslcert and --server-sslkey"},
	{CertificateWeak{}, "certificate_weak", Known, "certificate of {party} is weak: {why}"},

	{Connecting{}, "connecting", Known, "connecting to Postgres server: {server}"},
	{Connected{}, "connected", Known, "connected to Postgres server at {address}"},
	{ConnectFailed{}, "connect_failed", Known, "connection to Postgres server failed: {why}"},
	{ConnectRefusedSelf{}, "connect_self", Known, "connection to Postgres server refused: {server} is pgpi itself; name the server with --server-host, or its port with --server-connect-port"},
	{ContinuingPlain{}, "continuing_plain", Known, "continuing without encryption"},
	{FallingBack{}, "falling_back", Known, "sslmode {mode}: falling back to a connection {how}, because {why}"},
	{TLSRefused{}, "tls_refused", Known, "server does not support TLS, but sslmode {mode} requires it: enable it on the server, or allow less with --server-sslmode"},

	{TooMany{}, "too_many", Known, "too many connections: {limit} are relayed already; raise --max-connections"},
	{StartupForwarded{}, "startup_forwarded", Known, "forwarding client startup message to server"},
	{Forwarding{}, "forwarding", Known, "forwarding all later traffic"},
	{ForwardingSilently{}, "forwarding_silently", Known, "silently forwarding all later traffic"},
	{CancelForwarded{}, "cancel_forwarded", Known, "forwarding cancel request for connection #{connection} to server, which runs: {sql}"},
	{CancelUnknown{}, "cancel_unknown", Known, "cancel request names no live connection: forwarding it to {server}"},
	{OverridingAuth{}, "overriding_auth", Known, "now overriding authentication"},
	{OverrideFailed{}, "override_failed", Known, "overriding authentication failed: {why}"},
	{BindingWillFail{}, "binding_will_fail", Known, "channel binding: {what}\n{remedies}"},
	{BindingHidden{}, "binding_hidden", Known, "hiding SCRAM-SHA-256-PLUS from client, which has no TLS"},

	{NotPostgres{}, "not_postgres", Known, "not a Postgres client: {what}"},
	{HeaderFirst{}, "header_first", Known, "{what} comes before the startup packet"},
	{NotPostgresServer{}, "not_postgres_server", Known, "not a Postgres server: {what}"},
	{ProtocolViolation{}, "protocol_violation", Known, "protocol violation by {party}: {what}"},
	{GreaseFails{}, "grease_fails", Derived, "the client checks with a version or an option that does not exist whether the server negotiates, and the server {does}: it should answer with NegotiateProtocolVersion; max_protocol_version=3.0 on the client asks for nothing new"},
	{ServerMistake{}, "server_mistake", Derived, "protocol violation by server: {what}"},
	{OutOfSync{}, "out_of_sync", Derived, "{direction} out of sync at byte {offset}: {why}; relaying the rest undecoded"},
	{Undecodable{}, "undecoded", Derived, "{direction}: {bytes} bytes relayed undecoded"},
	{CutOff{}, "cut_off", Derived, "{direction}: the last message was cut off after {bytes} of {size} bytes"},
	{HungUp{}, "hung_up", Known, "{party} hung up{how}"},
	{Disconnected{}, "disconnected", Known, "{party} disconnected {when}"},
	{ConnectionLost{}, "connection_lost", Known, "connection to {party} lost: {why}"},
	{Stopping{}, "stopping", Known, "closing the connection, because pgpi ends"},
	{Ended{}, "closed", Known, "connection end"},
	{ObserverFailed{}, "observer_failed", Known, "decoding failed, which is a defect of pgpi: {why}; relaying the rest undecoded"},
	{StageFailed{}, "stage_failed", Known, "{stage} failed, which is a defect of pgpi: {why}; going on without it for this connection"},
	{StageIncomplete{}, "stage_incomplete", Known, "{stage} failed, which is a defect of pgpi: {why}; some of what it says may be missing"},
	{ConnectionFailed{}, "connection_failed", Known, "connection closed, which is a defect of pgpi: {why}"},

	{Joined{}, "joined", Known, "the capture begins in the middle of this connection"},
	{Continued{}, "continued", Known, "this connection began in an earlier file of the recording"},
	{Resumed{}, "resumed", Known, "{direction}: {bytes} bytes passed over, up to where messages begin again"},
	{Missing{}, "missing", Known, "{direction}: {bytes} bytes are missing in the capture"},
	{TLSOffered{}, "tls_offered", Known, "TLS offered by client: {versions}; protocols via ALPN: {protocols}"},
	{TLSChosen{}, "tls_chosen", Known, "TLS chosen by server: {tls}"},
	{TLSAlert{}, "tls_alert", Known, "TLS alert from {party}: {why}"},
	{Encrypted{}, "encrypted", Known, "the rest is encrypted by {what} and can't be read: relay it through pgpi with --record, or capture it where it is not encrypted"},
	{CancelFor{}, "cancel", Known, "cancel request for connection #{connection}, whose server runs: {sql}"},
	{Damaged{}, "damaged", Known, "not all could be read: {why}"},
	{CaptureEnded{}, "capture_ended", Known, "the capture ends before this connection"},

	{Tick{}, "tick", Unsaid, "time passes"},
	{Way{}, "way", Unsaid, "the way to the next TCP end of {party} takes {takes} ns, there and back"},
	{OneCommand{}, "one_command", Unsaid, "all connections are of one command"},
}

// Phrase is the sentence of a type of fact, which is given by its zero value.
type Phrase struct {
	Fact          Fact
	Key, Template string
}

// Phrases returns everything that a log can have in pgpi's own words, in the order of the
// documentation.
func Phrases() []Phrase {
	all := make([]Phrase, 0, len(sentences))
	for i := range sentences {
		if s := &sentences[i]; s.origin != Unsaid {
			all = append(all, Phrase{s.fact, s.key, s.template})
		}
	}
	return all
}

// sentencesByType and sentencesByKey are indexes of sentences.
var sentencesByType, sentencesByKey = index()

func index() (byType map[reflect.Type]*sentence, byKey map[string]*sentence) {
	byType, byKey = map[reflect.Type]*sentence{}, map[string]*sentence{}
	for i := range sentences {
		s := &sentences[i]
		byType[reflect.TypeOf(s.fact)], byKey[s.key] = s, s
	}
	return byType, byKey
}

func sentenceOf(f Fact) *sentence {
	if s := sentencesByType[reflect.TypeOf(f)]; s != nil {
		return s
	}
	return &sentence{} // not a fact: nothing is said
}

// Key returns the word by which programs know a fact, or "" if there is none.
func Key(f Fact) string { return sentenceOf(f).key }

// OriginOf returns what a reader of a recording does with a fact.
func OriginOf(f Fact) Origin { return sentenceOf(f).origin }

// Sentence returns what the log says about a fact, without a line end.
func Sentence(f Fact) string {
	template := sentenceOf(f).template
	var b strings.Builder
	for _, a := range Arguments(f) {
		before, rest, _ := strings.Cut(template, "{")
		b.WriteString(before)
		b.WriteString(a.Text)
		_, template, _ = strings.Cut(rest, "}")
	}
	b.WriteString(template)
	return b.String()
}

// Argument is a field of a fact, as in its sentence.
type Argument struct{ Name, Text string }

// Arguments returns the fields of a fact, in the order of its sentence.
func Arguments(f Fact) []Argument {
	var all []Argument
	v := reflect.ValueOf(f)
	for name := range sentenceOf(f).names() {
		all = append(all, Argument{name, textOf(field(v, name))})
	}
	return all
}

// names yields the names of a sentence's fields.
func (s *sentence) names() func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for rest := s.template; ; {
			_, after, found := strings.Cut(rest, "{")
			if !found {
				return
			}
			var name string
			if name, rest, _ = strings.Cut(after, "}"); !yield(name) {
				return
			}
		}
	}
}

// field returns the field of a fact that a template names.
func field(v reflect.Value, name string) reflect.Value {
	return v.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
}

// openedLayout is the format of the time in the log at which a connection began.
const openedLayout = "2006-01-02 15:04:05 -0700"

func textOf(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case time.Time:
		return value.Format(openedLayout)
	case time.Duration:
		return strconv.FormatInt(int64(value), 10)
	case Direction:
		return value.String()
	case Size:
		if value <= 0 {
			return "an unknown number of"
		}
		return strconv.FormatInt(int64(value), 10)
	}
	return fmt.Sprint(v.Interface())
}

// ErrUnknownFact is returned for a key that this version of pgpi does not have.
var ErrUnknownFact = errors.New("there is no such sentence in this version of pgpi")

// ParseFact returns the fact with a key and arguments. Missing arguments are the zero value, and
// surplus ones are ignored. An unknown key is an error, and so is an argument that can't be parsed.
func ParseFact(key string, arguments []string) (Fact, error) {
	s := sentencesByKey[key]
	if s == nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknownFact, key)
	}
	v := reflect.New(reflect.TypeOf(s.fact)).Elem()
	i := 0
	for name := range s.names() {
		if i == len(arguments) {
			break
		}
		if err := parseInto(field(v, name), arguments[i]); err != nil {
			return nil, fmt.Errorf("read the %s of the sentence %q: %w", name, key, err)
		}
		i++
	}
	parsed, _ := v.Interface().(Fact) // all types in the table are facts
	return parsed, nil
}

func parseInto(v reflect.Value, text string) error {
	switch v.Interface().(type) {
	case time.Time:
		t, err := time.Parse(openedLayout, text)
		v.Set(reflect.ValueOf(t))
		return err
	case Direction:
		for d := range Direction(len(directions)) {
			if d.String() == text {
				v.Set(reflect.ValueOf(d))
				return nil
			}
		}
		return fmt.Errorf("%q is not a direction", text)
	case Size:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			v.SetInt(n)
		}
		return nil // a number in words: it stays unknown
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Uint32:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 32)
		v.SetUint(n)
	default:
		var n int64
		n, err = strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	}
	return err
}

// Written describes a field of a fact that a peer wrote.
type Written struct {
	By Party
	// Name is set if the field is a name, which is not searched for SQL.
	Name bool
}

// ReplaceWritten returns f with the fields that peers wrote replaced by the results of replace. It
// returns f itself if there are no such fields.
func ReplaceWritten(f Fact, replace func(w Written, text string) string) Fact {
	if f == nil {
		return nil
	}
	t := reflect.TypeOf(f)
	changed := reflect.Value{}
	for i := range t.NumField() {
		by, what, _ := strings.Cut(t.Field(i).Tag.Get("wrote"), " ")
		if by == "" {
			continue
		}
		if !changed.IsValid() {
			changed = reflect.New(t).Elem()
			changed.Set(reflect.ValueOf(f))
		}
		text := changed.Field(i).String()
		changed.Field(i).SetString(replace(Written{Party(by), what == "name"}, text))
	}
	if !changed.IsValid() {
		return f
	}
	replaced, _ := changed.Interface().(Fact) // it is, like f
	return replaced
}
