package orms

import (
	"net"
	neturl "net/url"
	"strconv"

	"pgpi/internal/localpg"
)

// login is where and how a program must connect. Each ORM gets it in its own words. Nothing is said
// of TLS: each does what it does by default.
type login struct{ *localpg.Server }

// variables are libpq's (PostgreSQL documentation, section 32.15).
func variables(l login) []string {
	return []string{
		"PGHOST=" + l.Host, "PGPORT=" + strconv.Itoa(l.Port), "PGUSER=" + l.User, "PGPASSWORD=" + l.Password, "PGDATABASE=" + l.Database,
	}
}

// url makes a DATABASE_URL.
func url(scheme string) func(login) []string {
	return func(l login) []string {
		u := neturl.URL{Scheme: scheme, User: neturl.UserPassword(l.User, l.Password), Host: l.address(), Path: "/" + l.Database}
		return []string{"DATABASE_URL=" + u.String()}
	}
}

func jdbcURL(l login) []string {
	parameters := neturl.Values{"user": {l.User}, "password": {l.Password}}
	return []string{"DATABASE_URL=jdbc:postgresql://" + l.address() + "/" + l.Database + "?" + parameters.Encode()}
}

func (l login) address() string { return net.JoinHostPort(l.Host, strconv.Itoa(l.Port)) }
