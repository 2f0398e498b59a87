package certificates

// Extensions, as openssl writes them.
const (
	san      = "subjectAltName=DNS:db.example"
	isCA     = "basicConstraints=critical,CA:TRUE"
	isLeaf   = "basicConstraints=critical,CA:FALSE"
	signs    = "keyUsage=critical,keyCertSign,cRLSign"
	forAll   = "extendedKeyUsage=anyExtendedKeyUsage"
	clients  = "extendedKeyUsage=clientAuth"
	noKeyID  = "subjectKeyIdentifier=none"
	noIssuer = "authorityKeyIdentifier=none"
)

// authorities issue certificates. openssl adds the identifier of the key to each, unless
// told otherwise.
var authorities = map[string]request{
	"root":                    {exts: []string{isCA, signs}},
	"intermediate":            {issuer: "root", exts: []string{isCA, signs}},
	"lower":                   {issuer: "intermediate", exts: []string{isCA, signs}},
	"stranger":                {exts: []string{isCA, signs}},
	"anonymous":               {exts: []string{isCA, signs, noKeyID, noIssuer}},
	"namesake":                {subject: "/CN=root", exts: []string{isCA, signs}},
	"anonymous namesake":      {subject: "/CN=anonymous", exts: []string{isCA, signs, noKeyID, noIssuer}},
	"ROOT":                    {subject: "/CN=ROOT", keyOf: "root", exts: []string{isCA, signs}},
	"expired root":            {subject: "/CN=root", keyOf: "root", exts: []string{isCA, signs}, from: "20200101", to: "20210101"},
	"old root":                {exts: []string{isCA, signs}, from: "20200101", to: "20210101"},
	"expired intermediate":    {issuer: "root", exts: []string{isCA, signs}, from: "20200101", to: "20210101"},
	"cross-signed":            {subject: "/CN=intermediate", keyOf: "intermediate", issuer: "old root", exts: []string{isCA, signs}},
	"no CA":                   {issuer: "root", exts: []string{isLeaf}},
	"no constraints":          {issuer: "root", exts: []string{"keyUsage=digitalSignature,keyCertSign"}},
	"no certificates":         {issuer: "root", exts: []string{isCA, "keyUsage=digitalSignature"}},
	"root of no certificates": {exts: []string{isCA, "keyUsage=digitalSignature"}},
	"root.no-constraints":     {exts: []string{signs}},
	"root.no-usage":           {exts: []string{isCA}},
	"nobody below":            {issuer: "root", exts: []string{"basicConstraints=critical,CA:TRUE,pathlen:0", signs}},
	"below nobody":            {issuer: "nobody below", exts: []string{isCA, signs}},
	"version 1 root":          {},
	"version 1 intermediate":  {issuer: "root", exts: nil},

	"for clients":      {issuer: "root", exts: []string{isCA, signs, clients}},
	"for all":          {issuer: "root", exts: []string{isCA, signs, forAll}},
	"root for clients": {exts: []string{isCA, signs, clients}},

	"salt 0xDE":          {issuer: "root", exts: []string{isCA, signs}, sign: pss("222")},
	"root of salt 0xDE":  {exts: []string{isCA, signs}, sign: pss("222")},
	"PSS of SHA-224":     {issuer: "root", exts: []string{isCA, signs}, sign: append(pss("28"), "-sha224")},
	"PSS of SHA-1":       {issuer: "root", exts: []string{isCA, signs}, sign: append(pss("20"), "-sha1")},
	"root of RSA-PSS":    {key: "RSA-PSS", exts: []string{isCA, signs}},
	"SHA-1":              {issuer: "root", exts: []string{isCA, signs}, sign: []string{"-sha1"}},
	"root of SHA-1":      {exts: []string{isCA, signs}, sign: []string{"-sha1"}},
	"MD5":                {issuer: "root", exts: []string{isCA, signs}, sign: []string{"-md5"}},
	"root of MD5":        {exts: []string{isCA, signs}, sign: []string{"-md5"}},
	"SHA-224":            {issuer: "root", exts: []string{isCA, signs}, sign: []string{"-sha224"}},
	"SHA3-256":           {issuer: "root", exts: []string{isCA, signs}, sign: []string{"-sha3-256"}},
	"root of P-256":      {key: "P-256", exts: []string{isCA, signs}},
	"ECDSA with SHA-224": {issuer: "root of P-256", exts: []string{isCA, signs}, sign: []string{"-sha224"}},

	"root of Ed25519":           {key: "Ed25519", exts: []string{isCA, signs}},
	"root of Ed448":             {key: "Ed448", exts: []string{isCA, signs}},
	"Ed448":                     {key: "Ed448", issuer: "root", exts: []string{isCA, signs}},
	"signed by Ed448":           {issuer: "root of Ed448", exts: []string{isCA, signs}},
	"root of brainpoolP256r1":   {key: "brainpool", exts: []string{isCA, signs}},
	"brainpoolP256r1":           {key: "brainpool", issuer: "root", exts: []string{isCA, signs}},
	"signed by brainpoolP256r1": {issuer: "root of brainpoolP256r1", exts: []string{isCA, signs}},
	"root of RSA 1024":          {key: "RSA 1024", exts: []string{isCA, signs}},
	"RSA 1024":                  {key: "RSA 1024", issuer: "root", exts: []string{isCA, signs}},

	"of example":      {issuer: "root", exts: []string{isCA, signs, "nameConstraints=critical,permitted;DNS:example"}},
	"of elsewhere":    {issuer: "root", exts: []string{isCA, signs, "nameConstraints=critical,permitted;DNS:elsewhere"}},
	"of all but it":   {issuer: "root", exts: []string{isCA, signs, "nameConstraints=critical,excluded;DNS:db.example"}},
	"of 10.0.0.0":     {issuer: "root", exts: []string{isCA, signs, "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0"}},
	"of a directory":  {issuer: "root", exts: []string{isCA, signs, "nameConstraints=critical,permitted;dirName:somebody"}},
	"policy required": {issuer: "root", exts: []string{isCA, signs, "policyConstraints=critical,requireExplicitPolicy:0"}},
}

