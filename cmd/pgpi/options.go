package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
)

// version is set when a release is built.
var version = "0.1.0-dev"

// options are everything that a user can say. Each is an environment variable too:
// PGPI_ and its name in capitals, words joined by underscores.
type options struct {
	Server   serverOptions   `embed:"" group:"Server: the onward connection from pgpi to the server"`
	Client   clientOptions   `embed:"" group:"Client: the connection from the client to pgpi"`
	Auth     authOptions     `embed:"" group:"Authentication"`
	Log      logOptions      `embed:"" group:"Log"`
	Record   recordOptions   `embed:"" group:"Recording"`
	Behavior behaviorOptions `embed:"" group:"Behavior"`

	Version kong.VersionFlag `help:"Print the version and exit." env:"-"`

	// values is there where values are redacted.
	values *valueRedaction
	// redacted says that secrets were redacted in what is read.
	redacted bool

	// What pgpi run decides for itself.
	serverKeyPassword string
	identity          func() (tls.Certificate, error)
}

type serverOptions struct {
	ServerHost           string        `placeholder:"HOST" help:"Server's host name or address, or the directory of its Unix socket (default: the name that the client sent as SNI, or localhost)."`
	ServerDeleteSuffix   string        `placeholder:".SUFFIX" default:".local.neon.build" help:"Suffix to delete from a host name that came as SNI (default: ${default})."`
	ServerConnectPort    int           `placeholder:"PORT" default:"5432" help:"Server's port (default: ${default})."`
	ServerSslmode        string        `placeholder:"MODE" default:"" enum:",disable,allow,prefer,require,verify-ca,verify-full" help:"disable, allow, prefer, require, verify-ca or verify-full, as in libpq (default: prefer, or verify-full with --server-sslrootcert system)."`
	ServerSslrootcert    string        `placeholder:"FILE" help:"Certificates that a server's must come from: a file, a directory, or system (default: none)."`
	ServerSslnegotiation string        `placeholder:"HOW" default:"mimic" enum:"mimic,direct,postgres" help:"How TLS begins: mimic the client, direct, or postgres, with an SSLRequest (default: ${default})."`
	ServerSslcert        string        `placeholder:"FILE" help:"Client certificate for servers that ask for one."`
	ServerSslkey         string        `placeholder:"FILE" help:"Its key; a passphrase is taken from PGPI_SERVER_SSL_PASSWORD."`
	ServerSslkeylogfile  string        `placeholder:"FILE" help:"Append TLS keys of server connections, for Wireshark."`
	ConnectTimeout       time.Duration `placeholder:"TIME" default:"15s" help:"Time an address of the server has to answer (default: ${default})."`
	ThrowawayServer      bool          `negatable:"" help:"Start a temporary PostgreSQL server and relay to it; it is gone when pgpi ends."`
}

type clientOptions struct {
	ClientListenIp      string        `placeholder:"ADDRESS" default:"127.0.0.1" help:"Address to listen on (default: ${default})."` //nolint:revive // kong makes the flag's name of it
	ClientListenPort    int           `placeholder:"PORT" default:"${listenport}" help:"Port to listen on; 0 for a free one (default: ${default})."`
	ClientListenUnix    string        `placeholder:"DIR" help:"Listen on a Unix socket in this directory too."`
	ClientSslCert       string        `placeholder:"FILE" help:"Certificate for clients (default: made when needed, self-signed)."`
	ClientSslKey        string        `placeholder:"FILE" help:"Its key; a passphrase is taken from PGPI_CLIENT_SSL_PASSWORD."`
	ClientCertSig       string        `placeholder:"KIND" default:"rsa" enum:"rsa,ecdsa" help:"Kind of certificate to make: rsa or ecdsa (default: ${default})."`
	ClientDenySsl       bool          `negatable:"" help:"Tell clients that TLS is not supported."`
	ClientSslkeylogfile string        `placeholder:"FILE" help:"Append TLS keys of client connections, for Wireshark."`
	StartupTimeout      time.Duration `placeholder:"TIME" default:"60s" help:"Time a client has for its StartupMessage (default: ${default})."`
}

type authOptions struct {
	OverrideAuth         bool   `negatable:"" help:"Ask the client for its password in cleartext and log in to the server with it: cleartext, MD5 or SCRAM."`
	ServerChannelBinding string `placeholder:"POLICY" default:"prefer" enum:"disable,prefer,require" help:"Channel binding towards the server with --override-auth: disable, prefer or require (default: ${default})."`
	HideChannelBinding   bool   `negatable:"" help:"Take SCRAM-SHA-256-PLUS out of the server's offer to clients without TLS, which would refuse it."`

	redactOptions
}

