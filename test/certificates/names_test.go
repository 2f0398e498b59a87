package certificates

// called requests a server certificate with a subject and alternative names.
func called(subject string, alternatives ...string) request {
	exts := []string{isLeaf}
	for _, names := range alternatives {
		exts = append(exts, "subjectAltName="+names)
	}
	return request{issuer: "root", subject: subject, exts: exts}
}

const nobody = "/O=nobody"

var names = []server{
	{name: "another name", cert: called(nobody, "DNS:other.example")},
	{name: "several names", cert: called(nobody, "DNS:other.example,DNS:db.example,IP:10.0.0.1")},
	{name: "capitals", cert: called(nobody, "DNS:DB.Example")},
	{name: "a CN", cert: called("/CN=db.example")},
	{name: "another CN", cert: called("/CN=other.example")},
	{name: "a CN beside another DNS name", cert: called("/CN=db.example", "DNS:other.example")},
	{name: "a CN beside an address", cert: called("/CN=db.example", "IP:10.0.0.1")},
	{name: "a CN beside an e-mail address", cert: called("/CN=db.example", "email:a@other.example")},
	{name: "two CNs", cert: called("/CN=other.example/CN=db.example")},
	{name: "no name", cert: called(nobody)},
	{name: "an address", host: "127.0.0.1", cert: called(nobody, "IP:127.0.0.1")},
	{name: "an address as a DNS name", host: "127.0.0.1", cert: called(nobody, "DNS:127.0.0.1")},
	{name: "an address as the CN", host: "127.0.0.1", cert: called("/CN=127.0.0.1")},
	{name: "an address as the CN beside a DNS name", host: "127.0.0.1", cert: called("/CN=127.0.0.1", "DNS:db.example")},
	{name: "an address as the CN beside another", host: "127.0.0.1", cert: called("/CN=127.0.0.1", "IP:10.0.0.1")},
	{name: "an address where the name is asked for", cert: called(nobody, "IP:127.0.0.1")},
	{name: "a wildcard", cert: called(nobody, "DNS:*.example")},
	{name: "a wildcard for two labels", host: "a.db.example", cert: called(nobody, "DNS:*.example")},
	{name: "a wildcard for no label", host: "example", cert: called(nobody, "DNS:*.example")},
	{name: "a wildcard for a part of a label", cert: called(nobody, "DNS:d*.example")},
	{name: "a wildcard in the middle", host: "a.db.example", cert: called(nobody, "DNS:a.*.example")},
	{name: "a wildcard alone", host: "example", cert: called(nobody, "DNS:*")},
	{name: "a wildcard as the CN", cert: called("/CN=*.example")},
	{name: "a wildcard for an address", host: "127.0.0.1", cert: called(nobody, "DNS:*.0.0.1")},
	{name: "a dot at the end", cert: called(nobody, "DNS:db.example.")},
	{name: "an underscore", host: "my_db.example", cert: called(nobody, "DNS:my_db.example")},
	{name: "a NUL in the name", cert: request{issuer: "root", exts: list("2.5.29.17=DER:30:13:82:11:64:62:2e:65:78:61:6d:70:6c:65:00:2e:65:76:69:6c:21")}},
}

// below requests a server certificate whose CN is the server's name, issued by an authority with
// constraints.
func below(issuer string) request {
	return request{issuer: issuer, subject: "/CN=db.example", exts: list(isLeaf)}
}

var constraints = []server{
	{name: "a name that is permitted", cert: by("of example"), sends: list("of example")},
	{name: "a name that is not permitted", cert: by("of elsewhere"), sends: list("of elsewhere")},
	{name: "a name that is excluded", cert: by("of all but it"), sends: list("of all but it")},
	{name: "a CN that is permitted", cert: below("of example"), sends: list("of example")},
	{name: "a CN that is not permitted", cert: below("of elsewhere"), sends: list("of elsewhere")},
	{name: "a CN that is excluded", cert: below("of all but it"), sends: list("of all but it")},
	{name: "an address that is not permitted", host: "127.0.0.1", cert: request{issuer: "of 10.0.0.0", exts: list("subjectAltName=IP:127.0.0.1")}, sends: list("of 10.0.0.0")},
	{name: "a subject that is permitted", cert: by("of a directory"), sends: list("of a directory"), differs: "Go has no constraints on names of directories, and refuses those that are critical"},
	{name: "a policy that is required", cert: by("policy required"), sends: list("policy required")},
	{name: "a critical extension that nobody knows", cert: by("root", "1.2.3.4=critical,DER:05:00")},
	{name: "an extension that nobody knows", cert: by("root", "1.2.3.4=DER:05:00")},
	{name: "a negative serial number", cert: by("root").signed("-set_serial", "-5"), differs: "Go cannot read it"},
	{name: "the serial number 0", cert: by("root").signed("-set_serial", "0")},
	{name: "a serial number of 21 bytes", cert: by("root").signed("-set_serial", "0x010203040506070809101112131415161718192021")},
	{name: "revoked", revoked: true, cert: by("root"), differs: "libpq has sslcrl; pgpi has no option for lists of revoked certificates"},
}
