package launch

import (
	"net/url"
	"slices"
	"strings"
)

// ownPrefix is how the names of pgpi's own variables begin. Some of them are secrets.
const ownPrefix = "PGPI_"

// NewEnvironment returns the environment, as name=value, in which a command that would have
// connected to server connects to the client leg instead. It sets PGHOST, PGPORT, PGSSLMODE and
// PGCHANNELBINDING, and rewrites the connection strings. It copies the service file and the
// password file into the private folder, with additional entries for the client leg. They are
// copied whole, because the command may connect elsewhere too.
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

// variables returns the variables that lead libpq, and drivers that read its variables, to the
// client leg. Without TLS they must say so: by default libpq asks for TLS and then binds its
// password to pgpi's certificate, which no server accepts. PGCHANNELBINDING is only set where it
// matters or was set before, because lib/pq refuses to start with it.
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

// replaceVariables returns env with the variables of set instead of its own, and without those that
// were meant for the server leg or for pgpi.
func replaceVariables(env []string, set map[string]string, leg ClientLeg) []string {
	var kept []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if _, replaced := set[name]; replaced || mustHide(name, leg) {
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

// mustHide reports whether the command must not see a variable.
func mustHide(name string, leg ClientLeg) bool {
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

// A Login is how to log in to a throwaway server.
type Login struct{ User, Password, Database string }

// ThrowawayEnvironment returns env adapted to a throwaway server behind the client leg. It replaces
// everything that env says about a server, and sets DATABASE_URL even if it was not set.
// urlVariables are as in Options. A URL keeps its scheme.
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

// text returns a connection string in the form of old.
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
		return place // SQLAlchemy's drivers have different names for it
	}
	return place + "?sslmode=" + mode
}
