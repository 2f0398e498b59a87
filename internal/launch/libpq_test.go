//go:build unix

package launch

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A visit is what libpq did at a listener: the judge of what this package says.
type visit struct {
	place    string // the listener's name
	tls      bool   // an SSLRequest came first
	startup  string // user and database
	password string
}

// A place listens as a server that knows no TLS, asks for a cleartext password
// and then refuses.
type place struct {
	name     string
	listener net.Listener
	visits   chan<- visit
	busy     *sync.Mutex // held while a client is served
}

func (p place) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.busy.Lock()
		v := visit{place: p.name}
		p.greet(conn, &v)
		_ = conn.Close()
		if v.startup != "" || v.tls {
			p.visits <- v
		}
		p.busy.Unlock()
	}
}

// greet reads what one client says, until it stops.
func (p place) greet(conn net.Conn, v *visit) {
	const sslRequest, gssRequest = 80877103, 80877104
	for {
		packet, err := readPacket(conn)
		if err != nil || len(packet) < 4 {
			return
		}
		switch binary.BigEndian.Uint32(packet) {
		case sslRequest:
			v.tls = true
			fallthrough
		case gssRequest:
			_, _ = conn.Write([]byte("N"))
			continue
		}
		words := strings.Split(string(packet[4:]), "\x00")
		for i := 0; i+1 < len(words); i += 2 {
			if words[i] == "user" || words[i] == "database" {
				v.startup += words[i+1] + " "
			}
		}
		break
	}
	_, _ = conn.Write([]byte("R\x00\x00\x00\x08\x00\x00\x00\x03")) // AuthenticationCleartextPassword
	var kind [1]byte
	if _, err := io.ReadFull(conn, kind[:]); err != nil {
		return
	}
	if packet, err := readPacket(conn); err == nil {
		v.password = strings.TrimRight(string(packet), "\x00")
	}
	_, _ = conn.Write([]byte("E\x00\x00\x00\x20SFATAL\x00C28P01\x00Mwrong again\x00\x00"))
}

func readPacket(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n < 4 || n > 10000 {
		return nil, errors.New("no packet")
	}
	packet := make([]byte, n-4)
	_, err := io.ReadFull(r, packet)
	return packet, err
}

// A neighbourhood is the servers of a test, by name, and what came to them.
type neighbourhood struct {
	ports  map[string]int
	socket string // the directory of the server "socket"
	visits chan visit
	busy   sync.Mutex // one client at a time, wherever it comes
}

