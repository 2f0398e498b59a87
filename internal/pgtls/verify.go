package pgtls

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// VerifyError says why a server's certificate is not accepted, in the words of OpenSSL and libpq if
// they have some, and what the user can change.
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
	if _, err := p.chain(certs); err != nil {
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

// chain returns a chain from the server's certificate to a trusted root, without weak keys if there
// is one.
func (p *ServerPolicy) chain(certs []*x509.Certificate) ([]*x509.Certificate, error) {
	now := time.Now()
	if p.time != nil {
		now = p.time()
	}
	search := newSearch(certs, p.roots)
	chains, err := search.chains(now)
	if err != nil {
		failure := search.refusal(err, now)
		failure.Cause = err
		return nil, failure
	}
	var refusal error
	var weak []*x509.Certificate
	for _, chain := range chains {
		err := checkChain(chain)
		switch {
		case err != nil && refusal == nil:
			refusal = err
		case err != nil:
		case weakness(chain) == "":
			return chain, nil
		case weak == nil:
			weak = chain
		}
	}
	if weak != nil {
		return weak, nil
	}
	return nil, refusal
}

// checkChain applies rules of OpenSSL that crypto/x509 lacks.
func checkChain(chain []*x509.Certificate) error {
	for i, cert := range chain {
		if why := unsuitable(cert, i == 0); why != "" {
			return &VerifyError{
				Reason: fmt.Sprintf("unsuitable certificate purpose: %q is not for TLS servers: %s", cert.Subject, why),
				Remedy: "give the server a certificate that is for TLS servers, or use " + noVerify,
			}
		}
		if i > 0 && !isIdentified(chain[i-1], cert) {
			return &VerifyError{
				Reason: fmt.Sprintf("unable to get local issuer certificate: the authority key identifier of %q is not that of its issuer %q", chain[i-1].Subject, cert.Subject),
				Remedy: "replace the certificate by one that names its issuer rightly, or use " + noVerify,
			}
		}
	}
	return nil
}

// wrongHost words the failure like pq_verify_peer_name_matches_certificate in libpq's
// fe-secure-common.c.
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
	if rootPath == systemRoots { // it allows nothing weaker than verify-full
		return &VerifyError{Reason: reason, Remedy: remedy + ", or use " + noVerify}
	}
	return &VerifyError{Reason: reason, Remedy: remedy + ", or use --server-sslmode verify-ca"}
}

// distinct removes duplicates: a CN often repeats an alternative name.
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
