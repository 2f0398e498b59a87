package proxy_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/pseudonym"
	"pgpi/internal/redact"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/sink/text"
)

const (
	proxyAddress  = "127.0.0.1:5432"
	serverAddress = "10.0.0.1:5432"
)

// hosts are the names that the tests resolve.
var hosts = map[string][]string{
	"localhost": {"127.0.0.1"},
	"db.test":   {"10.0.0.1"},
	"deaf.test": {"10.0.0.9"},
	"two.test":  {"10.0.0.8", "10.0.0.1"},
}

// stage is where scripted clients and servers meet a proxy, inside a bubble of
// synctest.
type stage struct {
	t       *testing.T
	network *network
	config  proxy.Config
	options bus.Options
	text    text.Options
	sinks   []bus.Outlet // besides the log
	// decoding and redaction are what events pass through.
	decoding  *decoding
	redaction event.Stage
	// recorder returns where events go. If it is nil, they go to a bus with the log at its end.
	recorder func(proxy.Recorder) proxy.Recorder
	identity tls.Certificate

	listener *listener
	servers  map[string]*listener
	parties  map[string]*party
	log      strings.Builder
	prelude  string   // the log of a login that the script is not about
	scrub    []string // what is random in the log, and its replacements
	bus      *bus.Bus
	proxy    *proxy.Proxy
	stop     context.CancelFunc
	stopped  chan struct{}
}

// newStage sets up a stage with options in the words of a transcript.
func newStage(t *testing.T, options string) *stage {
	t.Helper()
	s := &stage{
		t: t, network: newNetwork(), servers: map[string]*listener{}, parties: map[string]*party{},
		identity: certificates().pgpi, text: text.Options{MaxValue: 32},
		config: proxy.Config{
			ServerHost: "db.test", ServerPort: 5432, DeleteSuffix: ".local.test", Negotiation: proxy.Mimic, DecodeAll: true,
			StartupTimeout: time.Minute, ConnectTimeout: 10 * time.Second,
		},
		stopped: make(chan struct{}),
	}
	s.network.deaf["10.0.0.9:5432"] = true
	s.servers[serverAddress] = s.network.listen(serverAddress)
	tlsRules := pgtls.ServerOptions{SSLMode: "disable"}
	s.options.Failed = func(name string, err error) { t.Errorf("the %s has failed: %v", name, err) }
	for _, o := range strings.Fields(options) {
		s.option(o, &tlsRules)
	}
	policy, err := pgtls.NewServerPolicy(tlsRules)
	if err != nil {
		t.Fatal(err)
	}
	s.config.Server = policy
	s.config.Identity = func() (tls.Certificate, error) { return s.identity, nil }
	s.config.ClientTLS = pgtls.ClientConfig(s.config.Identity, false, nil)
	s.config.ClientDirectTLS = pgtls.ClientConfig(s.config.Identity, true, nil)
	s.config.Dial = s.network.dial
	s.config.Resolve = func(_ context.Context, host string) ([]string, error) {
		if addresses, ok := hosts[host]; ok {
			return addresses, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host}
	}
	return s
}

// option sets what one word of a transcript's options says.
func (s *stage) option(word string, tlsRules *pgtls.ServerOptions) {
	s.t.Helper()
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "sslmode":
		tlsRules.SSLMode = value
	case "rootcert":
		tlsRules.RootCert = "testdata/" + value + ".pem"
	case "negotiation":
		s.config.Negotiation = proxy.Negotiation(value)
	case "host":
		s.config.ServerHost = value
	case "port":
		_, _ = fmt.Sscan(value, &s.config.ServerPort) // a typing error fails the test
	case "max-connections":
		_, _ = fmt.Sscan(value, &s.config.MaxConnections) // the same
	case "override-auth":
		s.config.OverrideAuth = true
	case "channel-binding":
		s.config.ChannelBinding = pgauth.ChannelBinding(value)
	case "hide-channel-binding":
		s.config.HideBinding = true
	case "deny-ssl":
		s.config.DenyTLS = true
	case "byte":
		s.config.ByteByByte = true
	case "quit-on-hangup":
		s.config.QuitOnHangup = true
	case "redact":
		s.redaction = new(redact.Passwords)
	case "redact-values":
		s.redaction = pseudonym.New()
	case "sinks":
		s.addSinks()
	case "raw":
		s.text.Mode = text.Raw
	case "none":
		s.text.Mode = text.None
		s.config.DecodeAll = false
	case "time":
		s.text.Time = text.Relative
	case "identity":
		s.identity = map[string]tls.Certificate{"server": certificates().server, "ed25519": certificates().edwards}[value]
	case "cut":
		s.network.cut = func(int) int { return 1 }
	default:
		s.t.Fatalf("there is no option %q", word)
	}
}

