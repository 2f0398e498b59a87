package pgtls

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// noVerify is how to connect all the same.
const noVerify = "--server-sslmode require without --server-sslrootcert"

// refusal puts an error of crypto/x509 into OpenSSL's words.
func (s *search) refusal(err error, now time.Time) *VerifyError {
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return s.unknownAuthority(unknown)
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return &VerifyError{
			Reason: "the system has no root certificates",
			Remedy: "install them (package ca-certificates), or give the server's root with --server-sslrootcert FILE",
		}
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if failure := invalidCertificate(invalid, now); failure != nil {
			return failure
		}
	}
	if errors.Is(err, x509.UnhandledCriticalExtension{}) {
		return s.unhandledExtension()
	}
	return replace("%s", strings.TrimPrefix(err.Error(), "x509: "))
}

// replace returns a refusal whose only remedy is another certificate.
func replace(format string, args ...any) *VerifyError {
	return &VerifyError{Reason: fmt.Sprintf(format, args...), Remedy: "replace the server's certificate, or use " + noVerify}
}

// invalidCertificate returns nil if OpenSSL has no words of its own for the reason.
func invalidCertificate(err x509.CertificateInvalidError, now time.Time) *VerifyError {
	switch subject := err.Cert.Subject; err.Reason {
	case x509.Expired:
		if now.Before(err.Cert.NotBefore) {
			return &VerifyError{
				Reason: fmt.Sprintf("certificate is not yet valid: %q is valid from %s", subject, date(err.Cert.NotBefore)),
				Remedy: "set this machine's clock, or use " + noVerify,
			}
		}
		return &VerifyError{
			Reason: fmt.Sprintf("certificate has expired: %q was valid until %s", subject, date(err.Cert.NotAfter)),
			Remedy: "renew it on the server, or use " + noVerify,
		}
	case x509.NotAuthorizedToSign:
		return invalidCA(subject)
	case x509.TooManyIntermediates:
		return replace("path length constraint exceeded: %q does not allow so many certificates below it", subject)
	case x509.CANotAuthorizedForThisName:
		if strings.Contains(err.Detail, "is excluded by") {
			return replace("excluded subtree violation: %s", err.Detail)
		}
		return replace("permitted subtree violation: %s", err.Detail)
	default:
		return nil
	}
}

func invalidCA(subject pkix.Name) *VerifyError {
	return replace("invalid CA certificate: %q may not sign certificates", subject)
}

// unhandledExtension finds the extension that crypto/x509 does not know.
func (s *search) unhandledExtension() *VerifyError {
	for _, cert := range slices.Concat([]*x509.Certificate{s.leaf}, s.middle, s.roots.roots) {
		if len(cert.UnhandledCriticalExtensions) == 0 {
			continue
		}
		oid := cert.UnhandledCriticalExtensions[0].String()
		return replace("unhandled critical extension: Go's TLS does not know all of %s in %q, libpq may", cmp.Or(extensionNames[oid], oid), cert.Subject)
	}
	return replace("unhandled critical extension")
}

// unknownAuthority finds out why a chain does not reach a trusted root. There may be no issuer. Or
// there is one that must not issue, or whose signature is wrong or can't be checked.
func (s *search) unknownAuthority(err x509.UnknownAuthorityError) *VerifyError {
	trusted := "of " + s.roots.path
	if s.roots.path == systemRoots {
		trusted = "that Go's TLS finds in the system"
	}
	subject := err.Cert.Subject
	if failure := s.badIssuer(err); failure != nil {
		return failure
	}
	switch isLeaf := bytes.Equal(err.Cert.RawTBSCertificate, s.leaf.RawTBSCertificate); {
	case isSelfIssued(err.Cert) && isLeaf:
		return &VerifyError{
			Reason: fmt.Sprintf("self-signed certificate: %q is not among the root certificates %s", subject, trusted),
			Remedy: "give the server's own certificate with --server-sslrootcert FILE, or use " + noVerify,
		}
	case isSelfIssued(err.Cert):
		return &VerifyError{
			Reason: fmt.Sprintf("self-signed certificate in certificate chain: the root %q is not among the root certificates %s", subject, trusted),
			Remedy: "give the file of that root with --server-sslrootcert FILE, or use " + noVerify,
		}
	}
	missing := fmt.Sprintf("unable to get local issuer certificate: the issuer %q is not among the root certificates %s", err.Cert.Issuer, trusted)
	if s.roots.unreadable != nil {
		missing += fmt.Sprintf(", of which one is left out (%v)", s.roots.unreadable)
	}
	return &VerifyError{
		Reason: missing,
		Remedy: "give the file of its root with --server-sslrootcert FILE, have the server send its intermediate certificates, or use " + noVerify,
	}
}

// badIssuer looks at the issuers that a certificate without a chain names, and returns what is
// wrong with one of them, or nil if there is none. What is wrong with those among the system's
// roots is known only from what crypto/x509 says.
func (s *search) badIssuer(err x509.UnknownAuthorityError) *VerifyError {
	cert, said := err.Cert, err.Error()
	for _, issuer := range slices.Concat(s.middle, s.roots.roots) {
		if bytes.Equal(issuer.RawSubject, cert.RawIssuer) && !bytes.Equal(issuer.RawTBSCertificate, cert.RawTBSCertificate) && isIdentified(cert, issuer) {
			return badSignature(cert, issuer)
		}
	}
	switch {
	case s.roots.path != systemRoots:
		return nil
	case strings.Contains(said, "insecure algorithm"):
		return weakDigest(cert)
	case strings.Contains(said, x509.ConstraintViolationError{}.Error()):
		return invalidCA(cert.Issuer)
	case cert.SignatureAlgorithm == x509.UnknownSignatureAlgorithm && !isSelfIssued(cert):
		failure := uncheckable(cert, readSignature(cert).name)
		failure.Remedy = "give the file of its root with --server-sslrootcert, by which pgpi can check more than by the system's, or " + failure.Remedy
		return failure
	// With a key identifier, it names another key.
	case strings.Contains(said, "candidate authority") && len(cert.AuthorityKeyId) == 0:
		return replace("certificate signature failure: %q was not signed by the key of %q", cert.Subject, cert.Issuer)
	}
	return nil
}

// badSignature returns why a certificate does not count as signed by issuer.
func badSignature(cert, issuer *x509.Certificate) *VerifyError {
	err := cert.CheckSignatureFrom(issuer)
	if _, ok := errors.AsType[x509.ConstraintViolationError](err); ok {
		return invalidCA(issuer.Subject)
	}
	if isUnknown(cert, issuer) {
		err = checkSignature(cert, issuer)
	}
	if e, ok := errors.AsType[uncheckableError](err); ok {
		return uncheckable(cert, e.name)
	}
	_, insecure := errors.AsType[x509.InsecureAlgorithmError](err)
	if _, weak := errors.AsType[weakDigestError](err); weak || insecure {
		return weakDigest(cert)
	}
	return replace("certificate signature failure: %q was not signed by the key of %q", cert.Subject, issuer.Subject)
}

func weakDigest(cert *x509.Certificate) *VerifyError {
	return replace("CA signature digest algorithm too weak: %q is signed with SHA-1 or MD5, which libpq may take and Go's TLS does not", cert.Subject)
}

func uncheckable(cert *x509.Certificate, signature string) *VerifyError {
	return &VerifyError{
		Reason: fmt.Sprintf("certificate signature cannot be checked: %q is signed with %s, which libpq may take and Go's TLS does not know", cert.Subject, signature),
		Remedy: "have it signed with SHA-256 by an RSA or ECDSA key, or use " + noVerify,
	}
}
