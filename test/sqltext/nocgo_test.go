//go:build !cgo

package sqltext

import (
	"os"
	"testing"
)

func TestScanner(t *testing.T) {
	const why = "PostgreSQL's scanner is written in C: install a C compiler such as gcc"
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
