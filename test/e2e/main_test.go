package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

// hang is how long to wait for something before it counts as never happening.
const hang = time.Minute

func TestMain(m *testing.M) {
	localpg.RunJanitorIfAsked()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(raceDetector)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpiPath = path
	defer closeClusters()
	return m.Run()
}
