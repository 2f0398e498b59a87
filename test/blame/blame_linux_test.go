package blame

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/test/program"
)

// delay is what each guilty party makes the others wait, and distance that between here and far.
const (
	delay    = 50 * time.Millisecond
	distance = 20 * time.Millisecond
)

// scene is a client, pgpi and a server, each somewhere.
type scene struct {
	t         *testing.T
	here, far *place
	listen    string // where pgpi listens
	folder    string
	pgpi      *program.Pgpi
}

// exchange is what the JSON log says of one.
type exchange struct {
	Kind    string
	SQL     string `json:"sql"`
	Seconds map[string]float64
	Shares  map[string]float64
}

// stage builds a scene with pgpi and a server, and with a relay between them that delays by middle.
func stage(t *testing.T, serverFar, clientFar bool, middle time.Duration, args ...string) *scene {
	t.Helper()
	s := &scene{t: t, folder: t.TempDir(), listen: "127.0.0.1"}
	if serverFar || clientFar {
		s.here, s.far = makeDistance(t, distance)
	}
	where, address := s.here, "127.0.0.1"
	if serverFar {
		where, address = s.far, farAddress
	}
	if clientFar {
		s.listen = hereAddress
	}
	server := where.listen(t, address, serve)
	if middle > 0 {
		behind := server
		server = s.here.listen(t, "127.0.0.1", func(l net.Listener) {
			relay(l, func() (net.Conn, error) { return s.here.dial(behind) }, middle)
		})
	}
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		t.Fatal(err)
	}
	s.here.enter(t) // pgpi is started there
	s.pgpi = program.Start(t, program.Command{Path: pgpiPath, Args: append([]string{
		"--server-host=" + host, "--server-connect-port=" + port, "--server-sslmode=disable", "--client-listen-ip=" + s.listen,
		"--log=json=" + s.path("json"), "--log=queries=" + s.path("queries"),
	}, args...)})
	return s
}

func (s *scene) path(name string) string { return filepath.Join(s.folder, name) }

