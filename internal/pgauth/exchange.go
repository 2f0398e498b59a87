package pgauth

import (
	"crypto/md5" //nolint:gosec // the protocol's MD5 method is made of it
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/xdg-go/scram"
)

// Authentication requests, with their numbers in the PostgreSQL documentation ("Message Formats").
const (
	requestOk           = 0
	requestKerberosV4   = 1
	requestKerberosV5   = 2
	requestCleartext    = 3
	requestCrypt        = 4
	requestMD5          = 5
	requestSCM          = 6
	requestGSS          = 7
	requestGSSContinue  = 8
	requestSSPI         = 9
	requestSASL         = 10
	requestSASLContinue = 11
	requestSASLFinal    = 12
)

// ChannelBinding is whether the login must be tied to the TLS connection that carries it. The
// values are those of libpq's channel_binding. The zero value counts as PreferBinding.
type ChannelBinding string

// The channel binding policies.
const (
	DisableBinding ChannelBinding = "disable"
	PreferBinding  ChannelBinding = "prefer"
	RequireBinding ChannelBinding = "require"
)

// Config is what an Exchange needs to know about a connection.
type Config struct {
	// User is the user name in the StartupMessage. Only MD5 uses it.
	User string
	// Password is sent or proved as it is, even if it is empty: the server decides. It contains no
	// NUL.
	Password string
	// ChannelBinding is the policy for the server leg.
	ChannelBinding ChannelBinding
	// TLS is the state of the server leg after its handshake. It is nil if that leg is not
	// encrypted.
	TLS *tls.ConnectionState
}

// Exchange is the authentication dialogue with a server. It serves one connection, and one
// goroutine at a time.
type Exchange struct {
	config       Config
	conversation *scram.ClientConversation
	mechanism    string
	stage        saslStage
	nonce        scram.NonceGeneratorFcn // nil except in tests
}

// New returns the exchange for a connection that has sent its StartupMessage.
func New(config Config) *Exchange {
	return &Exchange{config: config}
}

// Respond takes the server's next authentication request: its subtype, and the data after the
// subtype. It returns the body of the "p" message that answers it, without type and length. It
// returns nil if no answer is due (AuthenticationOk and AuthenticationSASLFinal).
//
// After an error the login can't continue. The text may be shown to the client. The rules are those
// of pg_fe_sendauth in libpq's fe-auth.c.
func (e *Exchange) Respond(subtype uint32, data []byte) ([]byte, error) {
	if err := e.checkBindingPolicy(subtype); err != nil {
		return nil, err
	}
	switch subtype {
	case requestOk:
		return nil, nil
	case requestCleartext:
		return append([]byte(e.config.Password), 0), nil
	case requestMD5:
		return md5Response(e.config.User, e.config.Password, data)
	case requestSASL:
		return e.startSASL(data)
	case requestSASLContinue:
		return e.continueSASL(data)
	case requestSASLFinal:
		return nil, e.finishSASL(data)
	default:
		return nil, fmt.Errorf("answer the server's authentication request: %s authentication is not supported with "+
			"--override-auth: let the client log in by itself, or have the server ask for a password", methodName(subtype))
	}
}

// checkBindingPolicy refuses a login without channel binding if channel binding is required. It
// does so before anything about the password is sent, like the end of libpq's check_expected_areq.
func (e *Exchange) checkBindingPolicy(subtype uint32) error {
	if e.config.ChannelBinding != RequireBinding {
		return nil
	}
	switch subtype {
	case requestSASL, requestSASLContinue, requestSASLFinal:
		return nil
	case requestOk:
		if e.stage == saslDone && e.mechanism == mechanismPlus {
			return nil
		}
		return errors.New("channel binding required, but server authenticated client without channel binding")
	default:
		return fmt.Errorf("channel binding required but not supported by server's authentication request, which is for %s",
			methodName(subtype))
	}
}

// md5Response returns "md5" and md5(md5(password + user) + salt) in hexadecimal, with a NUL at the
// end.
func md5Response(user, password string, salt []byte) ([]byte, error) {
	if len(salt) != 4 {
		return nil, fmt.Errorf("answer the server's request for an MD5 password: its salt has %d bytes instead of 4", len(salt))
	}
	inner := md5Hex([]byte(password + user))
	outer := md5Hex(append(inner, salt...))
	return append(append([]byte("md5"), outer...), 0), nil
}

func md5Hex(text []byte) []byte {
	sum := md5.Sum(text) //nolint:gosec // the protocol's MD5 method is made of it
	return hex.AppendEncode(nil, sum[:])
}

// saslInitialResponse returns the body of a SASLInitialResponse: mechanism, length and
// client-first-message.
func saslInitialResponse(mechanism, first string) []byte {
	body := append([]byte(mechanism), 0)
	body = binary.BigEndian.AppendUint32(body, uint32(len(first)))
	return append(body, first...)
}

func methodName(subtype uint32) string {
	switch subtype {
	case requestKerberosV4:
		return "Kerberos V4"
	case requestKerberosV5:
		return "Kerberos V5"
	case requestCleartext:
		return "cleartext password"
	case requestCrypt:
		return "crypt password"
	case requestMD5:
		return "MD5 password"
	case requestSCM:
		return "SCM credential"
	case requestGSS, requestGSSContinue:
		return "GSSAPI"
	case requestSSPI:
		return "SSPI"
	default:
		return fmt.Sprintf("unknown (request %d)", subtype)
	}
}
