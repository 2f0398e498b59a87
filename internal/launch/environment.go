package launch

import (
	"net/url"
	"slices"
	"strings"
)

// ownPrefix begins the names of pgpi's own variables, some of them secrets.
const ownPrefix = "PGPI_"

// NewEnvironment returns the environment, as name=value, in which a command that
// would have connected to server connects to the client leg instead: PGHOST,
// PGPORT, PGSSLMODE and PGCHANNELBINDING, the connection strings rewritten, the
// service file and the password file copied into the private folder, whole, since
// the command may connect elsewhere too, with entries for the new place.
func NewEnvironment(t *Target, server ServerLeg, leg ClientLeg, private *PrivateFolder) ([]string, error) {
	files := privateFiles{folder: private, passfiles: map[string]string{}, servicefiles: map[string]string{}}
	if err := files.write(t, server, leg); err != nil {
		return nil, err
	}
	vars := mapVariables(t.env)
	set := leg.variables(vars)
	for _, c := range t.claims {
		if c.text != nil {
			set[c.text.variable] = c.text.rewrite(leg, files)
		}
	}
	if file := files.passwords(vars["PGPASSFILE"]); file != "" {
		set["PGPASSFILE"] = file
	}
	if file := files.services(vars["PGSERVICEFILE"]); file != "" {
		set["PGSERVICEFILE"] = file
	}
	return replaceVariables(t.env, set, leg), nil
}

// variables are those that lead libpq, and the drivers that read its variables,
// to the client leg. Without TLS they must say so: by default libpq asks for it,
// and then binds its password to pgpi's certificate, which no server accepts.
// PGCHANNELBINDING is set only where it matters or was set before, because lib/pq
// refuses to start with it.
func (leg ClientLeg) variables(given map[string]string) map[string]string {
	set := map[string]string{
		"PGHOST":    leg.Host,
		"PGPORT":    leg.port(),
		"PGSSLMODE": leg.sslMode(""),
	}
	if _, ok := given["PGCHANNELBINDING"]; ok || leg.TLS {
		set["PGCHANNELBINDING"] = "disable"
	}
	if leg.RootCert != "" {
		set["PGSSLROOTCERT"] = leg.RootCert
	}
	return set
}

// replaceVariables returns env with the variables of set in place of its own,
// and without those that were meant for the server leg or for pgpi.
func replaceVariables(env []string, set map[string]string, leg ClientLeg) []string {
	var kept []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if _, replaced := set[name]; replaced || moved(name, leg) {
			continue
		}
		kept = append(kept, entry)
	}
	var added []string
	for name, value := range set {
		added = append(added, name+"="+value)
	}
	slices.Sort(added)
	return append(kept, added...)
}

// moved tells whether the command must not see a variable.
func moved(name string, leg ClientLeg) bool {
	switch name {
	case "PGHOSTADDR", "PGREQUIRESSL", "PGSSLCERT", "PGSSLKEY", "PGSSLCERTMODE", "PGSSLCRL", "PGSSLCRLDIR", "PGSSLROOTCERT":
		return true
	case "PGSSLNEGOTIATION":
		return !leg.TLS
	}
	if onWindows {
		name = strings.ToUpper(name)
	}
	return strings.HasPrefix(name, ownPrefix)
}

// A Login is how to connect to a throwaway server.
type Login struct{ User, Password, Database string }

// ThrowawayEnvironment returns env as a command needs it to use a throwaway
// server behind the client leg: whatever env said of a server is replaced, and
// DATABASE_URL is set even if it was not. urlVariables are as in Options; a URL
// keeps its scheme.
func ThrowawayEnvironment(env, urlVariables []string, login Login, leg ClientLeg) []string {
	vars := mapVariables(env)
	set := leg.variables(vars)
	set["PGUSER"], set["PGPASSWORD"], set["PGDATABASE"] = login.User, login.Password, login.Database
	for _, name := range append(slices.Clone(urlVariables), databaseURL) {
		set[name] = login.text(vars[name], leg)
	}
	var kept []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if name != "PGSERVICE" && name != "PGPASSFILE" && name != "PGREQUIREPEER" {
			kept = append(kept, entry)
		}
	}
	return replaceVariables(kept, set, leg)
}

// text writes a connection string of the form that old has.
func (l Login) text(old string, leg ClientLeg) string {
	mode := leg.sslMode("")
	if prefix := jdbcPrefix.FindString(old); prefix != "" {
		place := prefix + "//" + leg.address() + "/" + url.PathEscape(l.Database) +
			"?user=" + escapeQuery(l.User) + "&password=" + escapeQuery(l.Password) + "&sslmode=" + mode
		if leg.TLS {
			place += "&channelBinding=disable"
		}
		return place
	}
	prefix := uriPrefix.FindString(old)
	if prefix == "" {
		prefix = "postgresql://"
	}
	place := prefix + url.UserPassword(l.User, l.Password).String() + "@" + leg.address() + "/" + url.PathEscape(l.Database)
	if strings.Contains(prefix, "+") {
		return place // SQLAlchemy's drivers differ in what they call it
	}
	return place + "?sslmode=" + mode
}