// connect connects a client from somewhere to pgpi.
func (s *scene) connect(where *place, encrypted bool) *client {
	s.t.Helper()
	conn, err := where.dial(net.JoinHostPort(s.listen, strconv.Itoa(s.pgpi.Port)))
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := logIn(conn, encrypted)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// end ends pgpi, and returns the exchanges and the lines of queries.
func (s *scene) end() (all []exchange, queries string) {
	s.t.Helper()
	s.pgpi.Stop()
	f, err := os.Open(s.path("json"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was for reading
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var x exchange
		if !strings.Contains(string(line[:min(len(line), 300)]), `"kind":"exchange"`) {
			continue
		}
		if err := json.Unmarshal(line, &x); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
		all = append(all, x)
	}
	text, err := os.ReadFile(s.path("queries"))
	if err != nil {
		s.t.Fatal(err)
	}
	return all, string(text)
}

// blames checks who has taken the time: the largest share of one exchange at least is the party's, and of
// each at least so much. Shares that other things have made larger prove nothing.
func blames(t *testing.T, all []exchange, party string, least func(exchange) time.Duration, delay time.Duration) {
	t.Helper()
	blamed := 0
	for i, x := range all {
		if got := least(x); got < delay {
			t.Errorf("exchange %d, %s: %v is not %v: %v %v", i+1, x.SQL, got, delay, x.Shares, x.Seconds)
		}
		largest := party
		for other, share := range x.Shares {
			if share > x.Shares[largest] {
				largest = other
			}
		}
		if largest == party {
			blamed++
		}
	}
	if blamed == 0 {
		t.Errorf("%s is to blame for none of %d exchanges: %v", party, len(all), all)
	}
}

// of adds up shares.
func of(parties ...string) func(exchange) time.Duration {
	return func(x exchange) (sum time.Duration) {
		for _, p := range parties {
			sum += time.Duration(x.Shares[p] * float64(time.Second))
		}
		return sum
	}
}

// rounding is what is lost where seconds become nanoseconds.
const rounding = 10 * time.Nanosecond

// many is how often is asked. A machine that is busy delays some of it, but not all.
const many = 20

// Each party that makes others wait is blamed for it.
func TestBlame(t *testing.T) {
	for name, test := range map[string]struct {
		serverFar, clientFar, encrypted bool
		think, middle                   time.Duration
		sql                             string
		party                           string
		least                           func(exchange) time.Duration
		delay                           time.Duration
		says                            string // what a line of queries says
	}{
		"a server that is far away": {
			serverFar: true, sql: "select", party: "network", least: of("network"), delay: distance, says: "of it are the way to the server",
		},
		"a client that is far away":           {clientFar: true, sql: "select", party: "network", least: of("network", "client"), delay: distance},
		"a client that is far away, with TLS": {clientFar: true, encrypted: true, sql: "select", party: "network", least: of("network", "client"), delay: distance},
		"a client that thinks":                {think: delay, sql: "select", party: "client", least: of("client", "network"), delay: delay},
		"a server that sleeps":                {sql: "sleep " + delay.String(), party: "server", least: of("server", "network"), delay: delay},
		"a server that sleeps, far away": {
			serverFar: true, sql: "sleep " + delay.String(), party: "server", least: of("server", "network"), delay: delay + distance,
		},
		"a relay that delays": {middle: distance / 2, sql: "select", party: "server", least: of("server", "network"), delay: distance},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stage(t, test.serverFar, test.clientFar, test.middle)
			where := s.here
			if test.clientFar {
				where = s.far
			}
			c := s.connect(where, test.encrypted)
			for range many + 1 {
				if err := c.ask(test.sql); err != nil {
					t.Fatal(err)
				}
				time.Sleep(test.think)
			}
			c.leave(t)
			all, queries := s.end()
			if len(all) != many+1 {
				t.Fatalf("%d exchanges, want %d", len(all), many+1)
			}
			blames(t, all[1:], test.party, test.least, test.delay-rounding) // before the first the client has not waited for a reply
			if !strings.Contains(queries, test.says) {
				t.Errorf("no line says %q:\n%s", test.says, queries)
			}
		})
	}
}

// large is more than the kernels hold of a result: 64 MB.
const large = "rows 6400"

// A client that does not read what there is has taken that time.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := stage(t, false, false, 0)
	c := s.connect(s.here, false)
	for pause := time.Second; ; pause *= 4 {
		began := time.Now()
		c.Send(&pgproto3.Query{String: large})
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pause) // it reads nothing
		if err := c.read(); err != nil {
			t.Fatal(err)
		}
		if 4*pause > 3*time.Since(began) {
			break // no machine is so slow that this is somebody else's time
		}
	}
	c.leave(t)
	all, queries := s.end()
	blames(t, all, "client", of("client"), 0)
	if says := "of it the client did not read"; !strings.Contains(queries, says) {
		t.Errorf("no line says %q:\n%s", says, queries)
	}
}

// A log that is not written fast enough is pgpi's own.
func TestSlowLog(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	fifo := filepath.Join(folder, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(fifo, os.O_RDWR, 0) // so that nobody waits for the other
	if err != nil {
		t.Fatal(err)
	}
	s := stage(t, false, false, 0, "--log=annotated="+fifo)
	c := s.connect(s.here, false)
	answered := make(chan error)
	go func() { answered <- c.ask(large) }()
	s.pgpi.WaitStderr("can't be written fast enough")
	time.Sleep(time.Second) // nobody reads it
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	c.leave(t)
	all, queries := s.end()
	_ = out.Close() // ends the reading
	blames(t, all, "pgpi", of("pgpi"), 0)
	if says := "of it pgpi waited for its own logs"; !strings.Contains(queries, says) {
		t.Errorf("no line says %q:\n%s", says, queries)
	}
}
