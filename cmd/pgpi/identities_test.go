//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"

	"github.com/youmark/pkcs8"

	"pgpi/internal/pgtls"
)

// password is the password of encrypted.key.
const password = "hunter2"

// identities are two certificates with their keys.
var identities = sync.OnceValues(func() (two [2]tls.Certificate, err error) {
	for i := range two {
		if two[i], err = pgtls.Generate("ecdsa"); err != nil {
			return two, err
		}
	}
	return two, nil
})

// writeIdentities writes server.crt and server.key for a script, the same key as encrypted.key, and
// another.key.
func writeIdentities(dir string) error {
	two, err := identities()
	if err != nil {
		return err
	}
	key := two[0].PrivateKey.(*ecdsa.PrivateKey)
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	encrypted, err := pkcs8.MarshalPrivateKey(key, []byte(password), nil)
	if err != nil {
		return err
	}
	another, err := x509.MarshalPKCS8PrivateKey(two[1].PrivateKey)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name, kind string
		der        []byte
	}{
		{"server.crt", "CERTIFICATE", two[0].Certificate[0]},
		{"server.key", "PRIVATE KEY", plain},
		{"encrypted.key", "ENCRYPTED PRIVATE KEY", encrypted},
		{"another.key", "PRIVATE KEY", another},
	} {
		block := pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der})
		if err := os.WriteFile(filepath.Join(dir, f.name), block, 0o600); err != nil {
			return err
		}
	}
	return nil
}
