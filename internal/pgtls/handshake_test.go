package pgtls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"testing"
	"time"
)

// authority issues certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newAuthority makes a root, or, with a parent, an intermediate one.
func newAuthority(t *testing.T, name string, parent *authority) *authority {
	t.Helper()
	identity := issue(t, parent, func(c *x509.Certificate) {
		c.Subject.CommonName = name
		c.IsCA = true
		c.BasicConstraintsValid = true
		c.KeyUsage = x509.KeyUsageCertSign
	})
	return &authority{cert: identity.Leaf, key: identity.PrivateKey.(*ecdsa.PrivateKey)}
}

func (a *authority) pem() []byte { return certPEM(a.cert) }

func certPEM(certs ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, cert := range certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}) // a bytes.Buffer never fails
	}
	return out.Bytes()
}

// issue makes a certificate, valid for an hour around now, that edit completes; a nil issuer makes
// it self-signed.
func issue(t *testing.T, issuer *authority, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "a test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	edit(template)
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// handshake runs a TLS handshake over a loopback connection and, for what TLS 1.3 sends the client
// only after it, one byte from the server to the client. It returns the outcomes at the client and
// at the server.
func handshake(t *testing.T, client, server *tls.Config) (outcome, outcome) {
	t.Helper()
	near, far := loopback(t)
	done := make(chan outcome)
	go func() {
		conn := tls.Server(far, server)
		err := conn.HandshakeContext(t.Context())
		if err == nil {
			_, err = conn.Write([]byte("!"))
		}
		_ = far.CloseWrite()
		_, _ = io.Copy(io.Discard, far) // to close with bytes unread would reset the connection and lose the alert
		done <- outcome{conn.ConnectionState(), err}
	}()
	conn := tls.Client(near, client)
	err := conn.HandshakeContext(t.Context())
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	_ = near.Close()
	return outcome{conn.ConnectionState(), err}, <-done
}

// outcome is what one end has of a handshake.
type outcome struct {
	state tls.ConnectionState
	err   error
}

// loopback returns the two ends of a TCP connection.
func loopback(t *testing.T) (*net.TCPConn, *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	dialed, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	near, far := dialed.(*net.TCPConn), accepted.(*net.TCPConn)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// serving is the config of a server that presents identity, with intermediate certificates.
func serving(identity tls.Certificate, intermediates ...*authority) *tls.Config {
	for _, a := range intermediates {
		identity.Certificate = append(identity.Certificate, a.cert.Raw)
	}
	return &tls.Config{Certificates: []tls.Certificate{identity}, NextProtos: []string{"postgresql"}}
}
