package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"pgpi/internal/servertext"
)

// verb matches what printf replaces.
var verb = regexp.MustCompile(`%[-+ #0]*(\*|\d+)?(\.(\*|\d+))?(hh|h|ll|l|z|j)?[diouxXcsgeEfFpm]`)

// cut cuts a text into its holes, and the words before, between and after them. Adjacent holes
// become one.
func cut(text string) (fixed []string, holes []servertext.Hole) {
	end, last := 0, servertext.Hole(0)
	for _, at := range verb.FindAllStringIndex(text, -1) {
		h := holeAt(text, end, at[0], at[1], last)
		between := strings.ReplaceAll(text[end:at[0]], "%%", "%")
		last = h
		if len(holes) > 0 && between == "" {
			holes[len(holes)-1] = servertext.DoubtfulHole
		} else {
			fixed, holes = append(fixed, between), append(holes, h)
		}
		end = at[1]
	}
	return append(fixed, strings.ReplaceAll(text[end:], "%%", "%")), holes
}

// holeAt returns what fills a hole, judging by the words before it. They begin after the previous
// hole.
func holeAt(text string, gap, start, end int, before servertext.Hole) servertext.Hole {
	ahead, behind, between := text[:start], text[end:], text[gap:start]
	c := text[end-1]
	quoted := strings.HasSuffix(ahead, `"`)
	switch {
	case endsWith(ahead, places...) && (c == 's' || strings.ContainsRune("diu", rune(c))):
		return servertext.NumberHole
	case c != 's' && (endsWith(ahead, "value ", "(value ")):
		return servertext.DataHole
	case c != 's':
		return servertext.DoubtfulHole
	case quoted && endsWith(ahead, statements...) && !strings.Contains(behind, "jsonpath"):
		return servertext.SQLHole
	case gap > 0 && isName(before) && slices.Contains(conjunctions, strings.Trim(between, `"`)):
		return before
	case quoted && (endsWithNoun(strings.TrimSuffix(ahead, `"`), quotedNouns) || ahead == `"` && isWhat.MatchString(behind)):
		return servertext.QuotedHole
	case quoted && (endsWith(ahead, values...) || ahead == `"` && isValue.MatchString(behind)):
		return servertext.DataHole
	case quoted:
		return servertext.DoubtfulHole
	case endsWith(ahead, " parameters: ", " parameter $%d = "):
		return servertext.SQLHole // values in quotes
	case ahead == "" && strings.HasPrefix(behind, " at "):
		return servertext.MessageHole
	case ahead == "" && isCommand.MatchString(behind), endsWith(ahead, " allowed in ", "argument of ", "each "), endsWith(ahead, " in ") && strings.HasPrefix(behind, " clause"):
		return servertext.CommandHole
	case endsWith(ahead, "operator does not exist: ", "operator is not unique: "):
		return servertext.OperatorHole
	case ahead == "Key ", endsWith(ahead, " key "):
		return servertext.KeyHole
	case endsWith(ahead, bareWords...), endsWithNoun(ahead, bareNouns), isStep.MatchString(ahead):
		return servertext.NameHole
	case endsWith(ahead, "contains ", ")=(", "value "):
		return servertext.DataHole
	}
	return servertext.DoubtfulHole
}

func isName(h servertext.Hole) bool { return h == servertext.QuotedHole || h == servertext.NameHole }

