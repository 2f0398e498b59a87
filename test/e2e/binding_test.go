package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// With the server's own certificate and key, a man in the middle can't be distinguished from the
// server.
func TestServersOwnCertificate(t *testing.T) {
	for _, server := range []string{server15, server18} {
		s := startCluster(t, server)
		p := start(t, append(to(s), "--server-sslmode=require", "--server-sslnegotiation=postgres",
			"--client-ssl-cert="+s.ServerCert, "--client-ssl-key="+s.ServerKey)...)
		for _, client := range tableClients {
			for _, negotiation := range []string{"postgres", "direct"} {
				parameters := through(p, "scram", "sslmode", "verify-full", "sslrootcert", s.RootCert, "channel_binding", "require",
					"application_name", strings.ReplaceAll(client, " ", "")+negotiation)
				if client != psql15 {
					parameters["sslnegotiation"] = negotiation
				} else if negotiation == "direct" {
					continue // libpq can do that from 17 on
				}
				if _, err := query(t, client, parameters, "select 1"); err != nil {
					t.Errorf("%s, %s, %s: %v", server, client, negotiation, err)
				}
				log := p.log.conversation(t, `"`+parameters["application_name"]+`\x00"`)
				log.mustHave(t, `"SCRAM-SHA-256-PLUS\x00" = selected mechanism`, "= SCRAM server-final-message")
				log.mustLack(t, "channel binding:")
			}
		}
	}
}

// A client without TLS can log in if the offer that it would consider an attack is hidden, and the
// log shows what came and what went. A client with TLS gets the offer unchanged.
func TestHideChannelBinding(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--hide-channel-binding", "--server-sslmode=require")...)
	for _, client := range tableClients {
		name := strings.ReplaceAll(client, " ", "")
		if _, err := query(t, client, through(p, "scram", "application_name", name), "select 1"); err != nil {
			t.Errorf("%s: %v", client, err)
		}
		log := p.log.conversation(t, `"`+name+`\x00"`)
		log.mustHave(t, "hiding SCRAM-SHA-256-PLUS from client, which has no TLS",
			`server -> script: "R" = Authentication "\x00\x00\x00\x2a" = 42 bytes "\x00\x00\x00\x0a" = AuthenticationSASL`,
			`script -> client: "R" = Authentication "\x00\x00\x00\x17" = 23 bytes "\x00\x00\x00\x0a" = AuthenticationSASL`)
		log.mustLack(t, "channel binding:")
		if n := log.count(`"SCRAM-SHA-256-PLUS\x00" = SASL mechanism`); n != 1 {
			t.Errorf("SCRAM-SHA-256-PLUS is offered %d times instead of once:\n%s", n, log)
		}
	}
	_, err := query(t, psql15, through(p, "scram", "application_name", "encrypted", "sslmode", "require"), "select 1")
	if err == nil || !strings.Contains(err.Error(), "SCRAM channel binding check failed") {
		t.Errorf("the client's error is %v", err)
	}
	log := p.log.conversation(t, `"encrypted\x00"`)
	log.mustLack(t, "hiding")
	log.mustHave(t, `server -> client: "R" = Authentication`, "channel binding: the client binds its login")
}

// libpq knows no channel binding for an Ed25519 certificate and breaks the login off.
func TestEd25519Certificate(t *testing.T) {
	own := makeEd25519(t, filepath.Join(t.TempDir(), "own"), "localhost")
	p := start(t, append(to(startCluster(t, server18)), "--server-sslmode=require", "--client-ssl-cert="+own.cert, "--client-ssl-key="+own.key)...)
	for _, client := range []string{psql15, psql18} {
		name := strings.ReplaceAll(client, " ", "")
		_, err := query(t, client, through(p, "scram", "application_name", name, "sslmode", "require"), "select 1")
		if err == nil || !strings.Contains(err.Error(), "could not find digest for NID") {
			t.Errorf("%s: the client's error is %v", client, err)
		}
		log := p.log.conversation(t, `"`+name+`\x00"`)
		log.mustHave(t, "channel binding: libpq can't use the Ed25519 certificate that pgpi presents",
			"use channel_binding=disable on the client, or an RSA or ECDSA certificate for --client-ssl-cert, or --override-auth")
		if _, err := query(t, client, through(p, "scram", "sslmode", "require", "channel_binding", "disable"), "select 1"); err != nil {
			t.Errorf("%s, with channel_binding=disable as it is told: %v", client, err)
		}
	}
}

