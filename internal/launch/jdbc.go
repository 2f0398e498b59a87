package launch

import (
	"errors"
	"strings"
)

// jdbcKeywords maps the connection properties of pgjdbc that have other names in libpq (PGProperty
// in pgjdbc).
var jdbcKeywords = map[string]string{
	"channelBinding":   "channel_binding",
	"sslNegotiation":   "sslnegotiation",
	"gssEncMode":       "gssencmode",
	"targetServerType": "target_session_attrs",
}

// keyword returns libpq's name for a parameter in this form.
func (f form) keyword(name string) string {
	if keyword := jdbcKeywords[name]; f == jdbcForm && keyword != "" {
		return keyword
	}
	return name
}

// parseJDBC reads a URL of pgjdbc (Driver.parseURL there):
// jdbc:postgresql://host:port,host:port/dbname?name=value, or jdbc:postgresql:dbname for the server
// on localhost. It has no user part.
func (c *connString) parseJDBC(text string) error {
	c.form = jdbcForm
	place, query, _ := strings.Cut(text, "?")
	c.prefix = jdbcPrefix.FindString(place)
	place = place[len(c.prefix):]
	if strings.Contains(place, "@") {
		return errors.New(`it has an "@"; JDBC URLs name the user and password as user= and password=`)
	}
	authority := ""
	if strings.HasPrefix(place, "//") {
		authority, c.path = cutAny(place[2:], "/")
	} else {
		c.path = "/" + strings.TrimPrefix(place, "/")
	}
	c.prefix += "//"
	if _, err := unescape(c.path); err != nil {
		return err
	}
	if err := c.parseAuthority(authority); err != nil {
		return err
	}
	if err := c.parseQuery(query); err != nil {
		return err
	}
	if !c.has("service") {
		c.jdbcDefaults()
	}
	return nil
}

// jdbcDefaults sets the defaults of pgjdbc, which reads neither PGHOST nor PGPORT. The security in
// the environment still counts, because it is never weaker than what pgjdbc would have done.
func (c *connString) jdbcDefaults() {
	if _, ok := c.settings["host"]; !ok {
		c.set("host", "localhost")
	}
	if _, ok := c.settings["port"]; !ok {
		c.set("port", "5432")
	}
	c.set("hostaddr", "")
}
