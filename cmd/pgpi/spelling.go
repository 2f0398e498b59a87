package main

// nearest returns the word most similar to a misspelt one, or "". Two letters may be wrong, but not
// all.
func nearest(misspelt string, words []string) (best string) {
	least := 3
	for _, word := range words {
		if d := distance(misspelt, word); d < least && d < len(word) {
			best, least = word, d
		}
	}
	return best
}

// distance returns how many letters of a must be added, left out, replaced or swapped with the next
// to get b.
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
