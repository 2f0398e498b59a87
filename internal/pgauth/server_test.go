package pgauth

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// scramServer is a server's side of SCRAM written from RFC 5802, apart from the library that the
// package uses.
type scramServer struct {
	password   string
	salt       []byte
	iterations int
	nonce      string // the server's part
	binding    []byte // the tls-server-end-point hash, nil where it has none

	gs2, firstBare, serverFirst, fullNonce string
}

// first takes the client-first-message and returns the server-first-message.
func (s *scramServer) first(t *testing.T, clientFirst string) string {
	t.Helper()
	parts := strings.SplitN(clientFirst, ",", 3)
	if len(parts) != 3 {
		t.Fatalf("client-first-message %q has no gs2 header", clientFirst)
	}
	s.gs2, s.firstBare = parts[0]+","+parts[1]+",", parts[2]
	_, nonce, found := strings.Cut(s.firstBare, ",r=")
	if !found {
		t.Fatalf("client-first-message %q has no nonce", clientFirst)
	}
	s.fullNonce = nonce + s.nonce
	s.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", s.fullNonce, base64.StdEncoding.EncodeToString(s.salt), s.iterations)
	return s.serverFirst
}

// final takes the client-final-message and returns the server-final-message, or why the proof is
// wrong.
func (s *scramServer) final(clientFinal string) (string, error) {
	withoutProof, proof, _ := strings.Cut(clientFinal, ",p=")
	channel := append([]byte(s.gs2), s.binding...)
	want := "c=" + base64.StdEncoding.EncodeToString(channel) + ",r=" + s.fullNonce
	if withoutProof != want {
		return "", fmt.Errorf("client-final-message is %q, want %q and a proof", clientFinal, want)
	}
	salted, err := pbkdf2.Key(sha256.New, s.password, s.salt, s.iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	message := s.firstBare + "," + s.serverFirst + "," + withoutProof
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	signature := mac(stored[:], message)
	for i := range clientKey {
		clientKey[i] ^= signature[i]
	}
	if base64.StdEncoding.EncodeToString(clientKey) != proof {
		return "", fmt.Errorf("wrong proof %q", proof)
	}
	return "v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), message)), nil
}

func mac(key []byte, text string) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(text))
	return sum.Sum(nil)
}

// parseInitialResponse returns the mechanism and the client-first-message of a SASLInitialResponse.
func parseInitialResponse(t *testing.T, body []byte) (string, string) {
	t.Helper()
	mechanism, rest, found := strings.Cut(string(body), "\x00")
	if !found || len(rest) < 4 {
		t.Fatalf("SASLInitialResponse %q is too short", body)
	}
	first := rest[4:]
	if length := binary.BigEndian.Uint32([]byte(rest)); int(length) != len(first) {
		t.Fatalf("SASLInitialResponse says %d bytes and carries %d", length, len(first))
	}
	return mechanism, first
}

// mechanisms builds the data of an AuthenticationSASL.
func mechanisms(names ...string) []byte {
	return []byte(strings.Join(append(names, ""), "\x00") + "\x00")
}

// TestScramServerRFC7677 holds the test's own server against the example of RFC 7677, section 3.
func TestScramServerRFC7677(t *testing.T) {
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	server := scramServer{password: "pencil", salt: salt, iterations: 4096, nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"}
	first := server.first(t, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
	if want := "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"; first != want {
		t.Fatalf("server-first-message is %q, want %q", first, want)
	}
	final, err := server.final("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
		"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
	if err != nil {
		t.Fatal(err)
	}
	if want := "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="; final != want {
		t.Fatalf("server-final-message is %q, want %q", final, want)
	}
}
