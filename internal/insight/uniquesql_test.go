package insight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgpi/internal/event"
)

func TestUniqueSQL(t *testing.T) {
	trace := func(i int) string { return fmt.Sprintf("/*traceparent='00-%032x-%016x-01'*/", i+1, i+1) }
	for _, c := range []struct {
		name   string
		sql    func(i int) string
		remedy string // its beginning, or "" if nothing is found
	}{
		{"a trace in each", func(i int) string { return "select * from items where id = $1 " + trace(i) }, "Leave traceparent"},
		{"a request in each", func(i int) string { return fmt.Sprintf("select * from items where id = $1 /*request_id='%d'*/", i) }, "Leave what"},
		{"comments to the end of lines", func(i int) string { return fmt.Sprintf("select 1 -- %d\n, 2", i) }, "Leave what"},
		{"one without a comment", func(i int) string {
			if i == 0 {
				return "select * from items where id = $1"
			}
			return "select * from items where id = $1 " + trace(i)
		}, ""},
		{"49 of them", func(i int) string { return "select * from items where id = $1 " + trace(max(i, 1)) }, ""},
		{"constants differ, too", func(i int) string { return fmt.Sprintf("select * from items where id = %d %s", i, trace(i)) }, ""},
		{"a constant that looks like a comment", func(i int) string { return fmt.Sprintf("select '/*%d*/'", i) }, ""},
		{"only space differs", func(i int) string { return "select 1" + strings.Repeat(" ", i) + "/* a */" }, ""},
		{"a route in each", func(i int) string { return fmt.Sprintf("select * from items where id = $1 /*route='/%d'*/", i%40) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, only(t, "unique-sql"))
			for i := range 50 {
				p.run(1, c.sql(i), extended, parsed)
				p.run(1, c.sql(i)) // bound again, or simple
			}
			if c.remedy == "" {
				p.expect()
				return
			}
			p.expectOne("unique-sql", "50 texts of ", "")
			for _, f := range p.findings {
				if !strings.HasPrefix(f.Remedy, c.remedy) || f.Count != 50 {
					t.Errorf("%d: %s", f.Count, f.Remedy)
				}
			}
		})
	}
}

func parsed(x *event.Exchange) { x.Parsed = true }

// TestUniqueSQLTogether: texts that were not parsed, that failed, or that came on several
// connections are not counted together.
func TestUniqueSQLTogether(t *testing.T) {
	p := newPlayer(t, only(t, "unique-sql"))
	for i := range 200 {
		sql := fmt.Sprintf("select 1 /*request_id='%d'*/", i)
		switch i % 4 {
		case 0, 1:
			p.run(uint32(1+i%2), fmt.Sprintf("select 1 /*request_id='%d'*/", i-i%100), extended, parsed)
		case 2:
			p.run(1, sql)
		case 3:
			p.run(1, sql, extended, parsed, failed("42601"))
		}
	}
	for i := range 94 {
		p.run(uint32(1+i%2), fmt.Sprintf("select 1 /*request_id='a%d'*/", i), extended, parsed)
	}
	p.expect()
}

// TestUniqueSQLForgets: what a connection remembers is bounded, and what it says is still true.
func TestUniqueSQLForgets(t *testing.T) {
	p := newPlayer(t, only(t, "unique-sql"))
	for i := range 30_000 {
		p.run(1, fmt.Sprintf("select %d /*%d*/", i/100, i), extended, parsed)
		p.at = p.at.Add(-time.Millisecond)
	}
	found := p.found()
	if len(found) < 30 || len(found) > 100 {
		t.Errorf("found %d", len(found))
	}
	for _, f := range p.findings {
		if f.Count > 100 {
			t.Error(f.Text)
		}
	}
}
