package e2e

import (
	"strings"
	"testing"
)

// With --override-auth a client gives its password in cleartext, however the server wants it, and
// whatever the client's policy for channel binding and its leg.
func TestOverrideAuth(t *testing.T) {
	tests := []struct {
		user string
		log  []string // beyond the request for the password
	}{
		{"password", []string{`script -> server: "p" = PasswordMessage (cleartext)`}},
		{"md5", []string{`script -> server: "p" = PasswordMessage (MD5)`}},
		{"scram", []string{`"SCRAM-SHA-256-PLUS\x00" = selected mechanism`, `"p=tls-server-end-point,,`, "= SCRAM server-final-message"}},
	}
	for _, server := range []string{server15, server18} {
		t.Run(strings.ReplaceAll(server, " ", "_"), func(t *testing.T) {
			t.Parallel()
			p := start(t, append(to(startCluster(t, server)), "--override-auth", "--server-sslmode=require", "--server-sslnegotiation=postgres")...)
			for _, test := range tests {
				for _, client := range tableClients {
					for _, sslmode := range []string{"disable", "require"} {
						name := test.user + strings.ReplaceAll(client, " ", "") + sslmode
						_, err := query(t, client, through(p, test.user, "application_name", name, "sslmode", sslmode), "select 1")
						if err != nil {
							t.Errorf("%s, %s, sslmode %s: %v", test.user, client, sslmode, err)
						}
						log := p.log.conversation(t, `"`+name+`\x00"`)
						log.mustHave(t, append(test.log, "now overriding authentication",
							`script -> client: "R" = Authentication "\x00\x00\x00\x08" = 8 bytes "\x00\x00\x00\x03" = AuthenticationCleartextPassword`,
							`client -> script: "p" = PasswordMessage (cleartext) "\x00\x00\x00\x0e" = 14 bytes "`+password+`\x00" = password`,
							`"\x00\x00\x00\x00" = AuthenticationOk`)...)
						log.mustLack(t, "channel binding:")
						for i, line := range log[:len(log)-1] {
							if line == "now overriding authentication" && !strings.HasPrefix(log[i+1], `server -> script: "R" = Authentication`) {
								t.Errorf("the line after it is %q", log[i+1])
							}
						}
					}
				}
			}
		})
	}
}

// A user who needs no password is not asked for one.
func TestOverrideTrust(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--override-auth")...)
	if _, err := query(t, pgx, through(p, "trust", "application_name", "trusted"), "select 1"); err != nil {
		t.Error(err)
	}
	p.log.conversation(t, `"trusted\x00"`).mustLack(t, "now overriding authentication", "PasswordMessage")
}

// A wrong password ends in the server's own error, with each method.
func TestOverrideWrongPassword(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--override-auth")...)
	for _, user := range []string{"password", "md5", "scram"} {
		for _, client := range tableClients {
			_, err := query(t, client, through(p, user, "password", "trout"), "select 1")
			if want := `password authentication failed for user "` + user + `"`; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: the client's error is not %q but %v", user, client, want, err)
			}
		}
	}
}

// A client that has no password leaves, and the log says no more than that.
func TestOverrideWithoutPassword(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--override-auth")...)
	_, err := query(t, psql15, through(p, "scram", "application_name", "nopassword", "password", ""), "select 1")
	if err == nil || !strings.Contains(err.Error(), "no password supplied") {
		t.Errorf("the client's error is %v", err)
	}
	log := p.log.conversation(t, `"nopassword\x00"`)
	log.mustHave(t, "client disconnected during authentication")
	log.mustLack(t, "channel binding:")
}

// The policy for channel binding towards the server.
func TestOverrideChannelBinding(t *testing.T) {
	tests := []struct {
		policy, sslmode, user string
		want                  string // in the log on success
		failure               string // of the client, and in the log
	}{
		{policy: "disable", sslmode: "require", user: "scram", want: `"n,,n=,r=`},
		{policy: "prefer", sslmode: "require", user: "scram", want: `"p=tls-server-end-point,,`},
		{policy: "require", sslmode: "require", user: "scram", want: `"p=tls-server-end-point,,`},
		{policy: "prefer", sslmode: "disable", user: "scram", want: `"n,,n=,r=`},
		{policy: "prefer", sslmode: "require", user: "md5", want: "PasswordMessage (MD5)"},
		{policy: "require", sslmode: "disable", user: "scram", failure: "channel binding required, but SSL not in use between pgpi and the server"},
		{policy: "require", sslmode: "require", user: "md5", failure: "channel binding required but not supported by server's authentication request"},
		{policy: "require", sslmode: "require", user: "password", failure: "channel binding required but not supported by server's authentication request"},
		{policy: "require", sslmode: "require", user: "trust", failure: "channel binding required, but server authenticated client without channel binding"},
	}
	for _, test := range tests {
		t.Run(test.policy+" "+test.sslmode+" "+test.user, func(t *testing.T) {
			p := start(t, append(to(startCluster(t, server18)), "--override-auth",
				"--server-channel-binding="+test.policy, "--server-sslmode="+test.sslmode)...)
			_, err := query(t, psql15, through(p, test.user, "application_name", "policy"), "select 1")
			log := p.log.conversation(t, `"policy\x00"`)
			if test.failure == "" {
				if err != nil {
					t.Error(err)
				}
				log.mustHave(t, test.want)
				return
			}
			if err == nil || !strings.Contains(err.Error(), "pgpi: overriding authentication failed: "+test.failure) {
				t.Errorf("the client's error is not %q but %v", test.failure, err)
			}
			log.mustHave(t, "overriding authentication failed: "+test.failure)
			log.mustLack(t, "PasswordMessage") // nobody was asked for what can't help
		})
	}
}
