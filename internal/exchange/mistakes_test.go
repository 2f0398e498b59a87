package exchange

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// group is what a client asks for the nth time, with n rows, and what a correct server replies.
func group(n int) (ask, reply []string) {
	reply = []string{"parsed", "bound", "columns"}
	for range n {
		reply = append(reply, "row")
	}
	return []string{fmt.Sprintf("PARSE:g%d", n), "BIND", "DESCRIBE", "EXECUTE", "SYNC"}, append(reply, fmt.Sprintf("complete:SELECT_%d", n), "ready:I")
}

// mistakes are the ways in which one message of a reply is left out, comes twice, or is added.
func mistakes(reply []string) (all [][]string) {
	for i := range reply {
		all = append(all, slices.Delete(slices.Clone(reply), i, i+1), slices.Insert(slices.Clone(reply), i, reply[i]))
		for _, added := range []string{"parsed", "bound", "nodata", "columns", "row", "complete:SELECT_1", "empty", "suspended", "ready:I", "error:XX000"} {
			all = append(all, slices.Insert(slices.Clone(reply), i, added))
		}
	}
	return all
}

// TestMistakes has servers that make one mistake in their reply to the second group. What is said
// about other groups is right, and everything is said about those that are asked for later. If an
// error is added in a pipeline, nothing may be said about the others in it: what comes after the
// error may be about any of them.
func TestMistakes(t *testing.T) {
	_, second := group(2)
	for _, pipelined := range []bool{false, true} {
		for _, wrong := range mistakes(second) {
			var dialogue []string
			for n := 1; n <= 7; n++ {
				ask, reply := group(n)
				if n == 2 {
					reply = wrong
				}
				if pipelined && n == 1 {
					for m := 2; m <= 4; m++ {
						more, _ := group(m)
						ask = append(ask, more...)
					}
				}
				if !pipelined || n == 1 || n > 4 {
					dialogue = append(dialogue, ask...)
				}
				dialogue = append(dialogue, reply...)
			}
			told := map[string][]string{}
			for _, x := range exchangesOf(t, strings.Join(dialogue, " ")) {
				if x.Kind == event.Extended && x.Context != nil {
					told[x.Context.SQL] = append(told[x.Context.SQL], fmt.Sprintf("%s, %d rows", x.Outcome, x.Rows))
				}
			}
			for n := 1; n <= 7; n++ {
				want := []string{fmt.Sprintf("done, %d rows", n)}
				got := told[fmt.Sprintf("g%d", n)]
				withheld := pipelined && n < 5 && len(got) == 0 && slices.Contains(wrong, "error:XX000")
				if n != 2 && !slices.Equal(got, want) && !withheld {
					t.Errorf("pipelined %v, %q: group %d is told as %q", pipelined, wrong, n, got)
				}
			}
		}
	}
}