// by requests a server certificate that an authority issues for the server's name, with further
// extensions.
func by(issuer string, exts ...string) request {
	return request{issuer: issuer, exts: append([]string{san}, exts...)}
}

// with returns the request with another key.
func (r request) with(key string) request {
	r.key = key
	return r
}

// signed returns the request with another signature.
func (r request) signed(args ...string) request {
	r.sign = args
	return r
}

// valid returns the request with other dates.
func (r request) valid(from, to string) request {
	r.from, r.to = from, to
	return r
}

// anyChain is why some outcomes of chains differ.
const anyChain = "Go takes any chain that is valid, OpenSSL only the first that it finds"

func list(names ...string) []string { return names }

var chains = []server{
	{name: "issued by the root", cert: by("root", isLeaf)},
	{name: "by an intermediate", cert: by("intermediate", isLeaf), sends: list("intermediate")},
	{name: "by an intermediate that is not sent", cert: by("intermediate")},
	{name: "by an intermediate that is beside the root", cert: by("intermediate"), roots: list("intermediate", "root")},
	{name: "by two intermediates", cert: by("lower"), sends: list("lower", "intermediate")},
	{name: "by two intermediates, upside down", cert: by("lower"), sends: list("intermediate", "lower")},
	{name: "sent with its root", cert: by("intermediate"), sends: list("intermediate", "root")},
	{name: "sent with others, and twice", cert: by("intermediate"), sends: list("stranger", "intermediate", "intermediate")},
	{
		name: "an intermediate alone is trusted", cert: by("intermediate"), sends: list("intermediate"), roots: list("intermediate"), noStart: true,
		differs: "libpq says at each connection that the root is missing, pgpi before it starts; of the system's store Go trusts all that is there, OpenSSL only roots",
	},
	{name: "by a stranger", cert: by("stranger")},
	{name: "by a stranger who is sent", cert: by("stranger"), sends: list("stranger")},
	{name: "self-signed, unknown", cert: by("")},
	{name: "self-signed, trusted", cert: by(""), roots: list(itself)},
	{name: "self-signed, trusted, CA:FALSE", cert: by("", isLeaf), roots: list(itself)},
	{name: "self-signed, trusted, CA:TRUE", cert: by("", isCA), roots: list(itself)},
	{name: "the root itself", cert: request{issuer: itself + " root"}, host: "root"},
	{name: "a root without usages itself", cert: request{issuer: itself + " root.no-usage"}, host: "root.no-usage", roots: list("root.no-usage")},
	{name: "by a namesake of the root", cert: by("namesake")},
	{name: "by a namesake of the root, no identifiers", cert: by("anonymous namesake", noKeyID, noIssuer), roots: list("anonymous")},
	{name: "two roots of one name", cert: by("root", noIssuer), roots: list("namesake", "root"), differs: anyChain},
	{name: "with the identifier of another key", cert: by("root", "2.5.29.35=DER:30:06:80:04:01:02:03:04")},
	{name: "with the serial number of another issuer", cert: by("root", "2.5.29.35=DER:30:03:82:01:07")},
	{
		name: "the root's name in capitals", cert: by("ROOT"),
		differs: "Go compares names byte by byte, OpenSSL without regard to case",
	},
	{name: "expired", cert: by("root").valid("20200101", "20210101")},
	{name: "not yet valid", cert: by("root").valid("20400101", "20450101")},
	{name: "by an expired intermediate", cert: by("expired intermediate"), sends: list("expired intermediate")},
	{name: "by an expired root", cert: by("old root"), roots: list("old root")},
	{name: "by a root that was renewed", cert: by("root"), roots: list("expired root", "root")},
	{
		name: "cross-signed by an expired root", cert: by("intermediate"), sends: list("cross-signed", "intermediate"), roots: list("old root", "root"),
		differs: anyChain,
	},
	{name: "by one that is not a CA", cert: by("no CA"), sends: list("no CA")},
	{name: "by one without basic constraints", cert: by("no constraints"), sends: list("no constraints")},
	{name: "by one that may not sign", cert: by("no certificates"), sends: list("no certificates")},
	{name: "by a root that may not sign", cert: by("root of no certificates"), roots: list("root of no certificates")},
	{
		name: "by a root without basic constraints", cert: by("root.no-constraints"), roots: list("root.no-constraints"),
		differs: "Go wants basic constraints of all that issue certificates, OpenSSL not of roots",
	},
	{name: "path too long", cert: by("below nobody"), sends: list("below nobody", "nobody below")},
	{name: "by a root of version 1", cert: by("version 1 root"), roots: list("version 1 root")},
	{name: "by an intermediate of version 1", cert: by("version 1 intermediate"), sends: list("version 1 intermediate")},
	{name: "of version 1 itself", cert: request{issuer: "root", subject: "/CN=db.example"}},
}

