package e2e

import (
	"fmt"
	"sync"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// The servers of all tests. Each has the users of methods, and postgres, whom it trusts.
const (
	server15 = "PostgreSQL 15"
	server18 = "PostgreSQL 18"
	noTLS    = "PostgreSQL 18 without TLS"
)

// methods are the users of a server, and how each of them logs in.
var methods = []struct{ user, method string }{
	{"trust", "host all trust all trust"},
	{"password", "host all password all password"},
	{"md5", "host all md5 all md5"},
	{"scram", "host all scram all scram-sha-256"},
	{"onlyssl", "hostssl all onlyssl all trust"},
	{"nossl", "hostnossl all nossl all trust"},
}

// password is the password of every user who has one.
const password = "swordfish"

type cluster struct {
	once   sync.Once
	server *localpg.Server
	err    error
}

var clusters = map[string]*cluster{server15: {}, server18: {}, noTLS: {}}

// startCluster starts a server on first use. It runs until all tests are done.
func startCluster(t *testing.T, name string) *localpg.Server {
	t.Helper()
	version := 18
	if name == server15 {
		version = 15
	}
	bin := servers.Require(t, version)
	c := clusters[name]
	c.once.Do(func() {
		config := localpg.Config{
			Bin: bin, HBA: hba(), SQL: roles(), TLS: &localpg.TLS{},
			Settings: map[string]string{"max_connections": "250", "wal_level": "logical"},
		}
		if name == noTLS {
			config.TLS = nil
		}
		c.server, c.err = localpg.Start(t.Context(), config)
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.server
}

func closeClusters() {
	for _, c := range clusters {
		if c.server != nil {
			if err := c.server.Close(); err != nil {
				fmt.Println(err)
			}
		}
	}
}

func hba() []string {
	lines := []string{"local all scram scram-sha-256", "local all postgres trust", "host all postgres all trust"}
	for _, m := range methods {
		lines = append(lines, m.method)
	}
	return lines
}

func roles() []string {
	statements := []string{"set password_encryption = 'scram-sha-256'"}
	for _, m := range methods {
		if m.user == "md5" {
			statements = append(statements, "set password_encryption = 'md5'")
		}
		statements = append(statements, fmt.Sprintf("create role %s login password '%s'", m.user, password))
		if m.user == "md5" {
			statements = append(statements, "reset password_encryption")
		}
	}
	return statements
}

// to returns the options that make pgpi connect to a server.
func to(s *localpg.Server) []string {
	return []string{"--server-host=" + s.Host, fmt.Sprintf("--server-connect-port=%d", s.Port)}
}
