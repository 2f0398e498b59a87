package proxy_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/proxy"
)

// tickRecorder counts the ticks that pass it.
type tickRecorder struct {
	proxy.Recorder
	mu    sync.Mutex
	ticks []time.Duration
}

func (r *tickRecorder) Record(e *event.Event) {
	if _, ok := e.Fact.(event.Tick); ok {
		r.mu.Lock()
		r.ticks = append(r.ticks, e.Elapsed)
		r.mu.Unlock()
		if e.Kind != event.Measured || e.Conn != 0 || e.TakesNumber() {
			panic("a tick is something else")
		}
	}
	r.Recorder.Record(e)
}

// There is one tick a second while a connection is open, however many there are, and for two
// seconds more.
func TestTicks(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for _, test := range []struct {
		options string
		want    []time.Duration
	}{
		{"", []time.Duration{11 * second, 12 * second, 13 * second, 14 * second, 31 * second, 32 * second, 33 * second, 34 * second}},
		{"none", nil}, // not wanted
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, test.options)
			r := &tickRecorder{}
			s.recorder = func(next proxy.Recorder) proxy.Recorder { r.Recorder = next; return r }
			s.open()
			for range 2 {
				time.Sleep(10 * time.Second)
				s.play("client connects\nother connects")
				time.Sleep(2*time.Second + time.Millisecond)
				s.play("client closes\nother closes")
				time.Sleep(8*time.Second - time.Millisecond)
			}
			s.close()
			if !slices.Equal(r.ticks, test.want) {
				t.Errorf("ticks at %v, want %v", r.ticks, test.want)
			}
		})
	}
}