// onlyTLS12 keeps a server from using TLS 1.3.
var onlyTLS12 = map[string]string{"max": "TLSv1_2"}

var purposes = []server{
	{name: "for clients", cert: by("root", clients)},
	{name: "for servers and clients", cert: by("root", "extendedKeyUsage=serverAuth,clientAuth")},
	{name: "for any purpose", cert: by("root", forAll)},
	{name: "for server gated cryptography", cert: by("root", "extendedKeyUsage=msSGC")},
	{name: "of Netscape's type client", cert: by("root", "nsCertType=client")},
	{name: "of Netscape's type server", cert: by("root", "nsCertType=server")},
	{name: "by an intermediate for clients", cert: by("for clients"), sends: list("for clients")},
	{name: "by an intermediate for any purpose", cert: by("for all"), sends: list("for all")},
	{name: "by a root for clients", cert: by("root for clients"), roots: list("root for clients")},
	{name: "may only sign certificates", cert: by("root", isCA, signs)},
	{name: "may only sign certificates, self-signed, trusted", cert: by("", isCA, signs), roots: list(itself)},
	{name: "may only encrypt data", cert: by("root", "keyUsage=dataEncipherment")},
	{name: "may only encrypt keys", cert: by("root", "keyUsage=keyEncipherment")},
	{name: "may only encrypt keys, TLS 1.2", cert: by("root", "keyUsage=keyEncipherment"), speaks: onlyTLS12},
	{name: "may only agree on keys, ECDSA", cert: by("root", "keyUsage=keyAgreement").with("P-256")},
	{name: "may only agree on keys, ECDSA, TLS 1.2", cert: by("root", "keyUsage=keyAgreement").with("P-256"), speaks: onlyTLS12},
	{name: "a CA without usages", cert: by("root", isCA)},
}
