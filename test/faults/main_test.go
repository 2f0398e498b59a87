package faults

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

var update = flag.Bool("update", false, "rewrite docs/faults.md")

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(false)
	defer remove()
	pgpiPath = path
	if err == nil {
		err = faultTable.load()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer shared.close()
	defer impatient.close()
	code := m.Run()
	if *update && code == 0 {
		if err := faultTable.write(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// cluster is a server that starts on first use and runs until all tests are done.
type cluster struct {
	once   sync.Once
	server *localpg.Server
	err    error
}

// shared is the server of all tests that leave it unchanged. impatient ends logins that take longer
// than 3 seconds.
var shared, impatient cluster

func (c *cluster) start(t *testing.T) *localpg.Server {
	t.Helper()
	bin := servers.Require(t, 18)
	c.once.Do(func() {
		config := clusterConfig(bin)
		if c == &impatient {
			config.Settings["authentication_timeout"] = "3s"
		}
		c.server, c.err = localpg.Start(t.Context(), config)
	})
	if c.err != nil {
		t.Fatal(c.err)
	}
	return c.server
}

func (c *cluster) close() {
	if c.server != nil {
		if err := c.server.Close(); err != nil {
			fmt.Println(err)
		}
	}
}

// clusterConfig is a server with TLS that trusts everybody.
func clusterConfig(bin string) localpg.Config {
	return localpg.Config{
		Bin: bin, TLS: &localpg.TLS{},
		Settings: map[string]string{"max_connections": "100"},
	}
}

// ownServer is a server for one test.
func ownServer(t *testing.T) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), clusterConfig(servers.Require(t, 18)))
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
