package launch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// sslModes are libpq's, and no-verify, which is node-postgres' name for a
// require that never looks at the certificate.
var sslModes = map[string]bool{
	"disable": true, "allow": true, "prefer": true, "require": true,
	"verify-ca": true, "verify-full": true, "no-verify": true,
}

// secure completes servers with the security that s asks for, by libpq's rules
// (libpq-connect and libpq-ssl in the PostgreSQL documentation). What the server
// leg could not keep is an error; notes tell what it keeps differently.
func secure(servers []ServerLeg, s settings, env variableMap, ownRoots bool) (notes []string, err error) {
	leg := ServerLeg{
		ChannelBinding: s.value("channel_binding"),
		Negotiation:    s.value("sslnegotiation"),
	}
	if err := checkWords(s); err != nil {
		return nil, err
	}
	if err := refuseLost(servers, s); err != nil {
		return nil, err
	}
	if leg.SSLMode, err = sslMode(s); err != nil {
		return nil, err
	}
	byTLS := func(server ServerLeg) bool { return server.Network() != "unix" } // libpq ignores sslmode there
	if leg.SSLMode != "disable" && slices.ContainsFunc(servers, byTLS) {
		if err := refuseLostTLS(s, env); err != nil {
			return nil, err
		}
		if notes, err = leg.readCertificates(s, env, ownRoots); err != nil {
			return nil, err
		}
	}
	for i := range servers {
		server := &servers[i]
		server.ChannelBinding = leg.ChannelBinding
		if !byTLS(*server) {
			server.SSLMode = "disable"
			continue
		}
		server.SSLMode, server.Negotiation = leg.SSLMode, leg.Negotiation
		server.RootCert, server.Cert, server.Key, server.KeyPassword = leg.RootCert, leg.Cert, leg.Key, leg.KeyPassword
	}
	return notes, nil
}

// checkWords refuses values that are no word of their parameter. It names the
// words rather than the value, which might be anything.
func checkWords(s settings) error {
	for _, rule := range []struct{ keyword, words string }{
		{"sslmode", "disable allow prefer require verify-ca verify-full no-verify"},
		{"channel_binding", "disable prefer require"},
		{"sslnegotiation", "postgres direct"},
		{"sslcertmode", "disable allow require"},
		{"gssencmode", "disable allow prefer require"},
		{"ssl_min_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"},
		{"ssl_max_protocol_version", "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"},
	} {
		value := s.value(rule.keyword)
		if value == "" || strings.Contains(" "+rule.words+" ", " "+value+" ") {
			continue
		}
		return fmt.Errorf("read %s: its %s is none of %s",
			s[rule.keyword].source, rule.keyword, strings.ReplaceAll(rule.words, " ", ", "))
	}
	return nil
}

// sslMode returns the mode of the server leg.
func sslMode(s settings) (string, error) {
	mode, system := s.value("sslmode"), s.value("sslrootcert") == "system"
	switch {
	case mode == "" && system:
		mode = "verify-full"
	case mode == "":
		mode = "prefer"
	case mode == "no-verify":
		mode = "require"
	case system && mode != "verify-full":
		return "", fmt.Errorf("read %s: sslrootcert=system goes with sslmode=verify-full alone, and its sslmode is %s", s["sslmode"].source, mode)
	}
	if s.value("sslnegotiation") == "direct" && (mode == "disable" || mode == "allow" || mode == "prefer") {
		return "", fmt.Errorf("read %s: sslnegotiation=direct needs an sslmode of require or more, and sslmode is %s", s["sslnegotiation"].source, mode)
	}
	return mode, nil
}

// refuseLost refuses what no leg of pgpi could keep.
func refuseLost(servers []ServerLeg, s settings) error {
	switch {
	case s.value("gssencmode") == "require":
		return lost(s, "gssencmode", "pgpi does not speak GSSAPI encryption")
	case s.value("socketFactory") != "":
		return lost(s, "socketFactory", "pgpi can't connect by a Java class")
	}
	for _, server := range servers {
		if server.Network() == "unix" && s.value("requirepeer") != "" {
			return lost(s, "requirepeer", "pgpi does not check who owns the server's process")
		}
	}
	return nil
}

