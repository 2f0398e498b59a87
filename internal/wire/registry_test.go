package wire_test

import (
	"encoding/binary"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// TestIdentify names messages by each byte: those of the registry, and no other.
func TestIdentify(t *testing.T) {
	t.Parallel()
	for _, from := range []wire.Sender{wire.Client, wire.Server} {
		for i := range 256 {
			code := byte(i)
			got := wire.Identify(from, []byte{code, 0, 0, 0, 4})
			isCode := func(t wire.Type) bool {
				return t.Code() == code && (t.From() == from || t.From() == wire.Either) && t != wire.YbParameterStatus // which has a form too
			}
			if code == 0 || !slices.ContainsFunc(wire.Types(), isCode) {
				if got != wire.UnknownMessage {
					t.Errorf("%q from %d is %s, want an unknown message", code, from, got)
				}
				continue
			}
			if got.Code() != code || got.From() != from && got.From() != wire.Either {
				t.Errorf("%q from %d is %s, which is %q from %d", code, from, got, got.Code(), got.From())
			}
		}
		if got := wire.Identify(from, nil); got != wire.UnknownMessage {
			t.Errorf("nothing from %d is %s", from, got)
		}
	}
}

// Each byte of the protocol names one type, except those of the three families.
func TestEachTypeIsIdentified(t *testing.T) {
	t.Parallel()
	for _, typ := range wire.Types() {
		if typ.Code() == 0 || strings.ContainsRune("Rp", rune(typ.Code())) || typ > wire.CopyDone {
			continue
		}
		for _, from := range []wire.Sender{wire.Client, wire.Server} {
			if typ.From() != from && typ.From() != wire.Either {
				continue
			}
			if got := wire.Identify(from, []byte{typ.Code()}); got != typ {
				t.Errorf("%q from %d is %s, want %s", typ.Code(), from, got, typ)
			}
		}
	}
	if got := wire.Identify(wire.Client, []byte("p\x00\x00\x00\x04")); got != wire.PasswordOrToken {
		t.Errorf(`"p" is %s`, got)
	}
}

func TestIdentifyAuthentication(t *testing.T) {
	t.Parallel()
	types := map[uint32]wire.Type{
		0: wire.AuthenticationOk, 1: wire.AuthenticationKerberosV4, 2: wire.AuthenticationKerberosV5,
		3: wire.AuthenticationCleartextPassword, 4: wire.AuthenticationCryptPassword,
		5: wire.AuthenticationMD5Password, 6: wire.AuthenticationSCMCredential, 7: wire.AuthenticationGSS,
		8: wire.AuthenticationGSSContinue, 9: wire.AuthenticationSSPI, 10: wire.AuthenticationSASL,
		11: wire.AuthenticationSASLContinue, 12: wire.AuthenticationSASLFinal,
		13: wire.Authentication, 14: wire.AuthenticationToken, 255: wire.Authentication, 0x0a000000: wire.Authentication, 0xffffffff: wire.Authentication,
	}
	for subtype, want := range types {
		b := binary.BigEndian.AppendUint32([]byte("R\x00\x00\x00\x08"), subtype)
		if got := wire.Identify(wire.Server, b); got != want {
			t.Errorf("subtype %d is %s, want %s", subtype, got, want)
		}
		if got := wire.Identify(wire.Server, b[:len(b)-1]); got != wire.Authentication {
			t.Errorf("subtype %d with a byte missing is %s", subtype, got)
		}
	}
}

// Numbers that servers other than PostgreSQL have given to other methods are named by the form of
// the message, and by no name where it has none of the forms that are known.
func TestIdentifyForeignAuthentication(t *testing.T) {
	t.Parallel()
	gauss := func(method string, end string) string { return "\x00\x00\x00" + method + gaussSalt + "9f86d081" + end }
	for _, test := range []struct {
		subtype string
		body    string
		want    wire.Type
	}{
		{"\x0a", "SCRAM-SHA-256\x00\x00", wire.AuthenticationSASL},
		{"\x0a", "\x00", wire.AuthenticationSASL},
		{"\x0a", "", wire.AuthenticationSASL},
		{"\x0a", gauss("\x02", "\x00\x00\x27\x10"), wire.AuthenticationSHA256},
		{"\x0a", gauss("\x02", strings.Repeat("a", 64)), wire.AuthenticationSHA256},
		{"\x0a", gauss("\x02", "\x00\x00\x27"), wire.Authentication},
		{"\x0a", gauss("\x01", "\x00\x00\x27\x10"), wire.Authentication},
		{"\x0b", "r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", wire.AuthenticationSASLContinue},
		{"\x0b", gaussSalt + "\x00\x01\x02\x03", wire.AuthenticationMD5SHA256},
		{"\x0b", strings.ToUpper(gaussSalt) + "\x00\x01\x02\x03", wire.AuthenticationSASLContinue},
		{"\x0b", gaussSalt, wire.AuthenticationSASLContinue},
		{"\x0d", gauss("\x03", "\x00\x00\x27\x10"), wire.AuthenticationSM3},
		{"\x0d", "\x00\x00\x00\x00\x00\x00\x00\x02ab\x00\x00\x00\x00", wire.AuthenticationDigest},
		{"\x0d", "\x00\x00\x00\x00\x00\x00\x00\x02ab\x00\x00\x00\x01", wire.Authentication},
		{"\x0d", "\x00\x00\x00\x00\xff\xff\xff\xffab\x00\x00\x00\x01", wire.Authentication},
		{"\x0d", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00?", wire.Authentication},
		{"\x0e", "", wire.AuthenticationToken},
		{"\x0e", "?", wire.Authentication},
	} {
		m := typed('R', "\x00\x00\x00"+test.subtype+test.body)
		for _, behind := range []string{"", "more"} {
			if got := wire.Identify(wire.Server, []byte(m+behind)); got != test.want {
				t.Errorf("%q is %s, want %s", m+behind, got, test.want)
			}
		}
	}
}

// A message "r" is YugabyteDB's if it has its form, and no one else's.
func TestIdentifyYbParameterStatus(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]wire.Type{
		"TimeZone\x00UTC\x00\x01": wire.YbParameterStatus,
		"a\x00\x00\x00":           wire.YbParameterStatus,
		"\x00\x00\x07":            wire.YbParameterStatus,
		"":                        wire.UnknownMessage,
		"\x00\x00":                wire.UnknownMessage,
		"a\x00b\x00":              wire.UnknownMessage,
		"a\x00b\x00\x01\x02":      wire.UnknownMessage,
		"a\x00b\x01":              wire.UnknownMessage,
		"abc":                     wire.UnknownMessage,
	} {
		for _, behind := range []string{"", "Z\x00\x00\x00\x05I"} {
			if got := wire.Identify(wire.Server, []byte(typed('r', body)+behind)); got != want {
				t.Errorf("%q is %s, want %s", body, got, want)
			}
		}
		if got := wire.Identify(wire.Client, []byte(typed('r', body))); got != wire.UnknownMessage {
			t.Errorf("%q of a client is %s", body, got)
		}
	}
	if got := wire.Identify(wire.Server, []byte("r\x00\x00\x00\x03")); got != wire.UnknownMessage {
		t.Errorf("a length of 3 is %s", got)
	}
}

func TestIdentifyStartup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bytes string
		want  wire.Type
	}{
		{"\x00\x00\x00\x08\x04\xd2\x16\x2f", wire.SSLRequest},
		{"\x00\x00\x00\x08\x04\xd2\x16\x30", wire.GSSENCRequest},
		{"\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01abcd", wire.CancelRequest},
		{"\x00\x00\x00\x09\x00\x03\x00\x00\x00", wire.StartupMessage},
		{"\x00\x00\x00\x09\x00\x03\x27\x0f\x00", wire.StartupMessage},
		{"\x00\x00\x00\x08\x04\xd2\x16", wire.StartupMessage},
		{"", wire.StartupMessage},
	}
	for _, test := range tests {
		if got := wire.IdentifyStartup([]byte(test.bytes)); got != test.want {
			t.Errorf("%q is %s, want %s", test.bytes, got, test.want)
		}
	}
}

