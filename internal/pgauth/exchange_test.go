package pgauth

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
)

func TestPasswords(t *testing.T) {
	tests := []struct {
		name     string
		password string
		subtype  uint32
		data     string
		want     string
	}{
		{"cleartext", "friend", requestCleartext, "", "friend\x00"},
		{"cleartext, empty", "", requestCleartext, "", "\x00"},
		// printf %s md5$( (printf %s $(printf friendfrodo | md5sum | cut -c-32); printf '\1\2\3\4')
		// | md5sum)
		{"MD5", "friend", requestMD5, "\x01\x02\x03\x04", "md5c660bc8a4797523d5d6973e4bd48ec00\x00"},
		{"AuthenticationOk", "friend", requestOk, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body, err := New(Config{User: "frodo", Password: test.password}).Respond(test.subtype, []byte(test.data))
			if err != nil {
				t.Fatal(err)
			}
			if string(body) != test.want {
				t.Errorf("answer is %q, want %q", body, test.want)
			}
		})
	}
}

// TestScram plays whole dialogues: what is chosen, the gs2 flag, the proof, the verification of the
// server.
func TestScram(t *testing.T) {
	encrypted := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{readCertificate(t, "ecdsa-sha256")}}
	ed25519 := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{readCertificate(t, "ed25519")}}
	both := mechanisms(mechanismPlus, mechanismPlain)
	plain := mechanisms(mechanismPlain)
	tests := []struct {
		name      string
		policy    ChannelBinding
		tls       *tls.ConnectionState
		offer     []byte
		mechanism string
		gs2       string
	}{
		{"prefer, TLS, PLUS", PreferBinding, encrypted, both, mechanismPlus, "p=tls-server-end-point,,"},
		{"the default is prefer", "", encrypted, both, mechanismPlus, "p=tls-server-end-point,,"},
		{"PLUS last in the list", PreferBinding, encrypted, mechanisms(mechanismPlain, mechanismPlus), mechanismPlus,
			"p=tls-server-end-point,,"},
		{"prefer, TLS, no PLUS", PreferBinding, encrypted, plain, mechanismPlain, "y,,"},
		{"prefer, Ed25519, no PLUS", PreferBinding, ed25519, plain, mechanismPlain, "y,,"},
		{"prefer, no TLS", PreferBinding, nil, plain, mechanismPlain, "n,,"},
		{"disable, TLS, PLUS", DisableBinding, encrypted, both, mechanismPlain, "n,,"},
		{"disable, Ed25519, PLUS", DisableBinding, ed25519, both, mechanismPlain, "n,,"},
		{"disable, no TLS, PLUS", DisableBinding, nil, both, mechanismPlain, "n,,"},
		{"require, TLS, PLUS", RequireBinding, encrypted, both, mechanismPlus, "p=tls-server-end-point,,"},
		{"OAUTHBEARER first", PreferBinding, nil, mechanisms(mechanismOAuth, mechanismPlain), mechanismPlain, "n,,"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange := New(Config{User: "frodo", Password: "friend", ChannelBinding: test.policy, TLS: test.tls})
			server := &scramServer{password: "friend", salt: []byte("salt"), iterations: 3, nonce: "server"}
			if test.mechanism == mechanismPlus {
				server.binding, _ = ServerEndPoint(test.tls.PeerCertificates[0])
			}
			body, err := exchange.Respond(requestSASL, test.offer)
			if err != nil {
				t.Fatal(err)
			}
			mechanism, first := parseInitialResponse(t, body)
			if mechanism != test.mechanism || !strings.HasPrefix(first, test.gs2+"n=,r=") {
				t.Errorf("answer is %q %q, want %q and a message that begins with %q", mechanism, first, test.mechanism,
					test.gs2+"n=,r=")
			}
			if err := finish(t, exchange, server, first); err != nil {
				t.Fatal(err)
			}
			if body, err := exchange.Respond(requestOk, nil); body != nil || err != nil {
				t.Errorf("AuthenticationOk gets %q, %v", body, err)
			}
		})
	}
}

// finish plays a dialogue from the client-first-message to the end.
func finish(t *testing.T, exchange *Exchange, server *scramServer, first string) error {
	t.Helper()
	proof, err := exchange.Respond(requestSASLContinue, []byte(server.first(t, first)))
	if err != nil {
		return err
	}
	verdict, err := server.final(string(proof))
	if err != nil {
		return err
	}
	body, err := exchange.Respond(requestSASLFinal, []byte(verdict))
	if body != nil {
		t.Errorf("AuthenticationSASLFinal gets the answer %q", body)
	}
	return err
}