// refuseLostTLS refuses what pgpi's TLS towards the server could not keep.
func refuseLostTLS(s settings, env variableMap) error {
	const noLists = "pgpi does not read certificate revocation lists"
	switch {
	case s.value("sslcrl") != "":
		return lost(s, "sslcrl", noLists)
	case s.value("sslcrldir") != "":
		return lost(s, "sslcrldir", noLists)
	case s.value("sslcertmode") == "require":
		return lost(s, "sslcertmode", "pgpi does not insist that the server asks for a client certificate")
	case s.value("ssl_min_protocol_version") == "TLSv1.3":
		return lost(s, "ssl_min_protocol_version", "pgpi takes TLS 1.2 too")
	case s.value("sslidentity") != "":
		return lost(s, "sslidentity", "pgpi reads client certificates from PEM files (sslcert and sslkey)")
	case s.value("sslaccept") == "strict":
		return lost(s, "sslaccept", "pgpi knows sslmode=verify-full and sslrootcert for that")
	case s.value("sslhostnameverifier") != "":
		return lost(s, "sslhostnameverifier", "pgpi can't verify by a Java class")
	}
	switch factory := s.value("sslfactory"); factory {
	case "", "org.postgresql.ssl.LibPQFactory", nonValidating:
	default:
		return lost(s, "sslfactory", "pgpi can't verify by a Java class")
	}
	if key := s.value("sslkey"); strings.Contains(key, ":") && !fileExists(key) && !onWindows {
		return lost(s, "sslkey", "pgpi can't use keys that an OpenSSL engine holds")
	}
	if list := env.homeFile(".postgresql/root.crl"); s.value("sslrootcert") == "" && fileExists(list) && fileExists(env.homeFile(".postgresql/root.crt")) {
		return fmt.Errorf("carry %s over to the server leg: %s; move it away to go on without", list, noLists)
	}
	return nil
}

// nonValidating is pgjdbc's TLS that takes every certificate.
const nonValidating = "org.postgresql.ssl.NonValidatingFactory"

func lost(s settings, keyword, why string) error {
	return fmt.Errorf("carry %s of %s over to the server leg: %s; take it away to go on without",
		keyword, s[keyword].source, why)
}

// readCertificates sets the files that prove the server to pgpi and pgpi to the
// server, with libpq's defaults in ~/.postgresql.
func (leg *ServerLeg) readCertificates(s settings, env variableMap, ownRoots bool) (notes []string, err error) {
	if err := leg.readRoot(s, env, ownRoots); err != nil {
		return nil, err
	}
	if s.value("sslcertmode") != "disable" {
		if err := leg.readClientCertificate(s, env); err != nil {
			return nil, err
		}
	}
	if s.value("ssl_max_protocol_version") != "" && s.value("ssl_max_protocol_version") != "TLSv1.3" {
		notes = append(notes, fmt.Sprintf("ssl_max_protocol_version of %s is not kept: pgpi takes the newest TLS that the server offers",
			s["ssl_max_protocol_version"].source))
	}
	if s.value("sslsni") == "0" {
		notes = append(notes, fmt.Sprintf("sslsni of %s is not kept: pgpi sends the server's name in the clear", s["sslsni"].source))
	}
	return notes, nil
}

// readRoot sets the root certificate. libpq ignores a file that does not exist, unless the mode is
// one that verifies (initialize_SSL in fe-secure-openssl.c).
func (leg *ServerLeg) readRoot(s settings, env variableMap, ownRoots bool) error {
	root, source := s.value("sslrootcert"), " of "+s["sslrootcert"].source
	verify := leg.SSLMode == "verify-ca" || leg.SSLMode == "verify-full"
	if root == "" {
		root, source = env.homeFile(".postgresql/root.crt"), ""
	}
	switch {
	case s.value("sslmode") == "no-verify" || s.value("sslfactory") == nonValidating:
		leg.RootCert = ""
		if verify {
			leg.SSLMode = "require"
		}
	case root == "system" || fileExists(root):
		leg.RootCert = root
	case verify && !ownRoots:
		return fmt.Errorf("verify the server by sslmode=%s of %s: root certificate file %s%s does not exist: provide it, "+
			"or take the roots of this machine with --server-sslrootcert system", leg.SSLMode, s["sslmode"].source, cmp.Or(root, "~/.postgresql/root.crt"), source)
	}
	return nil
}

// readClientCertificate sets the client certificate. libpq does without one where
// the file does not exist, but not without its key.
func (leg *ServerLeg) readClientCertificate(s settings, env variableMap) error {
	cert, key := s.value("sslcert"), s.value("sslkey")
	if cert == "" {
		cert = env.homeFile(".postgresql/postgresql.crt")
	}
	if !fileExists(cert) {
		return nil
	}
	if key == "" {
		key = env.homeFile(".postgresql/postgresql.key")
	}
	if !fileExists(key) {
		return fmt.Errorf("read the key of the client certificate %s: %s does not exist; set PGSSLKEY", cert, key)
	}
	leg.Cert, leg.Key, leg.KeyPassword = cert, key, s.value("sslpassword")
	return nil
}

// keeps tells whether s is the server of other with no less security: a command
// that was to use other may be led to s.
func (s ServerLeg) keeps(other ServerLeg) bool {
	const order = "disable allow prefer require verify-ca verify-full"
	return s.Host == other.Host && s.HostAddr == other.HostAddr && s.Port == other.Port &&
		strings.Index(order, s.SSLMode) >= strings.Index(order, other.SSLMode) &&
		(other.RootCert == "" || s.RootCert == other.RootCert) &&
		(other.Cert == "" || s.Cert == other.Cert && s.Key == other.Key) &&
		(other.ChannelBinding != "require" || s.ChannelBinding == "require")
}
