package insight_test

import (
	"testing"
	"time"

	"pgpi/internal/insight"
)

// TestRestOfLoad: steady load that ends soon after a burst was cut is not a unit.
func TestRestOfLoad(t *testing.T) {
	load := func(p *player, seconds int) {
		for range seconds * 2 {
			p.answers(numbers("id", 1))
			p.run(1, "select id from settings where id = 1")
			p.run(1, "select id from orders where state = 2")
			p.pass(500 * time.Millisecond)
		}
		p.pass(2 * time.Second)
	}
	p := newPlayer(t, insight.Options{Rules: insight.Selection{"duplicate": true}})
	load(p, 12)
	p.expect()
	p = newPlayer(t, insight.Options{Rules: insight.Selection{"duplicate": true}})
	load(p, 12)
	load(p, 5)
	p.expect("duplicate")
}
