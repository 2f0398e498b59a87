package launch

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A form is one of the ways to write a connection string.
type form int

const (
	uriForm     form = iota // postgresql://user@host:port/dbname?sslmode=require
	jdbcForm                // jdbc:postgresql://host:port/dbname?user=u
	keywordForm             // host=h port=5432 dbname=d
)

// A connString is a connection string from the environment. It is cut into parts so that it can be
// put together again, with everything untouched except host, port and security.
type connString struct {
	variable string // the environment variable that has it
	form     form
	prefix   string // "postgresql+psycopg://"; empty in keywordForm
	userinfo string // as written, with its "@"
	path     string // as written, with its "/"
	params   []param
	settings settings
}

// A param is one keyword and value of a connection string.
type param struct {
	keyword string // libpq's name
	name    string // as written
	value   string // decoded
	raw     string // name and value as written
}

// errNotPostgres is returned if a variable has a URL of another kind.
var errNotPostgres = errors.New("it is not a Postgres URL")

var (
	uriPrefix  = regexp.MustCompile(`^(?i:postgres|postgresql|postgis|pgsql|ecto)(\+[A-Za-z0-9_.]+)?://`)
	jdbcPrefix = regexp.MustCompile(`^(?i:jdbc:postgresql):`)
	anyPrefix  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
)

// parseConnString reads the connection string in the named variable. Its errors say what is wrong
// but never repeat the text, which may contain secrets.
func parseConnString(variable, text string) (*connString, error) {
	c := &connString{variable: variable, settings: settings{}}
	var err error
	switch {
	case uriPrefix.MatchString(text):
		err = c.parseURI(text)
	case jdbcPrefix.MatchString(text):
		err = c.parseJDBC(text)
	case anyPrefix.MatchString(text):
		err = errNotPostgres
	case strings.Contains(text, "="):
		err = c.parseKeywords(text)
	default:
		err = errors.New("it is neither a Postgres URL nor keyword=value pairs")
	}
	if err == nil {
		err = c.readSSL()
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", variable, err)
	}
	return c, nil
}

// set sets a parameter. As in libpq, a later one of the same name wins.
func (c *connString) set(keyword, value string) {
	c.settings[keyword] = setting{value, c.variable}
}

// add keeps a parameter for the rewritten string, and sets its value.
func (c *connString) add(p param) {
	c.params = append(c.params, p)
	c.set(p.keyword, p.value)
}

// readSSL turns other spellings of sslmode into sslmode. libpq itself knows requiressl and ssl=true
// (conninfo_storeval and conninfo_uri_parse_params in fe-connect.c); other drivers know
// ssl=require.
func (c *connString) readSSL() error {
	if _, ok := c.settings["sslmode"]; ok {
		return nil
	}
	if old, ok := c.settings["requiressl"]; ok {
		mode := "prefer"
		if strings.HasPrefix(old.value, "1") {
			mode = "require"
		}
		c.set("sslmode", mode)
	}
	ssl, ok := c.settings["ssl"]
	if !ok {
		return nil
	}
	switch {
	case isBoolean(ssl.value) && isTrue(ssl.value) && c.form == jdbcForm:
		c.set("sslmode", "verify-full") // SslMode.of in pgjdbc
	case isBoolean(ssl.value) && isTrue(ssl.value):
		c.set("sslmode", "require")
	case isBoolean(ssl.value) && c.form == jdbcForm:
		c.set("sslmode", "prefer")
	case isBoolean(ssl.value):
		c.set("sslmode", "disable")
	case sslModes[ssl.value]:
		c.set("sslmode", ssl.value)
	default:
		return errors.New("its ssl is neither a boolean nor an sslmode")
	}
	return nil
}

func isBoolean(value string) bool {
	switch value {
	case "", "true", "1", "on", "false", "0", "off":
		return true
	}
	return false
}

func isTrue(value string) bool {
	return value == "" || value == "true" || value == "1" || value == "on"
}

// rewrite returns the string for the command: it leads to the client leg, in the same form and with
// the other parameters unchanged.
func (c *connString) rewrite(leg ClientLeg, files privateFiles) string {
	var params []string
	for _, p := range c.params {
		switch p.keyword {
		case "host", "hostaddr", "port":
			continue
		}
		name, value, keep := leg.parameter(p, c.form, files)
		switch {
		case keep && value == p.value && name == p.name:
			params = append(params, p.raw)
		case keep:
			params = append(params, c.form.pair(name, value))
		}
	}
	// pgjdbc reads neither PGSSLMODE nor PGCHANNELBINDING. It would ask for TLS, and then bind its
	// password to a certificate that is not the server's.
	if c.form == jdbcForm && !leg.TLS && !c.has("sslmode") {
		params = append(params, c.form.pair("sslmode", "disable"))
	}
	if c.form == jdbcForm && leg.TLS && !c.has("channelBinding") {
		params = append(params, c.form.pair("channelBinding", "disable"))
	}
	if c.form == keywordForm {
		place := []string{c.form.pair("host", leg.Host), c.form.pair("port", leg.port())}
		return strings.Join(append(place, params...), " ")
	}
	rewritten := c.prefix + c.userinfo + leg.address() + c.path
	if len(params) > 0 {
		rewritten += "?" + strings.Join(params, "&")
	}
	return rewritten
}

// has reports whether the text itself has a parameter of this name.
func (c *connString) has(name string) bool {
	for _, p := range c.params {
		if p.name == name {
			return true
		}
	}
	return false
}

// pair returns a parameter in this form.
func (f form) pair(name, value string) string {
	if f == keywordForm {
		return name + "=" + quoteValue(value)
	}
	return name + "=" + escapeQuery(value)
}
