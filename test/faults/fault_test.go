package faults

import (
	"slices"
	"strings"
	"testing"

	"pgpi/internal/localpg"
	"pgpi/test/program"
)

// fault is one thing that goes wrong. It is played twice: without pgpi and with it.
type fault struct {
	name    string
	section string
	options []string // of pgpi, besides the server's address
	// play makes it happen to a client, and returns what the client saw.
	play func(p *place) string
	// server is the server behind; nil is the shared one.
	server func(t *testing.T) address
	// differs is set if pgpi itself acts, so that the client sees something else.
	differs bool
	// log are texts that must be in pgpi's log.
	log []string
	// either are sentences that may be in it: which, depends on who is first.
	either []string
}

// address is where somebody listens.
type address struct {
	host string
	port int
}

func addressOf(s *localpg.Server) address { return address{s.Host, s.Port} }

// place is where a fault is played.
type place struct {
	*testing.T
	address                // that the client connects to
	pgpi     *program.Pgpi // nil without
	speakers []*speaker    // that have connected
}

// see plays something, and returns what the client saw. Clients that are still connected leave
// after that.
func (p *place) see(play func(*place) string) string {
	p.Helper()
	saw := play(p)
	for _, s := range p.speakers {
		s.close()
	}
	return saw
}

// speak connects a client.
func (p *place) speak() *speaker {
	p.Helper()
	s := speak(p.T, p.address)
	p.speakers = append(p.speakers, s)
	return s
}

// run plays a fault twice, compares, and checks what pgpi said.
func (f fault) run(t *testing.T) {
	t.Helper()
	server := func(t *testing.T) address { return addressOf(shared.start(t)) }
	if f.server != nil {
		server = f.server
	}
	behind := server(t)
	direct := (&place{T: t, address: behind}).see(f.play)
	p := relayTo(t, behind, f.options...)
	through := (&place{T: t, address: address{"127.0.0.1", p.Port}, pgpi: p}).see(f.play)
	if (direct == through) == f.differs {
		t.Errorf("the client saw, without pgpi:\n%s\nwith pgpi:\n%s\nthat should differ: %v", direct, through, f.differs)
	}
	said := f.check(t, sentences(p.Log.Sentences(t, "#1")))
	servesNext(t, p)
	p.Stop()
	if complaint := p.Stderr(); complaint != "" && !strings.Contains(complaint, "can't be written fast enough") {
		t.Errorf("pgpi has written to standard error: %s", complaint) // it may complain that this test reads slowly
	}
	faultTable.has(t, row{f.section, f.name, direct, through, said})
}

// check checks what pgpi said, and returns the text for the table.
func (f fault) check(t *testing.T, said string) string {
	t.Helper()
	for _, want := range f.log {
		if !strings.Contains(said, want) {
			t.Errorf("pgpi's log lacks %q: %s", want, said)
		}
	}
	if f.either == nil {
		return said
	}
	for sentence := range strings.SplitSeq(mask(said), "; ") {
		if !slices.ContainsFunc(f.either, func(one string) bool { return mask(one) == sentence }) {
			t.Errorf("pgpi's log has %q, which is none of %q", sentence, f.either)
		}
	}
	return strings.Join(f.either, ", or ")
}

// relayTo starts a pgpi in front of a server.
func relayTo(t *testing.T, behind address, options ...string) *program.Pgpi {
	t.Helper()
	return program.Start(t, program.Command{Path: pgpiPath, Args: append(serverOptions(behind), options...)})
}

// servesNext wants pgpi to be there for others: it closes at once on what is not a startup packet,
// and says so.
func servesNext(t *testing.T, p *program.Pgpi) {
	t.Helper()
	s := speak(t, address{"127.0.0.1", p.Port})
	s.send([]byte("GET / HTTP/1.1\r\n\r\n"))
	s.readAll()
	p.Log.Wait(t, "not a Postgres client: it sent an HTTP request")
}

// usual are the beginnings of what pgpi says about any connection.
var usual = []string{
	"connected at t0", "connecting to Postgres server:", "connected to Postgres server at", "no SSLRequest: continuing in plaintext",
	"TLSv1.3/", "TLSv1.2/", "direct TLSv1.3/", "forwarding client startup message", "forwarding all later traffic", "connection end",
	"server name via SNI:",
}

// sentences returns what pgpi said beyond the usual, in one line.
func sentences(said []string) string {
	said = slices.DeleteFunc(said, func(line string) bool {
		return slices.ContainsFunc(usual, func(u string) bool { return strings.HasPrefix(line, u) })
	})
	if len(said) == 0 {
		return "–"
	}
	return strings.Join(said, "; ")
}