// begin starts SCRAM-SHA-256 without TLS and returns the client-first-message.
func begin(t *testing.T, exchange *Exchange) string {
	t.Helper()
	body, err := exchange.Respond(requestSASL, mechanisms(mechanismPlain))
	if err != nil {
		t.Fatal(err)
	}
	_, first := parseInitialResponse(t, body)
	return first
}

func TestScramPasswords(t *testing.T) {
	tests := []struct{ name, client, server string }{
		{"empty", "", ""},
		{"ASCII with a control character", "a\x01b", "a\x01b"},
		{"not UTF-8", "caf\xe9", "caf\xe9"},
		{"compatibility character", "ﬁsh", "fish"},
		{"decomposed", "cafe\u0301", "caf\u00e9"},
		{"no-break space", "a\u00a0b", "a b"},
		{"zero width space is a space to PostgreSQL", "a\u200bb", "a b"},
		{"soft hyphen vanishes", "a\u00adb", "ab"},
		{"nothing left", "\u00ad", "\u00ad"},
		{"unassigned in Unicode 3.2", "p\U0001f600ß", "p\U0001f600ß"},
		{"unassigned, though it normalizes to a letter", "\U0001f130", "\U0001f130"},
		{"mixed directions", "\u05d0a", "\u05d0a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange := New(Config{Password: test.client})
			server := &scramServer{password: test.server, salt: []byte("salt"), iterations: 1, nonce: "server"}
			if err := finish(t, exchange, server, begin(t, exchange)); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRefusals: each request that must not be answered names its reason.
func TestRefusals(t *testing.T) {
	encrypted := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{readCertificate(t, "ecdsa-sha256")}}
	ed25519 := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{readCertificate(t, "ed25519")}}
	both := mechanisms(mechanismPlus, mechanismPlain)
	tests := []struct {
		name    string
		policy  ChannelBinding
		tls     *tls.ConnectionState
		subtype uint32
		data    []byte
		want    string
	}{
		{"Kerberos V4", PreferBinding, nil, requestKerberosV4, nil, "Kerberos V4 authentication is not supported"},
		{"Kerberos V5", PreferBinding, nil, requestKerberosV5, nil, "Kerberos V5 authentication is not supported"},
		{"crypt", PreferBinding, nil, requestCrypt, []byte("ab"), "crypt password authentication is not supported"},
		{"SCM", PreferBinding, nil, requestSCM, nil, "SCM credential authentication is not supported"},
		{"GSSAPI", PreferBinding, nil, requestGSS, nil, "GSSAPI authentication is not supported"},
		{"GSSAPI goes on", PreferBinding, nil, requestGSSContinue, nil, "GSSAPI authentication is not supported"},
		{"SSPI", PreferBinding, nil, requestSSPI, nil, "SSPI authentication is not supported"},
		{"unknown", PreferBinding, nil, 4711, nil, "unknown (request 4711) authentication is not supported"},
		{"short salt", PreferBinding, nil, requestMD5, []byte("abc"), "3 bytes instead of 4"},
		{"OAUTHBEARER alone", PreferBinding, encrypted, requestSASL, mechanisms(mechanismOAuth), "OAUTHBEARER"},
		{"unknown mechanisms", PreferBinding, encrypted, requestSASL, mechanisms("A", "B\n"), `it offered "A", "B\n"`},
		{"no mechanisms", PreferBinding, encrypted, requestSASL, mechanisms(), "it offered none"},
		{"list without its end", PreferBinding, nil, requestSASL, []byte(mechanismPlain + "\x00"), "malformed"},
		{"name without its NUL", PreferBinding, nil, requestSASL, []byte(mechanismPlain), "malformed"},
		{"PLUS without TLS", PreferBinding, nil, requestSASL, both,
			"server offered SCRAM-SHA-256-PLUS authentication over a non-SSL connection"},
		{"PLUS with Ed25519", PreferBinding, ed25519, requestSASL, both, "signature algorithm is Ed25519"},
		{"PLUS, no certificate", PreferBinding, &tls.ConnectionState{}, requestSASL, both, "presented no certificate"},
		{"PLUS alone, disabled", DisableBinding, encrypted, requestSASL, mechanisms(mechanismPlus), "none of the server's"},
		{"required, no TLS", RequireBinding, nil, requestSASL, both, "channel binding required, but SSL not in use"},
		{"required, no PLUS", RequireBinding, encrypted, requestSASL, mechanisms(mechanismPlain),
			"channel binding is required, but server did not offer"},
		{"required, Ed25519", RequireBinding, ed25519, requestSASL, both, "signature algorithm is Ed25519"},
		{"required, cleartext", RequireBinding, encrypted, requestCleartext, nil,
			"channel binding required but not supported by server's authentication request, which is for cleartext"},
		{"required, MD5", RequireBinding, encrypted, requestMD5, []byte("salt"), "which is for MD5 password"},
		{"required, GSSAPI", RequireBinding, encrypted, requestGSS, nil, "which is for GSSAPI"},
		{"required, trust", RequireBinding, encrypted, requestOk, nil, "server authenticated client without channel binding"},
		{"continue before the start", PreferBinding, nil, requestSASLContinue, []byte("r=a,s=YQ==,i=1"), "out of turn"},
		{"final before the start", PreferBinding, nil, requestSASLFinal, []byte("v=YQ=="), "was not completed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange := New(Config{User: "frodo", Password: "canary", ChannelBinding: test.policy, TLS: test.tls})
			body, err := exchange.Respond(test.subtype, test.data)
			if err == nil {
				t.Fatalf("no error but the answer %q", body)
			}
			if body != nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("answer %q, error %q; want no answer and %q in the error", body, err, test.want)
			}
		})
	}
}

