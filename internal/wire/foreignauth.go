package wire

import (
	"encoding/binary"
	"slices"
)

// Authentication of servers that are not PostgreSQL but use its message. They gave numbers to
// methods of their own that PostgreSQL gave to others, so only the form of a message says what it
// is.
//
// openGauss: 10, 11, 13 and 14 (src/include/libpq/pqcomm.h, sendAuthRequest in
// src/common/backend/libpq/auth.cpp). Redshift: 13 and 14 (ConnectionFactoryImpl.java of its JDBC
// driver).

// foreignAuthentication returns the type of a message that has the form of one of theirs, and not
// of one of PostgreSQL's.
func foreignAuthentication(subtype uint32, b []byte) Type {
	switch subtype {
	case 10:
		switch {
		case hasGaussForm(b, methodSHA256):
			return AuthenticationSHA256
		case len(b) > authenticationBody && b[authenticationBody] == 0 && Size(b) > authenticationBody+1:
			return Authentication // an empty list of mechanisms, with bytes after its end
		}
	case 11:
		if hasMD5SHA256Form(b) {
			return AuthenticationMD5SHA256
		}
	case 13:
		switch {
		case hasGaussForm(b, methodSM3):
			return AuthenticationSM3
		case hasDigestForm(b):
			return AuthenticationDigest
		}
	case 14:
		if Size(b) == authenticationBody {
			return AuthenticationToken
		}
	}
	return UnknownMessage
}

const (
	// authenticationBody is where the body begins, after the subtype.
	authenticationBody = HeaderSize + 4

	// How openGauss stores a password.
	methodSHA256 = 2
	methodSM3    = 3

	// Sizes of openGauss's strings, which are in hexadecimal digits.
	gaussSalt      = 64
	gaussNonce     = 8
	gaussSignature = 64
)

// hasGaussForm reports whether a message has a method, a salt, a nonce, and the number of
// iterations or, for old clients, the server's signature.
func hasGaussForm(b []byte, method byte) bool {
	const common = authenticationBody + 4 + gaussSalt + gaussNonce
	if size := Size(b); size != common+4 && size != common+gaussSignature {
		return false
	}
	begins := b[authenticationBody:min(len(b), authenticationBody+4)]
	return slices.Equal(begins, []byte{0, 0, 0, method}[:len(begins)])
}

// hasMD5SHA256Form reports whether a message has a salt of hexadecimal digits and the four bytes of
// AuthenticationMD5Password.
func hasMD5SHA256Form(b []byte) bool {
	const size = authenticationBody + gaussSalt + 4
	if Size(b) != size || len(b) <= authenticationBody {
		return false
	}
	for _, x := range b[authenticationBody:min(len(b), authenticationBody+gaussSalt)] {
		if (x < '0' || x > '9') && (x < 'a' || x > 'f') {
			return false
		}
	}
	return true
}

// hasDigestForm reports whether a message has an algorithm, and a salt and a nonce with their
// lengths.
func hasDigestForm(b []byte) bool {
	size := Size(b)
	if size < authenticationBody+12 || size > int64(len(b)) {
		return false
	}
	rest := b[authenticationBody+4 : size]
	for range 2 {
		if len(rest) < 4 {
			return false
		}
		n := binary.BigEndian.Uint32(rest)
		if rest = rest[4:]; uint64(n) > uint64(len(rest)) {
			return false
		}
		rest = rest[n:]
	}
	return len(rest) == 0
}

func walkAuthenticationSHA256(c *cursor) {
	c.subtype(AuthenticationSHA256)
	c.gauss(methodSHA256)
}

func walkAuthenticationSM3(c *cursor) {
	c.subtype(AuthenticationSM3)
	c.gauss(methodSM3)
}

// gauss reads the form that hasGaussForm describes. The server's signature allows guessing the
// password, so its name is one that redaction hides.
func (c *cursor) gauss(method uint32) {
	c.Const32(Method, method)
	c.Bytes(Salt, Binary, gaussSalt)
	c.Bytes(Nonce, Binary, gaussNonce)
	if !c.done && len(c.data)-c.pos == gaussSignature {
		c.Rest(Unknown, Text)
		return
	}
	c.Int32(Iterations)
}

func walkAuthenticationMD5SHA256(c *cursor) {
	c.subtype(AuthenticationMD5SHA256)
	c.Bytes(Salt, Binary, gaussSalt)
	c.Bytes(Nonce, Binary, 4)
}

func walkAuthenticationDigest(c *cursor) {
	c.subtype(AuthenticationDigest)
	c.Uint32(Method)
	c.Bytes(Salt, Binary, c.Uint32(SaltLength))
	c.Bytes(Nonce, Binary, c.Uint32(NonceLength))
}

func walkAuthenticationToken(c *cursor) { c.subtype(AuthenticationToken) }
