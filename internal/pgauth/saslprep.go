package pgauth

import (
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/text/unicode/norm"
)

// mapAndCheck is SASLprep (RFC 4013) without its normalization. PostgreSQL checks for prohibited
// characters before it normalizes, and turns U+200B into a space where RFC 3454 removes it. We do
// the same, because a password must be hashed exactly as the server did.
var mapAndCheck = stringprep.Profile{
	Mappings: []stringprep.Mapping{spaces, stringprep.TableB1},
	Prohibits: []stringprep.Set{
		stringprep.TableA1, stringprep.TableC1_2, stringprep.TableC2_1, stringprep.TableC2_2, stringprep.TableC3,
		stringprep.TableC4, stringprep.TableC5, stringprep.TableC6, stringprep.TableC7, stringprep.TableC8,
		stringprep.TableC9,
	},
	CheckBiDi: true,
}

// spaces is table C.1.2 of RFC 3454: every non-ASCII space becomes an ASCII one.
var spaces = stringprep.Mapping{
	0x00a0: {' '}, 0x1680: {' '}, 0x2000: {' '}, 0x2001: {' '}, 0x2002: {' '}, 0x2003: {' '},
	0x2004: {' '}, 0x2005: {' '}, 0x2006: {' '}, 0x2007: {' '}, 0x2008: {' '}, 0x2009: {' '},
	0x200a: {' '}, 0x200b: {' '}, 0x202f: {' '}, 0x205f: {' '}, 0x3000: {' '},
}

// prepare returns the password as PostgreSQL's pg_saslprep (src/common/saslprep.c) prepares it for
// SCRAM. If that fails, it returns the password unchanged: it is not UTF-8, has prohibited or
// unassigned characters or mixed directions, or nothing is left.
func prepare(password string) string {
	if isASCII(password) || !utf8.ValidString(password) {
		return password
	}
	mapped, err := mapAndCheck.Prepare(password)
	if err != nil || mapped == "" {
		return password
	}
	return norm.NFKC.String(mapped)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
