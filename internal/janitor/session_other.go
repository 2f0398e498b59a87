//go:build !unix

package janitor

import "os/exec"

func inOwnSession(*exec.Cmd) {}
