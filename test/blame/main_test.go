//go:build linux

package blame

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"pgpi/test/program"
)

// pgpiPath is the pgpi that all tests run.
var pgpiPath string

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 && os.Getenv(asRoot) == "" {
		os.Exit(runAsRoot())
	}
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
	return m.Run()
}

// asRoot is set for those who are root of a user namespace only.
const asRoot = "PGPI_TEST_AS_ROOT"

// runAsRoot runs the tests in a user namespace, where they may make others. Where that is not
// allowed they run as they are, and say what is missing.
func runAsRoot() int {
	var err error
	for _, attributes := range []*syscall.SysProcAttr{{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}, nil} {
		cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, append(os.Environ(), asRoot+"=1")
		cmd.SysProcAttr = attributes
		if err = cmd.Run(); cmd.ProcessState != nil {
			return cmd.ProcessState.ExitCode()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
