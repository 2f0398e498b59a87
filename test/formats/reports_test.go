package formats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pgpi/internal/event"
	"pgpi/internal/insight"
	"pgpi/internal/sink/report"
	"pgpi/internal/sqltext"
	"pgpi/test/program"
	"pgpi/test/servers"
	"pgpi/test/sqlgen"
)

// TestReports has the judges of JUnit and SARIF read the reports of all recordings, with findings
// wherever a statement took any time, and of findings with all sorts of words in them.
func TestReports(t *testing.T) {
	program.NoteSources(t)
	dir := t.TempDir()
	n := reportRecordings(t, dir)
	reportFindings(t, dir)
	judgeSARIF(t, dir, n)
	judgeJUnit(t, dir, n)
}

// reportRecordings writes the reports of all recordings, each twice, and returns how many there are.
func reportRecordings(t *testing.T, dir string) (n int) {
	t.Helper()
	recordings, err := filepath.Glob("../recordings/testdata/*.pcap*")
	if err != nil || len(recordings) == 0 {
		t.Fatalf("%d recordings, %v", len(recordings), err)
	}
	for _, recording := range recordings {
		path := filepath.Join(dir, filepath.Base(recording))
		for _, twice := range []string{"", ".again"} {
			cmd := exec.Command(pgpiPath, "report", "--slow", "1ns", "--report", "sarif="+path+".sarif"+twice, "--report", "junit="+path+".xml"+twice, recording)
			cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=")
			if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() < 0 || cmd.ProcessState.ExitCode() == 2 { // captures lack something
				t.Fatalf("%s: %v: %s", recording, err, out)
			}
		}
		for _, format := range []string{".sarif", ".xml"} {
			if first, again := read(t, path+format), read(t, path+format+".again"); !bytes.Equal(first, again) || len(first) == 0 {
				t.Errorf("%s: the same recording makes reports that differ", path+format)
			}
		}
		n++
	}
	return n
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// reportFindings writes the reports of findings about statements of all kinds, at places of all kinds.
func reportFindings(t *testing.T, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(17, 17))
	var shaper sqltext.Shaper
	events := []event.Event{{Kind: event.Exchanged, Conn: 1, At: time.Unix(0, 0), Exchange: &event.Exchange{Context: &event.Context{SQL: "select 1"}}}}
	for i := range 200 {
		rule := insight.Rules[r.IntN(len(insight.Rules))]
		f := &event.Finding{
			Rule: rule.Name, Severity: event.Severity(r.IntN(3)), Signature: fmt.Sprintf("%s:%016x", rule.Name, i), Text: sqlgen.Text(r), Remedy: sqlgen.Heap(r),
			Shape: shaper.Shape([]byte(sqlgen.Text(r)), sqltext.Settings{}), Connections: []uint32{1},
			Attributes: []sqltext.Attribute{{Key: "source_location", Value: sqlgen.Heap(r) + []string{"", "/a b/c.rb:7", `C:\a\b.cs:8`, "/x:9"}[r.IntN(4)]}},
		}
		f.Accepted, f.Reason = r.IntN(3) == 0, sqlgen.Heap(r)
		events = append(events, event.Event{Kind: event.Found, Conn: 1, At: time.Unix(1, 0), Finding: f})
	}
	o := report.Options{Place: "a b/findings.toml", Folder: "/a b", Version: "1.2.3"}
	for _, rule := range insight.Rules {
		o.Rules = append(o.Rules, report.Rule{Rule: rule, LookedFor: true})
	}
	var outputs []report.Output
	for name, file := range map[string]string{"sarif": "words.sarif", "junit": "words.xml"} {
		format, err := report.FormatNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, report.Output{Format: format, Write: func(b []byte) error { return os.WriteFile(filepath.Join(dir, file), b, 0o600) }})
	}
	sink := report.New(o, outputs...)
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}

// judgeSARIF has the schema and SARIF's own validator judge the files.
func judgeSARIF(t *testing.T, dir string, n int) {
	t.Helper()
	packages := filepath.Join(servers.Tools(t), "npm-judges", "node_modules", "@microsoft")
	path := filepath.Join(packages, "jest-sarif", "lib", "schemas", "sarif-2.1.0-rtm.5.json")
	if _, err := os.Stat(path); err != nil {
		servers.Missing(t, "judges", err.Error())
	}
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sarif"))
	if err != nil || len(files) != n+1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	results := 0
	for _, file := range files {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(read(t, file)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		results += bytes.Count(read(t, file), []byte(`"ruleId"`))
	}
	if results < 250 {
		t.Errorf("only %d findings were judged", results)
	}
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		validate(t, filepath.Join(packages, "sarif-multitool-linux", "Sarif.Multitool"), dir, files)
	}
}

// lackingURI is what the validator says about a tool without a page in the web.
const lackingURI = "SARIF2005"

// validate has the validator judge files. It must not say more than that pgpi has no page in the web.
func validate(t *testing.T, multitool, dir string, files []string) {
	t.Helper()
	judgment := filepath.Join(dir, "judgment.json")
	cmd := exec.Command(multitool, append([]string{"validate", "--rule-kind", "Sarif;Gh", "--level", "Error;Warning", "--quiet", "true", "--output", judgment}, files...)...)
	cmd.Env = append(os.Environ(), "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	var said struct {
		Runs []struct {
			Results []struct {
				RuleID  string
				Message struct{ Arguments []string }
			}
		}
	}
	if err := json.Unmarshal(read(t, judgment), &said); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, run := range said.Runs {
		for _, result := range run.Results {
			if judged++; result.RuleID != lackingURI {
				t.Errorf("%s: %s", result.RuleID, strings.Join(result.Message.Arguments, " "))
			}
		}
	}
	if judged != len(files) {
		t.Errorf("%d of %d files were judged", judged, len(files))
	}
}

// judgeJUnit has junitparser read the files.
func judgeJUnit(t *testing.T, dir string, n int) {
	t.Helper()
	python := filepath.Join(servers.Tools(t), "venv", "bin", "python")
	if _, err := os.Stat(filepath.Join(servers.Tools(t), "venv", "installed-formats")); err != nil {
		servers.Missing(t, "judges", err.Error())
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.xml"))
	if err != nil || len(files) != n+1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	out, err := exec.Command(python, append([]string{"judge.py"}, files...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if want := fmt.Sprintf("%d %[1]d 0", len(insight.Rules)); len(lines) != len(files) || lines[len(lines)-1] != want {
		t.Errorf("%d of %d files; the last is %s, not %s", len(lines), len(files), lines[len(lines)-1], want)
	}
}
