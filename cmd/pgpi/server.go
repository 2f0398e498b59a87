package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"

	"pgpi/internal/launch"
	"pgpi/internal/localpg"
	"pgpi/internal/proxy"
)

// chosen is the server that a command is to use, and what the command is told.
type chosen struct {
	names       []string // of the server, for pgpi's certificate
	keyPassword string   // of the key for the server
	address     string   // to connect to instead of looking the name up
	environment func(launch.ClientLeg) ([]string, error)
	whySilent   func(args []string) string
	close       func() error
}

// chooseServer finds the server, and stores its security in the settings of the proxy as that of
// the server leg.
func (o *runOptions) chooseServer(settings *proxyOptions, private *launch.PrivateFolder) (*chosen, error) {
	if settings.Server.ThrowawayServer {
		return chooseThrowaway(settings, o.Launch.UrlEnv)
	}
	given := &o.Proxy.Server
	options := launch.Options{
		URLVariables: o.Launch.UrlEnv, Host: given.ServerHost,
		OwnRoots: given.ServerSslrootcert != "" || verifiesNothing(given.ServerSslmode),
	}
	if options.Host != "" || given.ServerConnectPort != defaultPort {
		options.Port = given.ServerConnectPort
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
		another := "DATABASE_URL or --server-host"
		if len(target.Unread) > 0 {
			another = "--url-env " + target.Unread[0]
		}
		remedy := "start it, name another with " + another + ", or use --throwaway-server"
		return nil, fmt.Errorf("no server answers (named by %s): %w: %s", target.Source, err, remedy)
	}
	for _, r := range refused {
		complain(fmt.Errorf("%w: using %s instead", r, server))
	}
	c := &chosen{names: []string{server.Host}, address: server.HostAddr, close: func() error { return nil }}
	c.keyPassword = carrySecurity(settings, server)
	c.whySilent = func(args []string) string { return launch.WhySilent(target, args) }
	c.environment = func(leg launch.ClientLeg) ([]string, error) {
		return launch.NewEnvironment(target, server, leg, private)
	}
	return c, nil
}

// carrySecurity turns what the command was given into the rules of the server leg, unless an option
// says otherwise. It returns the password of the key for the server.
func carrySecurity(o *proxyOptions, server launch.ServerLeg) (keyPassword string) {
	s := &o.Server
	s.ServerHost, s.ServerConnectPort = server.Host, server.Port
	if s.ServerHost == "" {
		s.ServerHost = server.HostAddr
	}
	// A mode that verifies nothing needs no root, and would verify with one.
	if s.ServerSslrootcert == "" && !verifiesNothing(s.ServerSslmode) {
		s.ServerSslrootcert = server.RootCert
	}
	// No one asked for prefer. Without it, what goes with other options is at least as strong.
	if s.ServerSslmode == "" && s.ServerSslrootcert != "system" && server.SSLMode != "prefer" {
		s.ServerSslmode = server.SSLMode
	}
	if s.ServerSslcert == "" {
		s.ServerSslcert, s.ServerSslkey = server.Cert, server.Key
		keyPassword = server.KeyPassword
	}
	if server.Negotiation != "" && s.ServerSslnegotiation == string(proxy.Mimic) {
		s.ServerSslnegotiation = server.Negotiation
	}
	switch server.ChannelBinding {
	case "require":
		// The command itself can't bind a login through pgpi.
		o.Auth.OverrideAuth, o.Auth.ServerChannelBinding = true, "require"
	case "disable":
		o.Auth.ServerChannelBinding = "disable"
	}
	return keyPassword
}

// verifiesNothing reports whether the named mode requires no certificate of the server.
func verifiesNothing(mode string) bool {
	return slices.Contains([]string{"disable", "allow", "prefer", "require"}, mode)
}

// chooseThrowaway starts a temporary server for the command.
func chooseThrowaway(settings *proxyOptions, urlVariables []string) (*chosen, error) {
	server, err := localpg.Start(context.Background(), throwawayConfig())
	if err != nil {
		return nil, fmt.Errorf("start a throwaway server: %w", err)
	}
	settings.Server.ServerHost, settings.Server.ServerConnectPort = server.Host, server.Port
	return &chosen{
		names: []string{server.Host},
		environment: func(leg launch.ClientLeg) ([]string, error) {
			login := launch.Login{User: server.User, Password: server.Password, Database: server.Database}
			return launch.ThrowawayEnvironment(os.Environ(), urlVariables, login, leg), nil
		},
		whySilent: func(args []string) string { return launch.WhySilent(&launch.Target{}, args) },
		close:     server.Close,
	}, nil
}
