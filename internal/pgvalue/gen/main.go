// Command gen writes what package pgvalue knows about PostgreSQL's catalogs, from running servers:
// the table of built-in types, types_table.go, and that of built-in functions, functions.txt.
//
// Pass it a connection URL for each major version, as arguments or in PGPI_SERVERS, separated by
// spaces:
//
//	PGPI_SERVERS='postgres://postgres@127.0.0.1:5415 postgres://postgres@127.0.0.1:5418' \
//	    go generate ./internal/pgvalue
//
// It guarantees that the files have what all of the servers say. If they contradict each other on a
// type, it fails; for a function, it writes which versions say what. With -check it writes nothing,
// and fails if the files say something else. Types for which no server can be asked are in
// announced.go. It must not know how a value is printed: it copies the name of each type's send
// function, and pgvalue decides. Start reading at run.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	types := flag.String("types", "types_table.go", "the `file` of types to write or to check")
	functions := flag.String("functions", "functions.txt", "the `file` of functions to write or to check")
	check := flag.Bool("check", false, "only check that the files are what the servers say")
	flag.Parse()
	servers := append(flag.Args(), strings.Fields(os.Getenv("PGPI_SERVERS"))...)
	if err := run(context.Background(), *types, *functions, *check, servers); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, typesFile, functionsFile string, check bool, servers []string) error {
	if len(servers) == 0 {
		return errors.New("no server to ask: give a connection URL for each major version, or set PGPI_SERVERS")
	}
	types, functions := typeTable{}, functionTable{}
	for _, server := range servers {
		if err := ask(ctx, server, types, functions); err != nil {
			return fmt.Errorf("ask %q: %w", server, err)
		}
	}
	if err := types.merge(announced); err != nil {
		return fmt.Errorf("merge announced.go: %w", err)
	}
	want, err := types.render()
	if err != nil {
		return err
	}
	if err := writeOrCheck(typesFile, want, check); err != nil {
		return err
	}
	if want, err = functions.render(); err != nil {
		return err
	}
	return writeOrCheck(functionsFile, want, check)
}

// ask adds what a server says to the tables.
func ask(ctx context.Context, server string, types typeTable, functions functionTable) error {
	conn, err := pgconn.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // everything was read, so nothing can be lost
	rows, err := askTypes(ctx, conn)
	if err != nil {
		return err
	}
	if err := types.merge(rows); err != nil {
		return err
	}
	return functions.ask(ctx, conn)
}

func writeOrCheck(file string, want []byte, check bool) error {
	if !check {
		return os.WriteFile(file, want, 0o644) //nolint:gosec // a source file
	}
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("check %s: it is not what the servers say: run gen without -check", file)
	}
	return nil
}

// oid reads a column of type oid.
func oid(column []byte) (uint32, error) {
	v, err := strconv.ParseUint(string(column), 10, 32)
	return uint32(v), err
}
