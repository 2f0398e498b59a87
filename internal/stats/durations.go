package stats

import (
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Durations are the times of calls.
type Durations struct {
	Count      int64
	Total, Max time.Duration
	squares    float64 // sum of squares, in seconds
	// few has all durations while there are only a few. Then histogram has them. It takes 30 KB, so
	// most groups have none.
	few       []time.Duration
	histogram *hdrhistogram.Histogram
}

// maxFew is how many durations are kept exactly.
const maxFew = 32

// The histogram counts microseconds, up to a day, with two significant digits.
const (
	unit            = time.Microsecond
	longest         = 24 * time.Hour
	histogramDigits = 2
)

func (d *Durations) add(took time.Duration) {
	d.Count++
	d.Total += took
	d.Max = max(d.Max, took)
	d.squares += took.Seconds() * took.Seconds()
	if d.histogram == nil && len(d.few) < maxFew {
		d.few = append(d.few, took)
		return
	}
	d.begin()
	d.record(took)
}

// begin replaces the exact durations by a histogram.
func (d *Durations) begin() {
	if d.histogram != nil {
		return
	}
	d.histogram = hdrhistogram.New(1, int64(longest/unit), histogramDigits)
	for _, one := range d.few {
		d.record(one)
	}
	d.few = nil
}

func (d *Durations) record(took time.Duration) {
	_ = d.histogram.RecordValue(int64(min(took, longest) / unit)) // it fails only above longest
}

func (d *Durations) merge(o *Durations) {
	d.Count += o.Count
	d.Total += o.Total
	d.Max = max(d.Max, o.Max)
	d.squares += o.squares
	d.begin()
	for _, one := range o.few {
		d.record(one)
	}
	if o.histogram != nil {
		d.histogram.Merge(o.histogram)
	}
}

// Mean returns the mean, or 0 if there are no calls.
func (d *Durations) Mean() time.Duration {
	if d.Count == 0 {
		return 0
	}
	return d.Total / time.Duration(d.Count)
}

// Deviation returns the standard deviation.
func (d *Durations) Deviation() time.Duration {
	return time.Duration(math.Sqrt(d.variance()) * float64(time.Second))
}

func (d *Durations) variance() float64 {
	if d.Count == 0 {
		return 0
	}
	mean := d.Total.Seconds() / float64(d.Count)
	return max(0, d.squares/float64(d.Count)-mean*mean)
}

// Dispersion returns the variance divided by the mean, both in seconds: how much calls of one kind
// differ.
func (d *Durations) Dispersion() float64 {
	if d.Total == 0 {
		return 0
	}
	return d.variance() / (d.Total.Seconds() / float64(d.Count))
}

// Percentile returns the duration that the given percentage of calls does not exceed. It is exact
// for a few calls, and otherwise has two significant digits.
func (d *Durations) Percentile(percent float64) time.Duration {
	rank := math.Ceil(percent / 100 * float64(d.Count))
	switch {
	case d.histogram != nil: // which rounds ranks
		return min(time.Duration(d.histogram.ValueAtQuantile(100*rank/float64(d.Count)))*unit, d.Max)
	case len(d.few) == 0:
		return 0
	}
	return slices.Sorted(slices.Values(d.few))[max(0, int(rank)-1)]
}

// Decades returns how many calls took less than 10 µs, less than 100 µs and so on. The last number
// counts those of 10 s or more.
func (d *Durations) Decades() (counts [8]int64) {
	place := func(took time.Duration) int {
		i := 0
		for limit := 10 * time.Microsecond; i < len(counts)-1 && took >= limit; limit *= 10 {
			i++
		}
		return i
	}
	for _, one := range d.few {
		counts[place(one)]++
	}
	if d.histogram != nil {
		for _, bar := range d.histogram.Distribution() {
			counts[place(time.Duration(bar.From)*unit)] += bar.Count
		}
	}
	return counts
}
