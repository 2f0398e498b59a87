package session

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestStrayDialogues plays requests and replies in any order at all: whatever a server answers, and
// to whatever, the session goes on.
func TestStrayDialogues(t *testing.T) {
	words := []string{"Q1", "P1", "B1", "D1", "E1", "C1", "S1", "c1", "1", "2", "3", "n", "t", "T", "D", "C", "E", "Z", "s", "I", "G"}
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		dialogue := make([]string, 3+r.IntN(20))
		for i := range dialogue {
			dialogue[i] = words[r.IntN(len(words))]
		}
		playAll(t, dialogue)
	}
}

// playAll plays a dialogue, and names it where the session does not go on.
func playAll(t *testing.T, dialogue []string) {
	t.Helper()
	text := strings.Join(dialogue, " ")
	defer func() {
		if reason := recover(); reason != nil {
			t.Fatalf("%s: %v", text, reason)
		}
	}()
	newPlayer(t).play(text)
}
