package localpg

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Auth is an authentication method of pg_hba.conf (PostgreSQL documentation, section 20.1).
type Auth string

// The methods that only need the server itself.
const (
	Trust     Auth = "trust"
	Cleartext Auth = "password"
	MD5       Auth = "md5"
	SCRAM     Auth = "scram-sha-256"
)

// Config is which server to start. The zero value is a server without TLS on a free port of
// 127.0.0.1, which trusts everyone on this machine.
type Config struct {
	Bin      string            // folder of initdb and postgres; empty: Find, then Fetch
	Port     int               // TCP port of 127.0.0.1; 0: a free one
	Auth     Auth              // for every user and address; empty: Trust
	User     string            // the superuser; empty: postgres
	Password string            // of User; empty: none with Trust, else a random one
	Database string            // created unless it is postgres; empty: postgres
	TLS      *TLS              // nil: ssl is off
	HBA      []string          // lines of pg_hba.conf, instead of those for Auth
	Settings map[string]string // lines of postgresql.conf, which override ours
	Messages string            // language of messages, such as de, if there is a catalog; empty: English
	SQL      []string          // statements run in Database, one by one, before the server takes connections

	UnixSocketDir string       // an existing folder that RunAs can write to; empty: one of the server's own
	Dir           string       // where the server's directory is made; empty: the system's temporary folder
	RunAs         string       // user of the server when we are root; empty: postgres, else nobody
	Say           func(string) // called with a line about what takes long; nil: nobody
}

// TLS is which certificate the server presents. Its files are in PEM. If both are empty, a new
// authority issues a certificate for localhost, 127.0.0.1 and ::1.
type TLS struct {
	CertFile string
	KeyFile  string
	ClientCA string // authorities of client certificates (ssl_ca_file); empty: none
}

// withDefaults returns the configuration with everything chosen except the binaries and the port.
func (c Config) withDefaults() (Config, error) {
	if c.Auth == "" {
		c.Auth = Trust
	}
	if c.User == "" {
		c.User = "postgres"
	}
	if c.Database == "" {
		c.Database = "postgres"
	}
	if c.Password == "" && c.Auth != Trust {
		c.Password = rand.Text()
	}
	if c.Say == nil {
		c.Say = func(string) {}
	}
	return c, c.check()
}

func (c Config) check() error {
	if !slices.Contains([]Auth{Trust, Cleartext, MD5, SCRAM}, c.Auth) {
		return fmt.Errorf("unknown authentication method %q: use trust, password, md5 or scram-sha-256", c.Auth)
	}
	if c.Port < 0 || c.Port > 65535 {
		return fmt.Errorf("port %d is out of range: use 1 to 65535, or 0 for a free one", c.Port)
	}
	if strings.ContainsAny(c.Password, "\r\n") {
		return errors.New("the password has a line break: initdb reads it as one line")
	}
	if c.TLS != nil && (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		return errors.New("a certificate needs its key, and a key its certificate: set both or neither")
	}
	return nil
}

// hba returns the text of pg_hba.conf.
func (c Config) hba() string {
	if len(c.HBA) > 0 {
		return strings.Join(c.HBA, "\n") + "\n"
	}
	var text strings.Builder
	for _, databases := range []string{"all", "replication"} {
		fmt.Fprintf(&text, "local %s all %s\n", databases, c.Auth)
		fmt.Fprintf(&text, "host %s all 127.0.0.1/32 %s\n", databases, c.Auth)
		fmt.Fprintf(&text, "host %s all ::1/128 %s\n", databases, c.Auth)
	}
	return text.String()
}

// quoteSetting quotes a value for postgresql.conf (PostgreSQL documentation, section 19.1.2;
// escapes in guc-file.l, DeescapeQuotedString).
func quoteSetting(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`, "\n", `\n`).Replace(value) + "'"
}

// quoteName quotes an identifier for SQL.
func quoteName(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
