package pqtrace_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/internal/proxy"
	"pgpi/test/servers"
)

// hang is when to stop waiting for something that has not happened.
const hang = time.Minute

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// Whatever a client with the newest libpq does, the sink writes the lines that PQtrace writes, in
// the order of each direction.
func TestSessions(t *testing.T) {
	const both = regressMode | suppressTimestamps
	for version, allFlags := range map[int][]int{15: {both}, 18: {0, both}} {
		t.Run(fmt.Sprint("PostgreSQL ", version), func(t *testing.T) {
			server := startServer(t, version)
			for _, test := range sessions {
				if test.only != 0 && test.only != version {
					continue
				}
				for _, flags := range allFlags {
					t.Run(fmt.Sprintf("%s/flags %d", test.name, flags), func(t *testing.T) {
						began := time.Now()
						r := startRelay(t, server.Host, server.Port, flags, test.change)
						traces, refused := r.trace(t, flags, test.session, test.conninfo)
						if refused == "" != (test.refused == "") || !strings.Contains(refused, test.refused) {
							t.Errorf("libpq says %q instead of %q", refused, test.refused)
						}
						log := r.finish()
						for i, want := range traces {
							compare(t, began, ofConnection(log, i+1), want, test.untraced)
						}
						if n := r.proxy.Opened(); n != len(traces) {
							t.Errorf("%d connections have %d traces", n, len(traces))
						}
					})
				}
			}
		})
	}
}

var sessions = []struct {
	name, session, conninfo string
	change                  func(*proxy.Config)
	refused                 string // why libpq can't connect
	untraced                int    // messages of the server that libpq rejects without tracing them; -1 means these and all that follow
	only                    int    // the only server version that this applies to
}{
	{name: "simple queries", session: "simple"},
	{name: "extended queries", session: "extended"},
	{name: "COPY", session: "copy"},
	{name: "pipeline", session: "pipeline"},
	{name: "functions", session: "functions"},
	{name: "regression", session: "regression"},
	{name: "regression under protocol 3.2", session: "regression", conninfo: "max_protocol_version=3.2"},
	{name: "cancel", session: "cancel"},
	{name: "cancel over TLS", session: "cancel", conninfo: "sslmode=require"},
	{name: "replication", session: "replication", conninfo: "replication=database"},
	{name: "no TLS offered", session: "login", conninfo: "sslmode=prefer", change: func(c *proxy.Config) { c.DenyTLS = true }},
	{name: "direct TLS", session: "login", conninfo: "sslmode=require sslnegotiation=direct", change: func(c *proxy.Config) { c.Negotiation = proxy.Postgres }},
	{name: "password", session: "login", conninfo: "user=password"},
	{name: "wrong password", session: "login", conninfo: "user=password password=wrong", refused: "password authentication failed"},
	{name: "MD5", session: "login", conninfo: "user=md5"},
	{name: "SCRAM", session: "login", conninfo: "user=scram", change: disableTLS},
	{name: "SCRAM with binding, without TLS", session: "login", conninfo: "user=scram", refused: "SCRAM-SHA-256-PLUS authentication over a non-SSL connection", untraced: 1},
	{name: "SCRAM over TLS", session: "login", conninfo: "user=scram sslmode=require channel_binding=disable"},
	{name: "SCRAM, wrong password", session: "login", conninfo: "user=scram password=wrong sslmode=require channel_binding=disable", refused: "password authentication failed"},
	{name: "SCRAM, binding hidden", session: "login", conninfo: "user=scram", change: func(c *proxy.Config) { c.HideBinding = true }},
	{name: "overridden authentication", session: "login", conninfo: "user=scram", change: func(c *proxy.Config) { c.OverrideAuth = true }},
	{name: "no such database", session: "login", conninfo: "dbname=missing", refused: "does not exist"},
	{name: "protocol 3.2", session: "cancel", conninfo: "max_protocol_version=3.2"},
	{name: "protocol 3.2 required", session: "login", conninfo: "min_protocol_version=3.2 max_protocol_version=3.2", refused: "server only supports protocol version 3.0", untraced: -1, only: 15},
	{name: "byte by byte", session: "simple", change: func(c *proxy.Config) { c.ByteByByte = true }},
}

func disableTLS(c *proxy.Config) { c.Server = disable }

// password is the password of every user that has one.
const password = "swordfish"

func startServer(t *testing.T, version int) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, version), TLS: &localpg.TLS{},
		Settings: map[string]string{"wal_level": "logical"},
		HBA: []string{
			"local all postgres trust", "host all postgres all trust",
			"host all password all password", "host all md5 all md5", "host all scram all scram-sha-256",
		},
		SQL: []string{
			"create role password login password '" + password + "'", "create role scram login password '" + password + "'",
			"set password_encryption = 'md5'", "create role md5 login password '" + password + "'",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
