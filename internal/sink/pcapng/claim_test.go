package pcapng

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBusy: of two that write one recording, the second is refused, and the first loses nothing.
func TestBusy(t *testing.T) {
	for name, rotate := range map[string]int64{"one file": 0, "a series": 1} {
		t.Run(name, func(t *testing.T) {
			options := Options{Path: filepath.Join(t.TempDir(), "r.pcapng"), Rotate: rotate, Files: 2, Overwrite: true}
			first, err := New(options)
			if err != nil {
				t.Fatal(err)
			}
			events := opening("127.0.0.1:40000", "127.0.0.1 port 5433")
			if err := first.Write(events); err != nil {
				t.Fatal(err)
			}
			// In a series, the file that the second would begin with is already removed.
			if _, err := os.Stat(options.path(1)); (err == nil) != (rotate == 0) {
				t.Fatalf("the first file: %v", err)
			}
			if _, err := New(options); err == nil || !strings.Contains(err.Error(), "another pgpi is writing it") {
				t.Errorf("the second one gets %v", err)
			}
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			if all, _ := packets(t, first.options.path(first.section.File)); len(all) == 0 {
				t.Error("the file of the first is empty")
			}
			second, err := New(options)
			if err != nil {
				t.Fatalf("when it is free again: %v", err)
			}
			if err := second.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
