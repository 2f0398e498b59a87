package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"pgpi/internal/pgauth"
	"pgpi/internal/pgtls"
	"pgpi/internal/proxy"
)

// defaultPort is where servers listen.
const defaultPort = 5432

// proxyOptions are what the proxy does with connections. Each option is also an environment
// variable: PGPI_ and its name in capitals, with words joined by underscores.
type proxyOptions struct {
	Server   serverOptions   `embed:"" group:"Server: the onward connection from pgpi to the server"`
	Client   clientOptions   `embed:"" group:"Client: the connection from the client to pgpi"`
	Auth     authOptions     `embed:"" group:"Authentication"`
	Behavior behaviorOptions `embed:"" group:"Behavior"`
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
}

type behaviorOptions struct {
	SendChunking   string `placeholder:"SIZE" default:"whole" enum:"whole,byte" help:"Forward whole messages as they are available, or byte by byte (default: ${default})."`
	MaxConnections int    `placeholder:"N" default:"1000" help:"Connections to relay at once; more get an error (default: ${default})."`
	QuitOnHangup   bool   `negatable:"" help:"End when the first connection ends."`
}

// check finds what is wrong with options that are each valid by themselves.
func (o *proxyOptions) check() error {
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
	case o.Server.ThrowawayServer && o.Server.ServerConnectPort != defaultPort:
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
	return pgtls.CheckOptions(o.serverTLS(""))
}

// keyLogs returns the files that TLS keys go to.
func (o *proxyOptions) keyLogs() []written {
	return []written{{"--client-sslkeylogfile", o.Client.ClientSslkeylogfile}, {"--server-sslkeylogfile", o.Server.ServerSslkeylogfile}}
}

// checkHost finds what people paste in place of a host. It quotes no URL, which may contain a
// password.
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

// found is what pgpi run finds out about the server and the command, in addition to the options.
type found struct {
	keyPassword string                          // for the server's key, instead of the variable's
	identity    func() (tls.Certificate, error) // for the command; nil means the options'
}

// config turns the options into what the proxy does. It reads all files, so that what is wrong with
// them is said before anything listens.
func (o *proxyOptions) config(found found, closers *closers) (proxy.Config, error) {
	clientKeys, err := openKeyLog(o.Client.ClientSslkeylogfile, closers)
	if err != nil {
		return proxy.Config{}, err
	}
	serverKeys, err := openKeyLog(o.Server.ServerSslkeylogfile, closers)
	if err != nil {
		return proxy.Config{}, err
	}
	identity, err := o.clientIdentity(found.identity)
	if err != nil {
		return proxy.Config{}, err
	}
	rules := o.serverTLS(found.keyPassword)
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
		ByteByByte:  o.Behavior.SendChunking == "byte", QuitOnHangup: o.Behavior.QuitOnHangup,
		MaxConnections: o.Behavior.MaxConnections,
		Complain:       complain,
		StartupTimeout: o.Client.StartupTimeout, ConnectTimeout: o.Server.ConnectTimeout,
	}, nil
}
