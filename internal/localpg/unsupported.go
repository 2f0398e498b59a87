//go:build !unix

package localpg

import (
	"errors"
	"os/exec"
	"syscall"
)

// account is the user that a server runs as. On this platform there is no server.
type account struct{}

// serverAccount is the first step of Start. Its error ends the start.
func serverAccount(string) (account, error) {
	return account{}, errors.New("a throwaway server needs Linux, macOS or another Unix: start PostgreSQL yourself and name it with --server-host")
}

func (account) runAs(*exec.Cmd)       {}
func (account) chown(string) error    { return nil }
func (account) canEnter(string) error { return nil }

func detach(*exec.Cmd)               {}
func sendSignal(int, syscall.Signal) {}
func commandLine(int) string         { return "" }
