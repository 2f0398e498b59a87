package wire

import "encoding/binary"

// Authentication (documentation section "Message Formats", AuthenticationOk and following; subtypes
// from src/include/libpq/protocol.h).

// authenticationType returns the type of a message of the family "R".
func authenticationType(b []byte) Type {
	subtype := binary.BigEndian.Uint32(b[HeaderSize:])
	if t := foreignAuthentication(subtype, b); t != UnknownMessage {
		return t
	}
	for t := AuthenticationOk; t <= AuthenticationSASLFinal; t++ {
		if authenticationSubtypes[t-AuthenticationOk] == subtype {
			return t
		}
	}
	return Authentication
}

// authenticationSubtypes are the subtypes of AuthenticationOk and the types after it.
var authenticationSubtypes = [...]uint32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 10, 11, 13, 13, 14}

func walkAuthentication(c *cursor) {
	c.header()
	c.Uint32(AuthenticationSubtype)
	c.Rest(Unknown, Binary)
}

// subtype reads the header and the subtype, with which every message of the family begins.
func (c *cursor) subtype(t Type) {
	c.header()
	c.Const32(AuthenticationSubtype, authenticationSubtypes[t-AuthenticationOk])
}

func walkAuthenticationOk(c *cursor)         { c.subtype(AuthenticationOk) }
func walkAuthenticationKerberosV4(c *cursor) { c.subtype(AuthenticationKerberosV4) }
func walkAuthenticationKerberosV5(c *cursor) { c.subtype(AuthenticationKerberosV5) }
func walkAuthenticationCleartextPassword(c *cursor) {
	c.subtype(AuthenticationCleartextPassword)
}

func walkAuthenticationCryptPassword(c *cursor) {
	c.subtype(AuthenticationCryptPassword)
	c.Bytes(Salt, Binary, 2)
}

func walkAuthenticationMD5Password(c *cursor) {
	c.subtype(AuthenticationMD5Password)
	c.Bytes(Salt, Binary, 4)
}

func walkAuthenticationSCMCredential(c *cursor) { c.subtype(AuthenticationSCMCredential) }
func walkAuthenticationGSS(c *cursor)           { c.subtype(AuthenticationGSS) }
func walkAuthenticationSSPI(c *cursor)          { c.subtype(AuthenticationSSPI) }

func walkAuthenticationGSSContinue(c *cursor) {
	c.subtype(AuthenticationGSSContinue)
	c.Rest(GSSToken, Binary)
}

func walkAuthenticationSASL(c *cursor) {
	c.subtype(AuthenticationSASL)
	for !c.Terminated() {
		c.CString(Mechanisms)
	}
}

func walkAuthenticationSASLContinue(c *cursor) {
	c.subtype(AuthenticationSASLContinue)
	c.Rest(c.sasl(SCRAMServerFirst, OAuthServerError), Text)
}

func walkAuthenticationSASLFinal(c *cursor) {
	c.subtype(AuthenticationSASLFinal)
	c.Rest(c.sasl(SCRAMServerFinal, SASLData), Text)
}

// sasl chooses the name of SASL data by the mechanism in use.
func (c *cursor) sasl(scram, oauth Name) Name {
	switch c.state.Mechanism {
	case SCRAM:
		return scram
	case OAuthBearer:
		return oauth
	}
	return SASLData
}

func walkPasswordOrToken(c *cursor) {
	c.header()
	c.Rest(Unknown, Text)
}

func walkPasswordMessage(c *cursor) {
	c.header()
	c.CString(Password)
}

func walkMD5PasswordMessage(c *cursor) {
	c.header()
	c.CString(MD5Hash)
}

// walkSASLInitialResponse takes the mechanism from the message itself. A length of -1 means that
// the client sends no data yet.
func walkSASLInitialResponse(c *cursor) {
	c.header()
	c.state.Mechanism = MechanismOf(string(c.CString(SelectedMechanism)))
	n := c.Int32(DataLength)
	switch {
	case c.done || n == -1:
	case n < 0:
		c.fail(SASLData)
	default:
		c.Bytes(c.sasl(SCRAMClientFirst, OAuthClientFirst), Text, n)
	}
}

func walkSASLResponse(c *cursor) {
	c.header()
	c.Rest(c.sasl(SCRAMClientFinal, OAuthAbort), Text)
}

func walkGSSResponse(c *cursor) {
	c.header()
	c.Rest(GSSToken, Binary)
}

func walkNegotiateProtocolVersion(c *cursor) {
	c.header()
	c.Uint32(ProtocolVersion)
	for n := c.Uint32(OptionCount); n > 0 && !c.done; n-- {
		c.CString(Option)
	}
}

func walkBackendKeyData(c *cursor) {
	c.header()
	c.Uint32(ProcessID)
	most := maxKey
	if c.state.Protocol != 0 && c.state.Protocol < LongKeys {
		most = minKey
	}
	c.Within(SecretKey, Binary, minKey, most)
}

// Sizes of the key in BackendKeyData, in bytes. Before protocol 3.2 it always has the minimum
// (documentation section "Message Formats").
const (
	minKey = 4
	maxKey = 256
)
