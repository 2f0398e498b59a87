package redaction

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/golden"
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

// TestRedaction looks for each canary in each output of each run.
func TestRedaction(t *testing.T) {
	for _, s := range languages {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			m := new(matrix)
			m.real(t, s)
			m.judge(t)
		})
	}
	t.Run("scripted", func(t *testing.T) {
		t.Parallel()
		m := new(matrix)
		m.play(t)
		m.judge(t)
	})
}

// judge says which canaries are where they should not be.
func (m *matrix) judge(t *testing.T) {
	s := newSearch(m.all, m.found)
	cells, leaks := 0, map[string][]string{}
	for _, r := range m.runs {
		found := map[string][]string{}
		for _, o := range outputs {
			if o.name == recorded && r.way == again {
				continue
			}
			for name := range s.everywhere(r.file(t, o.file), o.name != recorded) {
				found[name] = append(found[name], o.name)
			}
		}
		for i := range m.all {
			c := &m.all[i]
			if r.option == nothing {
				if len(found[c.name]) == 0 {
					t.Errorf("%s: the canary is nowhere, so that it can't be missed", c.name)
				}
				continue
			}
			if c.hidden(r.option) && len(found[c.name]) > 0 && c.byDesign == "" {
				cells += len(found[c.name])
				leaks[c.name] = append(leaks[c.name], fmt.Sprintf("%s %s (%s)", r.option, r.way, strings.Join(found[c.name], " ")))
			}
		}
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(leaks)) {
		fmt.Fprintf(&text, "%s\n", name)
		for _, where := range leaks[name] {
			fmt.Fprintf(&text, "  %s\n", where)
		}
	}
	t.Logf("%d of %d canaries are found, in %d outputs", len(leaks), len(m.all), cells)
	golden.Compare(t, strings.ReplaceAll(m.server, " ", "-")+".txt", text.String())
}
