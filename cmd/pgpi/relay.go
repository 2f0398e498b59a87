package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/decode"
	"pgpi/internal/exchange"
	"pgpi/internal/localpg"
	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/session"
)

// flushLimit is how long the log may take to be written at the end.
const flushLimit = 5 * time.Second

// relay runs the proxy until a signal ends it.
func relay(o *options) (err error) {
	ctx, stop := endBySignal()
	defer stop()

	var closers closers
	defer closers.close(&err)

	config, err := proxyConfig(o, &closers)
	if err != nil {
		return err
	}
	o.values = newValues(o.Auth.Redact, &o.Record)
	logs, err := openLogs(o, os.Stdout, &closers, complain)
	if err != nil {
		return err
	}
	listeners, err := listen(o)
	if err != nil {
		return err
	}
	if o.Server.ThrowawayServer {
		server, err := throwaway(ctx, o, &config, listeners[0])
		if err != nil {
			for _, l := range listeners {
				_ = l.Close() // the first error is the one to tell
			}
			return err
		}
		closers.add(server.Close)
	}

	outlets, err := outlets(o, logs, complain)
	if err != nil {
		for _, l := range listeners {
			_ = l.Close() // the first error is the one to tell
		}
		return err
	}
	events := bus.New(outlets, busOptions(o, outlets))
	config.Recorder, config.DecodeAll = events, bus.Wanted(outlets) >= bus.Messages
	if text := o.Log.announcement(addresses(listeners)); text != "" {
		fmt.Fprintln(os.Stderr, "pgpi: "+text)
	}
	proxy.New(config).Serve(ctx, addresses(listeners), listeners...)
	whole := flush(events, outlets)
	if err := checkValues(context.Background(), o); err != nil {
		complain(err)
		whole = whole && errors.Is(err, errNotChecked)
	}
	if !whole {
		return exitError(exitFailure)
	}
	return nil
}

// endBySignal returns a context that the first SIGINT, SIGTERM or SIGHUP ends. A second one of the
// others ends the process; SIGHUP comes twice where a terminal is closed, from the kernel and from
// the shell. It is left alone where pgpi was started to ignore it, as by nohup.
func endBySignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		<-signals
		cancel()
		for sig := range signals {
			if sig != syscall.SIGHUP {
				os.Exit(exitFailure)
			}
		}
	}()
	// A log that nobody reads any more is an error of the log, not the end of other
	// people's connections.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ctx, cancel
}

// proxyConfig makes of the options what the proxy does. It reads all files, so that
// what is wrong with them is said before anything listens.
func proxyConfig(o *options, closers *closers) (proxy.Config, error) {
	clientKeys, err := openKeyLog(o.Client.ClientSslkeylogfile, closers)
	if err != nil {
		return proxy.Config{}, err
	}
	serverKeys, err := openKeyLog(o.Server.ServerSslkeylogfile, closers)
	if err != nil {
		return proxy.Config{}, err
	}
	identity, err := clientIdentity(o)
	if err != nil {
		return proxy.Config{}, err
	}
	rules := serverTLS(o)
	rules.KeyLog = serverKeys
	policy, err := pgtls.NewServerPolicy(rules)
	if err != nil {
		return proxy.Config{}, err
	}
	return proxy.Config{
		ServerHost: o.Server.ServerHost, DeleteSuffix: o.Server.ServerDeleteSuffix, ServerPort: o.Server.ServerConnectPort,
		Server: policy, Negotiation: proxy.Negotiation(o.Server.ServerSslnegotiation),
		Identity:  identity,
		ClientTLS: pgtls.ClientConfig(identity, false, clientKeys), ClientDirectTLS: pgtls.ClientConfig(identity, true, clientKeys),
		DenyTLS:      o.Client.ClientDenySsl,
		OverrideAuth: o.Auth.OverrideAuth, ChannelBinding: pgauth.ChannelBinding(o.Auth.ServerChannelBinding),
		HideBinding: o.Auth.HideChannelBinding,
		ByteByByte:  o.Behavior.SendChunking == "byte", LogCerts: o.Log.LogCerts, QuitOnHangup: o.Behavior.QuitOnHangup,
		MaxConnections: o.Behavior.MaxConnections,
		Complain:       complain,
		StartupTimeout: o.Client.StartupTimeout, ConnectTimeout: o.Server.ConnectTimeout,
	}, nil
}

// clientIdentity is the certificate for clients: the one given, read now, or one
// that is made when the first client wants TLS.
func clientIdentity(o *options) (func() (tls.Certificate, error), error) {
	if o.identity != nil {
		return o.identity, nil
	}
	if o.Client.ClientSslCert == "" {
		return sync.OnceValues(func() (tls.Certificate, error) {
			return pgtls.Generate(pgtls.Signature(o.Client.ClientCertSig))
		}), nil
	}
	identity, err := pgtls.LoadIdentity(pgtls.IdentityFiles{
		Cert: o.Client.ClientSslCert, Key: o.Client.ClientSslKey,
		Password: os.Getenv("PGPI_CLIENT_SSL_PASSWORD"), PasswordEnv: "PGPI_CLIENT_SSL_PASSWORD",
		Complain: complain,
	})
	return func() (tls.Certificate, error) { return identity, nil }, err
}

