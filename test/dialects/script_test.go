package dialects

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgpi/internal/wire"
	"pgpi/test/program"
)

// pgpi is the program that all tests run.
var pgpi string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	path, remove, err := program.Prepare(false)
	defer remove()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pgpi = path
	return m.Run()
}

// conversation is what two parties say to each other, one after the other.
type conversation []line

// line is what one party says before the other does.
type line struct {
	from wire.Sender
	said string
}

// client and server make lines from whole messages.
func client(messages ...string) line { return line{wire.Client, strings.Join(messages, "")} }
func server(messages ...string) line { return line{wire.Server, strings.Join(messages, "")} }

// message returns one with its type byte and its length.
func message(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

// startup returns a StartupMessage of a version, with keys and values.
func startup(version string, words ...string) string {
	body := version
	for _, word := range words {
		body += word + "\x00"
	}
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+5))) + body + "\x00"
}

// Messages that most conversations have.
var (
	authenticated = message('R', "\x00\x00\x00\x00")
	ready         = message('Z', "I")
	terminate     = message('X', "")
)

func status(name, value string) string { return message('S', name+"\x00"+value+"\x00") }
func query(sql string) string          { return message('Q', sql+"\x00") }
func complete(tag string) string       { return message('C', tag+"\x00") }

// logs are what pgpi has written about a conversation, without times and what else differs from run
// to run.
type logs struct {
	annotated, raw, json, pqtrace string
}

// play has the conversation through pgpi. Each party reads what the other has said before it says
// something.
func (c conversation) play(t *testing.T, args ...string) logs {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody connects any more
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	p := program.Start(t, program.Command{Path: pgpi, Args: append([]string{
		"--server-host=127.0.0.1", fmt.Sprint("--server-connect-port=", l.Addr().(*net.TCPAddr).Port), "--server-sslmode=disable", "--log-time=none",
		"--log=annotated=" + file("annotated"), "--log=raw=" + file("raw"), "--log=json=" + file("json"), "--log=pqtrace=" + file("pqtrace"),
	}, args...)})
	c.speak(t, l, p.Port)
	p.Stop()
	return logs{
		annotated: lines(t, file("annotated"), annotatedMessage), raw: lines(t, file("raw"), annotatedMessage),
		json: lines(t, file("json"), jsonMessage), pqtrace: lines(t, file("pqtrace"), anyLine),
	}
}

// speak makes the parties speak, and closes both connections.
func (c conversation) speak(t *testing.T, l net.Listener, port int) {
	t.Helper()
	var parties [2]net.Conn
	var err error
	if parties[wire.Client], err = net.Dial("tcp", fmt.Sprint("127.0.0.1:", port)); err != nil {
		t.Fatal(err)
	}
	defer parties[wire.Client].Close() //nolint:errcheck // everything was said
	for i, line := range c {
		if err := say(parties[line.from], line.said); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		if i == 0 { // the StartupMessage makes pgpi connect
			if parties[wire.Server], err = l.Accept(); err != nil {
				t.Fatal(err)
			}
			defer parties[wire.Server].Close() //nolint:errcheck // everything was said
		}
		if err := hear(parties[1-line.from], line.said); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
	}
}

func say(conn net.Conn, said string) error {
	if err := conn.SetDeadline(time.Now().Add(program.Hang)); err != nil {
		return err
	}
	_, err := io.WriteString(conn, said)
	return err
}

// hear expects exactly these bytes next.
func hear(conn net.Conn, said string) error {
	if err := conn.SetDeadline(time.Now().Add(program.Hang)); err != nil {
		return err
	}
	got := make([]byte, len(said))
	if n, err := io.ReadFull(conn, got); err != nil || string(got) != said {
		return fmt.Errorf("heard %q instead of %q (%w)", got[:n], said, err)
	}
	return nil
}

// The lines of a log about messages from the client and to it, and what differs in them from run to
// run.
var (
	annotatedMessage = regexp.MustCompile(`^#\d+  (client -> (server|script): "|server -> client: "|  )`)
	jsonMessage      = regexp.MustCompile(`"kind":"message","from":"(client"|server","to":"client")`)
	anyLine          = regexp.MustCompile(``)
	changing         = regexp.MustCompile(`"seq":.*"elapsed":[\d.]+,`)
)

// lines returns the wanted lines of a file. In the annotated log, a continuation line belongs to
// the line before it.
func lines(t *testing.T, path string, wanted *regexp.Regexp) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	belongs := false
	for line := range strings.Lines(string(text)) {
		if belongs = wanted.MatchString(line) && (belongs || !strings.HasPrefix(line, "#1    ")); belongs {
			b.WriteString(changing.ReplaceAllString(line, ""))
		}
	}
	return b.String()
}

// String returns everything except the raw log, for a golden file.
func (l logs) String() string {
	return "-- annotated --\n" + l.annotated + "-- json --\n" + l.json + "-- pqtrace --\n" + l.pqtrace
}
