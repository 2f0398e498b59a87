package exchange

import (
	"slices"
	"strings"
	"testing"
)

// TestGoesOn has servers that go on after an error within a pipeline. Nothing is said to be skipped
// or rolled back that they have done, and nothing of which that is not known.
func TestGoesOn(t *testing.T) {
	const (
		three = "PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE PARSE:c BIND EXECUTE SYNC "
		last  = " PARSE:d BIND EXECUTE SYNC parsed bound complete:D ready:I"
	)
	for _, test := range []struct {
		dialogue string
		want     []string
	}{
		{three + "parsed bound error:XX000 parsed bound row complete:SELECT_1 parsed bound complete:C ready:I",
			[]string{`1 extended failed "a" XX000 I`, `2 extended done "b" SELECT 1 1 rows I`, `3 extended done "c" C I`, `4 extended done "d" D I`}},
		{three + "parsed bound complete:A parsed bound error:23505 parsed bound complete:C ready:I",
			[]string{`1 extended done "a" A I`, `2 extended failed "b" 23505 I`, `3 extended done "c" C I`, `4 extended done "d" D I`}},
		{three + "parsed bound error:23505 parsed bound error:23505 parsed bound error:23505 ready:I",
			[]string{`1 extended failed "a" 23505 I`, `2 extended failed "b" 23505 I`, `3 extended failed "c" 23505 I`, `4 extended done "d" D I`}},
		{"PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE FLUSH parsed bound error:42601 PARSE:c BIND EXECUTE FLUSH parsed bound complete:B parsed bound complete:C SYNC ready:I",
			[]string{`1 extended failed "a" 42601`, `2 extended done "b" B`, `3 extended done "c" C`, `4 extended done "d" D I`}},
		// It is not known what the second error is about.
		{three + strings.Repeat("error:42601 ", 3) + "ready:I", []string{`1 extended failed "a" 42601 I`, `4 extended done "d" D I`}},
		{three + "parsed bound error:42601 parsed ready:I", []string{`1 extended failed "a" 42601 I`, `4 extended done "d" D I`}},
	} {
		if got := play(t, test.dialogue+last); !slices.Equal(got, test.want) {
			t.Errorf("%s\ngot  %q\nwant %q", test.dialogue, got, test.want)
		}
	}
}
