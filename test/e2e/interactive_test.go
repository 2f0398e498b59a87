//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// TestInteractivePsql checks that a person's psql under pgpi run is as always. Ctrl-C cancels a
// query, Ctrl-Z and fg stop and continue both programs, even while a query runs, and Ctrl-D ends
// both.
func TestInteractivePsql(t *testing.T) {
	s := startCluster(t, server18)
	log := filepath.Join(t.TempDir(), "log")
	term := openTerminal(t, "PGHOST="+s.Host, "PGPORT="+port(s), "PGUSER=trust", "PGDATABASE=postgres", "PGAPPNAME="+t.Name(),
		"PGPI="+pgpiPath, "PSQL="+servers.Program(t, "psql"), "LOG="+log)
	term.await(shellPrompt)
	term.enter(`"$PGPI" run --log-file "$LOG" --log-forwarded annotated --no-summary -- "$PSQL" -X`)
	term.await(psqlPrompt)

	sleep := func() {
		term.enter("select pg_sleep(60);")
		awaitQuery(t, s, t.Name())
	}
	cancel := func() {
		term.press(ctrlC)
		term.await("canceling statement due to user request")
		term.await(psqlPrompt)
	}
	stop := func() {
		term.press(ctrlZ)
		term.await("(?i)stopped|suspended")
		term.await(shellPrompt)
		term.enter(`echo "$((6 * 7)) in the shell"`)
		term.await("42 in the shell")
	}
	sleep()
	cancel()

	stop()
	term.enter("fg")
	term.enter("select 6 * 7 || ' in psql';")
	term.await("42 in psql")
	term.await(psqlPrompt)

	sleep()
	stop()
	term.enter("fg")
	term.await("run --log-file") // the shell names what it continues, and only then gives it the terminal
	term.awaitJob()
	cancel()

	term.press(ctrlD)
	term.await(shellPrompt)
	term.enter(`echo "code: $?"`)
	term.await("code: 0")
	said, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(said), "forwarding cancel request for connection #1 to server, which runs: select pg_sleep(60)"); n != 2 {
		t.Errorf("the log has %d cancel requests, want 2:\n%s", n, said)
	}
	if !strings.Contains(string(said), "#1  client hung up\n#1  connection end\n") {
		t.Errorf("the log does not have the end of psql's connection:\n%s", said)
	}
}

func port(s *localpg.Server) string { return strings.TrimPrefix(to(s)[1], "--server-connect-port=") }

// awaitJob waits until keys that send signals reach a process group other than the shell's.
func (term *terminal) awaitJob() {
	term.t.Helper()
	raw, err := term.screen.SyscallConn()
	if err != nil {
		term.t.Fatal(err)
	}
	for end := time.Now().Add(hang); ; time.Sleep(time.Millisecond) {
		group := 0
		if controlErr := raw.Control(func(fd uintptr) { group, err = unix.IoctlGetInt(int(fd), unix.TIOCGPGRP) }); err != nil || controlErr != nil {
			term.t.Fatalf("ask for the group in the foreground: %v, %v", err, controlErr)
		}
		if group != term.shell {
			return
		}
		if time.Now().After(end) {
			term.t.Fatal("the shell has not given the terminal away")
		}
	}
}

// What a person presses, and what the programs show when they wait for it.
const (
	ctrlC, ctrlD, ctrlZ = "\x03", "\x04", "\x1a"
	shellPrompt         = `shell> `
	psqlPrompt          = `postgres=> `
)

// terminal is a shell with job control, and what it shows.
type terminal struct {
	t      *testing.T
	shell  int // its process and process group
	screen *os.File
	shows  chan string // as it comes, until the terminal is closed
	shown  string      // and not awaited yet
}

// openTerminal starts a shell with an environment in a terminal of its own. When that shell ends,
// so does everything in the terminal.
func openTerminal(t *testing.T, environment ...string) *terminal {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-i")
	cmd.Env = append(os.Environ(), append(environment, "PS1="+shellPrompt, "TERM=dumb", "ENV=", "PAGER=cat", "PSQL_HISTORY=/dev/null")...)
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatalf("start a shell in a terminal: %v", err)
	}
	term := &terminal{t: t, shell: cmd.Process.Pid, screen: screen, shows: make(chan string, 1000)}
	go term.read()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the kernel then hangs up on what runs in the terminal
		_ = cmd.Wait()         // by that signal
		_ = screen.Close()     // it was for reading
	})
	return term
}

// read reads what the terminal shows until nobody has it open. (A terminal has no deadlines.)
func (term *terminal) read() {
	defer close(term.shows)
	b := make([]byte, 4096)
	for {
		n, err := term.screen.Read(b)
		if err != nil {
			return
		}
		term.shows <- string(b[:n])
	}
}

func (term *terminal) enter(line string) { term.press(line + "\n") }

func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := term.screen.WriteString(keys); err != nil {
		term.t.Fatalf("press %q: %v", keys, err)
	}
}

// await waits until the terminal shows something that a pattern matches, after what was awaited
// before.
func (term *terminal) await(pattern string) {
	term.t.Helper()
	late := time.After(hang)
	for matches := regexp.MustCompile(pattern); ; {
		if at := matches.FindStringIndex(term.shown); at != nil {
			term.shown = term.shown[at[1]:]
			return
		}
		select {
		case text, open := <-term.shows:
			if !open {
				term.t.Fatalf("the terminal is closed and did not show %q, but\n%s", pattern, term.shown)
			}
			term.shown += text
		case <-late:
			term.t.Fatalf("the terminal does not show %q, but\n%s", pattern, term.shown)
		}
	}
}