var (
	// places precede a number that says where something is.
	places = []string{"line ", "character ", "parameter $", "argument ", "statement ", "varying(", "character(", "precision ", "scale "}
	// statements precede SQL in quotes.
	statements = []string{`SQL statement "`, `near "`, `query "`, `expression "`, `PL/pgSQL assignment "`}
	// values precede data in quotes.
	values = []string{`: "`, `value "`, `values "`, `Token "`, `literal "`, `digit "`, `character "`}
	// conjunctions are between two names of the same kind.
	conjunctions = []string{" and ", ", ", " or ", " to ", " versus ", ".", " and type "}
	// quotedNouns precede a name in quotes, bareNouns one without quotes, and so do bareWords.
	quotedNouns = []string{
		"relation", "table", "column", "columns", "schema", "database", "role", "user", "constraint", "index", "sequence", "view",
		"type", "function", "procedure", "operator", "cursor", "statement", "portal", "extension", "parameter", "language",
		"publication", "subscription", "trigger", "slot", "tablespace", "server", "encoding", "collation", "savepoint", "domain",
		"rule", "policy", "partition", "alias", "name", "method", "option", "family", "class", "wrapper", "object", "window",
		"attribute", "template", "conversion", "plugin", "provider", "dictionary", "configuration", "parser", "field", "aggregate",
	}
	bareNouns = []string{
		"relation", "table", "column", "schema", "role", "constraint", "index", "sequence", "view", "type", "types", "function", "procedure",
		"operator", "aggregate", "routine", "extension", "language", "publication", "subscription", "trigger", "tablespace", "collation",
		"domain", "policy", "method", "family", "class", "wrapper", "conversion", "dictionary", "configuration", "database", "enum",
	}
	bareWords = []string{"cannot drop ", "declared to return ", "return type is ", "COPY ", "Key (", " key ("}
	// isWhat follows a name at the beginning of a text.
	isWhat = regexp.MustCompile(`^" is (not )?(an?|already an?) ([a-z]+ )*(table|view|index|sequence|type|relation|partition|aggregate|function|procedure)\b`)
	// isContext matches the beginning of texts that can be recognized by few words.
	isContext = regexp.MustCompile(`^(COPY|SQL|JSON data,) `)
	// isCommand follows the name of a command.
	isCommand = regexp.MustCompile(`^ (types|cannot (run|be executed|be used)|position|is not (allowed|supported)|can only be|could not convert type|queries|commands|requires)\b`)
	// isValue follows data at the beginning of a text.
	isValue = regexp.MustCompile(`^" is (not a? ?valid|out of range|an? invalid|invalid|not a number)\b`)
	// isStep precedes the step at which a function was, which is not data.
	isStep = regexp.MustCompile(`^PL/pgSQL function .* at $`)
)

func endsWith(text string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(text, e) })
}

// endsWithNoun reports whether a text ends with one of nouns and a space.
func endsWithNoun(text string, nouns []string) bool {
	before, ok := strings.CutSuffix(text, " ")
	if !ok {
		return false
	}
	last := before[strings.LastIndexFunc(before, func(r rune) bool { return !unicode.IsLetter(r) })+1:]
	return slices.Contains(nouns, strings.ToLower(last))
}

const (
	// enough is how many fixed words a text must have. With fewer, other people's texts have them
	// by chance.
	enough = 4
	// enoughAlone is enough for a text in which only data is open, and enoughWhole for a text in
	// which nothing is.
	enoughAlone, enoughWhole = 2, 2
)

// counts reports whether a text is worth recognizing. If it has few words, names in it become
// doubtful.
func counts(text string, fixed []string, holes []servertext.Hole) bool {
	words := 0
	for i, f := range fixed {
		for _, word := range strings.FieldsFunc(f, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if strings.ContainsFunc(word, unicode.IsLetter) {
				words++
			}
		}
		// A hole inside a word can't be found.
		if i > 0 && f != "" && isWord(rune(f[0])) || i < len(holes) && f != "" && isWord(rune(f[len(f)-1])) {
			return false
		}
	}
	for _, h := range holes {
		switch h {
		case servertext.KeyHole:
			words++ // its form is as good as a word
		case servertext.MessageHole:
			words += enoughWhole
		}
	}
	switch last := len(fixed) - 1; {
	case len(holes) == 0:
		return words >= enoughWhole
	case fixed[0] == "" && fixed[last] == "", words < enoughAlone:
		return false
	case words < enough && !isContext.MatchString(text):
		for i, h := range holes {
			switch h {
			case servertext.SQLHole, servertext.KeyHole, servertext.DataHole:
			default:
				holes[i] = servertext.DoubtfulHole
			}
		}
	}
	return true
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r >= 0x80 }
