package acceptance

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

const one = "errors:3f2a9c01d4e5b677"

func TestParse(t *testing.T) {
	list, err := Parse("f", []byte(`# What we live with.
[[accepted]]
signature = "errors:3f2a9c01d4e5b677"
rule = "errors"
shape = "select 1"
reason = " the users' typing "   # Ada
until = 2026-12-31

[["accepted"]]
signature = 'slow:0000000000000000'
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(list.All) != 2 {
		t.Fatalf("%d acceptances", len(list.All))
	}
	if got, want := *list.Of(one), (Acceptance{one, "errors", "select 1", "the users' typing", "2026-12-31", 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := *list.All[1], (Acceptance{Signature: "slow:0000000000000000", Line: 9}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if list.Of("errors:3f2a9c01d4e5b678") != nil || (*List)(nil).Of(one) != nil {
		t.Error("what nobody has accepted is accepted")
	}
}

// TestEnds: the last day is the last on which a finding is accepted.
func TestEnds(t *testing.T) {
	zone := time.FixedZone("", 5*60*60)
	for until, want := range map[Day]bool{"": false, "2026-12-30": true, "2026-12-31": false, "2027-01-01": false, "0001-01-01": true, "9999-12-31": false} {
		a := Acceptance{Until: until}
		if got := a.HasEnded(DayOf(time.Date(2026, 12, 31, 1, 0, 0, 0, zone))); got != want {
			t.Errorf("until %s: ended is %v", until, got)
		}
	}
}

func TestRefused(t *testing.T) {
	const begin = "[[accepted]]\nsignature = \"" + one + "\"\n"
	for text, want := range map[string]string{
		"\xff":                                                `read f: it is not text in UTF-8`,
		"x = 1":                                               `read f, line 1: "x" is unknown: begin each acceptance with [[accepted]]`,
		"\n[accepted]\n":                                      `read f, line 2: "accepted" is unknown: begin each`,
		"[[acepted]]":                                         `read f, line 1: "acepted" is unknown: begin each`,
		"accepted = [{signature = \"x\"}]":                    `read f, line 1: "accepted" is unknown: begin each`,
		begin + "[log]\n":                                     `read f, line 3: "log" is unknown: begin each`,
		begin + "[accepted.more]\n":                           `read f, line 3: "accepted.more" is unknown: begin each`,
		begin + "\nsignatures = 1":                            `read f, line 4: "signatures" is unknown: an acceptance has signature, rule, shape, reason and until`,
		begin + "\"\\u001b[2J\" = 1":                          `read f, line 3: "\x1b[2J" is unknown`,
		begin + "reason.more = 'x'":                           `read f, line 3: "reason.more" is unknown`,
		begin + "reason = 'x'\nreason = 'y'":                  `read f, line 4: "reason" is there twice: leave one`,
		begin + "reason = 3":                                  `read f, line 3: reason is not text: put it in quotes`,
		begin + "reason = \"a\\nb\"":                          `read f, line 3: reason has more than one line, or a control character: give one line`,
		begin + "reason = \"\\u202e\"":                        `read f, line 3: reason has more than one line, or a control character`,
		begin + "until = '2026-12-31'":                        `read f, line 3: until is not a day: give one without quotes, as in until = 2026-12-31`,
		begin + "until = 2026-02-30":                          `read f, line 3: until is not a day`,
		begin + "until = 2026-12-31T00:00:00Z":                `read f, line 3: until is not a day`,
		begin + "rule = 'slow'":                               `read f, line 1: rule is "slow", and the signature is one of rule errors: correct it, or leave it out`,
		begin + "\n" + begin:                                  `read f, line 4: errors:3f2a9c01d4e5b677 is accepted in line 1 already: leave one`,
		"[[accepted]]\nreason = 'x'":                          `read f, line 1: the acceptance has no signature: copy it from the log or the report`,
		"[[accepted]]\n[[accepted]]":                          `read f, line 1: the acceptance has no signature`,
		"[[accepted]]\nsignature = 'errors'":                  `read f, line 1: "errors" is not a signature: copy it from the log or the report, as in signature = "n+1:3f2a9c01d4e5b677"`,
		"[[accepted]]\nsignature = 'errors:3F2A9C01D4E5B677'": `read f, line 1: "errors:3F2A9C01D4E5B677" is not a signature`,
		"[[accepted]]\nsignature = 'eror:3f2a9c01d4e5b677'":   `read f, line 1: "eror" is not a rule of this pgpi: there are `,
		begin + "reason":                                      `read f, line 3: it is not TOML: `,
		begin + "reason = \n\n":                               `read f, line 3: it is not TOML: `,
		begin + "reason = 'x\n'":                              `read f, line 3: it is not TOML: `,
		begin + "until = 2026-1x":                             `read f, line 3: it is not TOML: `,
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParse: whatever is in a file, reading it ends with a list or with one sentence, and more can
// be appended to what can be read.
func FuzzParse(f *testing.F) {
	f.Add([]byte("[[accepted]]\nsignature = \"errors:3f2a9c01d4e5b677\"\nuntil = 2026-12-31\nreason = '''x'''"), "select \"\\\u202e\x00\n$1", uint64(3))
	f.Add([]byte("# nothing"), "", uint64(0))
	f.Add([]byte("a=[1,\n{b=2}]"), "", uint64(0))
	f.Fuzz(func(t *testing.T, text []byte, shape string, number uint64) {
		list, err := Parse("f", text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("not one sentence: %q", err)
			}
			return
		}
		more := []Acceptance{{Signature: "slow:" + hex(number), Rule: "slow", Shape: strings.ToValidUTF8(shape, "?")}}
		if list.Of(more[0].Signature) != nil {
			return
		}
		longer := Append(text, more)
		if !bytes.HasPrefix(longer, text) {
			t.Fatalf("what was there has changed: %q", longer)
		}
		again, err := Parse("f", longer)
		if err != nil {
			t.Fatalf("%v: %q", err, longer)
		}
		added := again.Of(more[0].Signature)
		if len(again.All) != len(list.All)+1 || added == nil || added.Shape != strings.TrimSpace(shorten(more[0].Shape)) || added.Reason != "" {
			t.Fatalf("%+v was added: %q", added, longer)
		}
	})
}

func hex(n uint64) string {
	digits := []byte("0000000000000000")
	for i := len(digits) - 1; n > 0; i, n = i-1, n>>4 {
		digits[i] = "0123456789abcdef"[n&15]
	}
	return string(digits)
}

func TestAppend(t *testing.T) {
	got := string(Append([]byte("# kept"), []Acceptance{{Signature: one, Rule: "errors", Shape: `select "a"`}, {Signature: "slow:0000000000000000", Rule: "slow"}}))
	want := `# kept

[[accepted]]
signature = "errors:3f2a9c01d4e5b677"
rule = "errors"
shape = "select \"a\""
reason = ""

[[accepted]]
signature = "slow:0000000000000000"
rule = "slow"
reason = ""
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := string(Append(nil, nil)); got != "" {
		t.Errorf("%q", got)
	}
}
