package redact

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// songbird is the secret in all messages here. No other part of them has three of its
// letters in a row.
const songbird = "KanariEnvogeL"

// sings returns what is left of the songbird in some bytes.
func sings(b []byte) string {
	for i := range len(songbird) - 2 {
		if part := songbird[i : i+3]; bytes.Contains(b, []byte(part)) {
			return part
		}
	}
	return ""
}

// secretMessages has a message of each kind that carries a secret, and what is left of
// its body, "•" standing for a redacted part.
var secretMessages = []struct {
	name      string
	typ       wire.Type
	mechanism wire.Mechanism
	body      string
	want      string
}{
	{"cleartext password", wire.PasswordMessage, 0, songbird + "\x00", "•\x00"},
	{"MD5 hash", wire.MD5PasswordMessage, 0, "md5" + songbird + "\x00", "•\x00"},
	{"a response to who knows what", wire.PasswordOrToken, 0, songbird + "\x00", "•"},
	{"GSS token", wire.GSSResponse, 0, "\x60" + songbird, "•"},
	{"GSS token of the server", wire.AuthenticationGSSContinue, 0, "\x00\x00\x00\x08" + songbird, "\x00\x00\x00\x08•"},
	{"SCRAM client-final-message", wire.SASLResponse, wire.SCRAM, "c=biws,r=abcd,p=" + songbird, "c=biws,r=abcd,p=•"},
	{"SCRAM server-final-message", wire.AuthenticationSASLFinal, wire.SCRAM, "\x00\x00\x00\x0cv=" + songbird, "\x00\x00\x00\x0cv=•"},
	{"SCRAM error with something behind it", wire.AuthenticationSASLFinal, wire.SCRAM, "\x00\x00\x00\x0ce=other-error," + songbird, "\x00\x00\x00\x0c•"},
	{"SCRAM without a proof", wire.SASLResponse, wire.SCRAM, "c=biws,r=" + songbird, "•"},
	{"bearer token", wire.SASLInitialResponse, 0, "OAUTHBEARER\x00" + counted("n,,\x01auth=Bearer "+songbird+"\x01\x01"), "OAUTHBEARER\x00\x00\x00\x00\x1f•"},
	{"a SASL mechanism to come", wire.SASLInitialResponse, 0, "SCRAM-SHA-512\x00" + counted(songbird), "•\x00\x00\x00\x00\x0d•"},
	{"its later data", wire.SASLResponse, 0, songbird, "•"},
	{"its final data", wire.AuthenticationSASLFinal, 0, "\x00\x00\x00\x0c" + songbird, "\x00\x00\x00\x0c•"},
	{"a password in the place of a mechanism", wire.SASLInitialResponse, 0, songbird + "\x00", "•\x00"},
	{"a password in the place of a token", wire.SASLResponse, wire.OAuthBearer, songbird, "•"},
	{"what follows a password", wire.PasswordMessage, 0, "x\x00" + songbird, "•\x00•"},
	{"cancel key", wire.BackendKeyData, 0, "\x00\x00\x00\x07" + songbird, "\x00\x00\x00\x07•"},
	{"password in SQL", wire.Query, 0, "ALTER ROLE x PASSWORD '" + songbird + "'\x00", "ALTER ROLE x PASSWORD '•'\x00"},
	{"password in SQL without an end", wire.Query, 0, "ALTER ROLE x PASSWORD '" + songbird, "ALTER ROLE x PASSWORD•"},
	{"password in a statement that is prepared", wire.Parse, 0, "s\x00CREATE SUBSCRIPTION s CONNECTION '" + songbird + "'\x00\x00\x00", "s\x00CREATE SUBSCRIPTION s CONNECTION '•'\x00\x00\x00"},
	{"statement in an error", wire.ErrorResponse, 0, "Msyntax error\x00WSQL statement \"ALTER ROLE x PASSWORD '" + songbird + "'\"\x00\x00", "Msyntax error\x00WSQL statement \"ALTER ROLE x PASSWORD•\"\x00\x00"},
	{"statement in a notice", wire.NoticeResponse, 0, "MALTER ROLE x PASSWORD '" + songbird + "'\x00\x00", "MALTER ROLE x PASSWORD '•'\x00\x00"},
}

// counted puts the length of data in front of it.
func counted(data string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) + data
}

