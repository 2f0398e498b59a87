package insight_test

import (
	"testing"
	"time"
)

// What one statement would be depends on what each of many returns.
func TestRemedyOfLoops(t *testing.T) {
	const (
		lists   = "where order_id = any($1)."
		groups  = "where order_id = any($1), grouped by order_id."
		lateral = "with a lateral join to unnest($1) and where order_id = its value."
		joins   = "for all values would do, such as one with a join."
	)
	for _, c := range []struct{ child, want string }{
		{"select * from items where order_id = %d", "would do: " + lists},
		{"select (select count(*) from notes) from items where order_id = %d", "would do: " + lists},
		{"select count(*) over () from items where order_id = %d", "would do: " + lists},
		{"select count(*) from items where order_id = %d", "would do: " + groups},
		{"select coalesce(sum(price), 0) from items where order_id = %d", "would do: " + groups},
		{"select state, max(price) from items where order_id = %d group by state", "would do: " + groups},
		{"select state from items where order_id = %d group by state", "would do: " + groups},
		{"select * from items where order_id = %d order by id limit 1", "would do, " + lateral},
		{"select * from items where order_id = %d limit 3", "would do, " + lateral},
		{"select * from orders where orders.id = %d limit 21", "would do: where orders.id = any($1)."},
		{"select exists(select 1 from items where order_id = %d)", joins},
		{"select exists (select 1 from items where order_id = %d) from items", joins},
	} {
		for rule, before := range map[string]string{"n+1": "One statement ", "repeated": "If the values are known together, one statement "} {
			p := newPlayer(t, only(t, rule))
			p.run(1, "begin", in('T'))
			if rule == "n+1" {
				p.list("select id from orders", numbers("id", values(12)...))
			}
			p.each(1, c.child, values(12)...)
			p.run(1, "commit", in('I'))
			p.pass(3 * time.Second)
			p.expect(rule)
			if len(p.findings) > 0 && p.findings[0].Remedy != before+c.want {
				t.Errorf("%s: %s\n%s%s was expected", c.child, p.findings[0].Remedy, before, c.want)
			}
		}
	}
}
