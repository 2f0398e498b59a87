package insight_test

import (
	"fmt"
	"testing"
	"time"

	"pgpi/internal/event"
	"pgpi/internal/insight"
)

// as lets connections be another user's from now on.
func (p *player) as(user string) {
	identity := *p.identity
	identity.User = user
	p.identity = &identity
}

// TestDeadlineOfOneThatLeft: a burst ends a second after the last exchange, although its client has
// left and others go on.
func TestDeadlineOfOneThatLeft(t *testing.T) {
	p := newPlayer(t, only(t, "errors"))
	p.as("other")
	p.run(1, "select 1")
	p.pass(200 * time.Millisecond)
	p.as("joe")
	p.login(2)
	for range 10 {
		p.run(2, "select 1/0", failed("22012"))
	}
	p.logout(2)
	p.as("other")
	for i := range 30 {
		p.run(1, "select 1")
		p.pass(50 * time.Millisecond)
		if late := (i+1)*51 >= 1000; late != (len(p.findings) == 1) {
			t.Errorf("%d findings after %d ms", len(p.findings), (i+1)*51)
		}
	}
}

// TestVisitorsBesideOthers: connections without any exchange are counted, although others go on.
func TestVisitorsBesideOthers(t *testing.T) {
	p := newPlayer(t, insight.Options{})
	p.pass(2 * time.Minute)
	for i := range 20 {
		p.as("joe")
		p.login(uint32(i + 2))
		p.logout(uint32(i + 2))
		p.as("other")
		p.run(1, fmt.Sprint("select ", i))
		p.pass(1500 * time.Millisecond)
	}
	p.expect("churn")
}

// TestDeadlinesOfMany: each of many clients that ask in turn rests at its own time, in order.
func TestDeadlinesOfMany(t *testing.T) {
	p := newPlayer(t, only(t, "errors"))
	const clients = 300
	var asked []time.Time
	seen := 0
	check := func() {
		for ; seen < len(p.findings); seen++ {
			if conn := p.findings[seen].Evidence[0].Conn; int(conn) != seen+1 {
				t.Fatalf("the burst of connection %d is number %d to end", conn, seen+1)
			}
			if rested := p.at.Sub(asked[seen]); rested != time.Second {
				t.Errorf("the burst of connection %d ended after %v", seen+1, rested)
			}
		}
	}
	for i := range clients {
		p.as(fmt.Sprint("user", i))
		for range 1 + i*7%13 {
			p.pass(time.Millisecond)
			check()
		}
		for range 5 {
			p.run(uint32(i+1), "select 1/0", failed("22012"))
			check()
		}
		asked = append(asked, p.at)
	}
	for range 1000 {
		p.pass(time.Millisecond)
		check()
	}
	if seen != clients {
		t.Errorf("%d bursts have ended", seen)
	}
}

// BenchmarkManyClients is an exchange of one of many clients, each of which asks every two seconds.
func BenchmarkManyClients(b *testing.B) {
	for _, clients := range []int{10, 1_000, 10_000} {
		for _, status := range []byte{'I', 'T'} {
			b.Run(fmt.Sprintf("%d/%c", clients, status), func(b *testing.B) {
				flows := make([]*flow, clients)
				stage := insight.New(insight.Options{})
				at := began
				ask := func(f *flow) {
					f.at = at
					f.exchange(f.texts[0], 1)
					at = at.Add(2 * time.Second / time.Duration(clients))
				}
				for i := range flows {
					flows[i] = newFlow(stage)
					flows[i].conn, flows[i].ready[5] = uint32(i+1), status
					flows[i].identity = &event.Identity{Known: true, User: fmt.Sprint(i), Database: "shop"}
					ask(flows[i])
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					ask(flows[i%clients])
				}
			})
		}
	}
}