// addSinks adds all other outputs besides the log. No one reads them.
func (s *stage) addSinks() {
	s.t.Helper()
	recording, err := pcapng.New(pcapng.Options{Path: filepath.Join(s.t.TempDir(), "recording.pcapng")})
	if err != nil {
		s.t.Fatal(err)
	}
	s.sinks = []bus.Outlet{
		{Name: "JSON", Sink: jsonl.New(io.Discard, jsonl.Options{MaxValue: 32})},
		{Name: "trace", Sink: pqtrace.New(io.Discard, pqtrace.Options{})},
		{Name: "recording", Sink: recording},
	}
}

// decoding is the stage that decodes, which can be broken.
type decoding struct {
	*decode.Stage
	broken bool
	blind  map[uint32]bool
}

func (d *decoding) Blind(conn uint32) {
	d.blind[conn] = true
	d.Stage.Blind(conn)
}

func (d *decoding) Take(e *event.Event, emit func(*event.Event)) {
	if d.broken && e.Conn == 1 && !d.blind[e.Conn] {
		var nobody *event.Identity
		_ = nobody.User
	}
	d.Stage.Take(e, emit)
}

// open starts the proxy.
func (s *stage) open() {
	s.decoding = &decoding{Stage: decode.New(nil), blind: map[uint32]bool{}}
	s.options.Stages = []bus.Stage{{Stage: s.decoding, Name: "decoding"}}
	if s.redaction != nil {
		s.options.Stages = append(s.options.Stages, bus.Stage{Stage: s.redaction, Name: "redaction", Withholds: true})
	}
	s.bus = bus.New(append(s.sinks, bus.Outlet{Name: "log", Sink: text.New(&s.log, s.text)}), s.options)
	s.config.Recorder = s.bus
	if s.recorder != nil {
		s.config.Recorder = s.recorder(s.bus)
	}
	s.listener = s.network.listen(proxyAddress)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	s.proxy = proxy.New(s.config)
	go func() {
		s.proxy.Serve(ctx, proxy.Address(s.listener), s.listener)
		close(s.stopped)
	}()
	s.t.Cleanup(s.end) // however the test ends
	synctest.Wait()
}

// end ends the proxy, then everything else.
func (s *stage) end() {
	s.stop()
	<-s.stopped
	if !s.bus.Close(time.Second) {
		s.t.Error("the bus does not end")
	}
	for _, p := range s.parties {
		_ = p.raw.Close() // some are closed already
	}
}

// close ends everything and returns the log.
func (s *stage) close() string {
	s.end()
	return strings.NewReplacer(s.scrub...).Replace(strings.TrimPrefix(s.log.String(), s.prelude))
}

// connect makes a client.
func (s *stage) connect(name string) error {
	conn, err := s.network.dial(context.Background(), "tcp", proxyAddress)
	if err != nil {
		return err
	}
	s.parties[name] = newParty(conn)
	return nil
}

// accept makes a server from a connection of the proxy's.
func (s *stage) accept(name, address string) error {
	l := s.servers[address]
	if l == nil {
		return fmt.Errorf("nobody listens at %s", address)
	}
	select {
	case e := <-l.backlog:
		s.parties[name] = newParty(e)
		return nil
	case <-time.After(patience):
		return fmt.Errorf("nobody connects to %s", address)
	}
}

// play does the steps of a script one after the other, each only when the proxy has nothing left to
// do.
func (s *stage) play(script string) {
	s.t.Helper()
	for n, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if macro, ok := macros[line]; ok {
			s.play(macro)
			if strings.HasPrefix(line, "log in") {
				s.prelude = s.sofar() // it is the same everywhere
			}
			continue
		}
		if err := s.step(line); err != nil {
			s.t.Fatalf("step %d, %s: %v\nthe log:\n%s", n+1, line, err, s.sofar())
		}
		synctest.Wait()
	}
}

// sofar returns the log up to now.
func (s *stage) sofar() string {
	time.Sleep(time.Second) // a batch is written by then
	synctest.Wait()
	return s.log.String()
}
