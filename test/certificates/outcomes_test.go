package certificates

import (
	"fmt"
	"strings"
	"testing"

	"pgpi/test/program"
)

// server is a server of the table: its certificate, and how it speaks TLS.
type server struct {
	name   string
	cert   request
	sends  []string          // the authorities whose certificates it sends after its own
	speaks map[string]string // how it differs from other servers: see testdata/servers.py

	host    string   // the name that clients use; "" for db.example
	roots   []string // the authorities that clients trust, or itself; nil for the root
	revoked bool     // and libpq has the list that says so

	// differs is why pgpi's outcome differs from libpq's in some modes, or "".
	differs string
	// noStart is set if pgpi refuses to start with these roots.
	noStart bool
	// weak is part of the warning that pgpi logs when it has connected with TLS, or "".
	weak string
}

// itself, among roots and authorities, is the server's own certificate.
const itself = "itself"

// modes are those of sslmode, with the root certificates that clients have.
var modes = []mode{
	{"disable", ""}, {"prefer", ""}, {"require", ""}, {"prefer", "file"}, {"verify-ca", "file"}, {"verify-full", "file"}, {"verify-full", "system"},
}

type mode struct{ ssl, roots string }

func (m mode) String() string {
	if m.roots == "" {
		return m.ssl
	}
	return m.ssl + ", " + m.roots
}

// outcome is how a connection turns out: "TLS", "plain", or "refused" and the kind of reason.
type outcome struct {
	how, kind string
	said      string // everything that the client prints
}

func (o outcome) sameAs(other outcome) bool { return o.how == other.how && o.kind == other.kind }

func (o outcome) String() string {
	if o.how == refused {
		return fmt.Sprintf("%s for %q: %s", o.how, o.kind, o.said)
	}
	return o.how
}

const refused = "refused"

// row is what was seen of a server: the outcomes of libpq and of pgpi in each mode.
type row struct {
	name, differs string
	libpq, pgpi   []outcome
}

// sections are the table.
var sections = []struct {
	title   string
	servers []server
}{
	{"Chains", chains},
	{"Purposes", purposes},
	{"Signatures", signatures},
	{"Keys", keys},
	{"Names", names},
	{"Constraints and oddities", constraints},
	{"Protocols", protocols},
}

// TestOutcomes connects to every server in every mode, with libpq and with pgpi.
func TestOutcomes(t *testing.T) {
	if testing.Short() {
		t.Skip("the test starts a thousand processes, and -short leaves those out")
	}
	b := newBench(t)
	seen := map[string]*row{}
	for _, s := range b.servers {
		seen[s.name] = &row{name: s.name, differs: s.differs}
	}
	ok := t.Run("server", func(t *testing.T) {
		for _, s := range b.servers {
			t.Run(strings.ReplaceAll(s.name, "/", "-"), func(t *testing.T) {
				t.Parallel()
				s.compare(t, b, seen[s.name])
			})
		}
	})
	for _, r := range seen {
		ok = ok && len(r.pgpi) == len(modes) // otherwise only some servers were selected
	}
	if ok {
		checkPage(t, seen)
	}
}

// compare fills a row, and checks that the outcomes differ only where the table says so.
func (s *running) compare(t *testing.T, b *bench, r *row) {
	words := s.openSSLWords(t, b)
	differ := 0
	for _, m := range modes {
		want, got := s.libpq(t, b, m), s.pgpi(t, b, m)
		// As if a signature is wrong.
		if want.kind == verifyFailed || want.kind == noHandshake && words != "" && m.roots != "" {
			want.kind = words
		}
		r.libpq, r.pgpi = append(r.libpq, want), append(r.pgpi, got)
		if want.sameAs(got) {
			continue
		}
		differ++
		if s.differs == "" {
			t.Errorf("%v: with libpq %v\nwith pgpi %v", m, want, got)
		}
	}
	if s.differs != "" && differ == 0 {
		t.Errorf("nothing differs any more, but this does: %s", s.differs)
	}
}

// checkWarning checks that pgpi's log has the warning for the server, and no other.
func (s *running) checkWarning(t *testing.T, p *program.Pgpi, m mode, got outcome) {
	t.Helper()
	const warning = "certificate of server is weak: "
	log := strings.Join(p.Log.Sentences(t, "#1"), "\n")
	want := warning + s.weak
	// Otherwise it does not matter who issued it.
	verified := m.roots != "" || strings.Contains(s.weak, "CN=server")
	switch deserved := s.weak != "" && got.how == "TLS" && verified; {
	case deserved && !strings.Contains(log, want):
		t.Errorf("the log lacks %q:\n%s", want, log)
	case !deserved && strings.Contains(log, warning):
		t.Errorf("the log warns of a weak certificate:\n%s", log)
	}
}
