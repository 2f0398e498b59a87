package launch

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

const defaultPort = 5432

// A ServerLeg is a server that the command might have used, and how pgpi must connect to it. The
// words are libpq's.
type ServerLeg struct {
	// Host is a name, an IP address, or the directory of a Unix socket (which begins with "/", or
	// with "@" if it is abstract). Certificates are checked against it.
	Host string
	// HostAddr is the IP address to connect to instead of looking Host up, or empty.
	HostAddr string
	// Port is from 1 to 65535.
	Port int

	// SSLMode is disable, allow, prefer, require, verify-ca or verify-full. As in libpq, it is
	// always disable for a Unix socket.
	SSLMode string
	// RootCert is a file, "system", or empty for none.
	RootCert string
	// Cert and Key are files. Both are empty if no client certificate is sent.
	Cert, Key string
	// KeyPassword decrypts Key. It is a secret.
	KeyPassword string
	// ChannelBinding is disable, prefer, require, or empty if it was not set. Through pgpi, a
	// command can't bind to the server's certificate itself. If the value is require, only pgpi's
	// own authentication (--override-auth) satisfies it.
	ChannelBinding string
	// Negotiation is postgres, direct, or empty if it was not set.
	Negotiation string
}

// Network returns "unix" or "tcp", for net.Dial.
func (s ServerLeg) Network() string {
	if isSocketDir(s.Host) && s.HostAddr == "" {
		return "unix"
	}
	return "tcp"
}

// Address returns the address for net.Dial.
func (s ServerLeg) Address() string {
	port := strconv.Itoa(s.Port)
	switch {
	case s.Network() == "unix":
		return filepath.Join(s.Host, ".s.PGSQL."+port)
	case s.HostAddr != "":
		return net.JoinHostPort(s.HostAddr, port)
	}
	return net.JoinHostPort(s.Host, port)
}

// String returns the server's name for messages: "db.example.com port 5432".
func (s ServerLeg) String() string {
	name := s.Host
	switch {
	case s.HostAddr != "" && s.Host != "" && s.Host != s.HostAddr:
		name += " (" + s.HostAddr + ")"
	case s.Host == "":
		name = s.HostAddr
	}
	return name + " port " + strconv.Itoa(s.Port)
}

// GoString is String, so that %#v does not print the secret.
func (s ServerLeg) GoString() string { return s.String() }

// isSocketDir reports whether a host is the directory of a Unix socket (is_unixsock_path in
// src/common/ip.h and pqcomm.h).
func isSocketDir(host string) bool {
	return strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
}

// serverList reads host, hostaddr and port as libpq does (connectOptions2 in fe-connect.c). Each
// may be a list. socketDirs are where a server without a host may have its Unix socket.
func serverList(s settings, socketDirs []string) ([]ServerLeg, error) {
	hosts, addrs := splitList(s.value("host")), splitList(s.value("hostaddr"))
	n := max(len(hosts), len(addrs), 1)
	if len(hosts) > 0 && len(addrs) > 0 && len(hosts) != len(addrs) {
		return nil, fmt.Errorf("read %s: it has %d addresses and %s has %d hosts; give as many of each",
			s["hostaddr"].source, len(addrs), s["host"].source, len(hosts))
	}
	ports := splitList(s.value("port"))
	if len(ports) > 1 && len(ports) != n {
		return nil, fmt.Errorf("read %s: it has %d ports for %d hosts; give one for all or one for each",
			s["port"].source, len(ports), n)
	}
	servers := make([]ServerLeg, n)
	for i := range servers {
		server := &servers[i]
		var err error
		if server.Port, err = readPort(at(ports, i), s["port"].source); err != nil {
			return nil, err
		}
		server.Host, server.HostAddr = at(hosts, i), at(addrs, i)
		if err := checkHost(*server, s); err != nil {
			return nil, err
		}
		if server.Host == "" && server.HostAddr == "" {
			server.Host = defaultHost(server.Port, socketDirs)
		}
	}
	return servers, nil
}

func splitList(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// at returns the value for server i. A list of one applies to all.
func at(list []string, i int) string {
	switch {
	case len(list) == 1:
		return list[0]
	case i < len(list):
		return list[i]
	}
	return ""
}

func readPort(text, source string) (int, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return defaultPort, nil
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		// The text may be the rest of a password that was not percent-encoded.
		return 0, fmt.Errorf("read %s: its port is not a number from 1 to 65535", source)
	}
	return port, nil
}

// checkHost refuses what can't be a name, an address or a directory. It may be part of a password,
// and hosts are printed.
func checkHost(server ServerLeg, s settings) error {
	if server.HostAddr != "" {
		if _, err := netip.ParseAddr(server.HostAddr); err != nil {
			return fmt.Errorf("read %s: its host address is not an IP address", s["hostaddr"].source)
		}
	}
	if isSocketDir(server.Host) {
		return nil
	}
	for _, r := range server.Host {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(".-_:%", r) {
			return fmt.Errorf("read %s: its host is neither a name, an IP address nor a directory", s["host"].source)
		}
	}
	return nil
}

// defaultHost returns where the command's driver would have looked without a host: libpq at the
// platform's Unix socket, others at localhost.
func defaultHost(port int, socketDirs []string) string {
	for _, dir := range socketDirs {
		info, err := os.Stat(filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port)))
		if err == nil && info.Mode().Type() == os.ModeSocket {
			return dir
		}
	}
	return "localhost"
}
