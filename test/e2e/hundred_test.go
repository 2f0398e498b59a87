package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	hundred = 100
	queries = 5
)

// A hundred connections at once, half of them with TLS: the lines of each tag alone are one
// client's conversation, whole and in order.
func TestHundredConnections(t *testing.T) {
	p := start(t, append(to(startCluster(t, server18)), "--server-sslmode=prefer")...)
	var all, done sync.WaitGroup
	all.Add(hundred)
	for i := range hundred {
		done.Go(func() {
			if err := converse(t.Context(), p, i, &all); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		})
	}
	done.Wait()
	tags := map[string]bool{}
	for i := range hundred {
		tag := p.log.waitFor(t, fmt.Sprintf(`"client%d\x00"`, i))
		tags[tag] = true
		checkConversation(t, p.log.ended(t, tag), i)
	}
	if len(tags) != hundred {
		t.Errorf("%d clients have %d tags", hundred, len(tags))
	}
	checkContinuations(t, p.log.all())
}

// converse is what a client does: it waits until all are connected, then queries.
func converse(ctx context.Context, p *pgpi, i int, all *sync.WaitGroup) error {
	sslmode := []string{"disable", "require"}[i%2]
	conn, err := pgconn.Connect(ctx, through(p, "trust", "application_name", fmt.Sprintf("client%d", i), "sslmode", sslmode).String())
	all.Done()
	if err != nil {
		return err
	}
	all.Wait()
	for n := range queries {
		if _, err := conn.Exec(ctx, fmt.Sprintf("select 'marker-%d-%d'", i, n)).ReadAll(); err != nil {
			return err
		}
	}
	return conn.Close(ctx)
}

var (
	messageLine = regexp.MustCompile(`^(client -> server|server -> client): "(.)" = `)
	marker      = regexp.MustCompile(`marker-\d+-\d+`)
)

// checkConversation compares the messages after the login, and the markers in them, with what
// client i has said.
func checkConversation(t *testing.T, log conversation, i int) {
	t.Helper()
	if !strings.HasPrefix(log[0], "connected at t0 = ") {
		t.Errorf("client %d: the first line is %q", i, log[0])
	}
	var got, want []string
	over := false
	for _, line := range log {
		m := messageLine.FindStringSubmatch(line)
		if over && m != nil {
			got = append(got, m[2])
		}
		if over || m == nil || m[2] != "Z" {
			got = append(got, marker.FindAllString(line, -1)...)
		}
		over = over || m != nil && m[2] == "Z"
	}
	for n := range queries {
		name := fmt.Sprintf("marker-%d-%d", i, n)
		want = append(want, "Q", name, "T", "D", name, "C", "Z")
	}
	want = append(want, "X")
	if g, w := strings.Join(got, " "), strings.Join(want, " "); g != w {
		t.Errorf("client %d:\ngot  %s\nwant %s\n%s", i, g, w, log)
	}
}

// checkContinuations finds lines that were torn from the line before them.
func checkContinuations(t *testing.T, lines []string) {
	t.Helper()
	before := ""
	for i, line := range lines {
		tag, rest, found := strings.Cut(line, "  ")
		if found && (strings.HasPrefix(rest, "  ") || strings.HasPrefix(rest, "^^")) && tag != before {
			t.Errorf("line %d goes on with a message of %s, but the line before it is of %s: %s", i+1, tag, before, line)
		}
		before = tag
	}
}
