package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// usages are the commands, each with the line that says how it is used.
var usages = map[string]string{"run": runUsage, "read": readUsage}

// surplus is what kong says of a word where it expects options alone.
var surplus = regexp.MustCompile(`(?s)^unexpected argument (.*?)(, did you mean .*)?$`)

// misplacedCommand says of a word that is not an option what it may have been meant for. Other errors stay as they are.
func misplacedCommand(err error) error {
	if err == nil {
		return nil
	}
	found := surplus.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	word := found[1]
	if usage, ok := usages[word]; ok {
		return &usageError{fmt.Errorf("the command comes first: %s", usage)}
	}
	if meant := nearest(word, slices.Sorted(maps.Keys(usages))); meant != "" {
		return &usageError{fmt.Errorf("%q is not a command: did you mean pgpi %s?", word, meant)}
	}
	return &usageError{fmt.Errorf("%q is not a command: give run or read, or options alone", word)}
}

// nearest returns the word that a misspelt one is most like, or "". Two letters may be wrong, but not all.
func nearest(misspelt string, words []string) (best string) {
	least := 3
	for _, word := range words {
		if d := distance(misspelt, word); d < least && d < len(word) {
			best, least = word, d
		}
	}
	return best
}

// distance is how many letters of a are to be added, left out, replaced or swapped with the next to make it b.
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
