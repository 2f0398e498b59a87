package insight_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestNothingByChance has clients that list rows and then look at some of them, in an order of their
// own, as the visitors of a web server do. Nothing may be found, however many they are.
// PGPI_CHANCES says how many bursts there are.
func TestNothingByChance(t *testing.T) {
	bursts := 60
	if n, err := strconv.Atoi(os.Getenv("PGPI_CHANCES")); err == nil {
		bursts = n
	}
	for seed := range uint64(bursts) {
		random := rand.New(rand.NewPCG(11, seed))
		p := newPlayer(t, only(t, "n+1"))
		v := visitors{player: p, random: random, connections: 1 + random.IntN(8)}
		for range 1 + random.IntN(4) {
			v.tables = append(v.tables, v.table())
		}
		for range 20 + random.IntN(500) {
			v.visit()
		}
		if p.found(); len(p.findings) > 0 {
			t.Errorf("seed %d: %s", seed, p.findings[0].Text)
		}
	}
}

// visitors are clients whose order is their own.
type visitors struct {
	*player
	random      *rand.Rand
	connections int
	tables      [][]int // ids
}

// table returns the ids of a table: as a sequence counts them, with gaps, or of large numbers.
func (v *visitors) table() (ids []int) {
	rows, gap := 5+v.random.IntN(60), []int{1, 3, 100_000}[v.random.IntN(3)]
	for id := 0; len(ids) < rows; {
		id += 1 + v.random.IntN(gap)
		ids = append(ids, id)
	}
	if v.random.IntN(2) == 0 {
		v.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	}
	return ids
}

// visit is one request.
func (v *visitors) visit() {
	n := v.random.IntN(len(v.tables))
	ids, conn := v.tables[n], uint32(1+v.random.IntN(v.connections))
	switch v.random.IntN(12) {
	case 0:
		v.answers(numbers("id", ids...))
		v.run(conn, fmt.Sprintf("select id from table%d", n))
	case 1:
		v.pass(time.Duration(v.random.IntN(900)) * time.Millisecond)
	default:
		v.run(conn, fmt.Sprintf("select * from table%d where id = %d", n, ids[v.random.IntN(len(ids))]))
	}
}