type redactOptions struct {
	Redact          string `group:"Redaction" placeholder:"WHAT" default:"" enum:",passwords,values" help:"What to keep out of all logs and recordings: passwords, or values, for which pseudonyms stand then (see docs/redaction.md)."`
	RedactPasswords *bool  `group:"Redaction" negatable:"" help:"Keep passwords, proofs, tokens, cancel keys and passwords in SQL out of all logs."`
}

type logOptions struct {
	LogForwarded string        `placeholder:"FORMAT" default:"" enum:",queries,annotated,raw,none,json,pqtrace,pqtrace-regress" help:"How to log what is forwarded: queries, a line for each statement; annotated, every byte explained; raw, none, json, or as libpq traces it, pqtrace or pqtrace-regress (default: ${logformat})."`
	LogFile      string        `placeholder:"FILE" help:"Append the log to a file instead of writing it to standard output."`
	Log          []string      `placeholder:"FORMAT=FILE" sep:"none" help:"Append a log to a file, or to standard output for -, instead of --log-forwarded and --log-file; may be repeated, or several given with commas between them."`
	Filter       string        `placeholder:"EXPR" help:"Log only what an expression is true of, such as 'sqlstate startsWith \"40\"' (see docs/filter.md)."`
	LogTime      string        `placeholder:"HOW" default:"short" enum:"short,relative,iso,none" help:"Times in the log: short, relative (microseconds), iso or none (default: ${default})."`
	LogMaxValue  int           `placeholder:"BYTES" default:"1024" help:"Shorten longer column and parameter values in the log; 0 for none (default: ${default})."`
	Slow         time.Duration `placeholder:"TIME" help:"In queries, mark what takes that long, such as 100ms."`
	LogOverflow  string        `placeholder:"HOW" default:"wait" enum:"wait,drop" help:"What to do when the log can't be written fast enough: let the traffic wait, or drop the oldest (default: ${default})."`
	LogCerts     bool          `negatable:"" help:"Log the certificates of TLS connections."`
	// byDefault is the format where none is named.
	byDefault string

	Bw *bool `negatable:"" help:"Black and white, even on a terminal; --no-bw for colors everywhere (default: by terminal and NO_COLOR)."`
}

type behaviorOptions struct {
	SendChunking   string `placeholder:"SIZE" default:"whole" enum:"whole,byte" help:"Forward whole messages as they are available, or byte by byte (default: ${default})."`
	MaxConnections int    `placeholder:"N" default:"1000" help:"Connections to relay at once; more get an error (default: ${default})."`
	QuitOnHangup   bool   `negatable:"" help:"End when the first connection ends."`
}

const description = `Postgres Private Investigator stands between Postgres clients and servers and shows what they say.

Connect a client to pgpi instead of its server, for example:
  pgpi --server-host db.example.com --server-sslmode require --client-listen-port 5433
  psql 'host=localhost port=5433 user=me dbname=mydb sslmode=require channel_binding=disable'

Or have one command run behind pgpi, unchanged (see pgpi run --help), or read a recording (see pgpi read --help):
  pgpi run -- psql
  pgpi read yesterday.pcapng

Every option is an environment variable too: --server-host is PGPI_SERVER_HOST.`

// parse reads the command line. The result is nil where everything is done, as
// after --help.
func parse(args []string, stdout io.Writer) (func() error, error) {
	if len(args) > 0 && args[0] == "run" {
		o := runOptions{options: options{Log: logOptions{byDefault: "queries"}}}
		done, err := parseInto(&o, usageText{runUsage, runDescription, "0", "queries"}, args[1:], stdout)
		if done || err != nil {
			return nil, err
		}
		return func() error { return runCommand(&o) }, usage(o.check())
	}
	if len(args) > 0 && args[0] == "read" {
		var o readOptions
		done, err := parseInto(&o, usageText{readUsage, readDescription, "0", "annotated"}, args[1:], stdout)
		if done || err != nil {
			return nil, err
		}
		return func() error { return readCaptures(&o) }, usage(o.check())
	}
	var o options
	done, err := parseInto(&o, usageText{"pgpi [options]", description, "5432", "annotated"}, args, stdout)
	if done || err != nil {
		return nil, misplacedCommand(err)
	}
	return func() error { return relay(&o) }, usage(o.check())
}

// usageText is what --help shows of a command beside its flags.
type usageText struct{ usage, description, listenPort, logFormat string }

// printHelp is kong's help below a first line of our own: kong's knows no --.
func (u usageText) printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if _, err := fmt.Fprintln(ctx.Stdout, "Usage: "+u.usage); err != nil {
		return fmt.Errorf("print help: %w", err)
	}
	options.NoAppSummary = true
	return kong.DefaultHelpPrinter(options, ctx)
}

