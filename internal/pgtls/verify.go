package pgtls

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// VerifyError says why a server's certificate is not accepted, in OpenSSL's and libpq's words where they have
// some, and what the user can change.
type VerifyError struct {
	Reason string // "self-signed certificate", …
	Remedy string // names options
	Cause  error  // of crypto/x509, or nil
}

// Error returns "certificate verify failed: <reason>: <remedy>".
func (e *VerifyError) Error() string {
	return "certificate verify failed: " + e.Reason + ": " + e.Remedy
}

// Unwrap returns the cause.
func (e *VerifyError) Unwrap() error { return e.Cause }

// verify checks the certificates that the server at host sent, its own first.
func (p *ServerPolicy) verify(certs []*x509.Certificate, host string) error {
	if p.roots == nil {
		return nil
	}
	if err := p.verifyChain(certs); err != nil {
		return err
	}
	if p.mode < VerifyFull {
		return nil
	}
	if names, ok := matchHost(certs[0], host); !ok {
		return wrongHost(names, host, p.roots.path)
	}
	return nil
}

func (p *ServerPolicy) verifyChain(certs []*x509.Certificate) error {
	now := time.Now
	if p.time != nil {
		now = p.time
	}
	options := x509.VerifyOptions{
		Roots:         p.roots.pool,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now(),
	}
	for _, cert := range slices.Concat(certs[1:], p.roots.others) {
		options.Intermediates.AddCert(cert)
	}
	_, err := certs[0].Verify(options)
	if err == nil {
		return nil
	}
	failure := chainFailure(certs, p.roots.path, options.CurrentTime, err)
	failure.Cause = err
	return failure
}

// chainFailure puts an error of crypto/x509 into words.
func chainFailure(certs []*x509.Certificate, rootPath string, now time.Time, err error) *VerifyError {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknownAuthority(certs, rootPath, err)
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return &VerifyError{
			Reason: "the system has no root certificates",
			Remedy: "install them (package ca-certificates), or give the server's root with --server-sslrootcert FILE",
		}
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch {
		case invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
			return &VerifyError{
				Reason: fmt.Sprintf("certificate is not yet valid: %q is valid from %s", invalid.Cert.Subject, date(invalid.Cert.NotBefore)),
				Remedy: "set this machine's clock, or use " + noVerify,
			}
		case invalid.Reason == x509.Expired:
			return &VerifyError{
				Reason: fmt.Sprintf("certificate has expired: %q was valid until %s", invalid.Cert.Subject, date(invalid.Cert.NotAfter)),
				Remedy: "renew it on the server, or use " + noVerify,
			}
		case invalid.Reason == x509.IncompatibleUsage:
			return &VerifyError{
				Reason: "unsuitable certificate purpose: it is not for TLS servers",
				Remedy: "give the server a certificate with the extended key usage serverAuth, or use " + noVerify,
			}
		}
	}
	return &VerifyError{
		Reason: strings.TrimPrefix(err.Error(), "x509: "),
		Remedy: "replace the server's certificate, or use " + noVerify,
	}
}

// noVerify is how to connect nevertheless.
const noVerify = "--server-sslmode require without --server-sslrootcert"

// unknownAuthority tells apart the ways in which a chain does not reach a trusted root.
func unknownAuthority(certs []*x509.Certificate, rootPath string, err error) *VerifyError {
	trusted := "of " + rootPath
	if rootPath == systemRoots {
		trusted = "of the system"
	}
	last := certs[len(certs)-1]
	if strings.Contains(err.Error(), "insecure algorithm") {
		return &VerifyError{
			Reason: "CA signature digest algorithm too weak (SHA-1 or MD5), which libpq may take and Go's TLS does not",
			Remedy: "replace the server's certificate, or use " + noVerify,
		}
	}
	switch {
	case len(certs) == 1 && isSelfIssued(last):
		return &VerifyError{
			Reason: fmt.Sprintf("self-signed certificate: %q is not among the root certificates %s", last.Subject, trusted),
			Remedy: "give the server's own certificate with --server-sslrootcert FILE, or use " + noVerify,
		}
	case isSelfIssued(last):
		return &VerifyError{
			Reason: fmt.Sprintf("self-signed certificate in certificate chain: the root %q is not among the root certificates %s", last.Subject, trusted),
			Remedy: "give the file of that root with --server-sslrootcert FILE, or use " + noVerify,
		}
	default:
		return &VerifyError{
			Reason: fmt.Sprintf("unable to get local issuer certificate: the issuer %q is not among the root certificates %s", last.Issuer, trusted),
			Remedy: "give the file of its root with --server-sslrootcert FILE, have the server send its intermediate certificates, or use " + noVerify,
		}
	}
}

// wrongHost words the failure as pq_verify_peer_name_matches_certificate in libpq's fe-secure-common.c.
func wrongHost(names []string, host, rootPath string) *VerifyError {
	var reason string
	switch others := len(names) - 1; {
	case others < 0:
		reason = "could not get server's host name from server certificate"
	case others == 0:
		reason = fmt.Sprintf("server certificate for %q does not match host name %q", names[0], host)
	case others == 1:
		reason = fmt.Sprintf("server certificate for %q (and 1 other name) does not match host name %q", names[0], host)
	default:
		reason = fmt.Sprintf("server certificate for %q (and %d other names) does not match host name %q", names[0], others, host)
	}
	remedy := "give the server a certificate with its name"
	if len(names) > 0 {
		remedy = fmt.Sprintf("connect by a name of the certificate (%s)", strings.Join(distinct(names), ", "))
	}
	if rootPath == systemRoots { // which allows nothing weaker than verify-full
		return &VerifyError{Reason: reason, Remedy: remedy + ", or use " + noVerify}
	}
	return &VerifyError{Reason: reason, Remedy: remedy + ", or use --server-sslmode verify-ca"}
}

// distinct leaves out what was there before: a CN often repeats an alternative name.
func distinct(names []string) []string {
	var all []string
	for _, name := range names {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func date(t time.Time) string {
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
