package insight

import "testing"

// TestTallyForgets: what comes often is counted, however much else comes once.
func TestTallyForgets(t *testing.T) {
	var all tally[int]
	for i := range 100_000 {
		if i%100 == 0 {
			all.add(1).value++
		}
		all.add(uint64(i + 10))
		if len(all.all) > maxTallied || len(all.places) != len(all.all) {
			t.Fatalf("%d are counted, %d are found", len(all.all), len(all.places))
		}
	}
	one := all.find(1)
	if one == nil || one.times < 990 || one.times > 1000 || one.value != int(one.times) {
		t.Errorf("counted %+v of 1000", one)
	}
}

// TestTallyKeepsHalf: if all came equally often, the older half stays.
func TestTallyKeepsHalf(t *testing.T) {
	var all tally[int]
	for i := range uint64(maxTallied + 1) {
		all.add(i)
	}
	if len(all.all) != maxTallied/2+1 || all.find(0) == nil || all.find(maxTallied) == nil || all.find(maxTallied-1) != nil {
		t.Errorf("%d are left", len(all.all))
	}
}

func TestTallyAllocates(t *testing.T) {
	var all tally[[8]uint64]
	n := uint64(0)
	some := func() {
		for range 10_000 {
			n++
			all.add(n)
		}
	}
	some()
	if allocated := testing.AllocsPerRun(5, some); allocated > 10 {
		t.Errorf("%v allocations", allocated)
	}
}
