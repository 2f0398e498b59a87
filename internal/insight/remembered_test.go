package insight_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/event"
)

// TestLargeResults has results so large that only two of them are remembered of a client.
func TestLargeResults(t *testing.T) {
	const lists = 5
	for followed := range lists {
		p := newPlayer(t, only(t, "n+1"))
		for i := range lists {
			p.list(fmt.Sprintf("select * from list%d", i), wide(i))
		}
		for row := range 10 {
			p.run(1, fmt.Sprintf("select * from items where list_id = %s", wide(followed).rows[row][0]))
		}
		if followed < lists-2 {
			p.expect()
		} else {
			p.expect("n+1")
		}
	}
}

// wide returns a result of 1100 rows with eight columns. No value comes twice.
func wide(number int) (t table) {
	for i := range 8 {
		t.columns = append(t.columns, event.Column{Name: fmt.Sprintf("c%d", i), TypeOID: bigint})
	}
	for row := range 1100 {
		var values []string
		for i := range 8 {
			values = append(values, strconv.Itoa(((number*2000+row)*8+i)*1_000_003%(1<<40)))
		}
		t.rows = append(t.rows, values)
	}
	return t
}

// TestFollowedResultsStay: a result that statements follow is remembered, although many come after
// it.
func TestFollowedResultsStay(t *testing.T) {
	p := newPlayer(t, only(t, "n+1"))
	all := values(30)
	p.list(listOrders, numbers("id", all...))
	for i, id := range all {
		p.each(1, askItems, id)
		p.list(fmt.Sprintf("select c%d from other", i), numbers("c", 80_010, 70_030, 90_020, 85_000, 79_990))
	}
	p.expect("n+1")
	if f := p.findings[0]; f.Count != 30 {
		t.Errorf("it finds %d: %s", f.Count, f.Text)
	}
}

// TestWideRows: of a result with many columns, those that are named as keys and references are
// remembered, wherever they are.
func TestWideRows(t *testing.T) {
	p := newPlayer(t, only(t, "n+1"))
	pages := table{}
	for i := range 20 {
		pages.columns = append(pages.columns, event.Column{Name: fmt.Sprintf("text%d", i), TypeOID: text})
	}
	pages.columns = append(pages.columns, event.Column{Name: "image_id", TypeOID: integer})
	for _, id := range values(12) {
		row := make([]string, 21)
		for i := range row {
			row[i] = fmt.Sprintf("%d of %d", i, id)
		}
		row[20] = fmt.Sprint(id)
		pages.rows = append(pages.rows, row)
	}
	p.list("select * from pages", pages)
	p.each(1, "select * from images where id = %d", values(12)...)
	p.expect("n+1")
	if got := p.findings[0].Text; !strings.Contains(got, "the values of column image_id of the 12 rows") {
		t.Error(got)
	}
}
