package redaction

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// verifier is a verifier, nothing of which must be left.
var verifier = regexp.MustCompile(`md5[0-9a-f]{32}|SCRAM-SHA-256\$[0-9]+:`)

// TestHashesInRows reads what a pooler asks for: rows with the verifiers of other users. An earlier
// version has recorded it, and noted that it is redacted.
func TestHashesInRows(t *testing.T) {
	capture := filepath.Join("testdata", "hashes-in-rows.pcapng")
	if recorded, err := os.ReadFile(capture); err != nil || !verifier.Match(recorded) {
		t.Fatalf("there is nothing to hide: %v", err)
	}
	for _, option := range []string{nothing, passwords, values} {
		r := &run{option: option, way: read, dir: t.TempDir()}
		r.read(t, capture)
		for _, o := range outputs {
			if found := verifier.FindString(r.file(t, o.file)); found != "" {
				t.Errorf("%s with %q has the verifier %q", o.name, option, found)
			}
		}
	}
}

// TestRowsOfUnknownType reads a capture that begins after the statement of its rows.
func TestRowsOfUnknownType(t *testing.T) {
	rows := func(option string) (all [][]byte) {
		r := &run{option: option, way: read, dir: t.TempDir()}
		r.read(t, filepath.Join("testdata", "rows-of-unknown-type.pcap"), "--port=63018")
		if option == values && !strings.Contains(r.complaint, "no value of the input is in") {
			t.Errorf("the check says: %s", r.complaint)
		}
		for line := range strings.Lines(r.file(t, "json.log")) {
			if strings.Contains(line, `"DataRow"`) {
				all = append(all, columns(t, line)...)
			}
		}
		return all
	}
	before, after := rows(nothing), rows(values)
	if len(before) != len(after) || len(before) < 8 {
		t.Fatalf("%d values have become %d", len(before), len(after))
	}
	for i, was := range before {
		if string(was) == "Alice Smith" {
			continue // a word has the word's pseudonym, which may share letters with it
		}
		for j := range was {
			if was[j] == after[i][j] {
				t.Errorf("byte %d of %x is the same in %x", j, was, after[i])
			}
		}
	}
}

// columns returns the bytes of a row's values, as in the JSON log.
func columns(t *testing.T, line string) (all [][]byte) {
	t.Helper()
	var row struct {
		Fields struct {
			Column []struct {
				Value json.RawMessage `json:"value"`
			} `json:"column"`
		} `json:"fields"`
	}
	if err := json.Unmarshal([]byte(line), &row); err != nil {
		t.Fatal(err)
	}
	for _, c := range row.Fields.Column {
		var text string
		var value struct {
			Hex string `json:"hex"`
		}
		if json.Unmarshal(c.Value, &text) == nil {
			all = append(all, []byte(text))
			continue
		}
		if err := json.Unmarshal(c.Value, &value); err != nil {
			t.Fatal(err)
		}
		b, err := hex.DecodeString(value.Hex)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}
