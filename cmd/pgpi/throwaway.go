package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"pgpi/internal/localpg"
	"pgpi/internal/proxy"
)

// throwaway starts a temporary server, makes the proxy relay to it, and tells the user how to
// connect.
func throwaway(ctx context.Context, o *proxyOptions, config *proxy.Config, l net.Listener) (*localpg.Server, error) {
	server, err := localpg.Start(ctx, throwawayConfig())
	if err != nil {
		return nil, fmt.Errorf("start a throwaway server: %w", err)
	}
	config.ServerHost, config.ServerPort = server.Host, server.Port
	fmt.Fprintf(os.Stderr, "pgpi: a throwaway PostgreSQL server is up; connect through pgpi with\n  psql '%s'\n",
		throughPgpi(server, o.Client.ClientListenIp, portOf(l)))
	return server, nil
}

// throwawayConfig returns a server with everything that pgpi is about: TLS and SCRAM.
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
