package drivers

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/localpg"
)

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(m.Run())
}

// exitCode is the exit code of each program that has done the whole script.
const exitCode = 3

// Every driver does the same through pgpi as directly, and needs what the table says.
func TestMatrix(t *testing.T) {
	b := newBench(t)
	t.Run("drivers", func(t *testing.T) { // returns when all parallel tests have ended
		for _, d := range drivers {
			t.Run(d.name, func(t *testing.T) {
				t.Parallel()
				program := d.command(t, d.name)
				for _, target := range b.targets {
					t.Run(target.name, func(t *testing.T) {
						testTarget(t, subject{b, d, target, program})
					})
				}
			})
		}
	})
}

func testTarget(t *testing.T, s subject) {
	direct := direct(t, s)
	checkTranscript(t, s, direct)
	for _, w := range ways {
		t.Run(w.title, func(t *testing.T) {
			r := w.run(t, s, true)
			checkEqual(t, direct, r)
			checkLog(t, w, r.log)
			if t.Failed() {
				showLog(t, r.log)
			}
			if s.target.name == current && w.set(s.driver) != "" && w.run(t, s, false).stdout == direct.stdout {
				t.Errorf("works without %s, which the list of drivers says is needed", w.set(s.driver))
			}
		})
	}
}

// refused is how a wrong password ends: with its SQLSTATE, with pgbouncer's, or in libpq's words if
// the driver does not show the SQLSTATE of a login.
var refused = regexp.MustCompile(`^(28P01|08P01|.*(password|SASL) authentication failed.*)$`)

// checkTranscript checks that a program did its whole script: two equal failures prove nothing.
func checkTranscript(t *testing.T, s subject, r result) {
	t.Helper()
	want, err := os.ReadFile("testdata/transcript.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.SplitAfter(r.stdout, "\n")
	for i, line := range strings.SplitAfter(strings.TrimSpace(string(want)), "\n") {
		line = strings.TrimSpace(line)
		step, _, _ := strings.Cut(line, ": ")
		if other, ok := s.differs[step]; ok {
			line = step + ": " + other
		}
		if step == "cancel" && s.withoutCancel() {
			line = "cancel: left out"
		}
		if i >= len(got) || strings.TrimSpace(got[i]) != line {
			t.Fatalf("the program, run directly, says\n%s%swithout the line\n%s", r.stdout, r.stderr, line)
		}
	}
	_, last, _ := strings.Cut(r.stdout, "\nwrong password: ")
	if !refused.MatchString(strings.ReplaceAll(strings.TrimSpace(last), "\n", " ")) {
		t.Errorf("a wrong password ends with %q", last)
	}
	if r.code != exitCode || r.stderr != "" {
		t.Errorf("the program, run directly, ends with exit code %d, want %d, and says %q", r.code, exitCode, r.stderr)
	}
}

func checkEqual(t *testing.T, direct, through result) {
	t.Helper()
	if through.stdout != direct.stdout {
		t.Errorf("the program says\n%sand directly\n%s", through.stdout, direct.stdout)
	}
	if through.stderr != direct.stderr {
		t.Errorf("on standard error it says %q, and directly %q", through.stderr, direct.stderr)
	}
	if through.code != direct.code {
		t.Errorf("it ends with exit code %d, and directly with %d", through.code, direct.code)
	}
}

// checkLog checks that the program's traffic was where it was meant to be, and that pgpi could read
// it.
func checkLog(t *testing.T, w way, log string) {
	t.Helper()
	for _, words := range []string{w.says, "connection established with server", "elephant"} {
		if !strings.Contains(log, words) {
			t.Errorf("the log has no line with %q", words)
		}
	}
	if lines := unread(log); lines != nil {
		t.Errorf("pgpi could not read everything:\n%s", strings.Join(lines, ""))
	}
}

// showLog shows the beginning and the end of the log, where most problems can be seen.
func showLog(t *testing.T, log string) {
	t.Helper()
	const shown = 40
	lines := strings.SplitAfter(log, "\n")
	if left := len(lines) - 2*shown; left > 0 {
		lines = slices.Concat(lines[:shown], []string{fmt.Sprintf("… %d lines …\n", left)}, lines[len(lines)-shown:])
	}
	t.Logf("pgpi's log:\n%s", strings.Join(lines, ""))
}
