package text

import "testing"

func TestEscapes(t *testing.T) {
	for _, c := range []struct{ bytes, readable, ascii, hex string }{
		{"", ``, ``, ``},
		{"plain", `plain`, `plain`, `\x70\x6c\x61\x69\x6e`},
		{"\n\t\r\x1b\a\b\v\f", `\n\t\r\e\a\b\v\f`, `\n\t\r\e\a\b\v\f`, `\x0a\x09\x0d\x1b\x07\x08\x0b\x0c`},
		{"\x00\x01\x1f\x7f", `\x00\x01\x1F\x7F`, `\x00\x01\x1F\x7F`, `\x00\x01\x1f\x7f`},
		{`"\`, `\"\\`, `\"\\`, `\x22\x5c`},
		{"'`/~ ", "'`/~ ", "'`/~ ", `\x27\x60\x2f\x7e\x20`},
		{"#{a} #$a #@a", `\#{a} \#$a \#@a`, `\#{a} \#$a \#@a`, `\x23\x7b\x61\x7d\x20\x23\x24\x61\x20\x23\x40\x61`},
		{"# #a ##{ #", `# #a #\#{ #`, `# #a #\#{ #`, `\x23\x20\x23\x61\x20\x23\x23\x7b\x20\x23`},
		{"é€😀", `é€😀`, `\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80`, `\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80`},
		{"a\xff\xc3(", `a\xFF\xC3(`, `a\xFF\xC3(`, `\x61\xff\xc3\x28`},
		{"\xe2\x82", `\xE2\x82`, `\xE2\x82`, `\xe2\x82`},
		{"\ufffd", "\ufffd", `\xEF\xBF\xBD`, `\xef\xbf\xbd`},
		{"\u202e\u0085\u00a0", `\xE2\x80\xAE\xC2\x85\xC2\xA0`, `\xE2\x80\xAE\xC2\x85\xC2\xA0`, `\xe2\x80\xae\xc2\x85\xc2\xa0`},
	} {
		for s, want := range []string{readable: c.readable, ascii: c.ascii, hex: c.hex} {
			if got := string(appendEscaped(nil, []byte(c.bytes), style(s))); got != want {
				t.Errorf("%q in style %d is %s, not %s", c.bytes, s, got, want)
			}
		}
	}
}

func TestIsText(t *testing.T) {
	for value, want := range map[string]bool{
		"": true, "2025-07-04": true, "tab\tand\r\nlines": true, "été 😀": true, "cut \xf0\x9f": true,
		"\x00\x00\x00\x2a": false, "bell\a": false, "\x7f": false, "latin1 \xe9t\xe9": false, "\xff": false, "\u0085": false,
	} {
		if got := isText([]byte(value)); got != want {
			t.Errorf("%q is read as text: %t, not %t", value, got, want)
		}
	}
}
