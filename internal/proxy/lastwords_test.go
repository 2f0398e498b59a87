package proxy_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

// What a party said before it went reaches the other one, although that one is still talking and
// has already noticed.
func TestLastWords(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"of a server": `
			log in
			server sends big"d 130000" error"57P01 terminating connection due to administrator command"
			server resets
			client sends query"SELECT 1"
			client receives big"d 130000" error"57P01 terminating connection due to administrator command"
			client sees reset`,
		"of a client": `
			log in
			client sends big"d 130000" terminate
			client resets
			server sends notice"SELECT 1"
			server receives big"d 130000" terminate
			server sees reset`,
		"that nobody reads": `
			log in
			server sends big"d 130000"
			server resets
			client sends query"SELECT 1"
			wait 61s
			client is abandoned`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, "")
				s.open()
				s.play(script)
				log := s.close()
				if strings.Count(log, " lost: connection reset by peer") != 1 {
					t.Errorf("the log does not say once that the connection was lost:\n%s", log)
				}
			})
		})
	}
}
