package insight_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgpi/internal/insight"
)

// What is remembered of statements is bounded, also if their texts are long and each is another.
func TestMemoryOfTexts(t *testing.T) {
	const texts, size, most = 200, 256 << 10, 32 << 20
	p := newPlayer(t, insight.Options{})
	before := heap()
	for i := range texts {
		p.list("select id from orders", shuffled)
		for _, id := range []int{701, 33} {
			p.run(1, fmt.Sprintf(`select "%s" from items%d where order_id = %d`, strings.Repeat("a", size), i, id))
		}
		p.pass(3 * time.Second)
	}
	if grown := heap() - before; grown > most {
		t.Errorf("after %d texts of %d bytes, %d bytes are remembered", texts, size, grown)
	}
	runtime.KeepAlive(p)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
