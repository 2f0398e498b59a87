package pgtls

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
)

// readKey reads the first private key in the file of files.
func readKey(files IdentityFiles) (crypto.Signer, error) {
	data, err := readFile("private key", files.Key)
	if err != nil {
		return nil, err
	}
	block := keyBlock(data)
	switch {
	case block != nil:
	case isDER(data):
		return nil, fmt.Errorf("read private key %s: it is in DER, not in PEM: convert it with openssl pkey -inform DER", files.Key)
	default:
		return nil, fmt.Errorf("read private key %s: it has no private key in PEM (-----BEGIN PRIVATE KEY-----): name the file that has the key", files.Key)
	}
	key, err := parseKey(block, files)
	if err != nil {
		return nil, fmt.Errorf("read private key %s: %w", files.Key, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("read private key %s: TLS cannot use a %T: use RSA, ECDSA or Ed25519", files.Key, key)
	}
	return signer, nil
}

// keyBlock returns the first PEM block with a private key, or nil. Other blocks may precede it:
// certificates, and the "EC PARAMETERS" that openssl ecparam writes.
func keyBlock(data []byte) *pem.Block {
	for {
		block, rest := pem.Decode(data)
		if block == nil || strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return block
		}
		data = rest
	}
}

func parseKey(block *pem.Block, files IdentityFiles) (any, error) {
	legacy := strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED")
	if (legacy || block.Type == "ENCRYPTED PRIVATE KEY") && files.Password == "" {
		return nil, fmt.Errorf("the key is encrypted: set its password in the environment variable %s", files.PasswordEnv)
	}
	der := block.Bytes
	if legacy {
		// This form is insecure against those who can change the file. That is not the reader's
		// concern: keys in it exist, and libpq and the server accept them.
		var err error
		der, err = x509.DecryptPEMBlock(block, []byte(files.Password)) //nolint:staticcheck // deprecated for the reason above
		if err != nil {
			return nil, fmt.Errorf("decrypt the key: %w: check the password in %s", err, files.PasswordEnv)
		}
	}
	key, err := parseKeyDER(block.Type, der, files)
	if err != nil && legacy {
		return nil, fmt.Errorf("%w (or the password in %s is wrong)", err, files.PasswordEnv)
	}
	return key, err
}

// parseKeyDER parses a key by the type of its PEM block. It decrypts an encrypted PKCS #8 key; the
// caller has decrypted a key in the legacy form.
func parseKeyDER(blockType string, der []byte, files IdentityFiles) (any, error) {
	var key any
	var err error
	switch blockType {
	case "ENCRYPTED PRIVATE KEY":
		key, err = pkcs8.ParsePKCS8PrivateKey(der, []byte(files.Password))
		if err != nil {
			return nil, fmt.Errorf("decrypt the key: %w: check the password in %s, or convert the key with openssl pkey -aes256", err, files.PasswordEnv)
		}
		return key, nil
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(der)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(der)
	default:
		err = errors.New("unknown kind of key")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: use an RSA, ECDSA (P-256, P-384, P-521) or Ed25519 key", blockType, err)
	}
	return key, nil
}
