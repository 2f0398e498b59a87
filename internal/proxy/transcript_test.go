package proxy_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"pgpi/test/golden"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // the log has local times
	goleak.VerifyTestMain(m)
}

// volatile is what depends on the machine, because TLS 1.3 prefers AES if the processor supports
// it, or on the version of Go, like the size of a ClientHello.
var volatile = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`(TLSv1\.[23])/[\w-]+`), "$1/<cipher>"},
	{regexp.MustCompile(`\d{3,4} bytes follow`), "<n> bytes follow"},
	{regexp.MustCompile(`"\\x16\\x03.*" = \d+ bytes, not decoded, omitted: \d+ bytes`), `"\x16\x03<random>" = <n> bytes, not decoded, omitted: <n> bytes`},
}

// TestTranscripts plays the scripts in testdata. Each file first says what it is about. Then it has
// the options, what the parties do (steps_test.go), and the log.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]*txtar.File{}
			for i := range archive.Files {
				files[archive.Files[i].Name] = &archive.Files[i]
			}
			var log string
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, string(files["options"].Data))
				s.open()
				s.play(string(files["script"].Data))
				log = s.close()
				for _, v := range volatile {
					log = v.pattern.ReplaceAllString(log, v.replacement)
				}
			})
			files["log"].Data = []byte(log)
			golden.Compare(t, filepath.Base(path), string(txtar.Format(archive)))
		})
	}
}
