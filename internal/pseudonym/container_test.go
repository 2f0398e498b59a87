package pseudonym

import "testing"

// TestInOrder orders the bounds of ranges as PostgreSQL does.
func TestInOrder(t *testing.T) {
	for _, bounds := range [][2]string{
		{"999", "1000"}, {"-10", "-5"}, {"1.25", "1.5"},
		{"2024-01-01", "2024-12-31"}, {"0675-06-30", "0675-7-1"}, {"9999-12-31", "10000-01-01"}, {"2024-01-01", "infinity"}, {"-infinity", "2024-01-01"},
		{"2024-01-01 10:30:00", "2024-01-01 10:30:00.5"}, {"2024-01-01 10:30:00.45", "2024-01-01 10:30:00.5"},
		{"0044-03-15 BC", "0001-01-01"}, {"0100-03-15 BC", "0044-03-15 BC"},
	} {
		if !inOrder(bounds[0], bounds[1]) || inOrder(bounds[1], bounds[0]) {
			t.Errorf("%s precedes %s", bounds[0], bounds[1])
		}
	}
	for _, open := range [][2]string{{"", "5"}, {"5", ""}, {"5", "5"}} {
		if !inOrder(open[0], open[1]) {
			t.Errorf("%q", open)
		}
	}
}