func secretMessage(i int) wire.Message {
	s := secretMessages[i]
	b := binary.BigEndian.AppendUint32([]byte{s.typ.Code()}, uint32(len(s.body)+4))
	b = append(b, s.body...)
	return wire.Message{Type: s.typ, State: wire.State{Mechanism: s.mechanism}, Bytes: b, Size: int64(len(b))}
}

// apply redacts a message, and checks what holds for all: as many bytes as before,
// spans that are in order and are what was changed.
func apply(t *testing.T, m wire.Message) event.Message {
	t.Helper()
	before := bytes.Clone(m.Bytes)
	e := event.Event{Kind: event.Traffic, Data: m.Bytes, Messages: []event.Message{{Message: m}}}
	new(Passwords).Apply(&e)
	got := e.Messages[0]
	end := 0
	for _, s := range got.Redacted {
		if s.Start < end || s.Start >= s.End || s.End > len(before) {
			t.Fatalf("%s %q: the spans are %v", m.Type, before, got.Redacted)
		}
		if !bytes.Equal(got.Bytes[end:s.Start], before[end:s.Start]) {
			t.Fatalf("%s: %q has become %q outside of %v", m.Type, before, got.Bytes, got.Redacted)
		}
		if strings.Trim(string(got.Bytes[s.Start:s.End]), "*") != "" {
			t.Fatalf("%s: %q has become %q inside of %v", m.Type, before, got.Bytes, got.Redacted)
		}
		end = s.End
	}
	if !bytes.Equal(got.Bytes[end:], before[end:]) {
		t.Fatalf("%s: %q has become %q outside of %v", m.Type, before, got.Bytes, got.Redacted)
	}
	return got
}

func TestSecretMessages(t *testing.T) {
	t.Parallel()
	for i, s := range secretMessages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			m := secretMessage(i)
			fields := names(m)
			got := apply(t, m)
			shown := string(got.Bytes)
			for _, span := range slices.Backward(got.Redacted) {
				shown = shown[:span.Start] + "•" + shown[span.End:]
			}
			if shown = shown[wire.HeaderSize:]; shown != s.want {
				t.Errorf("it is %q, not %q", shown, s.want)
			}
			if got.Secret != (s.typ.Code() == 'p') {
				t.Errorf("that it is a secret as a whole is %v", got.Secret)
			}
			if after := names(got.Message); !slices.Equal(after, fields) {
				t.Errorf("it had the fields %v, and has %v", fields, after)
			}
		})
	}
}

// names are the fields of a message.
func names(m wire.Message) (all []wire.Name) {
	for _, f := range wire.AppendFields(nil, &m) {
		all = append(all, f.Name)
	}
	return all
}

// Wherever a message is cut off, and whatever is wrong with it, its secret is hidden.
func TestBrokenSecrets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for i, s := range secretMessages {
		for n := 1; n <= len(secretMessage(i).Bytes); n++ {
			kept, cut := secretMessage(i), secretMessage(i)
			kept.Bytes = kept.Bytes[:n]
			cut.Bytes, cut.Size = cut.Bytes[:n], int64(n)
			for _, m := range []wire.Message{kept, cut} {
				if left := sings(apply(t, m).Bytes); left != "" {
					t.Errorf("%s, cut off after %d of %d bytes: %q is left", s.name, n, m.Size, left)
				}
			}
		}
		longer := secretMessage(i)
		longer.Bytes = append(longer.Bytes, songbird...)
		longer.Size = int64(len(longer.Bytes))
		if s.typ.Code() == 'p' || s.typ == wire.BackendKeyData {
			if left := sings(apply(t, longer).Bytes); left != "" {
				t.Errorf("%s, with more after it: %q is left", s.name, left)
			}
		}
		if s.typ.Code() != 'p' {
			continue // an Authentication without its subtype is another message, and SQL has to name its secret
		}
		for range 200 {
			m := secretMessage(i)
			start := bytes.Index(m.Bytes, []byte(songbird))
			m.Bytes[1+r.IntN(start-1)] = byte(r.IntN(256))
			if left := sings(apply(t, m).Bytes); left != "" {
				t.Errorf("%s, as %q: %q is left", s.name, secretMessage(i).Bytes, left)
			}
		}
	}
}

