package recordings

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/golden"
	"pgpi/test/program"
)

var (
	makeAgain = flag.Bool("make", false, "make the recordings again")
	pgpiFlag  = flag.String("pgpi", "", "a pgpi to use instead of the one that is here")
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(false)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	if *pgpiFlag != "" {
		pgpiPath = *pgpiFlag
	}
	return m.Run()
}

// format is a format in which recordings are read.
type format struct {
	ending string // of its golden files
	args   []string
}

// formats are those in which a recording is read.
func (r *recording) formats() []format {
	all := []format{
		{"log", []string{"--log-forwarded=annotated"}},
		{"jsonl", []string{"--log-forwarded=json"}},
		{"pqtrace", []string{"--log-forwarded=pqtrace"}},
	}
	if r.long {
		return all[:2]
	}
	if r.queries {
		all = append(all, format{"queries", []string{"--log-forwarded=queries"}})
	}
	return all
}

// TestRecordings reads each recording.
func TestRecordings(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.name, func(t *testing.T) {
			if *makeAgain && r.make != nil {
				r.make(&maker{T: t, recording: r, folder: t.TempDir()})
			}
			for _, f := range r.formats() {
				log, end := read(t, slices.Concat(f.args, r.args, r.paths()))
				golden.Compare(t, r.golden()+"."+f.ending, log)
				golden.Compare(t, r.name+".end", end)
			}
		})
	}
}

// read runs pgpi read in testdata. It returns its log, and how it ended.
func read(t *testing.T, args []string) (log, end string) {
	t.Helper()
	cmd := exec.Command(pgpiPath, append([]string{"read"}, args...)...)
	cmd.Dir = "testdata"
	cmd.Env = append(os.Environ(), "TZ=UTC") // other captures are shown in local time
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), fmt.Sprintf("exit code %d\n%s", cmd.ProcessState.ExitCode(), complaint.String())
}

// TestFiles looks for files that belong to no recording.
func TestFiles(t *testing.T) {
	var known []string
	for _, r := range recordings {
		known = append(known, r.paths()...)
		known = append(known, r.name+".end")
		for _, f := range r.formats() {
			known = append(known, r.golden()+"."+f.ending)
		}
	}
	files, err := filepath.Glob("testdata/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("testdata has %d files: %v", len(files), err)
	}
	for _, file := range files {
		if !slices.Contains(known, filepath.Base(file)) {
			t.Errorf("%s belongs to no recording: name it in table_test.go, or remove it", file)
		}
	}
}