// vars are what help texts name by ${…}.
func (u usageText) vars() kong.Vars {
	return kong.Vars{"version": "pgpi " + version, "listenport": u.listenPort, "logformat": u.logFormat}
}

// parseInto reads flags into o. It is done where help or the version was all that
// was wanted.
func parseInto(o any, text usageText, args []string, stdout io.Writer) (done bool, err error) {
	if err := dropServiceLinks(); err != nil {
		return false, err
	}
	parser, err := kong.New(o,
		kong.Name("pgpi"), kong.Description(text.description), kong.DefaultEnvars("PGPI"),
		text.vars(), kong.Writers(stdout, os.Stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(plainHelp), kong.Help(text.printHelp), kong.OptionFunc(plainValues),
		kong.Exit(func(int) { done = true; panic(errExit) }),
	)
	if err != nil {
		return false, fmt.Errorf("read options: %w", err)
	}
	if _, err = parseQuietly(parser, args); err != nil && !done {
		return false, &usageError{plainWords(err)}
	}
	return done, nil
}

// usage makes an error one of the flags.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err}
}

// errExit unwinds kong where it wants to end the process.
var errExit = errors.New("exit")

func parseQuietly(parser *kong.Kong, args []string) (ctx *kong.Context, err error) {
	defer func() {
		if reason := recover(); reason != nil && reason != any(errExit) {
			panic(reason)
		}
	}()
	return parser.Parse(args)
}

// plainHelp is a flag's help without its environment variable, whose name follows
// from the flag's.
func plainHelp(v *kong.Value) string { return v.Help }

// check finds what no single flag tells.
func (o *options) check() error {
	if err := checkPort("--server-connect-port", o.Server.ServerConnectPort, 1); err != nil {
		return err
	}
	if err := checkPort("--client-listen-port", o.Client.ClientListenPort, 0); err != nil {
		return err
	}
	switch {
	case o.Server.ConnectTimeout <= 0:
		return errors.New("--connect-timeout: give a duration above 0, such as 15s")
	case o.Client.StartupTimeout <= 0:
		return errors.New("--startup-timeout: give a duration above 0, such as 60s")
	case o.Behavior.MaxConnections < 1:
		return errors.New("--max-connections: give a number above 0")
	case !isAddress(o.Client.ClientListenIp):
		return fmt.Errorf("--client-listen-ip: %q is not an IP address: give one of this machine, such as 127.0.0.1", o.Client.ClientListenIp)
	case o.Server.ThrowawayServer && o.Server.ServerHost != "":
		return errors.New("--throwaway-server and --server-host: give one of them")
	case o.Server.ThrowawayServer && o.Server.ServerConnectPort != 5432:
		return errors.New("--throwaway-server and --server-connect-port: the server has a port of its own: leave --server-connect-port out")
	case (o.Client.ClientSslCert == "") != (o.Client.ClientSslKey == ""):
		return errors.New("--client-ssl-cert and --client-ssl-key: give both or none")
	case (o.Server.ServerSslcert == "") != (o.Server.ServerSslkey == ""):
		return errors.New("--server-sslcert and --server-sslkey: give both or none")
	case o.Auth.ServerChannelBinding != string(pgauth.PreferBinding) && !o.Auth.OverrideAuth:
		return errors.New("--server-channel-binding: give --override-auth too, which logs in to the server in the client's place")
	}
	if err := checkHost(o.Server.ServerHost); err != nil {
		return err
	}
	if err := pgtls.CheckOptions(serverTLS(o)); err != nil {
		return err
	}
	if err := cmp.Or(o.Auth.check(), o.Record.check(), o.Log.check()); err != nil {
		return err
	}
	return checkFiles(&o.Log, &o.Record,
		written{"--client-sslkeylogfile", o.Client.ClientSslkeylogfile}, written{"--server-sslkeylogfile", o.Server.ServerSslkeylogfile})
}

// checkHost finds what people paste where a host belongs. It quotes no URL, which
// may hold a password.
func checkHost(host string) error {
	name, port, err := net.SplitHostPort(host)
	switch {
	case strings.Contains(host, "://"):
		return errors.New("--server-host: give the host alone, not a URL; pgpi run takes a URL from DATABASE_URL")
	case strings.HasPrefix(host, "["):
		return fmt.Errorf("--server-host: %q: give the address without brackets, and its port to --server-connect-port", host)
	case err == nil && name != "" && !strings.HasPrefix(host, "/"):
		return fmt.Errorf("--server-host: %q has a port: give %s to --server-host and %s to --server-connect-port", host, name, port)
	}
	return nil
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}