// psql connects without a password first, leaves when the server wants one, and comes back with
// what its user has typed. Channel binding must not prevent that.
func TestClientWithoutPassword(t *testing.T) {
	for _, sslmode := range []string{"disable", "require"} {
		p := start(t, append(to(startCluster(t, server18)), "--server-sslmode="+sslmode)...)
		_, err := query(t, psql15, through(p, "scram", "application_name", "nopassword", "password", "", "sslmode", sslmode), "select 1")
		if err == nil || !strings.Contains(err.Error(), "no password supplied") {
			t.Errorf("sslmode %s: the client's error is %v", sslmode, err)
		}
		p.log.conversation(t, `"nopassword\x00"`).mustHave(t, "it may have no password yet (psql then asks its user, and connects again)")
	}
}

// If the server rejects the first way, allow falls back to TLS and prefer to plaintext, and the log
// says so.
func TestFallback(t *testing.T) {
	tests := []struct{ sslmode, user, log, rows string }{
		{"allow", "onlyssl", "sslmode allow: falling back to a connection with TLS, because the server rejected it: no pg_hba.conf entry", "t"},
		{"prefer", "nossl", "sslmode prefer: falling back to a connection without TLS, because the server rejected it: no pg_hba.conf entry", "f"},
	}
	for _, test := range tests {
		for _, server := range []string{server15, server18} {
			p := start(t, append(to(startCluster(t, server)), "--server-sslmode="+test.sslmode)...)
			for _, client := range tableClients {
				name := strings.ReplaceAll(client, " ", "")
				rows, err := query(t, client, through(p, test.user, "application_name", name), "select ssl from pg_stat_ssl where pid = pg_backend_pid()")
				if rows != test.rows || err != nil {
					t.Errorf("%s, %s: the server's answer to whether it has TLS is %q: %v", test.sslmode, client, rows, err)
				}
				p.log.conversation(t, `"`+name+`\x00"`).mustHave(t, test.log)
			}
			_, err := query(t, psql15, through(p, "nobody"), "select 1")
			if err == nil || !strings.Contains(err.Error(), `no pg_hba.conf entry for host "127.0.0.1", user "nobody"`) {
				t.Errorf("%s: where both ways are rejected, the client's error is %v", test.sslmode, err)
			}
		}
	}
}

// A client that requires TLS learns from --client-deny-ssl that there is none. A client that does
// not require it continues.
func TestClientDenySSL(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--client-deny-ssl")...)
	if _, err := query(t, psql15, through(p, "trust", "application_name", "prefers", "sslmode", "prefer"), "select 1"); err != nil {
		t.Error(err)
	}
	p.log.conversation(t, `"prefers\x00"`).mustHave(t, `script -> client: "N" = SSL not supported`)
	for _, client := range tableClients {
		if _, err := query(t, client, through(p, "trust", "sslmode", "require"), "select 1"); err == nil {
			t.Errorf("%s with sslmode=require connects", client)
		}
	}
	for _, client := range []string{psql18, pgx} {
		if _, err := query(t, client, through(p, "trust", "sslmode", "require", "sslnegotiation", "direct"), "select 1"); err == nil {
			t.Errorf("%s with sslnegotiation=direct connects", client)
		}
		p.log.waitFor(t, "TLS handshake with client failed: direct TLS is refused, as --client-deny-ssl demands")
	}
}
