//go:build !unix

package localpg

import (
	"errors"
	"os/exec"
	"syscall"
)

// account is the user that a server runs as; here there is no server.
type account struct{}

// serverAccount is the first step of Start, and ends it.
func serverAccount(string) (account, error) {
	return account{}, errors.New("a throwaway server needs Linux, macOS or another Unix: start PostgreSQL yourself and name it with --server-host")
}

func (account) runAs(*exec.Cmd)       {}
func (account) own(string) error      { return nil }
func (account) canEnter(string) error { return nil }

func inOwnSession(*exec.Cmd)         {}
func sendSignal(int, syscall.Signal) {}
func commandLine(int) string         { return "" }
