package main

import (
	"net"
	"strings"

	"pgpi/internal/proxy"
)

// listen opens everything that an option asks for. The proxy closes it, if it gets that far.
func (o *proxyOptions) listen(closers *closers) ([]net.Listener, error) {
	first, err := proxy.Listen(o.Client.ClientListenIp, o.Client.ClientListenPort)
	if err != nil {
		return nil, err
	}
	closers.add(func() error { _ = first.Close(); return nil })
	if o.Client.ClientListenUnix == "" {
		return []net.Listener{first}, nil
	}
	second, err := proxy.ListenUnix(o.Client.ClientListenUnix, portOf(first))
	if err != nil {
		return nil, err
	}
	closers.add(func() error { _ = second.Close(); return nil })
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
