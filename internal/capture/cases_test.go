package capture

import (
	"testing"

	"pgpi/test/golden"
)

// TestCases reads captures of connections that were lived through, as they are right.
func TestCases(t *testing.T) {
	for name, options := range map[string]Options{
		"snaplen-96.pcap": {Ports: []int{63018}},
	} {
		t.Run(name, func(t *testing.T) {
			log, _, _, problems := read(t, options, "testdata/cases/"+name)
			for _, p := range problems {
				log += p + "\n"
			}
			golden.Compare(t, "cases/"+name+".log", log)
		})
	}
}
