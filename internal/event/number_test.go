package event

import (
	"math"
	"strings"
	"testing"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -999: "-999", -1000: "-1,000", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Number(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 1200: "1,200 rows"} {
		if got := Count(n, "row"); got != want {
			t.Errorf("%d rows are %q", n, got)
		}
	}
}

func TestLists(t *testing.T) {
	for _, want := range []string{"", "a", "a or b", "a, b or c"} {
		if got := List(strings.Fields(strings.NewReplacer(",", "", "or ", "").Replace(want)), "or"); got != want {
			t.Errorf("%q is %q", want, got)
		}
	}
}
