package sqlgen

import (
	"math/rand/v2"
	"strings"
)

// Constant returns a string constant in any of the notations. Now and then it continues on other
// lines.
func Constant(r *rand.Rand) string {
	switch r.IntN(9) {
	case 0:
		return "E" + continued(r, escaped)
	case 1:
		return "U&" + continued(r, unicode)
	case 2:
		return "N" + continued(r, plain)
	case 3:
		return "B" + continued(r, bits)
	case 4:
		return "x" + continued(r, bits)
	case 5:
		tag := pick(r, []string{"$$", "$a$", "$_1$", "$é$"})
		return tag + strings.ReplaceAll(content(r, append(plain, "'", "$", "$b$", "$a", "$$x", `\`)), tag, "") + tag
	case 6:
		return "U&" + continued(r, marked) + Space(r) + "UESCAPE" + Space(r) + "'!'"
	}
	return continued(r, plain)
}

// The parts that the contents of constants are made from.
var (
	plain   = []string{"a", "b", "joe", " ", "''", "é", "日本", "😀", "1", ";", "--", "/*", "\n", `"`, "$$", "$1", `\\`, `\n`, `\x41`}
	escaped = []string{
		"a", " ", "''", "é", "日", `\\`, `\'`, `\n`, `\t`, `\b`, `\f`, `\r`, `\v`, `\q`, `\"`, `\x41`, `\x4`, `\xg`, `\101`, `\7`, `\18`, `\u0041`,
		`\u00e9`, `\U0001F600`, `\ud83d\ude00`, `\uD83D\U0000DE00`, "\\\n", `\é`, "--", "\n",
	}
	unicode = []string{"a", " ", "''", "é", `\0041`, `\00e9`, `\+01F600`, `\d83d\de00`, `\\`, "1", "+", "!"}
	marked  = []string{"a", "''", "!0041", "!+00e9aa", "!!", `\`, "1", "é"}
	bits    = []string{"1", "0", "01"}
)

func content(r *rand.Rand, of []string) string {
	var b strings.Builder
	for range r.IntN(6) {
		b.WriteString(pick(r, of))
	}
	return b.String()
}

// continued returns such contents in single quotes, now and then in parts on several lines.
func continued(r *rand.Rand, of []string) string {
	s := "'" + content(r, of) + "'"
	for r.IntN(5) == 0 {
		s += pick(r, []string{"\n", " \n ", "\r", " -- it's\n", "\n--\n", "\t\r\n\t"}) + "'" + content(r, of) + "'"
	}
	return s
}
