package leak

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestMemory compares what is found with a plain search, in random texts of few letters.
func TestMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	text := func(most int) []byte {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = "ab'\xff"[r.IntN(4)]
		}
		return b
	}
	found := 0
	for range 400 {
		m := newLearned()
		var values [][]byte
		for range r.IntN(4) {
			value := text(80)
			m.addText(value)
			m.addField(value)
			if len(value) >= shortest && hasWords(value[:min(len(value), longest)]) {
				values = append(values, value)
			}
		}
		for range 20 {
			b := text(200)
			if len(values) > 0 && r.IntN(3) == 0 {
				b = append(b, values[r.IntN(len(values))]...)
			}
			want, wantField := false, false
			for _, value := range values {
				want = want || bytes.Contains(b, value[:min(len(value), longest)])
				wantField = wantField || bytes.Equal(b, value)
			}
			if got := m.hasText(b); got != want {
				t.Fatalf("%q in %q: %t", values, b, got)
			}
			if got := m.hasField(b); got != wantField && len(b) >= shortest && hasWords(b) {
				t.Fatalf("%q is one of %q: %t", b, values, got)
			}
			if want {
				found++
			}
		}
	}
	if found < 200 {
		t.Errorf("only %d texts have a value", found)
	}
}

// TestNothingToHide has values that are remembered and those that are not.
func TestNothingToHide(t *testing.T) {
	for value, want := range map[string]bool{
		"Alice": true, "4711": true, "éé": true, "a-b-": true, "trues": true, "true, or": true, "nan ": true,
		"": false, "abc": false, "----": false, "true": false, "[NULL, false]": false, "NaN ": false, `{"": null}`: false,
	} {
		m := newLearned()
		m.addText([]byte(value))
		if got := m.hasText([]byte("x" + value + "x")); got != want {
			t.Errorf("%q is remembered: %t", value, got)
		}
	}
}

// TestForgotten says that there were more values than can be remembered.
func TestForgotten(t *testing.T) {
	d := New()
	d.learned.room = 2
	for _, value := range []string{"Alice", "Robert", "Alice", "Carol"} {
		if err := d.Err(); err != nil {
			t.Error(err)
		}
		d.learned.addText([]byte(value))
	}
	d.learned.addField([]byte("Dave"))
	if err := d.Err(); err == nil || !strings.HasPrefix(err.Error(), "2 values more than can be remembered") || d.learned.size() != 2 {
		t.Errorf("%d values are remembered, and the check says %v", d.learned.size(), err)
	}
}
