package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgpi/internal/localpg"
)

// program is the pgpi that all tests run.
var program string

// hang is after how long something that has not happened never will.
const hang = time.Minute

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pgpi-e2e-")
	if err == nil {
		defer os.RemoveAll(dir) //nolint:errcheck // what is left is in the temporary folder
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	isolate(dir)
	defer closeClusters()
	return m.Run()
}

// build makes the program, with the race detector where the tests have it.
func build(dir string) error {
	program = filepath.Join(dir, "pgpi")
	args := []string{"build", "-o", program}
	if raceDetector {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "pgpi/cmd/pgpi")...)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build pgpi: %w: %s", err, output)
	}
	return nil
}

// isolate keeps the user's own settings away from libpq, pgx and pgpi.
func isolate(home string) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PG") && name != "PGPI_POSTGRES_BIN" || name == "NO_COLOR" || name == "SSLKEYLOGFILE" {
			os.Unsetenv(name) //nolint:errcheck // a name that the environment has is a name
		}
	}
	os.Setenv("HOME", home)  //nolint:errcheck // likewise
	os.Setenv("LC_ALL", "C") //nolint:errcheck // likewise
	if raceDetector {
		os.Setenv("GORACE", "atexit_sleep_ms=0") //nolint:errcheck // likewise; else each pgpi ends a second later
	}
}
