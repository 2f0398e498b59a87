package leak

import (
	"strings"

	"pgpi/internal/pgvalue"
)

// dataWord is a word of a value. It must not be equal to its pseudonym.
type dataWord struct {
	now   []byte // in the event
	start int    // of what it was
	where place
}

// addWords notes the words of a value that is not redacted yet. Words with fewer letters in a row
// may be a number, or part of a time, that equals its pseudonym by chance.
func (d *Detector) addWords(text []byte, oid uint32, where place) {
	if hasUnits(pgvalue.TypeName(oid)) {
		return
	}
	const letters = 4
	for start := 0; start < len(text); start++ {
		end, row, longest := start, 0, 0
		for ; end < len(text) && isAlphanumeric(text[end]); end++ {
			if row++; isDigit(text[end]) {
				row = 0
			}
			longest = max(longest, row)
		}
		if longest >= letters && !isConstant(string(text[start:end])) {
			d.words = append(d.words, dataWord{now: text[start:end], start: len(d.before), where: where})
			d.before = append(d.before, text[start:end]...)
		}
		start = end
	}
}

// hasUnits reports whether values of a type contain words of the type's own, which stay: units,
// names of months and time zones, the end of a prefix, the beginning of XML.
func hasUnits(name string) bool {
	switch strings.TrimSuffix(name, "[]") {
	case "date", "time", "timetz", "timestamp", "timestamptz", "interval", "cidr", "xml", "tsvector", "tsquery":
		return true
	}
	return strings.Contains(name, "range")
}
