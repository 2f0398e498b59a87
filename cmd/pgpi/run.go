package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"pgpi/internal/bus"
	"pgpi/internal/launch"
	"pgpi/internal/localpg"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/sink/summary"
)

// runOptions are the options of pgpi run, which shares those of the relay.
type runOptions struct {
	options

	Launch struct {
		UrlEnv    []string `placeholder:"NAME" help:"Variable with a connection string, besides DATABASE_URL, that is to lead through pgpi; may be repeated."` //nolint:revive // kong makes the flag's name of it
		NoSummary bool     `help:"Leave out the summary at the end."`
		ClientTls bool     `negatable:"" help:"Let the command use TLS towards pgpi, and trust pgpi's certificate."` //nolint:revive // likewise
	} `embed:"" group:"Command"`

	Command []string `arg:"" optional:"" passthrough:"partial" help:"The command to run, with its arguments."`
}

const runUsage = "pgpi run [options] -- COMMAND ARGS..."

const runDescription = `Run one command behind pgpi: whatever it says to its database is shown, with nothing changed in it.

  pgpi run -- psql -c 'select 1'
  pgpi run --log-file wire.log -- npm test

The server is the one that the command would have used: by DATABASE_URL, PGSERVICE, PGHOST and their like, unless
--server-host or --throwaway-server says otherwise. The security that the command was given becomes that of the
connection from pgpi to the server. The log goes to standard error, a line for each statement, and a summary at the end.`

// check finds what no single flag tells.
func (o *runOptions) check() error {
	if err := cmp.Or(o.checkCommand(), o.options.check()); err != nil {
		return err
	}
	outputs, err := o.Log.outputs()
	if slices.ContainsFunc(outputs, func(out output) bool { return out.path == standardOutput }) {
		return errors.New("--log: standard output is the command's: name a file")
	}
	return err
}

// drainLimit is how long connections may take to end after the command.
const drainLimit = 2 * time.Second

// exitError ends pgpi with the command's exit code, without another word.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// runCommand is pgpi run.
func runCommand(o *runOptions) (err error) {
	args := o.Command
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return &usageError{fmt.Errorf("pgpi run needs a command: %s", runUsage)}
	}
	path, err := launch.FindCommand(args[0])
	if err != nil {
		return err
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // see endBySignal

	var closers closers
	defer closers.close(&err)
	o.Auth.HideChannelBinding = true // so that SCRAM works in any driver, unmodified
	if err := launch.RemoveAbandoned(); err != nil {
		complain(err)
	}
	private := new(launch.PrivateFolder)
	closers.add(private.Close)
	server, err := chooseServer(o, private)
	if err != nil {
		return err
	}
	closers.add(func() error { return server.close() })
	leg, err := clientLeg(o, server.names, private)
	if err != nil {
		return err
	}
	config, err := proxyConfig(&o.options, &closers)
	if err != nil {
		return err
	}
	l, err := proxy.Listen(o.Client.ClientListenIp, o.Client.ClientListenPort)
	if err != nil {
		return err
	}
	closers.add(func() error { _ = l.Close(); return nil }) // the proxy has closed it, if it got that far
	leg.Port = portOf(l)
	environment, err := server.environment(leg)
	if err != nil {
		return err
	}
	if server.address != "" {
		config.Resolve = func(context.Context, string) ([]string, error) { return []string{server.address}, nil }
	}
	return relayFor(o, config, l, server, launch.Command{Path: path, Args: args, Env: environment}, &closers)
}

// relayFor relays for as long as the command runs.
func relayFor(o *runOptions, config proxy.Config, l net.Listener, server *chosen, command launch.Command, closers *closers) error {
	logs, err := openLogs(&o.options, os.Stderr, closers, complain)
	if err != nil {
		return err
	}
	outlets, err := outlets(&o.options, logs, complain)
	if err != nil {
		return err
	}
	o.values = newValues(o.Auth.Redact, &o.Record)
	if !o.Launch.NoSummary {
		outlets = append(outlets, bus.Outlet{Name: "the summary", Sink: summary.New(os.Stderr), Wants: bus.Exchanges})
	}
	events := bus.New(outlets, busOptions(&o.options, outlets))
	config.Recorder, config.DecodeAll, config.ForCommand = events, bus.Wanted(outlets) >= bus.Messages, true
	p := proxy.New(config)
	ctx, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, proxy.Address(l), l) })

	code, err := launch.Run(context.Background(), command)
	p.WaitIdle(drainLimit)
	end()
	serving.Wait()
	whole := flush(events, outlets)
	if err := checkValues(context.Background(), &o.options); err != nil {
		complain(err)
		whole = whole && errors.Is(err, errNotChecked)
	}
	if !whole && code == 0 {
		code = exitFailure
	}
	if err == nil && p.Opened() == 0 {
		complain(errors.New(server.whySilent(command.Args)))
	}
	if err == nil && code != 0 {
		err = exitError(code)
	}
	return err
}

// chosen is the server that a command is to use, and what the command is told.
type chosen struct {
	names       []string // of the server, for pgpi's certificate
	address     string   // to connect to instead of looking the name up
	environment func(launch.ClientLeg) ([]string, error)
	whySilent   func(args []string) string
	close       func() error
}