// serverTLS are the rules for TLS towards servers.
func serverTLS(o *options) pgtls.ServerOptions {
	return pgtls.ServerOptions{
		SSLMode: o.Server.ServerSslmode, RootCert: o.Server.ServerSslrootcert,
		Identity: pgtls.IdentityFiles{
			Cert: o.Server.ServerSslcert, Key: o.Server.ServerSslkey,
			Password: serverKeyPassword(o), PasswordEnv: "PGPI_SERVER_SSL_PASSWORD",
			Complain: complain,
		},
		Direct: o.Server.ServerSslnegotiation == "direct",
	}
}

func serverKeyPassword(o *options) string {
	if o.serverKeyPassword != "" {
		return o.serverKeyPassword
	}
	return os.Getenv("PGPI_SERVER_SSL_PASSWORD")
}

func openKeyLog(path string, closers *closers) (io.Writer, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no file, no writer
	}
	var incomplete atomic.Bool
	keys, err := pgtls.OpenKeyLog(path, func(err error) { incomplete.Store(true); complain(err) })
	if err != nil {
		return nil, err
	}
	closers.add(func() error {
		if err := keys.Close(); err != nil || !incomplete.Load() {
			return err
		}
		return exitError(exitFailure) // it was said when it happened
	})
	return keys, nil
}

// withoutPath is what went wrong with a file, for errors that name it themselves.
func withoutPath(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}

// complain tells the user of something that does not end the program.
func complain(err error) { fmt.Fprintf(os.Stderr, "pgpi: %v\n", err) }

// listen opens everything that an option asks for.
func listen(o *options) ([]net.Listener, error) {
	first, err := proxy.Listen(o.Client.ClientListenIp, o.Client.ClientListenPort)
	if err != nil {
		return nil, err
	}
	if o.Client.ClientListenUnix == "" {
		return []net.Listener{first}, nil
	}
	second, err := proxy.ListenUnix(o.Client.ClientListenUnix, portOf(first))
	if err != nil {
		return nil, errors.Join(err, first.Close())
	}
	return []net.Listener{first, second}, nil
}

func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

func addresses(listeners []net.Listener) string {
	all := make([]string, 0, len(listeners))
	for _, l := range listeners {
		all = append(all, proxy.Address(l))
	}
	return strings.Join(all, " and ")
}

// throwaway starts a temporary server, makes the proxy relay to it, and tells the
// user how to connect.
func throwaway(ctx context.Context, o *options, config *proxy.Config, l net.Listener) (*localpg.Server, error) {
	server, err := localpg.Start(ctx, throwawayConfig())
	if err != nil {
		return nil, fmt.Errorf("start a throwaway server: %w", err)
	}
	config.ServerHost, config.ServerPort = server.Host, server.Port
	fmt.Fprintf(os.Stderr, "pgpi: a throwaway PostgreSQL server is up; connect through pgpi with\n  psql '%s'\n",
		throughPgpi(server, o.Client.ClientListenIp, portOf(l)))
	return server, nil
}

// throwawayConfig is a server with all that pgpi is about: TLS and SCRAM.
func throwawayConfig() localpg.Config {
	return localpg.Config{
		Auth: localpg.SCRAM, TLS: &localpg.TLS{},
		Say: func(line string) { fmt.Fprintln(os.Stderr, "pgpi: "+line) },
	}
}

func throughPgpi(server *localpg.Server, ip string, port int) string {
	host := net.JoinHostPort(ip, fmt.Sprint(port))
	return fmt.Sprintf("postgresql://%s:%s@%s/%s?sslmode=require&channel_binding=disable", server.User, server.Password, host, server.Database)
}

// busOptions says what events go through, and what the user is told of outlets.
func busOptions(o *options, outlets []bus.Outlet) bus.Options {
	options := bus.Options{Failed: func(name string, err error) {
		complain(fmt.Errorf("write %s: %w: it ends here, connections go on", name, withoutPath(err)))
	}, Behind: func(name string) {
		what := "connections wait for it; --log-overflow drop would drop the oldest of it instead"
		if o.Log.LogOverflow == "drop" {
			what = "the oldest of it is dropped"
		}
		complain(fmt.Errorf("%s can't be written fast enough: %s", name, what))
	}}
	options.Stages = stages(o, outlets)
	return options
}

// stages are what events go through before any outlet sees them.
func stages(o *options, outlets []bus.Outlet) []bus.Stage {
	all := []bus.Stage{decodeStage()}
	if redaction := o.redaction(); redaction != nil {
		all = append(all, bus.Stage{Stage: redaction, Name: "redaction", Withholds: true})
	}
	if bus.Wanted(outlets) >= bus.Exchanges {
		all = append(all, bus.Stage{Stage: exchange.New(), Name: "adding up exchanges"})
	}
	return all
}

func decodeStage() bus.Stage {
	return bus.Stage{Stage: decode.New(session.NewBudget(session.DefaultBudget)), Name: "decoding"}
}
