package certificates

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/test/servers"
)

// request is a certificate to make.
type request struct {
	key     string   // one of keyKinds; "" for RSA
	issuer  string   // one of authorities; "" for itself
	subject string   // "" for /CN=server, or the name of the authority
	exts    []string // as for openssl's -addext
	sign    []string // further arguments of openssl req
	// Dates, as 20060102, if it is not valid now.
	from, to string
	// keyOf names an authority whose key it shares.
	keyOf string
}

// keyKinds are the kinds of keys, as openssl genpkey makes them.
var keyKinds = map[string]string{
	"RSA":       "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
	"RSA 768":   "-algorithm RSA -pkeyopt rsa_keygen_bits:768",
	"RSA 1024":  "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
	"RSA 1536":  "-algorithm RSA -pkeyopt rsa_keygen_bits:1536",
	"RSA 2047":  "-algorithm RSA -pkeyopt rsa_keygen_bits:2047",
	"RSA 3072":  "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
	"RSA e=3":   "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
	"RSA-PSS":   "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
	"P-224":     "-algorithm EC -pkeyopt ec_paramgen_curve:secp224r1",
	"P-256":     "-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1",
	"P-384":     "-algorithm EC -pkeyopt ec_paramgen_curve:secp384r1",
	"P-521":     "-algorithm EC -pkeyopt ec_paramgen_curve:secp521r1",
	"explicit":  "-algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -pkeyopt ec_param_enc:explicit",
	"secp256k1": "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
	"brainpool": "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
	"Ed25519":   "-algorithm ED25519",
	"Ed448":     "-algorithm ED448",
}

// bigKey is a kind of key that takes too long to generate: RSA with 8208 bits.
const bigKey, bigKeyFile = "RSA 8208", "testdata/rsa8208.key"

// pair is the files of a certificate and of its key.
type pair struct{ cert, key string }

// maker makes certificates with openssl in a folder, and each authority and key only once.
type maker struct {
	t   *testing.T
	dir string
}

// requestConfig keeps openssl req from adding what is in the user's configuration.
const requestConfig = "[req]\ndistinguished_name=name\n[name]\n[somebody]\nCN=server\n"

func newMaker(t *testing.T) *maker {
	t.Helper()
	m := &maker{t, t.TempDir()}
	m.write("req.cnf", []byte(requestConfig))
	return m
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// path returns the path of a file for a name with any characters.
func (m *maker) path(name string) string {
	return filepath.Join(m.dir, unfit.ReplaceAllString(name, "_"))
}

func (m *maker) write(name string, content []byte) string {
	m.t.Helper()
	path := m.path(name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *maker) openSSL(args ...string) {
	m.t.Helper()
	cmd := exec.Command(servers.Program(m.t, "openssl"), args...)
	cmd.Dir = m.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("openssl %q: %v\n%s", args, err, out)
	}
}

// key returns the file of a key.
func (m *maker) key(kind, owner string) string {
	m.t.Helper()
	if kind == "" {
		kind = "RSA"
	}
	path := m.path(owner + " " + kind + ".key")
	switch _, err := os.Stat(path); {
	case err == nil:
	case kind == bigKey:
		data, err := os.ReadFile(bigKeyFile)
		if err != nil {
			m.t.Fatal(err)
		}
		m.write(filepath.Base(path), data)
	default:
		m.openSSL(append([]string{"genpkey", "-quiet", "-out", path}, strings.Fields(keyKinds[kind])...)...)
	}
	return path
}

// authority returns the files of an authority.
func (m *maker) authority(name string) pair {
	m.t.Helper()
	r, ok := authorities[name]
	if !ok {
		m.t.Fatalf("there is no authority %q", name)
	}
	if r.subject == "" {
		r.subject = "/CN=" + name
	}
	owner := name
	if r.keyOf != "" {
		owner = r.keyOf
	}
	files := pair{m.path(name + ".crt"), m.key(r.key, owner)}
	if _, err := os.Stat(files.cert); err != nil {
		m.issue(r, files)
	}
	return files
}

// leaf makes the certificate of a server. All with the same kind of key share one key.
func (m *maker) leaf(name string, r request) pair {
	m.t.Helper()
	if r.subject == "" {
		r.subject = "/CN=server"
	}
	files := pair{m.path("leaf " + name + ".crt"), m.key(r.key, "leaf")}
	m.issue(r, files)
	return files
}

func (m *maker) issue(r request, files pair) {
	m.t.Helper()
	args := []string{"req", "-x509", "-config", "req.cnf", "-key", files.key, "-out", files.cert, "-subj", r.subject, "-days", "10"}
	signer := files
	if r.issuer != "" {
		signer = m.authority(r.issuer)
		args = append(args, "-CA", signer.cert, "-CAkey", signer.key)
	}
	for _, ext := range r.exts {
		args = append(args, "-addext", ext)
	}
	m.openSSL(append(args, r.sign...)...)
	if r.from != "" {
		m.redate(r, files, signer)
	}
}

// redate signs a certificate again, with dates that openssl req can't set.
func (m *maker) redate(r request, files, signer pair) {
	m.t.Helper()
	cert := m.parse(files.cert)
	template := &x509.Certificate{
		SerialNumber: cert.SerialNumber, RawSubject: cert.RawSubject, ExtraExtensions: cert.Extensions,
		NotBefore: m.date(r.from), NotAfter: m.date(r.to),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, m.parse(signer.cert), cert.PublicKey, m.signer(signer))
	if err != nil {
		m.t.Fatal(err)
	}
	m.write(filepath.Base(files.cert), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (m *maker) date(text string) time.Time {
	m.t.Helper()
	date, err := time.Parse("20060102", text)
	if err != nil {
		m.t.Fatal(err)
	}
	return date
}

// bundle writes certificates into one file.
func (m *maker) bundle(name string, paths []string) string {
	m.t.Helper()
	var all []byte
	for _, path := range paths {
		all = slices.Concat(all, m.read(path))
	}
	return m.write(name, all)
}

// revocations returns a revocation list of the root with a certificate on it.
func (m *maker) revocations(cert string) string {
	m.t.Helper()
	now := time.Now()
	list := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(24 * time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: m.parse(cert).SerialNumber, RevocationTime: now.Add(-time.Hour)}},
	}
	root := m.authority("root")
	der, err := x509.CreateRevocationList(rand.Reader, list, m.parse(root.cert), m.signer(root))
	if err != nil {
		m.t.Fatal(err)
	}
	return m.write("root.crl", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

func (m *maker) read(path string) []byte {
	m.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	return data
}

func (m *maker) der(path string) []byte {
	m.t.Helper()
	block, _ := pem.Decode(m.read(path))
	if block == nil {
		m.t.Fatalf("%s is not in PEM", path)
	}
	return block.Bytes
}

func (m *maker) parse(path string) *x509.Certificate {
	m.t.Helper()
	cert, err := x509.ParseCertificate(m.der(path))
	if err != nil {
		m.t.Fatal(err)
	}
	return cert
}

func (m *maker) signer(files pair) crypto.Signer {
	m.t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(m.der(files.key))
	if err != nil {
		m.t.Fatal(err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		m.t.Fatalf("%s: a %T cannot sign", files.key, key)
	}
	return signer
}
