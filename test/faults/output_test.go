package faults

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgpi/test/program"
)

// manyRows makes about 60 MB of log.
const manyRows = "select i, md5(i::text) from generate_series(1, 400000) i"

// TestLogNobodyReads leaves pgpi's log in the pipe. Traffic waits and memory stays constant. When
// somebody reads again, everything continues and the log is complete.
func TestLogNobodyReads(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Command{Path: pgpiPath, Args: serverOptions(addressOf(shared.start(t))), Unread: true})
	rows := make(chan string, 1)
	go func() { rows <- countRows(t, p) }()
	p.WaitStderr("the log to standard output can't be written fast enough: connections wait for it")
	watchMemory(t, p)
	log := readLog(p.Output)
	saw := <-rows
	checkPeak(t, p, memoryLimit)
	p.Stop()
	if got := bytes.Count(<-log, []byte(`server -> client: "D" = DataRow`)); got != 400_000 {
		t.Errorf("the log has %d of 400000 rows", got)
	}
	outcome(t, p, "log that nobody reads for a while", saw)
}

// watchMemory looks at what pgpi has in memory during a stall.
func watchMemory(t *testing.T, p *program.Pgpi) {
	t.Helper()
	const looks = 6
	first, _ := p.Memory()
	for i := range looks {
		now, most := p.Memory()
		t.Logf("after %v of a log that nobody reads, pgpi has %d KiB in memory, %d KiB at most",
			time.Duration(i)*stallTime/looks, now>>10, most>>10)
		if now > first+8<<20 {
			t.Error("that is more and more")
		}
		time.Sleep(stallTime / looks) // this is the fault
	}
}

// TestLogThatDrops is the same with --log-overflow drop: traffic continues, and the log says what
// is missing.
func TestLogThatDrops(t *testing.T) {
	t.Parallel()
	args := append(serverOptions(addressOf(shared.start(t))), "--log-overflow=drop")
	p := program.Start(t, program.Command{Path: pgpiPath, Args: args, Unread: true})
	var saw string
	for round := range 3 {
		saw = countRows(t, p) // nobody reads the log meanwhile
		now, _ := p.Memory()
		t.Logf("after %d million bytes of log that nobody reads, pgpi has %d MiB in memory", (round+1)*60, now>>20)
	}
	log := readLog(p.Output)
	checkPeak(t, p, memoryLimit)
	p.Stop()
	text := <-log
	gap := regexp.MustCompile(`(?m)^(\d+) events are missing here: the log could not be written fast enough$`).FindSubmatch(text)
	if gap == nil {
		t.Fatal("the log does not show the gap")
	}
	if missing, _ := strconv.Atoi(string(gap[1])); missing == 0 {
		t.Errorf("the log says: %s", gap[0])
	}
	if !bytes.Contains(text, []byte("connection end")) {
		t.Error("the log has no end")
	}
	outcome(t, p, "log that nobody reads, with --log-overflow drop", saw, "in the log: "+string(gap[0]))
}

// TestLogGone ends the log while connections go on.
func TestLogGone(t *testing.T) {
	t.Parallel()
	server := serverOptions(addressOf(shared.start(t)))
	t.Run("closed", func(t *testing.T) {
		p := program.Start(t, program.Command{Path: pgpiPath, Args: server, Unread: true})
		if _, err := bufio.NewReader(p.Output).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		_ = p.Output.Close() // as head does when it has seen enough
		saw := countRows(t, p)
		endIncomplete(t, p)
		outcome(t, p, "standard output closed", saw)
	})
	t.Run("full", func(t *testing.T) {
		p := program.Start(t, program.Command{Path: pgpiPath, Args: append(server, "--log-file="+fullDisk(t))})
		saw := countRows(t, p)
		endIncomplete(t, p)
		outcome(t, p, "disk full", saw)
	})
	t.Run("one of two", func(t *testing.T) {
		whole := filepath.Join(t.TempDir(), "log")
		p := program.Start(t, program.Command{Path: pgpiPath, Args: append(server, "--log=annotated="+fullDisk(t), "--log=annotated="+whole)})
		saw := countRows(t, p)
		endIncomplete(t, p)
		text, err := os.ReadFile(whole)
		if got := bytes.Count(text, []byte(`server -> client: "D" = DataRow`)); err != nil || got != 400_000 {
			t.Errorf("the other log has %d of 400000 rows (%v)", got, err)
		}
		outcome(t, p, "disk of one of two logs full", saw)
	})
}

// endIncomplete ends a pgpi whose exit code must say that a log is incomplete.
func endIncomplete(t *testing.T, p *program.Pgpi) {
	t.Helper()
	if code := p.End(syscall.SIGTERM); code != 1 {
		t.Errorf("pgpi has ended with exit code %d instead of 1; standard error:\n%s", code, p.Stderr())
	}
}

// fullDisk is a file that nothing more can be written to (full(4)).
func fullDisk(t *testing.T) string {
	t.Helper()
	const path = "/dev/full"
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("there is no %s: %v", path, err)
		}
		t.Skipf("there is no %s, which is a full disk: run this test on Linux", path)
	}
	return path
}

// countRows asks for many rows through a pgpi, and returns how many came.
func countRows(t *testing.T, p *program.Pgpi) string {
	s := speak(t, address{"127.0.0.1", p.Port}).logIn()
	s.send(queryMessage(manyRows))
	rows, in := 0, bufio.NewReaderSize(s.conn, 1<<20)
	header := make([]byte, 5)
	for header[0] != 'Z' {
		if _, err := io.ReadFull(in, header); err != nil {
			t.Errorf("after %d rows: %v", rows, err)
			return err.Error()
		}
		size := int(header[1])<<24 | int(header[2])<<16 | int(header[3])<<8 | int(header[4])
		if _, err := in.Discard(size - 4); err != nil {
			t.Errorf("after %d rows: %v", rows, err)
			return err.Error()
		}
		if header[0] == 'D' {
			rows++
		}
	}
	s.close()
	return fmt.Sprintf("%d rows", rows)
}

// readLog reads a log until its end.
func readLog(output io.Reader) <-chan []byte {
	log := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(output) // it ends with pgpi
		log <- b
	}()
	return log
}

// besides is what may be on standard error too: where the log goes, and that a file on this
// machine is slow.
var besides = regexp.MustCompile(`pgpi: (listening on|the log to /.* can't be written fast enough).*\n`)

// outcome checks that there was one complaint, and adds it to the table, beside what the client
// saw.
func outcome(t *testing.T, p *program.Pgpi, name, saw string, more ...string) {
	t.Helper()
	complaint := strings.TrimSpace(besides.ReplaceAllString(p.Stderr(), ""))
	if complaint == "" || strings.Contains(complaint, "\n") {
		t.Errorf("standard error has not one line: %s", complaint)
	}
	said := append([]string{"on standard error: " + complaint}, more...)
	faultTable.has(t, row{"The log and the limits", name, "", saw, strings.Join(said, "; ")})
}
