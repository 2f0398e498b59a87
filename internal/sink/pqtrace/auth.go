package pqtrace

import (
	"encoding/binary"
	"strconv"

	"pgpi/internal/wire"
)

// authentication is the family "R". PQtrace does not know some subtypes that libpq does not use,
// and leaves out the salt of AuthenticationMD5Password.
func authentication(l *line) {
	if !l.has(4, false) {
		return
	}
	subtype := int32(binary.BigEndian.Uint32(l.m.Bytes[l.at:]))
	l.at += 4
	switch subtype {
	case 0:
		l.text = append(l.text, "AuthenticationOk"...)
	case 3:
		l.text = append(l.text, "AuthenticationCleartextPassword"...)
	case 5:
		l.text = append(l.text, "AuthenticationMD5Password"...)
	case 7:
		l.text = append(l.text, "AuthenticationGSS"...)
	case 8:
		l.text = append(l.text, "AuthenticationGSSContinue\t"...)
		l.rest(l.regress)
	case 9:
		l.text = append(l.text, "AuthenticationSSPI"...)
	case 10:
		l.text = append(l.text, "AuthenticationSASL\t"...)
		for l.more() {
			l.cstring(false)
		}
		l.cstring(false)
	case 11:
		l.text = append(l.text, "AuthenticationSASLContinue\t"...)
		l.rest(l.regress)
	case 12:
		l.text = append(l.text, "AuthenticationSASLFinal\t"...)
		l.rest(l.regress)
	default:
		l.text = append(l.text, "Unknown authentication message "...)
		l.text = strconv.AppendInt(l.text, int64(subtype), 10)
	}
}

// authenticationResponse is "p", whose meaning depends on what was asked.
func authenticationResponse(l *line) {
	switch l.m.Type {
	case wire.GSSResponse:
		l.text = append(l.text, "GSSResponse\t"...)
		l.rest(l.regress)
	case wire.PasswordMessage, wire.MD5PasswordMessage, wire.HashPasswordMessage:
		l.text = append(l.text, "PasswordMessage\t"...)
		l.cstring(false)
	case wire.SASLInitialResponse:
		l.text = append(l.text, "SASLInitialResponse\t"...)
		l.cstring(false)
		if n := l.int32(false); n != -1 {
			l.nchar(n, l.regress)
		}
	case wire.SASLResponse:
		l.text = append(l.text, "SASLResponse\t"...)
		l.rest(l.regress)
	default:
		l.text = append(l.text, "UnknownAuthenticationResponse"...)
	}
}
