package exchanges

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/test/program"
)

// workers is how many scripts are run at the same time.
const workers = 6

// asked is how many scripts are run with each server, where the environment says so. It is read before pgpi's own
// variables are taken away.
var asked = os.Getenv("PGPI_SCRIPTS")

// howMany is how many scripts are run with each server: what was asked for, or some seconds' worth.
func howMany(t *testing.T) int {
	t.Helper()
	if asked == "" {
		return 1500
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		t.Fatalf("PGPI_SCRIPTS is not a number of scripts: %q", asked)
	}
	return n
}

// TestScripts compares the exchanges of random scripts with the client's account of them.
func TestScripts(t *testing.T) {
	scripts := howMany(t)
	for _, version := range versions {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			var sql []string
			for n := range workers {
				sql = append(sql, tables(fmt.Sprintf("w%d", n))...)
			}
			j := newJudge(startPgpi(t, startServer(t, version, sql...), true, "--log-forwarded=json"))
			var all sync.WaitGroup
			for n := range workers {
				all.Go(func() {
					for seed := n; seed < scripts && !t.Failed(); seed += workers {
						j.try(t, n, uint64(version*1000000+seed))
					}
				})
			}
			all.Wait()
			t.Logf("%d scripts with %d exchanges: %v", j.scripts, j.compared, j.outcomes)
			if j.unseen > j.compared/500 {
				t.Errorf("pgpi has not seen the SQL of %d", j.unseen)
			}
			for _, outcome := range []string{"done", "rolled back", "failed", "suspended", "skipped"} {
				if j.outcomes[outcome] < scripts/15 && !t.Failed() {
					t.Errorf("only %d exchanges are %s", j.outcomes[outcome], outcome)
				}
			}
		})
	}
}

// judge runs scripts through a pgpi, and reads its log.
type judge struct {
	pgpi *program.Pgpi

	mu       sync.Mutex
	written  map[string]chan []written // the exchanges of a connection that has ended, by its client's address
	scripts  int
	compared int
	unseen   int
	outcomes map[string]int
}

func newJudge(pgpi *program.Pgpi) *judge {
	j := &judge{pgpi: pgpi, written: map[string]chan []written{}, outcomes: map[string]int{}}
	go j.read(pgpi.Output)
	return j
}

// written is a line of the log.
type written struct {
	Kind, Type, Outcome, Tag, SQLState, Transaction, Status string
	Conn, Exchange, Rows                                    int
	SQL                                                     *string
	Counted                                                 *int
	Args                                                    map[string]string
	Statements                                              []struct {
		Tag  string
		Rows int
	}
	TooAlso []int `json:"rolled_back_too"`
}

// String returns an exchange in the form of [unit.String].
func (w written) String() string {
	u := unit{number: w.Exchange, kind: w.Type, outcome: w.Outcome, tag: w.Tag, sqlstate: w.SQLState, rows: w.Rows, counted: -1, transaction: w.Transaction}
	if w.Counted != nil {
		u.counted = *w.Counted
	}
	for _, s := range w.Statements {
		u.statements = append(u.statements, fmt.Sprintf("%s: %d", s.Tag, s.Rows))
	}
	copy(u.too[:], w.TooAlso)
	return u.String()
}

// read passes on the exchanges of each connection when it has ended.
func (j *judge) read(log *os.File) {
	clients, exchanges := map[int]string{}, map[int][]written{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		line := lines.Bytes()
		if strings.Contains(string(line[:min(len(line), 200)]), `"kind":"message"`) {
			continue
		}
		var w written
		if json.Unmarshal(line, &w) != nil {
			continue // "listening", say
		}
		switch {
		case w.Kind == "exchange":
			exchanges[w.Conn] = append(exchanges[w.Conn], w)
		case w.Status == "opened":
			clients[w.Conn] = w.Args["client"]
		case w.Status == "closed":
			j.channel(clients[w.Conn]) <- exchanges[w.Conn]
			delete(clients, w.Conn)
			delete(exchanges, w.Conn)
		}
	}
}

func (j *judge) channel(client string) chan []written {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.written[client] == nil {
		j.written[client] = make(chan []written, 1)
	}
	return j.written[client]
}

// try runs the script for a seed. A script that shows a difference is made as short as possible.
func (j *judge) try(t *testing.T, worker int, seed uint64) {
	steps := makeScript(seed)
	wrong := j.run(t, worker, steps)
	if wrong == "" {
		return
	}
	for {
		less, w := j.shorten(t, worker, steps)
		if w == "" {
			break
		}
		steps, wrong = less, w
	}
	t.Errorf("script %d:\n%s%s", seed, describe(steps), wrong)
}