// chooseServer finds the server, and makes its security that of the server leg.
func chooseServer(o *runOptions, private *launch.PrivateFolder) (*chosen, error) {
	if o.Server.ThrowawayServer {
		return chooseThrowaway(o)
	}
	options := launch.Options{
		URLVariables: o.Launch.UrlEnv, Host: o.Server.ServerHost,
		OwnRoots: o.Server.ServerSslrootcert != "" || verifiesNothing(o.Server.ServerSslmode),
	}
	if options.Host != "" || o.Server.ServerConnectPort != defaultPort {
		options.Port = o.Server.ServerConnectPort
	}
	target, err := launch.Resolve(os.Environ(), options)
	if err != nil {
		return nil, err
	}
	for _, note := range target.Notes {
		complain(errors.New(note))
	}
	server, refused, err := launch.FirstAnswering(context.Background(), target.Servers, new(net.Dialer))
	if err != nil {
		remedy := "start it, or name another"
		if len(target.Unread) > 0 {
			remedy += ", as --url-env " + target.Unread[0] + " does"
		}
		return nil, fmt.Errorf("no server answers (named by %s): %w: %s", target.Source, err, remedy)
	}
	for _, r := range refused {
		complain(fmt.Errorf("%w: using %s instead", r, server))
	}
	carrySecurity(o, server)
	c := &chosen{names: []string{server.Host}, address: server.HostAddr, close: func() error { return nil }}
	c.whySilent = func(args []string) string { return launch.WhySilent(target, args) }
	c.environment = func(leg launch.ClientLeg) ([]string, error) {
		return launch.NewEnvironment(target, server, leg, private)
	}
	return c, nil
}

const defaultPort = 5432

// carrySecurity makes what the command was given the rules of the server leg, except
// where an option says otherwise.
func carrySecurity(o *runOptions, server launch.ServerLeg) {
	s := &o.Server
	s.ServerHost, s.ServerConnectPort = server.Host, server.Port
	if s.ServerHost == "" {
		s.ServerHost = server.HostAddr
	}
	// A mode that verifies nothing needs no root, and with one would verify.
	if s.ServerSslrootcert == "" && !verifiesNothing(s.ServerSslmode) {
		s.ServerSslrootcert = server.RootCert
	}
	// Prefer is what nobody asked for: without it, what goes with other options is at
	// least as strong.
	if s.ServerSslmode == "" && s.ServerSslrootcert != "system" && server.SSLMode != "prefer" {
		s.ServerSslmode = server.SSLMode
	}
	if s.ServerSslcert == "" {
		s.ServerSslcert, s.ServerSslkey = server.Cert, server.Key
		o.serverKeyPassword = server.KeyPassword
	}
	if server.Negotiation != "" && s.ServerSslnegotiation == string(proxy.Mimic) {
		s.ServerSslnegotiation = server.Negotiation
	}
	switch server.ChannelBinding {
	case "require":
		// A login through pgpi can't be bound by the command itself.
		o.Auth.OverrideAuth, o.Auth.ServerChannelBinding = true, "require"
	case "disable":
		o.Auth.ServerChannelBinding = "disable"
	}
}

// verifiesNothing reports whether a mode was named that asks for no certificate of the server.
func verifiesNothing(mode string) bool {
	return slices.Contains([]string{"disable", "allow", "prefer", "require"}, mode)
}

// chooseThrowaway starts a temporary server for the command.
func chooseThrowaway(o *runOptions) (*chosen, error) {
	server, err := localpg.Start(context.Background(), throwawayConfig())
	if err != nil {
		return nil, fmt.Errorf("start a throwaway server: %w", err)
	}
	o.Server.ServerHost, o.Server.ServerConnectPort = server.Host, server.Port
	return &chosen{
		names: []string{server.Host},
		environment: func(leg launch.ClientLeg) ([]string, error) {
			login := launch.Login{User: server.User, Password: server.Password, Database: server.Database}
			return launch.ThrowawayEnvironment(os.Environ(), o.Launch.UrlEnv, login, leg), nil
		},
		whySilent: func(args []string) string { return launch.WhySilent(&launch.Target{}, args) },
		close:     server.Close,
	}, nil
}

// clientLeg is where the command finds pgpi, but for the port. With TLS it is given
// pgpi's certificate, which names both pgpi's address and the server, as its root.
func clientLeg(o *runOptions, names []string, private *launch.PrivateFolder) (launch.ClientLeg, error) {
	leg := launch.ClientLeg{Host: o.Client.ClientListenIp, TLS: o.Launch.ClientTls}
	if o.Client.ClientSslCert != "" {
		leg.RootCert = o.Client.ClientSslCert
		return leg, nil
	}
	if !leg.TLS {
		return leg, nil
	}
	identity, err := pgtls.Generate(pgtls.Signature(o.Client.ClientCertSig), names...)
	if err != nil {
		return leg, err
	}
	o.identity = func() (tls.Certificate, error) { return identity, nil }
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate[0]})
	leg.RootCert, err = private.Write("root.crt", string(text))
	return leg, err
}
