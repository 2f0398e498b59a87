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
	// TLS tells the command to use TLS towards pgpi.
	TLS bool
	// RootCert is the file of pgpi's own certificate, which becomes PGSSLROOTCERT.
	// It is needed with TLS; without, it serves a command that asks for TLS by itself.
	RootCert string
}

func (leg ClientLeg) port() string { return strconv.Itoa(leg.Port) }

// address is host and port as URLs have them.
func (leg ClientLeg) address() string { return net.JoinHostPort(leg.Host, leg.port()) }

// parameter says what becomes of one parameter of a connection string or service,
// other than host and port: its name and value on the client leg, or keep=false
// where it was meant for the server leg alone. What has nothing to do with where
// and how to connect stays as it is.
func (leg ClientLeg) parameter(p param, f form, files privateFiles) (name, value string, keep bool) {
	switch p.keyword {
	case "sslmode":
		return p.name, leg.sslMode(p.value), true
	case "requiressl":
		return "sslmode", leg.sslMode(""), true
	case "ssl":
		return leg.ssl(p, f)
	case "channel_binding":
		// There is nothing to bind to that the server would know.
		return p.name, "disable", true
	case "sslrootcert":
		// Without TLS libpq refuses sslrootcert=system, and needs no other.
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

// sslMode is the mode on the client leg of a command that was given mode. A
// verifying mode stays one: pgpi's certificate names its host and the server's.
func (leg ClientLeg) sslMode(mode string) string {
	switch {
	case !leg.TLS:
		return "disable"
	case mode == "verify-ca" || mode == "verify-full":
		return mode
	}
	return "require"
}

// ssl adapts the parameter of that name, whose values depend on who reads it.
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
