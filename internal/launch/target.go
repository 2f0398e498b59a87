package launch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// databaseURL is the variable that is read without being named.
const databaseURL = "DATABASE_URL"

// Options are what the user of pgpi wants beyond the environment.
type Options struct {
	// URLVariables are variables with connection strings, besides DATABASE_URL. The first that is
	// set decides.
	URLVariables []string
	// Host and Port, if set, replace the server that the environment names. Its security still
	// applies.
	Host string
	Port int
	// OwnRoots is set if the user names the root certificates too, or wants none. Then it does not
	// matter if those that the environment names are missing.
	OwnRoots bool

	socketDirs []string // for tests; nil means the platform's
}

// A Target is what the command would have connected to, and how.
type Target struct {
	// Servers are the candidates in order, at least one.
	Servers []ServerLeg
	// Source is what named them, such as "DATABASE_URL".
	Source string
	// Notes are sentences, without a full stop, that the user should see before the command starts.
	Notes []string
	// Unread has the names of variables with Postgres URLs that nobody asked to rewrite.
	Unread []string

	env    []string
	claims []*claim // those that lead to Servers, and will lead to pgpi
}

// A claim is a place in the environment that says where the server is: a connection string, or the
// PG variables (then text is nil).
type claim struct {
	name    string
	text    *connString
	service *service // nil for none
	own     settings // including those of the service, before the variables
	all     settings
	servers []ServerLeg
	notes   []string
}

// Resolve finds out where a command with this environment would have connected to, and with what
// security. It follows libpq's precedence: connection string, service, PG variables, defaults. If
// connection strings and variables name different servers, the first string decides, and Notes say
// so. An error is one sentence without secrets; it means that the command must not be started.
func Resolve(env []string, opts Options) (*Target, error) {
	if opts.socketDirs == nil {
		opts.socketDirs = platformSocketDirs
	}
	t := &Target{env: env}
	vars := mapVariables(env)
	texts, err := t.connStrings(vars, opts.URLVariables)
	if err != nil {
		return nil, err
	}
	var claims []*claim
	for _, text := range texts {
		c, err := newClaim(text, vars, opts)
		if err != nil {
			return nil, err
		}
		claims = append(claims, c)
	}
	if len(claims) == 0 || namesServer(vars) {
		c, err := newClaim(nil, vars, opts)
		if err != nil {
			return nil, err
		}
		claims = append(claims, c)
	}
	t.decide(claims)
	if err := t.override(opts, vars); err != nil {
		return nil, err
	}
	t.Unread = unreadURLs(env, opts.URLVariables)
	return t, nil
}

// connStrings reads the connection strings of the environment, those named by --url-env first.
func (t *Target) connStrings(vars variableMap, named []string) ([]*connString, error) {
	var texts []*connString
	for i, name := range append(slices.Clone(named), databaseURL) {
		asked := i < len(named)
		value := vars[name]
		switch {
		case slices.Contains(named[:min(i, len(named))], name):
			continue
		case value == "" && asked:
			return nil, fmt.Errorf("read %s, named by --url-env: it is not set", name)
		case value == "":
			continue
		}
		text, err := parseConnString(name, value)
		if errors.Is(err, errNotPostgres) && !asked {
			t.Notes = append(t.Notes, name+" is not a Postgres URL and stays as it is")
			continue
		}
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// namesServer reports whether the PG variables say where a server is.
func namesServer(vars variableMap) bool {
	for _, name := range []string{"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"} {
		if vars[name] != "" {
			return true
		}
	}
	return false
}

// newClaim completes a connection string, or nil for none, with the service, the variables and the
// defaults.
func newClaim(text *connString, vars variableMap, opts Options) (*claim, error) {
	c := &claim{name: "the PG variables", text: text, own: settings{}}
	variables := variableSettings(vars)
	if text != nil {
		c.name, c.own = text.variable, text.settings
	}
	given := c.own
	if text == nil || text.form != jdbcForm { // pgjdbc does not read PGSERVICE
		given = c.own.over(variables)
	}
	if name := given.value("service"); name != "" {
		file := given.over(variables).value("servicefile")
		found, err := findService(vars, file, name, given["service"].source)
		if err != nil {
			return nil, err
		}
		c.service, c.own = found, c.own.over(found.settings)
	}
	c.all = c.own.over(variables)
	var err error
	if c.servers, err = serverList(c.all, opts.socketDirs); err != nil {
		return nil, err
	}
	c.notes, err = secure(c.servers, c.all, vars, opts.OwnRoots)
	return c, err
}

// source returns, for messages, what named the claim's server.
func (c *claim) source() string {
	for _, keyword := range []string{"hostaddr", "host", "port"} {
		if s := c.all[keyword]; s.value != "" {
			return s.source
		}
	}
	return "the default, since nothing names a server"
}

// decide lets the first claim name the servers, keeps the claims that agree with it, and notes
// those that do not. The PG variables always lead to pgpi.
func (t *Target) decide(claims []*claim) {
	first := claims[0]
	t.Servers, t.Source = first.servers, first.source()
	t.Notes = append(t.Notes, first.notes...)
	for _, c := range claims {
		switch {
		case slices.EqualFunc(first.servers, c.servers, ServerLeg.keeps):
			t.claims = append(t.claims, c)
		case c.text == nil:
			t.claims = append(t.claims, c)
			t.Notes = append(t.Notes, fmt.Sprintf("%s and %s name %s: %s decides, and the PG variables lead there too",
				first.name, c.name, difference(first, c), first.name))
		default:
			t.Notes = append(t.Notes, fmt.Sprintf("%s and %s name %s: %s stays as it is, and what goes there is not seen",
				first.name, c.name, difference(first, c), c.name))
		}
	}
	if len(t.Servers) > 1 && first.all.value("target_session_attrs") != "" {
		t.Notes = append(t.Notes, "target_session_attrs is checked by the command, but only against the first server that answers")
	}
}

// difference returns how two claims differ.
func difference(a, b *claim) string {
	one, other := serverNames(a.servers), serverNames(b.servers)
	if one == other {
		return "the same server (" + one + ") with other security"
	}
	return "different servers (" + one + "; " + other + ")"
}

func serverNames(servers []ServerLeg) string {
	var names []string
	for _, s := range servers {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

// override replaces the server of the environment with that of the options.
func (t *Target) override(opts Options, vars variableMap) error {
	if opts.Host == "" && opts.Port == 0 {
		return nil
	}
	place := settings{}
	if opts.Port != 0 {
		place["port"] = setting{strconv.Itoa(opts.Port), "--server-connect-port"}
		t.Source = "--server-connect-port"
	}
	if opts.Host != "" {
		place["host"] = setting{opts.Host, "--server-host"}
		place["hostaddr"] = setting{}
		if opts.Port == 0 {
			place["port"] = setting{}
		}
		t.Source = "--server-host"
	}
	all := place.over(t.claims[0].all)
	var err error
	if t.Servers, err = serverList(all, opts.socketDirs); err != nil {
		return err
	}
	_, err = secure(t.Servers, all, vars, opts.OwnRoots)
	return err
}

// unreadURLs returns the names of variables that look like Postgres URLs but were not named.
func unreadURLs(env, named []string) []string {
	var names []string
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		if name == databaseURL || slices.Contains(named, name) || strings.HasPrefix(name, ownPrefix) {
			continue
		}
		if uriPrefix.MatchString(value) || jdbcPrefix.MatchString(value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
