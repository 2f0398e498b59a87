package compare

import (
	"strings"
	"testing"
)

// TestCriteria judges small differences.
func TestCriteria(t *testing.T) {
	const crowded, leftOut = `, "misc": {"calls": 1}`, `, "findings_left_out": 1`
	const everything, shop = `, "made_with": {"filter": null, "shape_rules": "1"}`, `, "made_with": {"filter": "database == 'shop'", "shape_rules": "1"}`
	const morning, evening = `, "made_with": {"until": "12:00", "shape_rules": "1"}`, `, "made_with": {"since": "18:00", "shape_rules": "1"}`
	old := []string{shapeOf("1:a", 10, 10, 10, 10), shapeOf("1:b", 10, 10, 10, 10)}
	for _, test := range []struct{ words, old, new, against, doubt string }{
		{"new-shape", reportOf("", old...), reportOf("", old...), "", ""},
		{"new-shape", reportOf("", old[0]), reportOf("", old...), "1:b is new", ""},
		{"new-shape", reportOf("", old...), reportOf("", old[0]), "", ""},
		{"new-shape", reportOf(crowded, old[0]), reportOf("", old...), "", "the older report has more shapes than can be kept apart"},
		{"new-shape", reportOf("", old[0]), reportOf(crowded, old...), "1:b is new", ""},
		{"new-shape", reportOf("", old...), reportOf(crowded, old...), "", "there are more shapes than can be kept apart"},
		{"new-shape", reportOf(""), reportOf("", shapeOf("(function call)", 1, 1, 1, 1)), "", ""},
		{"calls=10%", reportOf("", old...), reportOf("", shapeOf("1:a", 12, 10, 10, 10), shapeOf("1:b", 11, 99, 99, 99)), "calls of 1:a grew from 10 to 12", ""},
		{"rows=0%", reportOf("", old...), reportOf("", shapeOf("1:a", 99, 9, 99, 99), shapeOf("1:b", 1, 11, 1, 1)), "rows of 1:b grew from 10 to 11", ""},
		{"bytes=9.5%", reportOf("", old...), reportOf("", shapeOf("1:a", 1, 1, 11, 11), shapeOf("1:b", 1, 1, 9, 12)), "bytes of 1:a grew from 20 to 22", ""},
		{"calls=10%", reportOf("", old[0]), reportOf("", old...), "", ""},
		{"calls=10%", reportOf(crowded, old[0]), reportOf("", shapeOf("1:a", 99, 0, 0, 0)), "", "the older report has more shapes than can be kept apart"},
		{"new-finding", reportOf(findings("a")), reportOf(findings("a", "b", "slow")), "b is new", ""},
		{"new-finding", reportOf(findings("a", "b")), reportOf(findings("a")), "", ""},
		{"new-shape", reportOf(shop, old[0]), reportOf(shop, old...), "1:b is new", ""},
		{"new-shape", reportOf("", old[0]), reportOf(shop, old...), "1:b is new", ""},
		{"new-shape", reportOf(shop, old[0]), reportOf(everything, old...), "", "the older report was made with --filter 'database == 'shop'', and this one without --filter: "},
		{"calls=10%", reportOf(everything, old[0]), reportOf(shop, old...), "", "the older report was made without --filter, and this one with "},
		{"new-finding", reportOf(everything + findings()), reportOf(shop + findings("a")), "", "the older report was made without --filter"},
		{"new-shape", reportOf(morning, old[0]), reportOf(evening, old...), "1:b is new", ""},
		{"new-shape", reportOf(morning, old[0]), reportOf(everything, old...), "", "the older report was made with --since or --until, and this one was not"},
		{"new-shape", reportOf(everything, old[0]), reportOf(evening, old...), "", "this report is made with --since or --until, and the older one was not"},
		{"new-finding", reportOf(""), reportOf(findings("a")), "", "the older report has not looked for findings"},
		{"new-finding", reportOf(findings()), reportOf(""), "", "findings were not looked for"},
		{"new-finding", reportOf(findings()), reportOf(findings()), "", ""},
		{"new-finding", reportOf(findings()), reportOf(findings("ok", "a")), "a is new", ""},
		{"new-finding", reportOf(leftOut + findings()), reportOf(findings("a")), "", "the older report does not list all findings"},
		{"new-finding", reportOf(findings()), reportOf(leftOut + findings("a")), "a is new", ""},
		{"new-finding", reportOf(findings()), reportOf(leftOut + findings("ok")), "", "not all findings are listed"},
	} {
		c, known, err := ParseCriterion(test.words)
		if err != nil || !known || c.String() != test.words {
			t.Fatalf("%s: %v, %v", test.words, known, err)
		}
		d := Reports(parse(t, test.old), parse(t, test.new), Calls)
		against, doubt := c.Judge(d)
		var words []string
		for _, one := range against {
			words = append(words, one.Words)
			if is := one.Signature+" is new" == one.Words; is != (test.words == "new-finding") {
				t.Errorf("%s: %q is about finding %q", test.words, one.Words, one.Signature)
			}
		}
		if strings.Join(words, ", ") != test.against || !strings.HasPrefix(doubt, test.doubt) || (doubt == "") != (test.doubt == "") {
			t.Errorf("%s of %s and %s: %v, %q, want %s, %q", test.words, test.old, test.new, against, doubt, test.against, test.doubt)
		}
	}
}

// TestCriteriaWords reads what users write.
func TestCriteriaWords(t *testing.T) {
	for _, words := range strings.Split(Criteria, ", ") {
		if _, known, err := ParseCriterion(words); !known || err != nil {
			t.Errorf("%s: %v, %v", words, known, err)
		}
	}
	for _, words := range []string{"", "n+1", "warning", "slow=200ms", "statements=200", "new", "shape"} {
		if _, known, err := ParseCriterion(words); known || err != nil {
			t.Errorf("%s: %v, %v", words, known, err)
		}
	}
	for words, want := range map[string]string{
		"calls": "", "calls=": "", "calls=10": "10", "rows=-1%": "-1%", "rows=NaN%": "NaN%", "bytes=Inf%": "Inf%", "bytes=%": "%", "calls=1e999%": "1e999%",
	} {
		if _, known, err := ParseCriterion(words); !known || err == nil || !strings.HasPrefix(err.Error(), `"`+want+`" is not a percentage: give by how much `) {
			t.Errorf("%s: %v, %v", words, known, err)
		}
	}
	if _, known, err := ParseCriterion("new-shape=3"); !known || err == nil || err.Error() != "new-shape has no bound: leave out =3" {
		t.Errorf("%v, %v", known, err)
	}
}
