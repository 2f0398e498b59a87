package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/localpg"
)

// One of two users who work, and cancel, is recorded. What pgpi reads from the recording equals the
// live log of that user, connection by connection: the beginning of a connection is held back until
// its user is known.
func TestRecordFilter(t *testing.T) {
	for _, test := range []struct {
		name       string
		args       []string
		parameters []string
		traffic    func(t *testing.T, s *localpg.Server, c connect)
	}{
		{name: "plaintext", args: []string{"--server-sslmode=disable"}, traffic: everydaySession},
		{name: "TLS", args: []string{"--server-sslmode=require", "--log-certs"}, parameters: []string{"sslmode", "require"}, traffic: everydaySession},
		{name: "overridden login", args: []string{"--override-auth"}, parameters: []string{"sslmode", "require"}, traffic: everydaySession},
		{name: "rotated", args: []string{"--record-rotate=64KiB", "--hide-channel-binding"}, traffic: everydaySession},
		{name: "passwords redacted", args: []string{"--redact=passwords", "--server-sslmode=disable"}, traffic: lookup},
		{name: "values redacted", args: []string{"--redact=values", "--server-sslmode=disable"}, traffic: lookup},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := startCluster(t, server18)
			path := filepath.Join(t.TempDir(), "session.pcapng")
			args := append(to(s), "--log-time=relative", "--record="+path, `--record-filter=user == "scram" and app != "nobody"`)
			p := launch(t, append(args, test.args...)...)
			workOfTwo(t, s, p, test.traffic, test.parameters)
			p.stop(t)
			if strings.Contains(p.stderr.String(), "recording:") {
				t.Errorf("pgpi complains: %s", p.stderr.String())
			}
			files, err := filepath.Glob(strings.TrimSuffix(path, ".pcapng") + "*")
			if err != nil || len(files) == 0 || test.name == "rotated" && len(files) < 2 {
				t.Fatalf("the files of the recording are %v: %v", files, err)
			}
			log := readBack(t, append([]string{"--log-time=relative"}, files...)...)
			compareConnections(t, log, logOfUser(t, p.log.all(), "scram"))
		})
	}
}

// lookup has no message that redaction would blank.
func lookup(t *testing.T, _ *localpg.Server, c connect) {
	if _, err := query(t, psql15, c, "select 'swordfish' as fish, 20480 as weight"); err != nil {
		t.Error(err)
	}
}

// One user is extracted from a recording of everybody.
func TestReadRecordFilter(t *testing.T) {
	t.Parallel()
	s := startCluster(t, server18)
	all, one := filepath.Join(t.TempDir(), "all.pcapng"), filepath.Join(t.TempDir(), "one.pcapng")
	p := launch(t, append(to(s), "--server-sslmode=disable", "--log-time=relative", "--record="+all)...)
	workOfTwo(t, s, p, everydaySession, nil)
	p.stop(t)
	log := readBack(t, "--log-time=relative", "--record="+one, `--record-filter=client == "127.0.0.1" and user != "trust"`, all)
	live := p.log.all()
	if log != strings.Join(live, "\n")+"\n" {
		t.Error("the log is filtered too")
	}
	compareConnections(t, readBack(t, "--log-time=relative", one), logOfUser(t, live, "scram"))
}

// workOfTwo has two users work, one after the other, and press Ctrl-C.
func workOfTwo(t *testing.T, s *localpg.Server, p *pgpi, traffic func(*testing.T, *localpg.Server, connect), parameters []string) {
	t.Helper()
	for _, user := range []string{"trust", "scram"} {
		c := through(p, user, append([]string{"channel_binding", "disable"}, parameters...)...)
		traffic(t, s, c)
		interrupt(t, s, psql15, c)
	}
}

var cancels = regexp.MustCompile(`forwarding cancel request for connection (#\d+) `)

// logOfUser returns a log without the connections of other users. A cancel request belongs to the
// user whose connection it is for.
func logOfUser(t *testing.T, lines []string, user string) []string {
	t.Helper()
	var tags []string
	for _, line := range lines {
		m := tagged.FindStringSubmatch(line)
		if m == nil || slices.Contains(tags, m[1]) {
			continue
		}
		meets := cancels.FindStringSubmatch(m[2])
		if strings.Contains(m[2], fmt.Sprintf(`"%s\x00"`, user)) || meets != nil && slices.Contains(tags, meets[1]) {
			tags = append(tags, m[1])
		}
	}
	if len(tags) != 3 {
		t.Errorf("the connections of %s are %v, and should be one for work, one to be cancelled, one to cancel", user, tags)
	}
	return slices.DeleteFunc(lines, func(line string) bool {
		tag := tagOf(line)
		return tag != "" && !slices.Contains(tags, tag)
	})
}

// tagOf returns the tag of the connection that a line is about, or "" for pgpi itself.
func tagOf(line string) string {
	if m := tagged.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// compareConnections compares logs whose connections may overlap differently.
func compareConnections(t *testing.T, log string, live []string) {
	t.Helper()
	recorded := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	for _, lines := range [][]string{recorded, live} {
		slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(tagOf(a), tagOf(b)) })
	}
	if !slices.Equal(recorded, live) {
		t.Errorf("the log of the recording differs from the live one of the user:\n%s",
			firstDifference(strings.Join(recorded, "\n"), strings.Join(live, "\n")))
	}
}
