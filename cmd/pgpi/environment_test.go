package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMeantVariable: two letters may be wrong, unless nothing of the name is left.
func TestMeantVariable(t *testing.T) {
	known, err := knownVariables()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"PGPI_REDACT_PASSWORD":      "PGPI_REDACT_PASSWORDS",
		"PGPI_REDCAT_PASSWRDS":      "PGPI_REDACT_PASSWORDS",
		"PGPI_REDACTED":             "PGPI_REDACT",
		"PGPI_REDACTION":            "PGPI_REDACT",
		"PGPI_REDACT_SECRETS":       "PGPI_REDACT",
		"PGPI_NO_REDACT_PASSWORDS":  "PGPI_REDACT_PASSWORDS",
		"PGPI_REDACT_PASSWD":        "PGPI_REDACT_PASSWORDS",
		"PGPI_LOG":                  "PGPI_LOG", // of pgpi_log
		"PGPI_LGO":                  "PGPI_LOG",
		"PGPI_LOGFILE":              "PGPI_LOG_FILE",
		"PGPI_SERVER_PORT":          "PGPI_SERVER_CONNECT_PORT",
		"PGPI_SERVER_SSLROOT_CERT":  "PGPI_SERVER_SSLROOTCERT",
		"PGPI_CLIENT_SSL_PASSPHRAS": "",
		"PGPI_B":                    "PGPI_BW",
		"PGPI_DB":                   "",
		"PGPI_HOME":                 "",
		"PGPI_":                     "",
	} {
		if got := meantVariable(name, known); got != want {
			t.Errorf("%s is read as %q, not %q", name, got, want)
		}
	}
}

// TestKnownVariables: what the sources read is known, and Kubernetes sets no variable with the name
// of an option.
func TestKnownVariables(t *testing.T) {
	known, err := knownVariables()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range known {
		if isServiceLink(name, "x") {
			t.Errorf("%s is read as a variable of Kubernetes", name)
		}
	}
	variable := regexp.MustCompile(`"PGPI_[A-Z_]+[A-Z]"`)
	found := 0
	for _, folder := range []string{".", "../../internal"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/gen/") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, quoted := range variable.FindAllString(string(text), -1) {
				found++
				if name := strings.Trim(quoted, `"`); !isKnown(name, known) {
					t.Errorf("%s has the variable %s, which is not known", path, name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < len(otherVariables) {
		t.Errorf("the sources name %d variables: where are the others?", found)
	}
}
