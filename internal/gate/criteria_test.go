package gate

import (
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/stats"
)

func parse(t *testing.T, text string) *Criteria {
	t.Helper()
	c, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return c
}

// TestFails: which findings fail a run by which criteria.
func TestFails(t *testing.T) {
	note, warning, grave := event.Note, event.Warning, event.Error
	for _, test := range []struct {
		criteria string
		rule     string
		severity event.Severity
		took     time.Duration
		most     int64
		want     bool
	}{
		{"errors", "errors", note, 0, 0, true},
		{"errors", "serialization", grave, 0, 0, false},
		{"serialization, errors", "errors", note, 0, 0, true},
		{"note", "errors", note, 0, 0, true},
		{"note", "errors", grave, 0, 0, true},
		{"warning", "errors", note, 0, 0, false},
		{"warning", "errors", warning, 0, 0, true},
		{"error", "errors", warning, 0, 0, false},
		{"error", "errors", grave, 0, 0, true},
		{"statements=5", "errors", grave, 0, 9, false},
		{"new-shape,calls=10%", "errors", grave, 0, 9, false},
		// Timed rules fail by their bounds alone.
		{"note", "slow", grave, time.Hour, 99, false},
		{"slow=200ms", "slow", note, 200 * time.Millisecond, 99, false},
		{"slow=200ms", "slow", note, 201 * time.Millisecond, 0, true},
		{"slow=200ms", "slow-reader", note, time.Hour, 99, false},
		{"slow=1s,slow-reader=250ms", "slow-reader", note, 300 * time.Millisecond, 0, true},
		{"churn=100", "churn", note, time.Hour, 100, false},
		{"churn=100", "churn", note, 0, 101, true},
		{"error,churn=100", "churn", note, 0, 20, false},
		{"idle-in-transaction=5s", "idle-in-transaction", note, 6 * time.Second, 0, true},
		{"chatty-transaction=50", "chatty-transaction", note, 0, 51, true},
	} {
		f := &stats.Finding{Severity: test.severity, Took: test.took, Most: test.most}
		f.First = &event.Finding{Rule: test.rule, Severity: note, Timed: insight.Named(test.rule).Timed}
		if _, got := parse(t, test.criteria).fails(f); got != test.want {
			t.Errorf("%s of %s, severity %s, %v, %d: fails is %v", test.criteria, test.rule, test.severity, test.took, test.most, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `"" is unknown: give a severity (note, warning, error), a rule such as `,
		"warnings":               `"warnings" is unknown: give a severity`,
		"error,":                 `"" is unknown: give a severity`,
		"all":                    `"all" is unknown`,
		"errors,errors":          `errors is there twice: leave one`,
		"slow=1s,slow=2s":        `slow is there twice: leave one`,
		"errors=5":               `errors has no bound: leave out =5`,
		"warning=5":              `warning has no bound: leave out =5`,
		"new-shape=5":            `new-shape has no bound: leave out =5`,
		"slow":                   `slow depends on how fast the machine is: give a bound, such as slow=200ms`,
		"churn":                  "churn depends on how fast the machine is: give a bound, such as churn=20\n",
		"idle-in-transaction":    `idle-in-transaction depends on how fast the machine is: give a bound, such as idle-in-transaction=5s`,
		"slow=":                  `"" is not a duration: give what is allowed with its unit, such as slow=30s`,
		"slow=200":               `"200" is not a duration: `,
		"slow=-1s":               `"-1s" is not a duration: `,
		"slow=0s":                `"0s" is not a duration: `,
		"churn=1s":               `"1s" is not a number of connections: give how many are allowed, such as churn=200`,
		"churn=19":               `churn looks for 20 or more: give a bound of at least that`,
		"idle-in-transaction=4s": `idle-in-transaction looks for 5s or more: give a bound of at least that`,
		"chatty-transaction=1":   `chatty-transaction looks for 50 or more: `,
		"statements":             `"" is not a number of statements: give how many are allowed, such as statements=200`,
		"statements=-1":          `"-1" is not a number of statements: `,
		"statements=2,5":         `"5" is unknown`,
		"calls=10":               `"10" is not a percentage: `,
	} {
		if _, err := Parse(text); err == nil || !strings.HasPrefix(err.Error()+"\n", want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// TestEachRule: each rule can be named, or the error says what to write instead, which is right.
func TestEachRule(t *testing.T) {
	for _, r := range insight.Rules {
		_, err := Parse(r.Name)
		if !r.Timed {
			if err != nil {
				t.Errorf("%s: %v", r.Name, err)
			}
			continue
		}
		if err == nil || !r.Bounded {
			t.Errorf("%s is timed, and has no bound: %v", r.Name, err)
			continue
		}
		_, example, _ := strings.Cut(err.Error(), "such as ")
		if c, err := Parse(example); err != nil || len(c.bounds) != 1 || c.bounds[0].rule != r {
			t.Errorf("%s is the example for %s: %v", example, r.Name, err)
		}
	}
}

func TestSelection(t *testing.T) {
	for _, test := range []struct{ criteria, selection, want string }{
		{"errors", "all", ""},
		{"errors,slow=1s", "errors,slow", ""},
		{"errors,slow=1s", "errors", "slow is not looked for: name it in --findings, too"},
		{"errors", "all,no-errors", "errors is not looked for: name it in --findings, too"},
		{"warning", "errors", ""},
		{"warning", "none", "nothing is looked for: leave out --findings none"},
		{"statements=5,new-shape", "none", ""},
	} {
		selection, err := insight.ParseSelection(test.selection)
		if err != nil {
			t.Fatal(err)
		}
		err = parse(t, test.criteria).CheckSelection(selection)
		if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("--fail-on %s --findings %s: %v, want %s", test.criteria, test.selection, err, test.want)
		}
		if err := parse(t, test.criteria).CheckSelection(nil); err != nil {
			t.Errorf("%s, and all is looked for: %v", test.criteria, err)
		}
	}
}

func TestSlow(t *testing.T) {
	if got := parse(t, "churn=50,slow=2s").Slow(); got != 2*time.Second {
		t.Errorf("%v", got)
	}
	if got := parse(t, "churn=50,errors").Slow(); got != 0 {
		t.Errorf("%v, though it is not a criterion", got)
	}
}
