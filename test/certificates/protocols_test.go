package certificates

// Why outcomes of protocols differ.
const noDHE, noX448 = "Go has no DHE", "Go has no X448"

// speaks returns the settings of testdata/servers.py, which are pairs.
func speaks(settings ...string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(settings); i += 2 {
		all[settings[i]] = settings[i+1]
	}
	return all
}

var protocols = []server{
	{name: "TLS 1.0", cert: by("root"), speaks: speaks("max", "TLSv1")},
	{name: "TLS 1.1", cert: by("root"), speaks: speaks("max", "TLSv1_1")},
	{name: "TLS 1.2", cert: by("root"), speaks: onlyTLS12},
	{name: "TLS 1.3", cert: by("root"), speaks: speaks("min", "TLSv1_3")},
	{name: "TLS 1.2, DHE", cert: by("root"), speaks: speaks("max", "TLSv1_2", "ciphers", "DHE", "dh", "ffdhe2048"), differs: noDHE},
	{name: "TLS 1.2, RSA key exchange", cert: by("root"), speaks: speaks("max", "TLSv1_2", "ciphers", "kRSA")},
	{name: "TLS 1.2, RSA key exchange, may only sign", cert: by("root", "keyUsage=digitalSignature"), speaks: speaks("max", "TLSv1_2", "ciphers", "kRSA")},
	{name: "TLS 1.2, CBC", cert: by("root"), speaks: speaks("max", "TLSv1_2", "ciphers", "ECDHE-RSA-AES128-SHA")},
	{name: "TLS 1.2, CCM", cert: by("root").with("P-256"), speaks: speaks("max", "TLSv1_2", "ciphers", "ECDHE-ECDSA-AES128-CCM")},
	{name: "TLS 1.2, brainpoolP256r1", cert: by("root"), speaks: speaks("max", "TLSv1_2", "ciphers", "ECDHE", "curve", "brainpoolP256r1")},
	{name: "TLS 1.3, X448", cert: by("root"), speaks: speaks("min", "TLSv1_3", "curve", "X448"), differs: noX448},
	{name: "TLS 1.3, P-521", cert: by("root"), speaks: speaks("min", "TLSv1_3", "curve", "secp521r1")},
	{name: "TLS 1.2, wants a client certificate", cert: by("root"), speaks: speaks("max", "TLSv1_2", "client_ca", "root")},
	{name: "TLS 1.3, wants a client certificate", cert: by("root"), speaks: speaks("min", "TLSv1_3", "client_ca", "root")},
	{name: "another ALPN protocol", cert: by("root"), speaks: speaks("alpn", "h2")},
	{name: "no TLS", speaks: speaks("reply", "N")},
	{name: "hangs up at the SSLRequest", speaks: speaks("reply", "")},
	{name: "an error for the SSLRequest", speaks: speaks("reply", "Eno SSLRequest, please\n\x00")},
	{name: "another byte for the SSLRequest", speaks: speaks("reply", "?")},
	{name: "S, then no TLS", speaks: speaks("reply", "SHTTP/1.1 400 Bad Request\r\n\r\n")},
}
