package e2e

import "strings"

// outcome is how a connection turns out.
type outcome struct {
	leg         string   // the server leg: plain, afterRequest or direct; "" where there is none
	clientError string   // a part of what the client says; "" for success
	log         []string // parts of lines in pgpi's log
	notInLog    []string
}

// expect derives a cell's outcome: first how pgpi reaches the server, by libpq's rules, then the
// login between client and server.
func (c cell) expect() outcome {
	o := c.serverLeg()
	o.log = append(o.log, map[string]string{
		plain:        "no SSLRequest: continuing in plaintext",
		afterRequest: `script -> client: "S" = SSL supported`,
		direct:       "direct TLSv1.3/TLS_",
	}[c.leg])
	if o.clientError != "" {
		o.notInLog = append(o.notInLog, "channel binding:")
		return o
	}
	switch o.leg {
	case plain:
		o.notInLog = append(o.notInLog, "connection established with server")
	case afterRequest:
		o.log = append(o.log, `server -> script: "S" = SSL supported`, "connection established with server")
	case direct:
		o.log = append(o.log, "connection established with server")
		o.notInLog = append(o.notInLog, `script -> server: "\x00\x00\x00\x08\x04\xd2\x16\x2f" = SSLRequest`)
	}
	why, diagnosis := c.login(o.leg)
	o.clientError = why
	switch {
	case diagnosis != "":
		o.log = append(o.log, "channel binding: "+diagnosis)
		o.log = append(o.log, c.remedies(o.leg)...)
	case why == "":
		o.log = append(o.log, `server -> client: "Z" = ReadyForQuery`, " hung up")
		fallthrough
	default:
		o.notInLog = append(o.notInLog, "channel binding:")
	}
	return o
}

// serverLeg returns how pgpi reaches the server, or why it can't.
func (c cell) serverLeg() outcome {
	mode, verify := c.tls.name, c.tls.root
	way := afterRequest
	if c.negotiation == "direct" || c.negotiation == "mimic" && c.leg == direct {
		way = direct
		if mode == "allow" || mode == "prefer" {
			mode = "require" // libpq allows nothing weaker for direct TLS
		}
	}
	switch {
	case mode == "disable", mode == "allow":
		return outcome{leg: plain}

	case way == direct && c.server != server18:
		return outcome{
			clientError: "pgpi: TLS handshake with server failed",
			log:         []string{"TLS handshake with server failed", "as servers older than 17 do to direct TLS: use --server-sslnegotiation postgres"},
		}
	case c.server == noTLS && mode == "prefer":
		return outcome{leg: plain, log: []string{`server -> script: "N" = SSL not supported`, "continuing without encryption"}}
	case c.server == noTLS:
		if mode == "require" && verify != "" {
			mode = "verify-ca" // as in libpq: an existing root is used
		}
		return outcome{
			clientError: "server does not support SSL, but SSL was required",
			log:         []string{`server -> script: "N" = SSL not supported`, "server does not support TLS, but sslmode " + mode + " requires it: enable it on the server, or allow less with --server-sslmode"},
		}

	case verify == wrong && mode == "prefer":
		return outcome{leg: plain, log: []string{
			"certificate verify failed: unable to get local issuer certificate",
			"sslmode prefer: falling back to a connection without TLS, because the TLS handshake failed",
		}}
	case verify == wrong:
		return outcome{
			clientError: "certificate verify failed: unable to get local issuer certificate",
			log: []string{
				"TLS handshake with server failed: certificate verify failed: unable to get local issuer certificate",
				"--server-sslrootcert",
			},
		}
	}
	return outcome{leg: way}
}

// login returns why the client and the server don't agree, and what pgpi says about it. A server
// with TLS on its leg offers SCRAM with channel binding. No client can do that with a certificate
// that is not the server's.
func (c cell) login(serverLeg string) (why, diagnosis string) {
	const (
		bound   = "the client binds its login to the certificate of pgpi"
		left    = "the client left at the offer of SCRAM-SHA-256-PLUS"
		without = "the client left at an offer without SCRAM-SHA-256-PLUS: it may have no password yet (psql then asks its user, and connects again), or have channel_binding=require"
	)
	if c.auth != "scram" {
		return c.loginWithoutSCRAM(), ""
	}
	offered, libpq := serverLeg != plain, c.client != pgx
	switch {
	case offered && c.leg != plain && c.binding != "disable":
		return "SCRAM channel binding check failed", bound
	case offered && c.leg == plain && libpq && c.binding == "require":
		return "channel binding required, but SSL not in use", left
	case offered && c.leg == plain && libpq:
		return "server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection", left
	case offered && c.leg == plain && c.binding == "require":
		return "channel binding required but channel binding data is not available", left
	case !offered && c.leg == plain && libpq && c.binding == "require":
		return "channel binding required, but SSL not in use", without
	case !offered && libpq && c.binding == "require":
		return "channel binding is required, but server did not offer an authentication method that supports channel binding", without
	case !offered && c.binding == "require":
		return "channel binding required but server does not support SCRAM-SHA-256-PLUS", without
	}
	return "", ""
}

// loginWithoutSCRAM fails with channel_binding=require, with pgpi or without.
func (c cell) loginWithoutSCRAM() string {
	switch {
	case c.binding != "require":
		return ""
	case c.client == pgx:
		return "channel binding required"
	case c.auth == "trust":
		return "channel binding required, but server authenticated client without channel binding"
	}
	return "channel binding required but not supported by server's authentication request"
}

// remedies returns some that fit the client's leg, and must be in the log.
func (c cell) remedies(serverLeg string) []string {
	if c.leg == plain && serverLeg != plain {
		return []string{"--hide-channel-binding", "TLS on the client, with channel_binding=disable", "--override-auth", "--server-sslmode disable"}
	}
	remedies := []string{"channel_binding=disable on the client", "--override-auth"}
	if strings.HasSuffix(c.leg, "TLS") {
		remedies = append(remedies, "--client-ssl-cert and --client-ssl-key")
	}
	return remedies
}
