package insight_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// madeLoop is a result, and statements after it that take its values, or are as close to that as
// possible.
type madeLoop struct {
	number int
	conn   uint32
	found  bool
	parent table
	column int
	asks   []string // values
	how    int      // they are sent
	random *rand.Rand
}

// makeLoop makes one.
func makeLoop(random *rand.Rand, number int) *madeLoop {
	l := &madeLoop{number: number, conn: uint32(1 + random.IntN(3)), random: random, how: random.IntN(4)}
	columns, rows := 1+random.IntN(4), 5+random.IntN(40)
	types := []uint32{integer, bigint, text, uuid}
	for i := range columns {
		l.parent.columns = append(l.parent.columns, event.Column{Name: fmt.Sprintf("c%d", i), TypeOID: types[random.IntN(len(types))], Binary: random.IntN(2) == 0})
	}
	for range rows {
		var row []string
		for _, c := range l.parent.columns {
			row = append(row, randomValue(random, c.TypeOID))
		}
		l.parent.rows = append(l.parent.rows, row)
	}
	l.column = random.IntN(columns)
	l.ask()
	return l
}

func randomValue(random *rand.Rand, oid uint32) string {
	switch oid {
	case uuid:
		return fmt.Sprintf("%08x-%04x-4c1b-9a51-0242ac120002", random.Uint32(), random.IntN(1<<16))
	case text:
		return fmt.Sprintf("word %d", random.Uint64())
	}
	return strconv.Itoa(random.IntN(1 << 30))
}

// ask chooses what the statements ask for.
func (l *madeLoop) ask() {
	var all []string
	for _, row := range l.parent.rows {
		all = append(all, row[l.column])
	}
	switch l.random.IntN(6) {
	case 0: // four values are too few
		all = all[:4]
	case 1: // in pairs, the later one first
		for i := 0; i+1 < len(all); i += 2 {
			all[i], all[i+1] = all[i+1], all[i]
		}
	case 2:
		slices.Reverse(all)
	case 3: // of nobody
		for i := range all {
			all[i] = randomValue(l.random, l.parent.columns[l.column].TypeOID)
		}
	default:
		l.found = true
		for len(all) > 5 && l.random.IntN(2) == 0 { // rows are left out
			i := l.random.IntN(len(all))
			all = slices.Delete(all, i, i+1)
		}
	}
	for _, v := range all {
		for ok := true; ok; ok = l.random.IntN(4) == 0 { // values come again
			l.asks = append(l.asks, v)
		}
	}
}

func (l *madeLoop) parentSQL() string { return fmt.Sprintf("select * from parents%d", l.number) }
func (l *madeLoop) childSQL() string {
	return fmt.Sprintf("select * from children%d where x = ", l.number)
}

// list runs the parent.
func (l *madeLoop) list(p *player) {
	p.answers(l.parent)
	if l.random.IntN(2) == 0 {
		p.inRuns(1 + l.random.IntN(7))
	}
	p.run(l.conn, l.parentSQL())
}

// next runs the next child, and reports whether there was one.
func (l *madeLoop) next(p *player) bool {
	if len(l.asks) == 0 {
		return false
	}
	v := l.asks[0]
	l.asks = l.asks[1:]
	oid := l.parent.columns[l.column].TypeOID
	switch {
	case l.how == 0 && oid != text && oid != uuid:
		p.run(l.conn, l.childSQL()+v)
	case l.how <= 1:
		p.run(l.conn, l.childSQL()+"'"+v+"'")
	default:
		p.run(l.conn, l.childSQL()+"$1", bound(oid, l.how == 2, v))
	}
	return true
}

// TestMadeLoops finds exactly the loops that take the values of their parents, among others that run
// at the same time.
func TestMadeLoops(t *testing.T) {
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(7, seed))
		p := newPlayer(t, only(t, "n+1"))
		var loops []*madeLoop
		want := map[string]string{}
		for conn := range uint32(3) {
			p.run(conn+1, "begin", in('T')) // so that few rows are enough
		}
		for i := range 1 + random.IntN(4) {
			l := makeLoop(random, i)
			if loops = append(loops, l); l.found {
				want[fmt.Sprintf("select * from children%d where x = $1", i)] = fmt.Sprintf("the values of column c%d of ", l.column)
			}
			l.list(p)
		}
		for open := slices.Clone(loops); len(open) > 0; {
			i := random.IntN(len(open))
			if !open[i].next(p) {
				open = slices.Delete(open, i, i+1)
			}
		}
		p.found()
		for _, f := range p.findings {
			column, ok := want[f.Shape.Text]
			if number := strings.TrimSuffix(strings.TrimPrefix(f.Shape.Text, "select * from children"), " where x = $1"); !ok || !strings.Contains(f.Text, column) || !strings.Contains(f.Text, `"select * from parents`+number+`"`) {
				t.Errorf("seed %d: it finds: %s", seed, f.Text)
			}
			delete(want, f.Shape.Text)
		}
		if len(want) > 0 {
			t.Errorf("seed %d: it does not find %v", seed, want)
		}
	}
}
