package redaction

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/diff"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	path, remove, err := program.Prepare(false)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	return m.Run()
}

// TestNames checks that each construct has a name, because its canary is made from that.
func TestNames(t *testing.T) {
	names := map[string]bool{}
	for _, c := range slices.Concat(constructs(), scripted, large) {
		if names[c.name] {
			t.Errorf("%q is the name of two constructs", c.name)
		}
		names[c.name] = true
	}
}

// TestRedaction looks for each canary in each output of each run.
func TestRedaction(t *testing.T) {
	for _, s := range languages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			m := new(matrix)
			m.real(t, s)
			m.judge(t)
			m.compare(t)
		})
	}
	t.Run("scripted", func(t *testing.T) {
		t.Parallel()
		m := &matrix{server: "scripted", all: scripted}
		m.play(t)
		m.judge(t)
		m.compare(t)
	})
	t.Run("large", func(t *testing.T) {
		t.Parallel()
		m := &matrix{server: "large", all: large}
		m.play(t)
		m.judge(t)
	})
}

// judge returns which canaries are where they should not be.
func (m *matrix) judge(t *testing.T) {
	t.Helper()
	s := newSearch(m.all, m.found)
	kept := map[string]bool{}
	for _, r := range m.runs {
		found := r.search(t, s)
		for i := range m.all {
			c := &m.all[i]
			switch {
			case r.option == nothing && r.way == live && len(found[c.name]) == 0:
				t.Errorf("%s: the canary is nowhere, so that it can't be missed", c.name)
			case !c.hidden(r.option) || len(found[c.name]) == 0:
			case c.byDesign == "":
				t.Errorf("%s: the canary is found with %s %s, in %s", c.name, r.option, r.way, strings.Join(found[c.name], ", "))
			default:
				kept[c.name] = true
			}
		}
	}
	for _, c := range m.all {
		if c.byDesign != "" && !kept[c.name] && !m.foreign {
			t.Errorf("%s: the canary is nowhere, so that it does not stay by design", c.name)
		}
	}
}

// search returns the outputs of a run that contain a canary, by its construct.
func (r *run) search(t *testing.T, s *search) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, o := range outputs {
		if o.name == recorded && r.way == again {
			continue
		}
		for name := range s.everywhere(r.file(t, o.file), o.name != recorded) {
			found[name] = append(found[name], o.name)
		}
	}
	return found
}

// TestDesign checks that docs/redaction.md says why a canary stays.
func TestDesign(t *testing.T) {
	text, err := os.ReadFile("../../docs/redaction.md")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(text)), " ")
	for _, c := range slices.Concat(constructs(), scripted, large) {
		if !strings.Contains(words, c.byDesign) {
			t.Errorf("%s: docs/redaction.md does not have %q", c.name, c.byDesign)
		}
	}
}

// ownRedaction is what a report in JSON says of the options of its own run.
var ownRedaction = regexp.MustCompile(`"redact": .*`)

// compare checks that the log made from a redacted recording equals the log made live.
func (m *matrix) compare(t *testing.T) {
	t.Helper()
	for _, r := range m.runs {
		if r.way != again || r.option == values && r.of.way == live {
			// Live, a late value is still in what a recording has of the statement before it.
			continue
		}
		for _, o := range outputs {
			if o.name == recorded || o.name == "sarif" { // which names the file that was read
				continue
			}
			got, want := ownRedaction.ReplaceAllString(r.file(t, o.file), ""), ownRedaction.ReplaceAllString(r.of.file(t, o.file), "")
			if difference := diff.Diff("as it was written", []byte(want), "read again", []byte(got)); difference != nil {
				t.Errorf("%s of what was recorded with %s: %.2000s", o.name, r.option, difference)
			}
		}
	}
}
