package e2e

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"pgpi/internal/localpg"
)

// Ctrl-C in psql reaches the server that its connection uses, however pgpi found it, and whatever
// the log shows. psql sends the CancelRequest in plaintext and without SNI.
func TestCancel(t *testing.T) {
	tests := []struct {
		name, server, client string
		bySNI                bool
		args                 []string
		parameters           []string
	}{
		{name: "host", server: server15, client: psql15},
		{name: "host and TLS", server: server18, client: psql15, args: []string{"--server-sslmode=require"}},
		{name: "SNI", server: server18, client: psql15, bySNI: true},
		{name: "SNI and direct TLS", server: server18, client: psql18, bySNI: true, parameters: []string{"sslnegotiation", "direct"}},
		{name: "long key", server: server18, client: psql18, parameters: []string{"max_protocol_version", "3.2"}},
		{name: "long key, redacted", server: server18, client: psql18, parameters: []string{"max_protocol_version", "3.2"}, args: []string{"--redact-passwords"}},
		{name: "byte by byte", server: server18, client: psql15, args: []string{"--send-chunking=byte"}},
		{name: "overridden login", server: server18, client: psql15, args: []string{"--override-auth", "--server-sslmode=require"}},
	}
	for _, test := range tests {
		for _, mode := range []string{"annotated", "raw", "none"} {
			t.Run(strings.ReplaceAll(test.name+" "+mode, " ", "_"), func(t *testing.T) {
				t.Parallel()
				s := startCluster(t, test.server)
				args := append([]string{"--log-forwarded=" + mode}, test.args...)
				if test.bySNI {
					args = append(args, to(s)[1]) // the port alone
				} else {
					args = append(args, to(s)...)
				}
				p := start(t, args...)
				parameters := through(p, "scram", append(test.parameters, "channel_binding", "disable")...)
				parameters["sslmode"] = "require"
				if test.bySNI {
					// The remaining name is not the one that pgpi takes without SNI.
					parameters["host"], parameters["hostaddr"] = "127.0.0.1.local.neon.build", "127.0.0.1"
				}
				interrupt(t, s, test.client, parameters)
				meets := "select pg_sleep(60)"
				if mode == "none" { // nothing is decoded then
					meets = "nothing that is known"
				}
				log := p.log.conversation(t, "forwarding cancel request for connection #1 to server, which runs: "+meets)
				log.mustHave(t, "no SSLRequest: continuing in plaintext", "client -> script:", "connecting to Postgres server: 127.0.0.1",
					"script -> server:", "server hung up")
				if mode != "raw" {
					log.mustHave(t, "CancelRequest")
				}
				if test.name == "host and TLS" {
					log.mustHave(t, "connection established with server")
				}
				if sni := "server name via SNI: 127.0.0.1.local.neon.build"; test.bySNI {
					p.log.ended(t, "#1").mustHave(t, sni)
				}
			})
		}
	}
}

// interrupt runs a query with psql, presses Ctrl-C while the server works on it, and checks that
// this ends the query.
func interrupt(t *testing.T, s *localpg.Server, client string, parameters connect) {
	t.Helper()
	parameters["application_name"] = strings.ReplaceAll(t.Name(), "/", "_")
	cmd := psqlCommand(t, client, parameters, "-c", "select pg_sleep(60)")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		awaitQuery(t, s, parameters["application_name"])
		_ = cmd.Process.Signal(os.Interrupt) // fails if psql failed before
	}()
	err := cmd.Wait()
	<-watched
	if err == nil || !strings.Contains(output.String(), "canceling statement due to user request") {
		t.Errorf("psql was not interrupted: %v: %s", err, output.String())
	}
}

// awaitQuery waits until a client's query runs on the server.
func awaitQuery(t *testing.T, s *localpg.Server, name string) {
	const sql = `do $$ begin
		while not exists (select from pg_stat_activity where application_name = left('NAME', 63) and wait_event = 'PgSleep') loop
			perform pg_sleep(0.01);
			perform pg_stat_clear_snapshot();
		end loop;
	end $$`
	at := connect{"host": s.Host, "port": "", "user": "postgres", "dbname": "postgres", "sslmode": "disable"}
	at["port"] = strings.TrimPrefix(to(s)[1], "--server-connect-port=")
	if _, err := pgxQuery(t, at, strings.ReplaceAll(sql, "NAME", name)); err != nil {
		t.Errorf("wait for the query of %s: %v", name, err)
	}
}
