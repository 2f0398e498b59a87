package main

import (
	"cmp"
	"crypto/tls"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"pgpi/internal/pgtls"
)

// clientIdentity returns the certificate for clients: the one that was found, the one from the
// options, read now, or one that is made when the first client wants TLS.
func (o *proxyOptions) clientIdentity(found func() (tls.Certificate, error)) (func() (tls.Certificate, error), error) {
	if found != nil {
		return found, nil
	}
	if o.Client.ClientSslCert == "" {
		return sync.OnceValues(func() (tls.Certificate, error) {
			return pgtls.Generate(pgtls.Signature(o.Client.ClientCertSig))
		}), nil
	}
	identity, err := pgtls.LoadIdentity(pgtls.IdentityFiles{
		Cert: o.Client.ClientSslCert, Key: o.Client.ClientSslKey,
		Password: os.Getenv("PGPI_CLIENT_SSL_PASSWORD"), PasswordEnv: "PGPI_CLIENT_SSL_PASSWORD",
		Complain: complain,
	})
	return func() (tls.Certificate, error) { return identity, nil }, err
}

// serverTLS returns the rules for TLS towards servers.
func (o *proxyOptions) serverTLS(keyPassword string) pgtls.ServerOptions {
	return pgtls.ServerOptions{
		SSLMode: o.Server.ServerSslmode, RootCert: o.Server.ServerSslrootcert,
		Identity: pgtls.IdentityFiles{
			Cert: o.Server.ServerSslcert, Key: o.Server.ServerSslkey,
			Password: cmp.Or(keyPassword, os.Getenv("PGPI_SERVER_SSL_PASSWORD")), PasswordEnv: "PGPI_SERVER_SSL_PASSWORD",
			Complain: complain,
		},
		Direct: o.Server.ServerSslnegotiation == "direct",
	}
}

func openKeyLog(path string, closers *closers) (io.Writer, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no file, no writer
	}
	var incomplete atomic.Bool
	keys, err := pgtls.OpenKeyLog(path, func(err error) { incomplete.Store(true); complain(err) })
	if err != nil {
		return nil, err
	}
	closers.add(func() error {
		if err := keys.Close(); err != nil || !incomplete.Load() {
			return err
		}
		return exitError(exitFailure) // it was reported when it happened
	})
	return keys, nil
}
