package acceptance

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxShape is how much of a shape is written, in characters.
const maxShape = 500

// Append returns the text of a file with more acceptances at its end. They have no reason yet.
// Nothing before them changes.
func Append(text []byte, more []Acceptance) []byte {
	var b bytes.Buffer
	b.Write(text)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		b.WriteByte('\n')
	}
	for i := range more {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		a := &more[i]
		fmt.Fprintf(&b, "[[%s]]\nsignature = %s\nrule = %s\n", table, quote(a.Signature), quote(a.Rule))
		if a.Shape != "" {
			fmt.Fprintf(&b, "shape = %s\n", quote(shorten(a.Shape)))
		}
		b.WriteString("reason = \"\"\n")
	}
	return b.Bytes()
}

func shorten(shape string) string {
	if utf8.RuneCountInString(shape) <= maxShape {
		return shape
	}
	return string([]rune(shape)[:maxShape]) + "…"
}

// quote returns text as a string of TOML (toml.io/en/v1.0.0#string).
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"', c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case isControl(c):
			fmt.Fprintf(&b, "\\U%08X", c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
