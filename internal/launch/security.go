package launch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// sslModes are libpq's, and no-verify, which is node-postgres' name for a require that never checks
// the certificate.
var sslModes = map[string]bool{
	"disable": true, "allow": true, "prefer": true, "require": true,
	"verify-ca": true, "verify-full": true, "no-verify": true,
}

// secure adds to servers the security that s asks for, by libpq's rules (libpq-connect and
// libpq-ssl in the PostgreSQL documentation). It is an error if the server leg can't keep
// something. The notes are about what it keeps differently.
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
	// Otherwise libpq ignores sslmode.
	byTLS := func(server ServerLeg) bool { return server.Network() != "unix" }
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

// checkWords refuses values that their parameter does not have. The error lists the valid words and
// not the value, which might be anything.
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
		return fmt.Errorf("read %s: its %s is not one of %s",
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
		return "", fmt.Errorf("read %s: sslrootcert=system requires sslmode=verify-full, but its sslmode is %s", s["sslmode"].source, mode)
	}
	if s.value("sslnegotiation") == "direct" && (mode == "disable" || mode == "allow" || mode == "prefer") {
		return "", fmt.Errorf("read %s: sslnegotiation=direct requires an sslmode of require or stronger, but sslmode is %s", s["sslnegotiation"].source, mode)
	}
	return mode, nil
}

// refuseLost refuses what neither leg of pgpi can keep.
func refuseLost(servers []ServerLeg, s settings) error {
	switch {
	case s.value("gssencmode") == "require":
		return lostError(s, "gssencmode", "pgpi does not speak GSSAPI encryption")
	case s.value("socketFactory") != "":
		return lostError(s, "socketFactory", "pgpi can't connect through a Java class")
	}
	for _, server := range servers {
		if server.Network() == "unix" && s.value("requirepeer") != "" {
			return lostError(s, "requirepeer", "pgpi does not check who owns the server's process")
		}
	}
	return nil
}

// refuseLostTLS refuses what pgpi's TLS towards the server can't keep.
func refuseLostTLS(s settings, env variableMap) error {
	const noLists = "pgpi does not read certificate revocation lists"
	switch {
	case s.value("sslcrl") != "":
		return lostError(s, "sslcrl", noLists)
	case s.value("sslcrldir") != "":
		return lostError(s, "sslcrldir", noLists)
	case s.value("sslcertmode") == "require":
		return lostError(s, "sslcertmode", "pgpi does not insist that the server asks for a client certificate")
	case s.value("ssl_min_protocol_version") == "TLSv1.3":
		return lostError(s, "ssl_min_protocol_version", "pgpi accepts TLS 1.2 too")
	case s.value("sslidentity") != "":
		return lostError(s, "sslidentity", "pgpi reads client certificates from PEM files (sslcert and sslkey)")
	case s.value("sslaccept") == "strict":
		return lostError(s, "sslaccept", "pgpi has sslmode=verify-full and sslrootcert for that")
	case s.value("sslhostnameverifier") != "":
		return lostError(s, "sslhostnameverifier", "pgpi can't verify with a Java class")
	}
	switch factory := s.value("sslfactory"); factory {
	case "", "org.postgresql.ssl.LibPQFactory", nonValidating:
	default:
		return lostError(s, "sslfactory", "pgpi can't verify with a Java class")
	}
	if key := s.value("sslkey"); strings.Contains(key, ":") && !fileExists(key) && !onWindows {
		return lostError(s, "sslkey", "pgpi can't use keys that an OpenSSL engine holds")
	}
	if list := env.homeFile(".postgresql/root.crl"); s.value("sslrootcert") == "" && fileExists(list) && fileExists(env.homeFile(".postgresql/root.crt")) {
		return fmt.Errorf("carry %s over to the server leg: %s; move it away to continue without it", list, noLists)
	}
	return nil
}

// nonValidating is pgjdbc's TLS that accepts every certificate.
const nonValidating = "org.postgresql.ssl.NonValidatingFactory"

func lostError(s settings, keyword, why string) error {
	return fmt.Errorf("carry %s of %s over to the server leg: %s; remove it to continue without it",
		keyword, s[keyword].source, why)
}

// readCertificates sets the files that prove the server to pgpi and pgpi to the server, with
// libpq's defaults in ~/.postgresql.
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

// readRoot sets the root certificate. libpq ignores a missing file, unless the mode verifies
// (initialize_SSL in fe-secure-openssl.c).
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
		return fmt.Errorf("verify the server with sslmode=%s of %s: root certificate file %s%s does not exist: provide it, "+
			"or use the roots of this machine with --server-sslrootcert system", leg.SSLMode, s["sslmode"].source, cmp.Or(root, "~/.postgresql/root.crt"), source)
	}
	return nil
}

// readClientCertificate sets the client certificate. libpq continues without one if its file is
// missing, but not if the file of its key is.
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

// keeps reports whether s is the same server as other with at least its security, so that a command
// that would have used other may be led to s.
func (s ServerLeg) keeps(other ServerLeg) bool {
	const order = "disable allow prefer require verify-ca verify-full"
	return s.Host == other.Host && s.HostAddr == other.HostAddr && s.Port == other.Port &&
		strings.Index(order, s.SSLMode) >= strings.Index(order, other.SSLMode) &&
		(other.RootCert == "" || s.RootCert == other.RootCert) &&
		(other.Cert == "" || s.Cert == other.Cert && s.Key == other.Key) &&
		(other.ChannelBinding != "require" || s.ChannelBinding == "require")
}
