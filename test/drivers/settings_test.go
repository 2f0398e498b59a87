package drivers

import (
	"net"
	neturl "net/url"
	"strconv"
)

// login is where and how a program must connect. Each driver gets it in its own words.
type login struct {
	port     int // of 127.0.0.1
	database string
	password string // of the user postgres
	tls      bool   // with verify-full if the driver has that
	rootCert string // file of the authority that issued the server's certificate
	unbind   bool   // no channel binding
}

const (
	host = "127.0.0.1"
	user = "postgres"
)

func (l login) sslMode() string {
	if l.tls {
		return "verify-full"
	}
	return "disable"
}

// variables are libpq's, which many other drivers read too (PostgreSQL documentation, section
// 32.15).
func variables(l login) []string {
	env := []string{
		"PGHOST=" + host, "PGPORT=" + strconv.Itoa(l.port), "PGUSER=" + user, "PGPASSWORD=" + l.password,
		"PGDATABASE=" + l.database, "PGSSLMODE=" + l.sslMode(),
	}
	if l.tls {
		env = append(env, "PGSSLROOTCERT="+l.rootCert)
	}
	if l.unbind {
		env = append(env, "PGCHANNELBINDING=disable")
	}
	return env
}

// url makes a DATABASE_URL with libpq's parameters.
func url(scheme string) func(login) []string {
	return func(l login) []string {
		parameters := neturl.Values{"sslmode": {l.sslMode()}}
		if l.tls {
			parameters.Set("sslrootcert", l.rootCert)
		}
		if l.unbind {
			parameters.Set("channel_binding", "disable")
		}
		return l.url(scheme, parameters)
	}
}

// nodeURL is for postgres.js, which gets roots from Node's own variable.
func nodeURL(l login) []string {
	return append(l.url("postgres", neturl.Values{"sslmode": {l.sslMode()}}), "NODE_EXTRA_CA_CERTS="+l.rootCert)
}

// tokioURL is for tokio-postgres, whose only mode with TLS is require. Its TLS library verifies all
// the same, with the root that the program takes from PGSSLROOTCERT.
func tokioURL(l login) []string {
	parameters := neturl.Values{"sslmode": {"disable"}}
	if l.tls {
		parameters.Set("sslmode", "require")
	}
	if l.unbind {
		parameters.Set("channel_binding", "disable")
	}
	env := l.url("postgres", parameters)
	if l.tls {
		env = append(env, "PGSSLROOTCERT="+l.rootCert)
	}
	return env
}

func jdbcURL(l login) []string {
	parameters := neturl.Values{"user": {user}, "password": {l.password}, "sslmode": {l.sslMode()}}
	if l.tls {
		parameters.Set("sslrootcert", l.rootCert)
	}
	if l.unbind {
		parameters.Set("channelBinding", "disable")
	}
	return []string{"DATABASE_URL=jdbc:postgresql://" + l.address() + "/" + l.database + "?" + parameters.Encode()}
}

func (l login) url(scheme string, parameters neturl.Values) []string {
	u := neturl.URL{
		Scheme: scheme, User: neturl.UserPassword(user, l.password), Host: l.address(), Path: "/" + l.database,
		RawQuery: parameters.Encode(),
	}
	return []string{"DATABASE_URL=" + u.String()}
}

func (l login) address() string { return net.JoinHostPort(host, strconv.Itoa(l.port)) }
