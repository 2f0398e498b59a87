package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// The axes of the table: a server and pgpi's options for it, the user's authentication method, and
// the client: its leg, its policy for channel binding, and which one it is.
var (
	tableServers = []string{server15, server18, noTLS}
	tableTLS     = []sslmode{
		{"disable", ""}, {"allow", ""}, {"prefer", ""}, {"prefer", wrong},
		{"require", ""}, {"require", right}, {"require", wrong},
		{"verify-ca", right}, {"verify-ca", wrong}, {"verify-full", right}, {"verify-full", wrong},
	}
	tableNegotiations = []string{"mimic", "postgres", "direct"}
	tableAuth         = []string{"trust", "password", "md5", "scram"}
	tableLegs         = []string{plain, afterRequest, direct}
	tableBindings     = []string{"disable", "prefer", "require"}
	tableClients      = []string{psql15, psql18, pgx}
)

// sslmode is pgpi's --server-sslmode, and its --server-sslrootcert.
type sslmode struct{ name, root string }

// The roots: the one that issued the server's certificate, and another.
const right, wrong = "the right root", "a wrong root"

// The kinds of legs.
const plain, afterRequest, direct = "plain", "TLS", "direct TLS"

// options are those of one pgpi.
type options struct {
	server      string
	tls         sslmode
	negotiation string
}

// cell is one connection through it.
type cell struct {
	options
	auth, leg, binding, client string
}

// TestTable makes every connection of the table and compares its outcome with what expect
// (expect_test.go) derives from the rules of libpq, of channel binding and of each client.
func TestTable(t *testing.T) {
	var cells, refused atomic.Int32
	t.Run("with", func(t *testing.T) {
		for _, o := range allOptions() {
			t.Run(strings.ReplaceAll(o.String(), " ", "_"), func(t *testing.T) {
				t.Parallel()
				p := start(t, o.arguments(t)...)
				for i, c := range o.cells() {
					cells.Add(1)
					if c.expect().clientError != "" {
						refused.Add(1)
					}
					c.check(t, p, fmt.Sprintf("cell%d", i))
				}
			})
		}
	})
	t.Logf("%d connections, %d of them refused as they must be", cells.Load(), refused.Load())
}

// allOptions returns all combinations except those with which pgpi refuses to start: direct TLS
// with a weak sslmode.
func allOptions() (all []options) {
	for _, server := range tableServers {
		for _, tls := range tableTLS {
			for _, negotiation := range tableNegotiations {
				weak := tls.name == "disable" || tls.name == "allow" || tls.name == "prefer"
				if negotiation == "direct" && weak {
					continue
				}
				all = append(all, options{server, tls, negotiation})
			}
		}
	}
	return all
}

// cells leaves out what no client can say, and what makes no difference: how a client would log in
// to a server that can't be reached, and every policy and negotiation for methods without channel
// binding.
func (o options) cells() (all []cell) {
	for _, auth := range tableAuth {
		for _, leg := range tableLegs {
			for _, binding := range tableBindings {
				for _, client := range tableClients {
					c := cell{o, auth, leg, binding, client}
					switch {
					case leg == direct && client == psql15: // libpq can do that from 17 on
					case c.serverLeg().clientError != "" && (auth != "scram" || binding != "prefer"):
					case auth != "scram" && (binding == "disable" || o.negotiation != "mimic"):
					default:
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

func (o options) arguments(t *testing.T) []string {
	s := startCluster(t, o.server)
	args := append(to(s), "--server-sslmode="+o.tls.name, "--server-sslnegotiation="+o.negotiation)
	switch o.tls.root {
	case right:
		root := s.RootCert
		if root == "" {
			root = startCluster(t, server18).RootCert // there is no certificate to fit
		}
		args = append(args, "--server-sslrootcert="+root)
	case wrong:
		args = append(args, "--server-sslrootcert="+selfSigned(t).cert)
	}
	return args
}

// check makes the connection and compares.
func (c cell) check(t *testing.T, p *pgpi, name string) {
	t.Helper()
	parameters := through(p, c.auth, "application_name", name, "channel_binding", c.binding)
	switch c.leg {
	case afterRequest:
		parameters["sslmode"] = "require"
	case direct:
		parameters["sslmode"], parameters["sslnegotiation"] = "require", "direct"
	}
	rows, err := query(t, c.client, parameters, "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
	log := p.log.conversation(t, `"`+name+`\x00"`)
	want := c.expect()
	failed := t.Failed()
	switch {
	case want.clientError != "" && (err == nil || !strings.Contains(err.Error(), want.clientError)):
		t.Errorf("the client's error is not %q but %v", want.clientError, err)
	case want.clientError == "" && err != nil:
		t.Errorf("the client fails: %v", err)
	case want.clientError == "" && rows != map[bool]string{true: "f", false: "t"}[want.leg == plain]:
		t.Errorf("the server's answer to whether it has TLS is %q, and should be of %s", rows, want.leg)
	}
	log.mustHave(t, want.log...)
	log.mustLack(t, want.notInLog...)
	if t.Failed() && !failed {
		t.Logf("that was: %v\n%s", c, log)
	}
}

func (o options) String() string {
	s := o.server + ", " + o.tls.name
	if o.tls.root != "" {
		s += " with " + o.tls.root
	}
	return s + ", " + o.negotiation
}

func (c cell) String() string {
	return fmt.Sprintf("%v; %s, %s, channel_binding=%s, %s", c.options, c.auth, c.leg, c.binding, c.client)
}

// selfSigned makes a certificate that no server has.
func selfSigned(t *testing.T) certificate {
	t.Helper()
	return makeCertificate(t, filepath.Join(t.TempDir(), "self"), "elsewhere.example")
}
