package pgtls

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// systemRoots is the value of sslrootcert for the roots of the operating system.
const systemRoots = "system"

// rootSet is the certificates that --server-sslrootcert names.
type rootSet struct {
	path  string              // or systemRoots
	pool  *x509.CertPool      // nil for the system's, which crypto/x509 loads on first use
	roots []*x509.Certificate // those in pool; none for the system's

	// others are the certificates in the file that are not roots. As in OpenSSL, they only help to
	// build a chain, which must end in a self-signed certificate.
	others []*x509.Certificate

	unreadable error // about a certificate that Go can't parse, or nil: it may be the missing one
}

// loadRoots reads a file of certificates, or every file with certificates in a directory. File
// names in a directory may, but need not, be those of openssl rehash.
func loadRoots(path string) (*rootSet, error) {
	if path == systemRoots {
		return &rootSet{path: path}, nil
	}
	info, err := os.Stat(path)
	var certs []*x509.Certificate
	if err == nil && info.IsDir() {
		certs, err = readDirectory(path)
	} else {
		certs, err = readCertificates(path)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("sslrootcert: %w", err)
	}
	roots := &rootSet{path: path, pool: x509.NewCertPool(), unreadable: err}
	for _, cert := range certs {
		if isSelfIssued(cert) {
			roots.pool.AddCert(cert)
			roots.roots = append(roots.roots, cert)
		} else {
			roots.others = append(roots.others, cert)
		}
	}
	switch {
	case len(roots.roots) == 0 && err != nil:
		return nil, fmt.Errorf("sslrootcert: %w", err)
	case len(roots.roots) == 0:
		return nil, fmt.Errorf("sslrootcert: %s has no root certificate (a self-signed one), only one issued by %q: add the root of the chain", path, certs[0].Issuer)
	}
	return roots, nil
}

// readDirectory reads the certificates of all files in a directory. Such directories contain CRLs,
// keys, dangling links and oddities, so a file without certificates is an error only if all are
// without. If Go can't parse some certificates, it returns the others and an error about the first.
func readDirectory(path string) ([]*x509.Certificate, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read directory: %w: check the path and its permissions", err)
	}
	var certs []*x509.Certificate
	var failure, unreadable error
	for _, entry := range entries {
		found, err := readCertificates(filepath.Join(path, entry.Name()))
		certs = append(certs, found...)
		if failure == nil {
			failure = err
		}
		if _, ok := errors.AsType[*unreadableError](err); ok && unreadable == nil {
			unreadable = err
		}
	}
	switch {
	case len(certs) > 0:
		return certs, unreadable
	case failure != nil:
		return nil, fmt.Errorf("no certificate in the directory %s; the first problem: %w", path, failure)
	default:
		return nil, errors.New("the directory " + path + " is empty: put the root certificates there, in PEM")
	}
}

func isSelfIssued(cert *x509.Certificate) bool {
	return bytes.Equal(cert.RawSubject, cert.RawIssuer)
}
