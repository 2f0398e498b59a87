package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"pgpi/internal/event"
)

// target is an address of a server.
type target struct {
	network string // "tcp" or "unix"
	address string
	host    string // as the user knows it
}

// words returns the name of the target in the log.
func (t target) words() string {
	host, port, err := net.SplitHostPort(t.address)
	if t.network == "unix" || err != nil {
		return t.address
	}
	return host + " port " + port
}

// serverName returns the server that the client wants: the configured one, or else the name in its
// ClientHello, or else this machine.
func (h *handshake) serverName() string {
	if h.config.ServerHost != "" {
		return h.config.ServerHost
	}
	if h.client.tls != nil {
		name := h.client.tls.ConnectionState().ServerName
		if name = strings.TrimSuffix(name, h.config.DeleteSuffix); name != "" {
			return name
		}
	}
	return "localhost"
}

// targets returns all addresses of a server. A host that begins with a slash is the directory of a
// Unix socket, as in libpq.
func (h *handshake) targets(ctx context.Context, host string) ([]target, error) {
	port := strconv.Itoa(h.config.ServerPort)
	if strings.HasPrefix(host, "/") {
		return []target{{"unix", filepath.Join(host, ".s.PGSQL."+port), host}}, nil
	}
	addresses := []string{host}
	if net.ParseIP(host) == nil {
		var err error
		if addresses, err = h.config.Resolve(ctx, host); err != nil {
			return nil, fmt.Errorf("could not translate host name %q to address: %w", host, plainDNS(err))
		}
	}
	all := make([]target, 0, len(addresses))
	for _, a := range addresses {
		all = append(all, target{"tcp", net.JoinHostPort(a, port), host})
	}
	return all, nil
}

// plainDNS leaves out what the sentence around the error already says.
func plainDNS(err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return errors.New(dns.Err)
	}
	return err
}

// dial connects to the first of the targets that answers. Targets that are pgpi itself count only
// if all of them are.
func (h *handshake) dial(targets []target) (net.Conn, target, error) {
	var failures []string
	self := 0
	for _, t := range targets {
		if h.proxy.isSelf(t) {
			self++
			continue
		}
		ctx, cancel := context.WithTimeout(h.ctx, h.config.ConnectTimeout)
		conn, err := h.config.Dial(ctx, t.network, t.address)
		cancel()
		if err == nil {
			h.say(event.Connected{Address: t.words()})
			return conn, t, nil
		}
		if h.ctx.Err() != nil {
			return nil, t, errEnded
		}
		failures = append(failures, fmt.Sprintf("%s: %s", t.words(), plainError(err)))
	}
	if self > 0 && self == len(targets) {
		return nil, target{}, errSelf
	}
	return nil, target{}, errors.New(strings.Join(failures, "; "))
}

// errSelf is a server that is pgpi itself: connecting would never end.
var errSelf = errors.New("the server is pgpi itself")

// isSelf reports whether a target is one of the proxy's own listeners.
func (p *Proxy) isSelf(t target) bool {
	for _, l := range p.listeners {
		own := l.Addr()
		if own.Network() != t.network {
			continue
		}
		if t.network == "unix" {
			if own.String() == t.address {
				return true
			}
			continue
		}
		ownHost, ownPort, err := net.SplitHostPort(own.String())
		host, port, err2 := net.SplitHostPort(t.address)
		if err != nil || err2 != nil || port != ownPort {
			continue
		}
		ip, ownIP := net.ParseIP(host), net.ParseIP(ownHost)
		if ip.Equal(ownIP) || ownIP.IsUnspecified() && isLocal(ip) {
			return true
		}
	}
	return false
}

// isLocal reports whether an address is one of this machine.
func isLocal(ip net.IP) bool {
	if ip.IsLoopback() {
		return true
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return false // then connecting will show
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}
