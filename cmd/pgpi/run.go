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

	"github.com/alecthomas/kong"

	"pgpi/internal/bus"
	"pgpi/internal/event"
	"pgpi/internal/launch"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
	"pgpi/internal/sink/summary"
)

// runOptions are the options of pgpi run.
type runOptions struct {
	Proxy  proxyOptions  `embed:""`
	Output outputOptions `embed:""`

	Launch struct {
		UrlEnv    []string `placeholder:"NAME" help:"Variable with a connection string, besides DATABASE_URL, that is to lead through pgpi; may be repeated."` //nolint:revive // kong makes the flag's name of it
		NoSummary bool     `help:"Leave out the summary at the end."`
		ClientTls bool     `negatable:"" help:"Let the command use TLS towards pgpi, and trust pgpi's certificate."` //nolint:revive // likewise
	} `embed:"" group:"Command"`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`

	Command []string `arg:"" optional:"" passthrough:"partial" help:"The command to run, with its arguments."`
}

const runUsage = "pgpi run [options] -- COMMAND ARGS..."

const runDescription = `Run one command behind pgpi: whatever it says to its database is shown, with nothing changed in it.

  pgpi run -- psql -c 'select 1'
  pgpi run --log-file wire.log -- npm test

The server is the one that the command would have used: by DATABASE_URL, PGSERVICE, PGHOST and their like, unless
--server-host or --throwaway-server says otherwise. The security that the command was given becomes that of the
connection from pgpi to the server. The log goes to standard error, a line for each statement, and a summary at the end.

Exit codes: the command's own; or else 1 where something was not written to its end, or --fail-on had nothing to judge; or else 4 where --fail-on was met.`

func (o *runOptions) check() error {
	if err := cmp.Or(o.checkCommand(), o.Proxy.check(), o.Output.check(o.Proxy.keyLogs()...)); err != nil {
		return err
	}
	outputs, err := o.Output.Log.outputs()
	if slices.ContainsFunc(outputs, func(out output) bool { return out.path == standardOutput }) {
		return errors.New("--log: standard output is the command's: name a file")
	}
	return err
}

// checkCommand refuses to run without what a command needs, and with what could not be kept.
func (o *runOptions) checkCommand() error {
	reports, err := o.Output.Report.outputs()
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(reports, func(r reportOutput) bool { return r.path == standardOutput }):
		return errors.New("--report: standard output is the command's: name a file")
	case len(o.arguments()) == 0:
		return fmt.Errorf("pgpi run needs a command: %s", runUsage)
	case o.Proxy.Client.ClientDenySsl && o.Launch.ClientTls:
		return errors.New("--client-deny-ssl and --client-tls: give one of them")
	case o.Output.Record.Record == standardOutput:
		return errors.New("--record: standard output is the command's: name a file")
	case o.Proxy.Client.ClientListenUnix != "":
		return errors.New("--client-listen-unix: the command is led to a TCP port: leave it out")
	}
	return nil
}

// arguments returns the command's name and its arguments.
func (o *runOptions) arguments() []string {
	if len(o.Command) > 0 && o.Command[0] == "--" {
		return o.Command[1:]
	}
	return o.Command
}

// drainLimit is how long connections may take to end after the command.
const drainLimit = 2 * time.Second

// run runs the command behind a proxy.
func (o *runOptions) run() (err error) {
	args := o.arguments()
	path, err := launch.FindCommand(args[0])
	if err != nil {
		return err
	}
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // see endBySignal

	var closers closers
	defer closers.close(&err)
	if err := launch.RemoveAbandoned(); err != nil {
		complain(err)
	}
	private := new(launch.PrivateFolder)
	closers.add(private.Close)
	settings := o.Proxy
	settings.Auth.HideChannelBinding = true // so that SCRAM works in any driver, unmodified
	server, err := o.chooseServer(&settings, private)
	if err != nil {
		return err
	}
	closers.add(func() error { return server.close() })
	leg, identity, err := o.clientLeg(server.names, private)
	if err != nil {
		return err
	}
	config, err := settings.config(found{server.keyPassword, identity}, &closers)
	if err != nil {
		return err
	}
	listeners, err := settings.listen(&closers)
	if err != nil {
		return err
	}
	leg.Port = portOf(listeners[0])
	environment, err := server.environment(leg)
	if err != nil {
		return err
	}
	if server.address != "" {
		config.Resolve = func(context.Context, string) ([]string, error) { return []string{server.address}, nil }
	}
	events := newPipeline(&o.Output, os.Stderr)
	if !o.Launch.NoSummary {
		events.summary = summary.New(os.Stderr, func() int { return terminalWidth(os.Stderr) })
	}
	if err := events.openLogs(&closers); err != nil {
		return err
	}
	if err := events.start(); err != nil {
		return err
	}
	events.Record(&event.Event{At: time.Now(), Kind: event.Measured, Fact: event.OneCommand{}})
	events.observe(&config)
	config.ForCommand = true
	return relayFor(launch.Command{Path: path, Args: args, Env: environment}, config, listeners, events, server)
}

// openSummary adds the summary to the outlets.
func (p *pipeline) openSummary() {
	wants := bus.Shapes
	if p.looksForFindings() {
		wants = bus.Findings
	}
	p.outlets = append(p.outlets, bus.Outlet{Name: "the summary", Sink: p.summary, Wants: wants})
}

// relayFor relays as long as the command runs.
func relayFor(command launch.Command, config proxy.Config, listeners []net.Listener, events *pipeline, server *chosen) error {
	p := proxy.New(config)
	ctx, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { p.Serve(ctx, addresses(listeners), listeners...) })

	code, err := launch.Run(context.Background(), command)
	p.WaitIdle(drainLimit)
	end()
	serving.Wait()
	if !events.finish() && code == 0 {
		code = exitFailure
	}
	if err == nil && p.Opened() == 0 {
		complain(errors.New(server.whySilent(command.Args)))
	}
	if err != nil {
		return err
	}
	verdict := events.verdict()
	if code != 0 {
		return exitError(code)
	}
	return verdict
}

// clientLeg returns where the command finds pgpi, except the port. With TLS the command is given
// pgpi's certificate as its root. The certificate names both pgpi's address and the server.
func (o *runOptions) clientLeg(names []string, private *launch.PrivateFolder) (launch.ClientLeg, func() (tls.Certificate, error), error) {
	client := &o.Proxy.Client
	leg := launch.ClientLeg{Host: client.ClientListenIp, TLS: o.Launch.ClientTls}
	if client.ClientSslCert != "" {
		leg.RootCert = client.ClientSslCert
		return leg, nil, nil
	}
	if !leg.TLS {
		return leg, nil, nil
	}
	identity, err := pgtls.Generate(pgtls.Signature(client.ClientCertSig), names...)
	if err != nil {
		return leg, nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: identity.Certificate[0]})
	leg.RootCert, err = private.Write("root.crt", string(text))
	return leg, func() (tls.Certificate, error) { return identity, nil }, err
}
