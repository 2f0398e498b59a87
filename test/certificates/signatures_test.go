package certificates

// pss returns the arguments for RSA-PSS with SHA-256 and a salt of some bytes.
func pss(salt string, options ...string) []string {
	args := []string{"-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:" + salt}
	for _, option := range options {
		args = append(args, "-sigopt", option)
	}
	return args
}

// Why outcomes of signatures and keys differ.
const (
	systemsRoots = "with the system's roots, whose keys Go does not show, pgpi cannot check more than Go"
	anotherMask  = "Go has no RSA-PSS with a mask of another hash"
	withheld     = "OpenSSL's servers withhold such a certificate from a client that does not list its key or signature, as Go's TLS does not"
	noBrainpool  = "Go has no brainpool curves"
	noEd448      = "Go has no Ed448"
	shortKeys    = "OpenSSL refuses RSA keys below 2048 bits at security level 2, which is not the same everywhere: pgpi warns"
)

var signatures = []server{
	{name: "RSA-PSS, salt of 32", cert: by("root").signed(pss("32")...)},
	{name: "RSA-PSS, salt of 0xDE", cert: by("root").signed(pss("222")...), differs: systemsRoots},
	{name: "RSA-PSS, salt of 0", cert: by("root").signed(pss("0")...), differs: systemsRoots},
	{name: "RSA-PSS, salt of 20", cert: by("root").signed(pss("20")...), differs: systemsRoots},
	{name: "RSA-PSS, SHA-384, salt of 32", cert: by("root").signed(append(pss("32"), "-sha384")...), differs: systemsRoots},
	{name: "RSA-PSS, SHA-384, salt of 48", cert: by("root").signed(append(pss("48"), "-sha384")...)},
	{name: "RSA-PSS, SHA-512, salt of 64", cert: by("root").signed(append(pss("64"), "-sha512")...)},
	{name: "RSA-PSS, mask of SHA-1", cert: by("root").signed(pss("32", "rsa_mgf1_md:sha1")...), differs: anotherMask},
	{name: "RSA-PSS, mask of SHA-512", cert: by("root").signed(pss("32", "rsa_mgf1_md:sha512")...), differs: anotherMask},
	{name: "RSA-PSS, salt of 0xDE, intermediate", cert: by("salt 0xDE"), sends: list("salt 0xDE"), differs: systemsRoots},
	{name: "RSA-PSS, salt of 0xDE, both", cert: by("salt 0xDE").signed(pss("222")...), sends: list("salt 0xDE"), differs: systemsRoots},
	{name: "RSA-PSS, salt of 0xDE, by a good intermediate", cert: by("intermediate").signed(pss("222")...), sends: list("intermediate")},
	{name: "RSA-PSS, salt of 0xDE, root", cert: by("root of salt 0xDE"), roots: list("root of salt 0xDE")},
	{name: "RSA-PSS, salt of 0xDE, self-signed, trusted", cert: by("").signed(pss("222")...), roots: list(itself)},
	{name: "RSA-PSS, salt of 0xDE, self-signed, unknown", cert: by("").signed(pss("222")...)},
	{name: "RSA-PSS, salt of 0xDE, by a stranger", cert: by("stranger").signed(pss("222")...), differs: systemsRoots},
	{
		name: "RSA-PSS, salt of 0xDE, by a namesake of the root", cert: by("anonymous namesake", noKeyID, noIssuer).signed(pss("222")...),
		roots: list("anonymous"), differs: systemsRoots,
	},
	{name: "RSA-PSS, salt of 0xDE, by one that is not a CA", cert: by("no CA").signed(pss("222")...), sends: list("no CA")},
	{name: "RSA-PSS, salt of 0xDE, for another name", cert: request{issuer: "root", exts: list("subjectAltName=DNS:other.example"), sign: pss("222")}, differs: systemsRoots},
	{name: "RSA-PSS, SHA-224", cert: by("root").signed(append(pss("28"), "-sha224")...), differs: withheld},
	{name: "RSA-PSS, SHA-224, intermediate", cert: by("PSS of SHA-224"), sends: list("PSS of SHA-224"), differs: systemsRoots},
	{name: "RSA-PSS, SHA-1", cert: by("root").signed(append(pss("20"), "-sha1")...), differs: withheld},
	{name: "RSA-PSS, SHA-1, intermediate", cert: by("PSS of SHA-1"), sends: list("PSS of SHA-1"), differs: systemsRoots},
	{name: "RSA-PSS alone, key of the root", cert: by("root of RSA-PSS"), roots: list("root of RSA-PSS"), differs: systemsRoots},
	{name: "RSA-PSS alone, key of the server", cert: by("root").with("RSA-PSS"), differs: withheld},
	{name: "SHA-1", cert: by("root").signed("-sha1")},
	{name: "SHA-1, intermediate", cert: by("SHA-1"), sends: list("SHA-1")},
	{name: "SHA-1, root", cert: by("root of SHA-1"), roots: list("root of SHA-1")},
	{name: "MD5", cert: by("root").signed("-md5"), differs: withheld},
	{name: "MD5, intermediate", cert: by("MD5"), sends: list("MD5")},
	{name: "MD5, root", cert: by("root of MD5"), roots: list("root of MD5")},
	{name: "SHA-224", cert: by("root").signed("-sha224"), differs: withheld},
	{name: "SHA-224, intermediate", cert: by("SHA-224"), sends: list("SHA-224"), differs: systemsRoots},
	{name: "SHA3-256", cert: by("root").signed("-sha3-256"), differs: withheld},
	{name: "SHA3-256, intermediate", cert: by("SHA3-256"), sends: list("SHA3-256"), differs: systemsRoots},
	{name: "ECDSA with SHA-224, intermediate", cert: by("ECDSA with SHA-224"), sends: list("ECDSA with SHA-224"), roots: list("root of P-256"), differs: systemsRoots},
}