func newNeighbourhood(t *testing.T) *neighbourhood {
	n := &neighbourhood{ports: map[string]int{}, socket: t.TempDir(), visits: make(chan visit, 100)}
	for name, address := range map[string]string{"a": "127.0.0.1:0", "b": "127.0.0.1:0", "pgpi": "127.0.0.1:0", "dead": "127.0.0.1:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		n.ports[name] = listener.Addr().(*net.TCPAddr).Port
		n.open(t, name, listener)
	}
	listener, err := net.Listen("unix", filepath.Join(n.socket, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	n.open(t, "socket", listener)
	return n
}

// open serves at listener to the end of the test; a dead one is closed at once.
func (n *neighbourhood) open(t *testing.T, name string, listener net.Listener) {
	if name == "dead" {
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	done := make(chan struct{})
	go func() {
		place{name, listener, n.visits, &n.busy}.serve()
		close(done)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
}

// fill puts ports and directories into a text: {a}, {b}, {dead}, {socket}, {%socket}.
func (n *neighbourhood) fill(text string) string {
	for name, port := range n.ports {
		text = strings.ReplaceAll(text, "{"+name+"}", strconv.Itoa(port))
	}
	text = strings.ReplaceAll(text, "{socket}", n.socket)
	return strings.ReplaceAll(text, "{%socket}", strings.ReplaceAll(n.socket, "/", "%2F"))
}

// psql runs psql in an environment, with the connection string of MY_URL if there
// is one, and returns where it came last. It never succeeds.
func (n *neighbourhood) psql(t *testing.T, psql string, env []string) visit {
	t.Helper()
	args := []string{"-X", "-w", "-c", "select 1"}
	if text := mapVariables(env)["MY_URL"]; text != "" {
		args = append(args, "-d", text)
	}
	cmd := exec.Command(psql, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("psql says that it is connected")
	}
	n.busy.Lock() // the last visit is in the channel when its server is done
	defer n.busy.Unlock()
	var last visit
	for {
		select {
		case last = <-n.visits:
			continue
		default:
		}
		break
	}
	if last.place == "" {
		t.Fatalf("psql came nowhere: %s", out)
	}
	return last
}

// TestLibpqJudges lets psql connect directly, and then in the environment that
// NewEnvironment writes. Directly it must come where Resolve says, with or without
// TLS as Resolve says; then it must come to pgpi, as the same user, to the same
// database, with the same password, without TLS.
func TestLibpqJudges(t *testing.T) {
	psql := needProgram(t, "psql", "install postgresql-client")
	h := newHome(t)
	n := newNeighbourhood(t)
	h.write(t, ".pg_service.conf", n.fill("[s]\nhost=127.0.0.1\nport={b}\nuser=svc\ndbname=sd\nsslmode=disable\n[p]\npassfile="+h.dir+"/other.pass\nhost=localhost\nport={a}\n"))
	h.write(t, ".pgpass", n.fill("localhost:{a}:*:*:at localhost\n127.0.0.1:{a}:d:u\\:v:esc\\:aped\n127.0.0.1:{a}:*:*:at a\n*:{b}:*:*:at b\n{socket}:*:*:*:at socket\n*:*:*:*:anywhere\n"))
	h.write(t, "other.pass", "*:*:*:*:other file\n")
	tests := []struct {
		name string
		vars []string
		want string // where psql must come directly
	}{
		{"variables", []string{"PGHOST=127.0.0.1", "PGPORT={a}"}, "a"},
		{"name and address", []string{"PGHOST=localhost", "PGHOSTADDR=127.0.0.1", "PGPORT={a}"}, "a"},
		{"name that does not count", []string{"PGHOST=no.such.host", "PGHOSTADDR=127.0.0.1", "PGPORT={b}"}, "b"},
		{"address alone", []string{"PGHOSTADDR=127.0.0.1", "PGPORT={a}"}, "a"},
		{"first that answers", []string{"PGHOST=127.0.0.1,localhost", "PGPORT={dead},{b}"}, "b"},
		{"socket", []string{"PGHOST={socket}"}, "socket"},
		{"sslmode", []string{"PGHOST=127.0.0.1", "PGPORT={a}", "PGSSLMODE=disable"}, "a"},
		{"sslmode over a socket", []string{"PGHOST={socket}", "PGSSLMODE=require"}, "socket"},
		{"PGREQUIRESSL", []string{"PGHOST=127.0.0.1", "PGPORT={a}", "PGREQUIRESSL=1"}, "a"},
		{"URL", []string{"MY_URL=postgres://u:p%40%3Aq@127.0.0.1:{a}/d%20b?application_name=x"}, "a"},
		{"URL without a password", []string{"MY_URL=postgres://u%3Av@127.0.0.1:{a}/d"}, "a"},
		{"URL over variables", []string{"MY_URL=postgresql://u@localhost:{b}/d?sslmode=disable", "PGHOST=127.0.0.1", "PGPORT={a}", "PGSSLMODE=require"}, "b"},
		{"URL completed by variables", []string{"MY_URL=postgresql:///d", "PGHOST=127.0.0.1", "PGPORT={a}", "PGUSER=w"}, "a"},
		{"URL hosts", []string{"MY_URL=postgresql://u@127.0.0.1:{dead},localhost:{b}/d"}, "b"},
		{"URL host= wins", []string{"MY_URL=postgresql://u@no.such.host:1/d?host=127.0.0.1&port={b}"}, "b"},
		{"URL socket", []string{"MY_URL=postgresql://u@{%socket}/d?sslmode=verify-full"}, "socket"},
		{"URL host=/socket", []string{"MY_URL=postgresql://u@/d?host={socket}"}, "socket"},
		{"URL ssl=true", []string{"MY_URL=postgresql://u@127.0.0.1:{a}/d?ssl=true"}, "a"},
		{"URL without a path", []string{"MY_URL=postgresql://u@127.0.0.1:{a}?dbname=d"}, "a"},
		{"URL passfile", []string{"MY_URL=postgresql://u@127.0.0.1:{a}/d?passfile={home}/other.pass"}, "a"},
		{"URL channel binding", []string{"MY_URL=postgresql://u:p@127.0.0.1:{a}/d?channel_binding=prefer"}, "a"},
		{"keywords", []string{`MY_URL=host = 127.0.0.1 port={a} user='o\'Neil\'s' password='p\\ w'`}, "a"},
		{"keywords, one blank", []string{`MY_URL=host=127.0.0.1  port='{a}' user=o\'Neil dbname= d sslmode=disable`}, "a"},
		{"service", []string{"PGSERVICE=s", "PGHOST=no.such.host"}, "b"},
		{"service of the URL", []string{"MY_URL=postgresql:///?service=s&user=u"}, "b"},
		{"URL over service", []string{"PGSERVICE=s", "MY_URL=postgresql://u@/d?port={a}"}, "a"},
		{"service with a password file", []string{"PGSERVICE=p", "PGUSER=u"}, "a"},
		{"empty host hides PGHOST", []string{"MY_URL=host='' hostaddr=127.0.0.1 port={a} user=u", "PGHOST=no.such.host"}, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var vars []string
			for _, v := range append([]string{"PGUSER=env", "PGCONNECT_TIMEOUT=5"}, test.vars...) {
				vars = append(vars, n.fill(v))
			}
			env := h.with(vars...)
			var named []string
			if mapVariables(env)["MY_URL"] != "" {
				named = []string{"MY_URL"}
			}
			n.compare(t, psql, env, named, test.want)
		})
	}
}

func (n *neighbourhood) compare(t *testing.T, psql string, env, named []string, want string) {
	direct := n.psql(t, psql, env)
	if direct.place != want {
		t.Fatalf("directly, psql came to %s: the test is wrong", direct.place)
	}
	target, err := resolve(env, named...)
	if err != nil {
		t.Fatal(err)
	}
	server, _, err := FirstAnswering(t.Context(), target.Servers, &net.Dialer{})
	if err != nil {
		t.Fatal(err)
	}
	place := strconv.Itoa(n.ports[direct.place])
	if direct.place == "socket" {
		place = n.socket + "/"
	}
	if !strings.Contains(server.Address(), place) {
		t.Errorf("resolved to %s, psql came to %s", server.Address(), direct.place)
	}
	if asks := server.SSLMode != "disable" && server.SSLMode != "allow"; asks != direct.tls {
		t.Errorf("resolved to sslmode %s, psql asked for TLS: %v", server.SSLMode, direct.tls)
	}
	env, err = NewEnvironment(target, server, ClientLeg{Host: "127.0.0.1", Port: n.ports["pgpi"]}, privateFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	behind := n.psql(t, psql, env)
	if behind.place != "pgpi" || behind.tls {
		t.Errorf("in its environment, psql came to %+v", behind)
	}
	if direct.tls && direct.startup == "" {
		return // refused without TLS, so it never said who it is
	}
	if behind.startup != direct.startup || behind.password != direct.password {
		t.Errorf("directly psql said %+v, in its environment %+v", direct, behind)
	}
}
