package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A server that is not PostgreSQL may go on after an error within a pipeline, instead of ignoring
// everything up to the Sync.

// goesOn returns what a client asks for in a pipeline of three groups, of which some fail at a
// message, and what a server replies that goes on. If strict is set, each message that depends on
// the failed one fails too.
func goesOn(syncs, failed []int, at int, strict bool) (asks string, replies []reply1) {
	for n := 1; n <= 3; n++ {
		asks += fmt.Sprintf("P%[1]d B%[1]d E%[1]d ", n)
		words := []string{"1", "2", "D C"}
		if slices.Contains(failed, n) {
			words = words[:at]
			words = append(words, "E")
			for i := at + 1; i < 3 && strict; i++ {
				words = append(words, "E")
			}
		}
		if slices.Contains(syncs, n) {
			asks += fmt.Sprintf("S%d ", n)
			words = append(words, "Z")
		}
		replies = append(replies, reply1{n, strings.Join(words, " ")})
	}
	return asks, replies
}

// reply1 is what a server replies to a group.
type reply1 struct {
	group int
	words string
}

// TestGoesOn has such servers. No reply is said to be about something that it is not about, what
// the server did is said, and everything that is asked for later has its name.
func TestGoesOn(t *testing.T) {
	for _, syncs := range [][]int{{3}, {1, 3}, {2, 3}, {1, 2, 3}} {
		for _, failed := range [][]int{{1}, {2}, {1, 2}, {1, 2, 3}} {
			for at := range 3 {
				for _, strict := range []bool{false, true} {
					for _, behind := range []string{"", "Q4 ", "P4 B4 E4 S4 "} {
						asks, replies := goesOn(syncs, failed, at, strict)
						name := fmt.Sprintf("%s%s: %v", asks, behind, replies)
						p := newPlayer(t)
						check := func(n int, words string, known bool) {
							p.out = nil
							p.play(words)
							for _, out := range p.out {
								_, about, isReply := strings.Cut(out, ":")
								if isReply && out[0] != '!' && about != fmt.Sprint(n) && (known || about != "-") {
									t.Errorf("%s: a reply to %d is said to be about %s: %q", name, n, about, p.out)
								}
							}
						}
						p.play(asks + behind)
						for _, r := range replies {
							check(r.group, r.words, false)
						}
						switch {
						case strings.HasPrefix(behind, "Q"):
							check(4, "T D C Z", false)
						case behind != "":
							check(4, "1 2 D C Z", false)
						}
						for n := 5; n < 8; n++ {
							p.play(fmt.Sprintf("P%[1]d B%[1]d E%[1]d S%[1]d", n))
							check(n, "1 2 D C Z", n > 5)
						}
						for n := 1; n <= 3; n++ {
							p.play(fmt.Sprintf("B%[1]d E%[1]d S%[1]d", n))
							check(n, "2 D C Z", false)
						}
					}
				}
			}
		}
	}
}

// TestGoesOnInWords says once what the server does, and finds the names again.
func TestGoesOnInWords(t *testing.T) {
	const what = "!%s after an ErrorResponse, although everything up to the next Sync should be ignored"
	for dialogue, want := range map[string]string{
		"P1 B1 E1 P2 B2 E2 P3 B3 E3 S3 1 2 E 1 2 D C 1 E " + "E Z P4 B4 E4 P5 B5 E5 S5 1 2 E 1 2 D C Z": "1:1 2:1 E:1 1:- " + fmt.Sprintf(what, "ParseComplete") +
			" 2:2 D:2 C:2 1:3 E:3 E:- Z:3 1:4 2:4 E:4 1:5 2:5 D:5 C:5 Z:5",
		"P1 B1 E1 P2 B2 E2 1 2 E 1 2 D C P3 B3 E3 S3 1 2 D C Z": "1:1 2:1 E:1 1:- " + fmt.Sprintf(what, "ParseComplete") + " 2:2 D:2 C:2 1:3 2:3 D:3 C:3 Z:3",
	} {
		p := newPlayer(t)
		p.play(dialogue)
		if got := strings.Join(p.out, " "); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", dialogue, got, want)
		}
	}
}
