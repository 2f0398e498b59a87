package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"pgpi/internal/proxy"
)

// relayOptions are the options of pgpi without a command, which relays.
type relayOptions struct {
	Proxy  proxyOptions  `embed:""`
	Output outputOptions `embed:""`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`
}

const relayUsage = "pgpi [options]"

const relayDescription = `Postgres Private Investigator stands between Postgres clients and servers and shows what they say.

Connect a client to pgpi instead of its server, for example:
  pgpi --server-host db.example.com --server-sslmode require --client-listen-port 5433
  psql 'host=localhost port=5433 user=me dbname=mydb sslmode=require channel_binding=disable'

Or have one command run behind pgpi, unchanged (see pgpi run --help), or read a recording (see pgpi read --help):
  pgpi run -- psql
  pgpi read yesterday.pcapng

Every option is an environment variable too: --server-host is PGPI_SERVER_HOST.

Exit codes: 0 after SIGINT, SIGTERM or SIGHUP, or with --quit-on-hangup; 1 where pgpi could not start, something was not written to its end, or --fail-on had nothing to judge; 2 where the options are wrong; 4 where --fail-on was met.`

func (o *relayOptions) check() error {
	return cmp.Or(o.Proxy.check(), o.Output.check(o.Proxy.keyLogs()...))
}

// run relays until a signal ends it.
func (o *relayOptions) run() (err error) {
	ctx, stop := endBySignal()
	defer stop()

	var closers closers
	defer closers.close(&err)

	config, err := o.Proxy.config(found{}, &closers)
	if err != nil {
		return err
	}
	events := newPipeline(&o.Output, os.Stdout)
	if err := events.openLogs(&closers); err != nil {
		return err
	}
	listeners, err := o.Proxy.listen(&closers)
	if err != nil {
		return err
	}
	if o.Proxy.Server.ThrowawayServer {
		server, err := throwaway(ctx, &o.Proxy, &config, listeners[0])
		if err != nil {
			return err
		}
		closers.add(server.Close)
	}
	if err := events.start(); err != nil {
		return err
	}
	defer events.reportOnSignal()()
	events.observe(&config)
	if text := o.Output.Log.announcement(addresses(listeners)); text != "" {
		fmt.Fprintln(os.Stderr, "pgpi: "+text)
	}
	proxy.New(config).Serve(ctx, addresses(listeners), listeners...)
	whole := events.finish()
	verdict := events.verdict()
	if !whole {
		return exitError(exitFailure)
	}
	return verdict
}