// TestServerFirst: challenges that must not be answered with a proof.
func TestServerFirst(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"empty", "", "malformed"},
		{"an extension we don't know", "m=1,r=NONCEx,s=YQ==,i=1", "malformed"},
		{"another nonce", "r=other,s=YQ==,i=1", "nonce"},
		{"salt not base64", "r=NONCEx,s=!,i=1", "field 's'"},
		{"no iterations", "r=NONCEx,s=YQ==,i=0", `"0" is not a positive number`},
		{"iterations not a number", "r=NONCEx,s=YQ==,i=many", `"many" is not a positive number`},
		{"endless work", "r=NONCEx,s=YQ==,i=2147483647", "2147483647 SCRAM iterations"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange := New(Config{Password: "friend"})
			exchange.nonce = func() string { return "NONCE" }
			begin(t, exchange)
			body, err := exchange.Respond(requestSASLContinue, []byte(test.message))
			if err == nil || body != nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("answer %q, error %v; want no answer and %q in the error", body, err, test.want)
			}
		})
	}
}

// TestServerFinal: a server that doesn't prove to know the password is refused, and the log gets no
// signature.
func TestServerFinal(t *testing.T) {
	signature := base64.StdEncoding.EncodeToString([]byte("a signature of thirty-two bytes."))
	tests := []struct{ name, message, want string }{
		{"another signature", "v=" + signature, "incorrect server signature"},
		{"malformed signature", "v=!" + signature, "incorrect server signature"},
		{"no attribute", signature, "incorrect server signature"},
		{"empty", "", "incorrect server signature"},
		{"an error", "e=other-error", `the server reports "other-error"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			exchange := New(Config{Password: "friend"})
			server := &scramServer{password: "friend", salt: []byte("salt"), iterations: 1, nonce: "server"}
			if _, err := exchange.Respond(requestSASLContinue, []byte(server.first(t, begin(t, exchange)))); err != nil {
				t.Fatal(err)
			}
			_, err := exchange.Respond(requestSASLFinal, []byte(test.message))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), signature) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

// TestOrder: with channel binding required AuthenticationOk is refused until the server has proved
// itself, and no request of a SASL dialogue is answered twice.
func TestOrder(t *testing.T) {
	state := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{readCertificate(t, "rsa-sha384")}}
	exchange := New(Config{Password: "friend", ChannelBinding: RequireBinding, TLS: state})
	server := &scramServer{password: "friend", salt: []byte("salt"), iterations: 1, nonce: "server"}
	server.binding, _ = ServerEndPoint(state.PeerCertificates[0])
	offer := mechanisms(mechanismPlus, mechanismPlain)

	refused := func(when string, subtype uint32, data []byte) {
		t.Helper()
		if body, err := exchange.Respond(subtype, data); err == nil {
			t.Errorf("%s, request %d is answered with %q", when, subtype, body)
		}
	}
	respond := func(subtype uint32, data string) []byte {
		t.Helper()
		body, err := exchange.Respond(subtype, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	refused("before SASL", requestOk, nil)
	_, first := parseInitialResponse(t, respond(requestSASL, string(offer)))
	refused("after the first message", requestOk, nil)
	refused("after the first message", requestSASL, offer)
	challenge := server.first(t, first)
	proof := respond(requestSASLContinue, challenge)
	refused("after the proof", requestOk, nil)
	refused("after the proof", requestSASLContinue, []byte(challenge))
	verdict, err := server.final(string(proof))
	if err != nil {
		t.Fatal(err)
	}
	respond(requestSASLFinal, verdict)
	refused("at the end", requestSASLFinal, []byte(verdict))
	respond(requestOk, "")
}

// A server may leave its proof out where channel binding is not required: libpq lets it, so pgpi
// does too.
func TestOkWithoutServerFinal(t *testing.T) {
	exchange := New(Config{Password: "friend"})
	begin(t, exchange)
	if _, err := exchange.Respond(requestOk, nil); err != nil {
		t.Error(err)
	}
}
