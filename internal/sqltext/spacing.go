package sqltext

// needsSpace reports whether a space separates a token from the one before it. Tokens that would be
// cut differently if they touched are separated.
func (w *shapeWriter) needsSpace(t Token, text []byte) bool {
	if len(w.dst) == 0 {
		return false
	}
	before := w.dst[len(w.dst)-1]
	if before >= 0x80 && text[0] >= '0' && w.tokens.settings.Encoding >= Pairs {
		return true // otherwise it would be the second half of a character
	}
	if w.last.Kind == Punctuation && (before == '(' || before == '[') {
		return false
	}
	beforeName := w.last.Kind.IsName() || w.last.Kind == Parameter
	if t.Kind == Punctuation {
		switch string(text) {
		case ",", ";", ")", "]":
			return false
		case "(":
			return !w.last.Kind.IsName() || w.last.Kind == Word && spaceBehind[string(w.dst[w.word:])]
		case "[":
			return !beforeName && before != ']' && before != ')'
		case ".", "::":
			return !beforeName && before != ']' && before != ')'
		}
		return true
	}
	if w.last.Kind == Punctuation && (before == '.' && !isTwo(w.dst, w.word) || isCast(w.dst[w.word:])) {
		return !t.Kind.IsName() && t.Kind != Parameter && string(text) != "*"
	}
	return true
}

// isTwo reports whether a mark has two characters.
func isTwo(dst []byte, start int) bool { return len(dst)-start == 2 }

func isCast(text []byte) bool { return string(text) == "::" }

// spaceBehind has the key words that have a space between them and a bracket that follows.
var spaceBehind = map[string]bool{
	"in": true, "values": true, "and": true, "or": true, "not": true, "as": true, "on": true, "using": true, "where": true, "select": true,
	"from": true, "join": true, "over": true, "by": true, "then": true, "else": true, "when": true, "union": true, "except": true,
	"intersect": true, "filter": true, "with": true, "lateral": true, "any": true, "some": true, "all": true, "returning": true,
	"materialized": true, "conflict": true, "distinct": true, "having": true, "case": true, "group": true, "check": true,
}
