package launch

import (
	"net"
	"strconv"
)

// A ClientLeg is where and how pgpi waits for the command.
type ClientLeg struct {
	// Host is a name or IP address of this machine.
	Host string
	// Port is from 1 to 65535.
	Port int
	// TLS makes the command use TLS towards pgpi.
	TLS bool
	// RootCert is the file of pgpi's own certificate, which becomes PGSSLROOTCERT. TLS requires it.
	// Without TLS, it is for commands that ask for TLS on their own.
	RootCert string
}

func (leg ClientLeg) port() string { return strconv.Itoa(leg.Port) }

// address returns host and port as in a URL.
func (leg ClientLeg) address() string { return net.JoinHostPort(leg.Host, leg.port()) }

// parameter returns what becomes of a parameter in a connection string or service, other than host
// and port: its name and value on the client leg. If it was only meant for the server leg, keep is
// false. A parameter that has nothing to do with where and how to connect stays the same.
func (leg ClientLeg) parameter(p param, f form, files privateFiles) (name, value string, keep bool) {
	switch p.keyword {
	case "sslmode":
		return p.name, leg.sslMode(p.value), true
	case "requiressl":
		return "sslmode", leg.sslMode(""), true
	case "ssl":
		return leg.ssl(p, f)
	case "channel_binding":
		// The server would not know the certificate that the client would bind to.
		return p.name, "disable", true
	case "sslrootcert":
		// Without TLS, libpq refuses sslrootcert=system and needs no other value.
		return p.name, leg.RootCert, leg.TLS && leg.RootCert != ""
	case "sslnegotiation":
		return p.name, p.value, leg.TLS
	case "sslcert", "sslkey", "sslpassword", "sslcertmode", "sslcrl", "sslcrldir":
		return "", "", false
	case "passfile":
		return p.name, files.passwords(p.value), true
	case "servicefile":
		return p.name, files.services(p.value), true
	}
	return p.name, p.value, true
}

// sslMode returns the mode on the client leg for a command that was given mode. A mode that
// verifies still does: pgpi's certificate has its host name and the server's.
func (leg ClientLeg) sslMode(mode string) string {
	switch {
	case !leg.TLS:
		return "disable"
	case mode == "verify-ca" || mode == "verify-full":
		return mode
	}
	return "require"
}

// ssl adapts the parameter "ssl", whose values depend on the driver.
func (leg ClientLeg) ssl(p param, f form) (name, value string, keep bool) {
	switch {
	case !isBoolean(p.value):
		return p.name, leg.sslMode(p.value), true
	case leg.TLS && isTrue(p.value):
		return p.name, p.value, true
	case f == jdbcForm && !leg.TLS:
		return p.name, "false", true
	}
	// libpq knows ssl=true, but not ssl=false.
	return "sslmode", leg.sslMode(""), true
}
