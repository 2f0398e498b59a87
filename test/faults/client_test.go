package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/test/program"
	"pgpi/test/servers"
)

// psql runs a script with psql, and returns what its user reads in the end: its complaint, or its
// output.
func (p *place) psql(parameters, script string) string {
	p.Helper()
	return p.startPsql(parameters, script).wait()
}

// running is a running psql.
type running struct {
	cmd            *exec.Cmd
	output, errors bytes.Buffer
	cancel         context.CancelFunc
}

// startPsql starts a psql that reads no file of the user and never asks for a password.
func (p *place) startPsql(parameters, script string) *running {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), program.Hang)
	r := &running{cancel: cancel}
	conninfo := fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable %s", p.host, p.port, parameters)
	r.cmd = exec.CommandContext(ctx, servers.Program(p, "psql"), "-X", "-At", "-w", "-v", "ON_ERROR_STOP=1", "-d", conninfo)
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = strings.NewReader(script), &r.output, &r.errors
	if err := r.cmd.Start(); err != nil {
		p.Fatal(err)
	}
	return r
}

// wait waits for its end.
func (r *running) wait() string {
	defer r.cancel()
	if err := r.cmd.Wait(); err != nil && r.errors.Len() == 0 {
		return err.Error()
	}
	if r.errors.Len() > 0 {
		return complaint(r.errors.String())
	}
	return strings.TrimSpace(r.output.String())
}

// hints are what libpq and psql add to any error.
var hints = regexp.MustCompile(`\tThis probably means the server terminated abnormally\n\tbefore or while processing the request\.\n` +
	`|psql: error: |psql:<stdin>:\d+: (error: )?|connection to server at "[^"]*" (\([^)]*\) )?, port \d+ failed: |connection to server at "[^"]*"( \([^)]*\))?, port \d+ failed: ` +
	`|\tIs the server running .*\n|connection to server was lost\n|DETAIL:.*\n|HINT:.*\n|CONTEXT:.*\n`)

// complaint returns what psql wrote to standard error, in one line.
func complaint(s string) string {
	return strings.Join(strings.Split(strings.TrimSpace(hints.ReplaceAllString(s, "")), "\n"), " / ")
}

// connect connects with pgx.
func (p *place) connect() *pgconn.PgConn {
	p.Helper()
	return connectTo(p, p.address)
}

// connectTo connects to any address.
func connectTo(p *place, to address) *pgconn.PgConn {
	p.Helper()
	conn, err := pgconn.Connect(p.Context(), fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", to.host, to.port))
	if err != nil {
		p.Fatal(err)
	}
	return conn
}

// ask runs SQL, and returns its only value.
func ask(p *place, conn *pgconn.PgConn, sql string) string {
	p.Helper()
	results, err := conn.Exec(p.Context(), sql).ReadAll()
	if err != nil {
		p.Fatalf("%s: %v", sql, err)
	}
	if last := results[len(results)-1]; len(last.Rows) > 0 {
		return string(last.Rows[0][0])
	}
	return ""
}

// leave ends a connection, whose peer may be gone.
func leave(p *place, conn *pgconn.PgConn) { _ = conn.Close(p.Context()) }

// ending returns how a connection of pgx ended, in words of our own: pgx's differ with the moment.
func ending(err error) string {
	var told *pgconn.PgError
	switch {
	case err == nil:
		return "success"
	case errors.As(err, &told):
		return told.Severity + ": " + told.Message
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "nothing"
	}
	return "the connection is lost"
}