// Only the two kinds of password share the name that the documentation gives them.
func TestTypeNames(t *testing.T) {
	t.Parallel()
	seen := map[string]wire.Type{}
	for _, typ := range wire.Types() {
		name := typ.String()
		if name == "" {
			t.Errorf("type %d has no name", typ)
		}
		if other, ok := seen[name]; ok && name != "PasswordMessage" {
			t.Errorf("types %d and %d are both %s", other, typ, name)
		}
		seen[name] = typ
	}
	if got := wire.Type(255).String(); got != "unknown message" {
		t.Errorf("a type beyond the registry is %q", got)
	}
}

func TestFieldNames(t *testing.T) {
	t.Parallel()
	word := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, n := range wire.Names() {
		if !word.MatchString(n.String()) {
			t.Errorf("field name %d is %q", n, n)
		}
		if seen[n.String()] {
			t.Errorf("two fields are named %q", n)
		}
		seen[n.String()] = true
	}
}

// No name is left over from a field that no message has any more.
func TestFieldNamesAreUsed(t *testing.T) {
	t.Parallel()
	used := map[wire.Name]bool{}
	for _, e := range examples {
		m := e.message()
		for _, f := range wire.AppendFields(nil, &m) {
			used[f.Name] = true
		}
	}
	for _, n := range wire.Names() {
		if !used[n] {
			t.Errorf("no example has a field %s", n)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bytes string
		want  int64
	}{
		{"", 0},
		{"Q", 0},
		{"Q\x00\x00\x00", 0},
		{"Q\x00\x00\x00\x00", -1},
		{"Q\x00\x00\x00\x03", -1},
		{"Q\x00\x00\x00\x04", 5},
		{"Q\x3f\xff\xff\xff", 0x40000000},
		{"Q\x40\x00\x00\x00", -1},
		{"Q\xff\xff\xff\xff", -1},
	}
	for _, test := range tests {
		if got := wire.Size([]byte(test.bytes)); got != test.want {
			t.Errorf("size of %q is %d, want %d", test.bytes, got, test.want)
		}
	}
}

func TestStartupSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		bytes string
		want  int64
	}{
		{"", 0},
		{"\x00\x00\x00", 0},
		{"\x00\x00\x00\x00", -1},
		{"\x00\x00\x00\x07", -1},
		{"\x00\x00\x00\x08", 8},
		{"\x00\x00\x27\x14", 10004},
		{"\x00\x00\x27\x15", -1},
		{"\x16\x03\x01\x02", -1}, // a TLS ClientHello
		{"GET ", -1},
		{"\xff\xff\xff\xff", -1},
	}
	for _, test := range tests {
		if got := wire.StartupSize([]byte(test.bytes)); got != test.want {
			t.Errorf("size of %q is %d, want %d", test.bytes, got, test.want)
		}
	}
}

func TestPlausibleType(t *testing.T) {
	t.Parallel()
	var got []byte
	for i := range 256 {
		if wire.PlausibleType(byte(i)) {
			got = append(got, byte(i))
		}
	}
	const want = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if string(got) != want {
		t.Errorf("plausible are %q, want %q", got, want)
	}
}

func TestMechanismOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]wire.Mechanism{
		"SCRAM-SHA-256": wire.SCRAM, "SCRAM-SHA-256-PLUS": wire.SCRAM, "OAUTHBEARER": wire.OAuthBearer,
		"": wire.OtherMechanism, "PLAIN": wire.OtherMechanism, "scram-sha-256": wire.OtherMechanism,
	} {
		if got := wire.MechanismOf(name); got != want {
			t.Errorf("mechanism of %q is %d, want %d", name, got, want)
		}
	}
}

func TestTypesAreInOrder(t *testing.T) {
	t.Parallel()
	types := wire.Types()
	if !slices.IsSorted(types) || types[0] != wire.UnknownMessage {
		t.Errorf("types are %v", types)
	}
}
