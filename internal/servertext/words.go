package servertext

// words is a text cut into words: runs of letters and digits, and single bytes of anything else.
type words struct {
	text   []byte
	starts []int    // of each word, and of the end of the text
	sums   []uint64 // hashes of the words before each
	powers []uint64 // of base
	kinds  []Kind   // of each word
}

// base is the factor of the hash from word to word.
const base = 0x9e3779b97f4a7c15

func split(text []byte) *words {
	w := &words{text: text, starts: []int{0}, sums: []uint64{0}, powers: []uint64{1}}
	for at := 0; at < len(text); {
		n := wordLength(text[at:])
		w.sums = append(w.sums, w.sums[len(w.sums)-1]*base+hash(text[at:at+n]))
		w.powers = append(w.powers, w.powers[len(w.powers)-1]*base)
		at += n
		w.starts = append(w.starts, at)
	}
	w.kinds = make([]Kind, w.count())
	return w
}

func (w *words) count() int { return len(w.starts) - 1 }

// sum returns the hash of the words in [from, to).
func (w *words) sum(from, to int) uint64 { return w.sums[to] - w.sums[from]*w.powers[to-from] }

// bytes returns the words in [from, to), with everything between them.
func (w *words) bytes(from, to int) []byte { return w.text[w.starts[from]:w.starts[to]] }

// lines returns the lines of the text, without line ends.
func (w *words) lines() (all [][2]int) {
	start := 0
	for i := range w.count() {
		if w.text[w.starts[i]] == '\n' {
			all = append(all, [2]int{start, i})
			start = i + 1
		}
	}
	return append(all, [2]int{start, w.count()})
}

func wordLength(text []byte) int {
	n := 0
	for n < len(text) && isAlphanumeric(text[n]) {
		n++
	}
	return max(n, 1)
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c >= 0x80
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// hash is FNV-1a with its bits mixed once more.
func hash(word []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range word {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>29
}
