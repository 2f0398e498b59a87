package launch

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
)

// A setting is the value of a connection parameter and where it was found.
type setting struct {
	value  string
	source string // "DATABASE_URL", "PGSSLMODE", `service "x"`: for messages
}

// settings are connection parameters by libpq's keywords. As in libpq, a parameter that is present
// but empty counts as set: it hides weaker sources.
type settings map[string]setting

func (s settings) value(keyword string) string { return s[keyword].value }

// over returns s, completed by those of weaker.
func (s settings) over(weaker settings) settings {
	all := maps.Clone(weaker)
	if all == nil {
		all = settings{}
	}
	maps.Copy(all, s)
	return all
}

// variables has the environment variable of each parameter that matters here, in the order of
// PQconninfoOptions (fe-connect.c). user, dbname and the like pass through untouched and are not
// needed.
var variables = []struct{ keyword, name string }{
	{"service", "PGSERVICE"},
	{"servicefile", "PGSERVICEFILE"},
	{"passfile", "PGPASSFILE"},
	{"channel_binding", "PGCHANNELBINDING"},
	{"host", "PGHOST"},
	{"hostaddr", "PGHOSTADDR"},
	{"port", "PGPORT"},
	{"sslmode", "PGSSLMODE"},
	{"sslnegotiation", "PGSSLNEGOTIATION"},
	{"sslcert", "PGSSLCERT"},
	{"sslkey", "PGSSLKEY"},
	{"sslcertmode", "PGSSLCERTMODE"},
	{"sslrootcert", "PGSSLROOTCERT"},
	{"sslcrl", "PGSSLCRL"},
	{"sslcrldir", "PGSSLCRLDIR"},
	{"sslsni", "PGSSLSNI"},
	{"requirepeer", "PGREQUIREPEER"},
	{"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"},
	{"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"},
	{"gssencmode", "PGGSSENCMODE"},
	{"target_session_attrs", "PGTARGETSESSIONATTRS"},
}

// variableSettings reads the PG… variables of env.
func variableSettings(env variableMap) settings {
	s := settings{}
	for _, v := range variables {
		if value, ok := env[v.name]; ok {
			s[v.keyword] = setting{value, v.name}
		}
	}
	// The name of sslmode=require before PostgreSQL 8.0. libpq still reads it
	// (conninfo_add_defaults in fe-connect.c).
	if _, ok := s["sslmode"]; !ok && strings.HasPrefix(env["PGREQUIRESSL"], "1") {
		s["sslmode"] = setting{"require", "PGREQUIRESSL"}
	}
	return s
}

// variableMap is an environment by name. If a name occurs twice, the last one counts, as in
// os/exec.
type variableMap map[string]string

func mapVariables(env []string) variableMap {
	m := variableMap{}
	for _, entry := range env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			m[name] = value
		}
	}
	return m
}

// homeFile returns the path of one of libpq's files in the home directory, or "" if there is no
// home. The name is the one on Unix (".pgpass", ".postgresql/root.crt").
func (env variableMap) homeFile(name string) string {
	if data := env["APPDATA"]; onWindows && data != "" {
		name = strings.TrimPrefix(name, ".postgresql/")
		if name == ".pgpass" {
			name = "pgpass.conf"
		}
		return filepath.Join(data, "postgresql", name)
	}
	home := env["HOME"]
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	if home == "" {
		return ""
	}
	return filepath.Join(home, name)
}

func fileExists(path string) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}