// shorten removes a step or a message while the script still shows a difference.
func (j *judge) shorten(t *testing.T, worker int, steps []step) (less []step, wrong string) {
	for i := range steps {
		for k := -1; k < len(steps[i].say); k++ {
			less = without(steps, i, k)
			if wrong = j.run(t, worker, less); wrong != "" && !strings.HasPrefix(wrong, "client: ") {
				return less, wrong
			}
		}
	}
	return nil, ""
}

// without returns the steps without one of them, or without one of its messages.
func without(steps []step, i, k int) []step {
	less := slices.Clone(steps)
	if k < 0 {
		return slices.Delete(less, i, i+1)
	}
	less[i].say = slices.Delete(slices.Clone(less[i].say), k, k+1)
	return less
}

// run runs a script, and returns what differs.
func (j *judge) run(t *testing.T, worker int, steps []step) string {
	c, err := dial(j.pgpi.Port, map[string]string{"search_path": fmt.Sprintf("w%d", worker), "client_min_messages": "notice"})
	if err != nil {
		t.Error(err)
		return ""
	}
	client := c.conn.LocalAddr().String()
	a := &account{statements: map[string]string{}, portals: map[string]string{}}
	err = play(c, a, steps)
	c.close()
	exchanges := <-j.channel(client)
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.written, client)
	if err != nil {
		return "client: " + err.Error()
	}
	j.scripts++
	return j.compare(a.exchanges(), exchanges)
}

// play sends a script and keeps the account.
func play(c *client, a *account, steps []step) error {
	say := func(m pgproto3.FrontendMessage) {
		c.Send(m)
		a.send(m)
	}
	wait := func(m pgproto3.FrontendMessage) error {
		say(m)
		return converse(c, a, say)
	}
	sql := ""
	for _, s := range steps {
		for i, m := range s.say {
			say(m)
			if s.asksForData(i, &sql) {
				if err := wait(&pgproto3.Flush{}); err != nil {
					return err
				}
			}
		}
		if s.wait && len(a.units) > 0 {
			if err := wait(&pgproto3.Flush{}); err != nil {
				return err
			}
		}
	}
	return wait(&pgproto3.Sync{})
}

// asksForData reports whether a message begins COPY while its data does not come with it. The
// server would treat any other message as a mistake.
func (s *step) asksForData(i int, sql *string) bool {
	switch m := s.say[i].(type) {
	case *pgproto3.Parse:
		*sql = m.Query
		return false
	case *pgproto3.Query:
		*sql = m.String
	case *pgproto3.Execute:
		if bind, ok := s.say[0].(*pgproto3.Bind); ok && bind.PreparedStatement == "" {
			return true // it is not known before
		}
	default:
		return false
	}
	for _, m := range s.say[i+1:] {
		switch m.(type) {
		case *pgproto3.CopyDone, *pgproto3.CopyFail:
			return false
		}
	}
	return strings.Contains(*sql, "stdin")
}

// converse receives what is due, and sends the data that COPY waits for.
func converse(c *client, a *account, say func(pgproto3.FrontendMessage)) error {
	if err := c.Flush(); err != nil {
		return err
	}
	for {
		for a.due() {
			m, err := c.receive()
			if err != nil {
				return err
			}
			if err := a.receive(m); err != nil {
				return err
			}
		}
		if !a.copying {
			return nil
		}
		simple := a.queue[0].kind == 'Q'
		say(&pgproto3.CopyData{Data: []byte("100\tx\n")})
		say(&pgproto3.CopyDone{})
		if !simple {
			say(&pgproto3.Sync{})
		}
		if err := c.Flush(); err != nil {
			return err
		}
	}
}

// sql returns the SQL that pgpi wrote. Now and then pgpi could not know it: the Close of a
// statement was sent, and skipped, before another use of the statement.
func (j *judge) sql(want *unit, got written) string {
	if got.SQL == nil {
		if want.sql != "" {
			j.unseen++
		}
		return strconv.Quote(want.sql)
	}
	return strconv.Quote(*got.SQL)
}

// compare returns the difference between what should be and what pgpi wrote.
func (j *judge) compare(want []*unit, got []written) string {
	different := len(want) != len(got)
	var b strings.Builder
	for i := range max(len(want), len(got)) {
		left, right := "-", "-"
		if i < len(want) {
			left = want[i].String()
			j.compared++
			j.outcomes[want[i].outcome]++
		}
		if i < len(got) {
			right = got[i].String()
			if i < len(want) && want[i].sql != "?" {
				left += fmt.Sprintf(", SQL %q", want[i].sql)
				right += ", SQL " + j.sql(want[i], got[i])
			}
		}
		if left != right {
			different = true
			fmt.Fprintf(&b, "account: %s\npgpi:    %s\n", left, right)
		} else {
			fmt.Fprintf(&b, "both:    %s\n", left)
		}
	}
	if !different {
		return ""
	}
	return b.String()
}
