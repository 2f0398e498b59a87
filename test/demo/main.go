// Command demo shows what pgpi does. On a throwaway server it has a session that is encrypted on
// both legs. It shows the session with a line for each statement and then, from its recording, with
// every byte.
//
// It guarantees that it ends within its time limit. Its exit code is 0 only if the session
// succeeded and the logs show that both legs were encrypted. It must not know anything about pgpi
// except what users see: its command line, its log and its exit code. Start reading at run.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// limit is the time for everything. It is long because the server's programs may have to be
// downloaded.
const limit = 15 * time.Minute

const query = "select 'hello from ' || split_part(version(), ' (', 1) as greeting, 6 * 7 as answer"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: demo PGPI, where PGPI is the program to show")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run has a session and shows it twice.
func run(pgpi string) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	folder, err := os.MkdirTemp("", "pgpi-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // what was to be shown has been
	recording := filepath.Join(folder, "session.pcapng")
	lines, err := haveSession(ctx, pgpi, recording)
	if err != nil {
		return err
	}
	if err := check(lines, "with client, TLS", " with server, after", "1 row    "+query); err != nil {
		return err
	}
	fmt.Println("\nThe same session, every byte explained:")
	cmd := exec.CommandContext(ctx, pgpi, "read", recording)
	fmt.Println("$", strings.Join(cmd.Args, " "))
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, &log), os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("read the recording: %w", err)
	}
	return check(log.String(), "connection established with client", "connection established with server",
		`= AuthenticationSASL`, "= CommandComplete", "connection end")
}

// haveSession starts pgpi, talks to its server through it, and ends it. It returns the log.
func haveSession(ctx context.Context, pgpi, recording string) (string, error) {
	cmd := exec.CommandContext(ctx, pgpi, "--throwaway-server", "--client-listen-port=0", "--server-sslmode=require",
		"--log-forwarded=queries", "--record="+recording)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	fmt.Println("$", strings.Join(cmd.Args, " "))
	var log bytes.Buffer
	cmd.Stdout = io.MultiWriter(os.Stdout, &log)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start pgpi: %w", err)
	}
	var reading sync.WaitGroup
	url := make(chan string, 1)
	reading.Go(func() { findURL(stderr, url) })
	said, talked := talk(ctx, url)
	stopped := cmd.Process.Signal(syscall.SIGTERM)
	reading.Wait()
	ended := cmd.Wait()
	if said != "" {
		fmt.Print("\nMeanwhile, on the client's side:\n", said)
	}
	return log.String(), errors.Join(talked, stopped, ended)
}

// talk has a session with the server at the URL that pgpi prints, and returns what the client
// prints.
func talk(ctx context.Context, urls <-chan string) (said string, err error) {
	var url string
	select {
	case url = <-urls:
	case <-ctx.Done():
	}
	if url == "" {
		return "", errors.New("pgpi did not say how to connect")
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		return talkWithoutPsql(ctx, url)
	}
	cmd := exec.CommandContext(ctx, psql, "-X", "-c", query, url)
	output, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("psql: %w", err)
	}
	return fmt.Sprintf("$ psql -X -c %q '%s'\n%s", query, url, output), err
}

func talkWithoutPsql(ctx context.Context, url string) (said string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", fmt.Errorf("connect through pgpi: %w", err)
	}
	var greeting string
	var answer int
	err = conn.QueryRow(ctx, query).Scan(&greeting, &answer)
	said = fmt.Sprintf("(there is no psql here, so the demo itself was the client)\n%s, %d\n", greeting, answer)
	return said, errors.Join(err, conn.Close(ctx))
}

var quotedURL = regexp.MustCompile(`'(postgresql://[^']+)'`)

// findURL copies pgpi's standard error to ours, and sends the URL in it.
func findURL(stderr io.Reader, url chan<- string) {
	defer close(url)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Println(lines.Text())
		if found := quotedURL.FindStringSubmatch(lines.Text()); found != nil {
			url <- found[1]
		}
	}
}

// check checks that a log contains what it must show.
func check(log string, all ...string) error {
	for _, wanted := range all {
		if !strings.Contains(log, wanted) {
			return fmt.Errorf("the log has no %q", wanted)
		}
	}
	return nil
}
