package insight_test

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

func TestFailedTransaction(t *testing.T) {
	const least = 10
	for _, c := range []struct {
		name  string
		code  string // of the first error
		after int    // statements that fail because of it
		undo  int    // after how many of them ROLLBACK TO works
		sent  func(*event.Exchange)
		want  []string
	}{
		{"ten after an error", "23505", least, -1, nil, []string{"errors"}},
		{"nine", "23505", least - 1, -1, nil, nil},
		{"ten after a cancel", "57014", least, -1, nil, []string{"errors"}},
		{"a savepoint between", "23505", least, 5, nil, nil},
		{"a savepoint behind", "23505", least, least, nil, []string{"errors"}},
		{"sent before the error was there", "23505", 30, -1, func(x *event.Exchange) { x.Times.Asked = 0 }, nil},
		{"skipped", "23505", 30, -1, func(x *event.Exchange) { x.Outcome, x.SQLState = event.Skipped, "" }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(t, insight.Options{})
			p.run(1, "begin", in('T'))
			p.run(1, "insert into orders values (7)", failed(c.code), in('E'), func(x *event.Exchange) {
				if c.code == "57014" {
					x.Outcome = event.Canceled
				}
			})
			for i := range c.after {
				changes := []func(*event.Exchange){failed("25P02")}
				if c.sent != nil {
					changes = append(changes, c.sent)
				}
				p.run(1, fmt.Sprint("select * from items", i, " where id = 1"), changes...)
				if i+1 == c.undo {
					p.run(1, "rollback to a", in('T'))
					p.run(1, "select 1 / 0", failed("22012"), in('E'))
				}
			}
			p.run(1, "rollback", in('I'))
			p.expect(c.want...)
			for _, f := range p.findings {
				if !strings.HasPrefix(f.Text, `10 statements were sent, and failed with 25P02, in a transaction in which "insert into orders values ($1)" had failed with `+c.code) || len(f.Evidence) != least {
					t.Error(f.Text, len(f.Evidence))
				}
			}
		})
	}
}