var keys = []server{
	{name: "P-224", cert: by("root").with("P-224")},
	{name: "P-256", cert: by("root").with("P-256")},
	{name: "P-384", cert: by("root").with("P-384")},
	{name: "P-521", cert: by("root").with("P-521")},
	{name: "secp256k1", cert: by("root").with("secp256k1")},
	{name: "brainpoolP256r1", cert: by("root").with("brainpool")},
	{name: "brainpoolP256r1, TLS 1.2", cert: by("root").with("brainpool"), speaks: onlyTLS12},
	{name: "brainpoolP256r1, intermediate", cert: by("brainpoolP256r1"), sends: list("brainpoolP256r1"), differs: noBrainpool},
	{name: "brainpoolP256r1, root", cert: by("root of brainpoolP256r1"), roots: list("root of brainpoolP256r1"), noStart: true, differs: noBrainpool},
	{name: "brainpoolP256r1, root beside others", cert: by("signed by brainpoolP256r1"), sends: list("signed by brainpoolP256r1"), roots: list("root", "root of brainpoolP256r1"), differs: noBrainpool},
	{name: "brainpoolP256r1, a root that is not needed", cert: by("root"), roots: list("root of brainpoolP256r1", "root")},
	{name: "P-256 with explicit parameters", cert: by("root").with("explicit"), differs: "Go cannot read them, not even where nothing is verified"},
	{name: "Ed25519", cert: by("root").with("Ed25519")},
	{name: "Ed25519, root", cert: by("root of Ed25519"), roots: list("root of Ed25519")},
	{name: "Ed448", cert: by("root").with("Ed448"), differs: withheld},
	{name: "Ed448, TLS 1.2", cert: by("root").with("Ed448"), speaks: onlyTLS12, differs: withheld},
	{name: "Ed448, intermediate", cert: by("Ed448"), sends: list("Ed448"), differs: withheld},
	{name: "Ed448, root", cert: by("root of Ed448"), roots: list("root of Ed448"), differs: withheld},
	{name: "Ed448, root of an RSA intermediate", cert: by("signed by Ed448"), sends: list("signed by Ed448"), roots: list("root of Ed448"), differs: noEd448},
	{name: "RSA 768", cert: by("root").with("RSA 768"), differs: "Go's TLS takes no RSA keys below 1024 bits"},
	{name: "RSA 1024", cert: by("root").with("RSA 1024"), weak: `the RSA key of "CN=server" has 1024 bits, fewer than 2048: `, differs: shortKeys},
	{name: "RSA 1024, self-signed, trusted", cert: by("").with("RSA 1024"), roots: list(itself), weak: `the RSA key of "CN=server" has 1024 bits`, differs: shortKeys},
	{name: "RSA 1024, intermediate", cert: by("RSA 1024"), sends: list("RSA 1024"), weak: `the RSA key of "CN=RSA 1024" has 1024 bits`, differs: shortKeys},
	{name: "RSA 1024, root", cert: by("root of RSA 1024"), roots: list("root of RSA 1024"), weak: `the RSA key of "CN=root of RSA 1024" has 1024 bits`, differs: shortKeys},
	{name: "RSA 1536", cert: by("root").with("RSA 1536"), weak: `the RSA key of "CN=server" has 1536 bits`, differs: shortKeys},
	{name: "RSA 2047", cert: by("root").with("RSA 2047"), weak: `the RSA key of "CN=server" has 2047 bits`},
	{name: "RSA 3072", cert: by("root").with("RSA 3072")},
	{name: "RSA 8208", cert: by("root").with(bigKey), differs: "Go's TLS takes no RSA keys above 8192 bits"},
	{name: "RSA with the exponent 3", cert: by("root").with("RSA e=3")},
}