func TestCancelKey(t *testing.T) {
	t.Parallel()
	for _, packet := range []string{
		"\x00\x00\x00\x19\x04\xd2\x16\x2e\x00\x00\x00\x07" + songbird,
		"\x00\x00\x00\x0c\x04\xd2\x16\x2e\x00\x00\x00\x07" + songbird,
	} {
		for n := 8; n <= len(packet); n++ {
			m := wire.Message{Type: wire.CancelRequest, Bytes: []byte(packet[:n]), Size: int64(n)}
			if left := sings(apply(t, m).Bytes); left != "" {
				t.Errorf("%d bytes of a cancel request: %q is left", n, left)
			}
		}
	}
}

// Bytes of an unknown message are hidden as a whole, and
// the message that ends in them as far as it was kept.
func TestFragments(t *testing.T) {
	t.Parallel()
	m := secretMessage(0)
	first := event.Event{Kind: event.Fragment, Data: []byte("Q\x00\x01\x00\x00" + songbird)}
	fragment := event.Event{Kind: event.Fragment, Data: []byte(songbird), Offset: 100, Messages: []event.Message{{Message: m}}}
	undecoded := event.Event{Kind: event.Undecoded, Data: []byte(songbird)}
	new(Passwords).Apply(&first)
	new(Passwords).Apply(&fragment)
	new(Passwords).Apply(&undecoded)
	if !strings.HasPrefix(string(first.Data), "Q\x00\x01\x00\x00") {
		t.Errorf("the header has become %q", first.Data[:wire.HeaderSize])
	}
	for _, b := range [][]byte{first.Data, fragment.Data, fragment.Messages[0].Bytes, undecoded.Data} {
		if left := sings(b); left != "" {
			t.Errorf("%q is left", left)
		}
	}
}

// What is not a secret stays unchanged, in all messages except those.
func TestHarmlessMessages(t *testing.T) {
	t.Parallel()
	for _, m := range []struct {
		typ  wire.Type
		body string
	}{
		{wire.SASLInitialResponse, "SCRAM-SHA-256\x00" + counted("n,,n=,r=abcd")},
		{wire.SASLInitialResponse, "SCRAM-SHA-256-PLUS\x00\xff\xff\xff\xff"},
		{wire.AuthenticationSASLContinue, "\x00\x00\x00\x0br=abcd,s=QSXCR,i=4096"},
		{wire.AuthenticationMD5Password, "\x00\x00\x00\x05salt"},
		{wire.Query, "SELECT 'PASSWORD'\x00"},
		{wire.DataRow, "\x00\x01\x00\x00\x00\x08password"},
		{wire.ErrorResponse, "SFATAL\x00Mpassword authentication failed for user \"frank\"\x00\x00"},
	} {
		b := append(binary.BigEndian.AppendUint32([]byte{m.typ.Code()}, uint32(len(m.body)+4)), m.body...)
		got := apply(t, wire.Message{Type: m.typ, State: wire.State{Mechanism: wire.SCRAM}, Bytes: b, Size: int64(len(b))})
		if len(got.Redacted) > 0 {
			t.Errorf("%s: %q is left of %q", m.typ, got.Bytes, m.body)
		}
	}
}

// No message makes it panic.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, typ := range wire.Types() {
		for range 300 {
			m := wire.Random(r, typ, wire.State{})
			for range r.IntN(3) {
				m.Bytes[r.IntN(len(m.Bytes))] = byte(r.IntN(256))
			}
			apply(t, m)
		}
	}
}

// Whatever a peer wrote of a fact is looked through for secrets.
func TestFacts(t *testing.T) {
	looked := 0
	for _, phrase := range event.Phrases() {
		f := phrase.Fact
		filled := event.ReplaceWritten(f, func(w event.Written, _ string) string {
			looked++
			return string(w.By) + " alter role x password '" + songbird + "'"
		})
		e := event.Event{Kind: event.Said, Fact: filled}
		new(Passwords).Take(&e, func(e *event.Event) {
			if rest := sings([]byte(event.Sentence(e.Fact))); rest != "" {
				t.Errorf("%s still has %q", event.Sentence(e.Fact), rest)
			}
		})
	}
	if looked == 0 {
		t.Error("no fact has a field that a peer wrote")
	}
}
