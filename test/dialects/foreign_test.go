package dialects

import (
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgpi/test/golden"
)

// Secrets in the conversations below: what proves an identity, or allows guessing a password.
const (
	proof     = "c0ffee00c0ffee01c0ffee02c0ffee03c0ffee04c0ffee05c0ffee06c0ffee07"
	signature = "facade00facade01facade02facade03facade04facade05facade06facade07"
	digest    = "a digest of thirty-two bytes: it"
	token     = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ3cmVuIn0.signed"
)

// gauss returns the method, the salt and the nonce of openGauss's methods.
func gauss(method string) string {
	return "\x00\x00\x00" + method + "8d969eef6ecad3c29a3a629280e686cf0c3f5d5a86aff3ca12020c923adc6c92" + "9f86d081"
}

// foreign are logins to servers that are not PostgreSQL, according to their sources
// (wire/foreignauth.go names these).
var foreign = map[string]conversation{
	"opengauss": {
		client(startup("\x00\x03\x00\x33", "user", "wren", "database", "birds")), // 3.51
		server(message('R', "\x00\x00\x00\x0a"+gauss("\x02")+"\x00\x00\x27\x10")),
		client(message('p', proof+"\x00")),
		server(authenticated, status("server_version", "9.2.4"), message('K', "\x00\x00\x12\x67abcd"), ready),
		client(terminate),
	},
	"opengauss_old_client": {
		client(startup("\x00\x03\x00\x00", "user", "wren", "database", "birds")),
		server(message('R', "\x00\x00\x00\x0a"+gauss("\x02")+signature)),
		client(message('p', proof+"\x00")),
		server(authenticated, ready),
		client(terminate),
	},
	"opengauss_sm3": {
		client(startup("\x00\x03\x00\x33", "user", "wren", "database", "birds")),
		server(message('R', "\x00\x00\x00\x0d"+gauss("\x03")+"\x00\x00\x27\x10")),
		client(message('p', proof+"\x00")),
		server(authenticated, ready),
		client(terminate),
	},
	"redshift_digest": {
		client(startup("\x00\x03\x00\x00", "user", "wren", "database", "birds")),
		server(message('R', "\x00\x00\x00\x0d\x00\x00\x00\x00\x00\x00\x00\x04salt\x00\x00\x00\x05nonce")),
		client(message('d', "\x00\x00\x00\x20"+digest+"\x00\x00\x00\x0d1764345600000")),
		server(authenticated, ready),
		client(terminate),
	},
	"redshift_token": {
		client(startup("\x00\x03\x00\x00", "user", "wren", "database", "birds")),
		server(message('R', "\x00\x00\x00\x0e")),
		client(message('i', token)),
		server(authenticated, ready),
		client(terminate),
	},
}

func TestForeignLogins(t *testing.T) {
	for name, c := range foreign {
		t.Run(name, func(t *testing.T) {
			golden.Compare(t, name+".txt", c.play(t).String())
		})
	}
}

// None of the secrets is in any log with --redact-passwords.
func TestForeignSecrets(t *testing.T) {
	for name, c := range foreign {
		t.Run(name, func(t *testing.T) {
			said := ""
			for _, l := range c {
				said += l.said
			}
			l := c.play(t, "--redact-passwords")
			for _, secret := range []string{proof, signature, digest, token} {
				all := l.String() + l.raw
				if strings.Contains(said, secret) && (strings.Contains(all, secret) || strings.Contains(all, hex.EncodeToString([]byte(secret)))) {
					t.Errorf("%q is in a log", secret)
				}
			}
			if !strings.Contains(l.annotated, "[redacted]") {
				t.Errorf("nothing is redacted:\n%s", l.annotated)
			}
		})
	}
}

// Earlier recordings of such servers are read as they should be today.
func TestRecordings(t *testing.T) {
	for name, what := range map[string]string{
		"yugabytedb": "YbParameterStatus", // its server tells its connection manager its settings
		"emptykey":   "BackendKeyData",    // a pooler sends no key
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name string) string { return filepath.Join(dir, name) }
			cmd := exec.Command(pgpi, "read", "--log-time=none", "--log=annotated="+file("annotated"), "--log=json="+file("json"),
				"--log=pqtrace="+file("pqtrace"), "testdata/"+name+".pcapng")
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			l := logs{
				annotated: lines(t, file("annotated"), annotatedMessage), json: lines(t, file("json"), jsonMessage),
				pqtrace: lines(t, file("pqtrace"), anyLine),
			}
			golden.Compare(t, name+".txt", l.String())
			if !strings.Contains(l.json, `"type":"`+what+`"`) || regexp.MustCompile(`"kind":"undecoded"|unknown`).MatchString(l.json) {
				t.Errorf("there is no %s, or something unknown:\n%s", what, l.json)
			}
		})
	}
}
