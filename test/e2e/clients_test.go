package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"pgpi/test/servers"
)

// The clients of the table.
const (
	psql15 = "psql with libpq 15"
	psql18 = "psql with libpq 18"
	pgx    = "pgx"
)

// connect has the parameters of a client's connection, in libpq's words.
type connect map[string]string

// through returns the parameters that every client of a pgpi has.
func through(p *pgpi, user string, more ...string) connect {
	c := connect{
		"host": "127.0.0.1", "port": fmt.Sprint(p.port), "user": user, "dbname": "postgres", "password": password,
		"sslmode": "disable",
	}
	for i := 0; i < len(more); i += 2 {
		c[more[i]] = more[i+1]
	}
	return c
}

// String returns a connection string. The values have no quotes in them.
func (c connect) String() string {
	var words []string
	for name, value := range c {
		words = append(words, name+"='"+value+"'")
	}
	return strings.Join(words, " ")
}

// query runs SQL with a client, and returns the rows, or the error as a user of that client would
// read it.
func query(t *testing.T, client string, c connect, sql string) (string, error) {
	t.Helper()
	if client == pgx {
		return pgxQuery(t, c, sql)
	}
	var output, complaint bytes.Buffer
	cmd := psqlCommand(t, client, c, "-c", sql)
	cmd.Stdout, cmd.Stderr = &output, &complaint
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, complaint.String())
	}
	return strings.TrimSpace(output.String()), err
}

// psqlCommand returns a psql that reads no file of the user and never asks for a password.
func psqlCommand(t *testing.T, client string, c connect, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(servers.Program(t, "psql"), append([]string{"-X", "-At", "-w", "-v", "ON_ERROR_STOP=1", "-d", c.String()}, args...)...)
	cmd.Env = os.Environ()
	if client == psql18 {
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+servers.LibPQ18(t))
	}
	return cmd
}

func pgxQuery(t *testing.T, c connect, sql string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	conn, err := pgconn.Connect(ctx, c.String())
	if err != nil {
		return "", err
	}
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	var rows []string
	for _, r := range results {
		for _, row := range r.Rows {
			rows = append(rows, string(bytes.Join(row, []byte("|"))))
		}
	}
	return strings.Join(rows, "\n"), conn.Close(ctx)
}
