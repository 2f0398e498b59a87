// Command pgx does the script of the driver matrix with pgx and its own interface.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	ctx  = context.Background()
	conn *pgx.Conn
)

func main() {
	conn = connect()
	step("simple", simple)
	step("prepared", prepared)
	step("binary", binary)
	step("batch", batch)
	step("copy in", copyIn)
	step("copy out", copyOut)
	step("notify", notify)
	step("cancel", cancel)
	step("transaction", transaction)
	step("large", large)
	step("utf8", utf8)
	step("latin1", latin1)
	step("wrong password", wrongPassword)
	os.Exit(3)
}

func step(name string, do func() string) {
	defer func() {
		if err := recover(); err != nil {
			fmt.Printf("%s: failed: %v\n", name, err)
			os.Exit(1)
		}
	}()
	fmt.Printf("%s: %s\n", name, do())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func sqlState(err error) string {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return fmt.Sprint(err)
	}
	return answer.Code
}

func connect() *pgx.Conn {
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println("connect:", sqlState(err))
		os.Exit(1)
	}
	return conn
}

func simple() string {
	var n int
	var word string
	check(conn.QueryRow(ctx, "select 1, 'one'", pgx.QueryExecModeSimpleProtocol).Scan(&n, &word))
	return fmt.Sprint(n, " ", word)
}

func prepared() string {
	_, err := conn.Prepare(ctx, "double", "select $1::int4 * 2, upper($2)")
	check(err)
	var first, second int
	var a, b string
	check(conn.QueryRow(ctx, "double", 21, "a").Scan(&first, &a))
	check(conn.QueryRow(ctx, "double", 22, "b").Scan(&second, &b))
	return fmt.Sprint(first, " ", a, ", ", second, " ", b)
}

func binary() string { // pgx asks for it by itself
	var n int64
	var raw []byte
	var x float64
	row := conn.QueryRow(ctx, "select $1::int8, $2::bytea, $3::float8", int64(4294967297), []byte{0, 0xff, 0x10}, 1.5)
	check(row.Scan(&n, &raw, &x))
	return fmt.Sprintf("%d %x %v", n, raw, x)
}

func batch() string {
	var all pgx.Batch
	for n := 1; n <= 3; n++ {
		all.Queue("select $1::int4", n)
	}
	results := conn.SendBatch(ctx, &all)
	var n [3]int
	for i := range n {
		check(results.QueryRow().Scan(&n[i]))
	}
	check(results.Close())
	return fmt.Sprint(n[0], n[1], n[2])
}

func copyIn() string {
	_, err := conn.Exec(ctx, "create temp table words (n int4, word text)")
	check(err)
	var rows [][]any
	for n := 1; n <= 1000; n++ {
		rows = append(rows, []any{n, fmt.Sprint("word ", n)})
	}
	count, err := conn.CopyFrom(ctx, pgx.Identifier{"words"}, []string{"n", "word"}, pgx.CopyFromRows(rows))
	check(err)
	return fmt.Sprint(count, " rows")
}

func copyOut() string {
	var data bytes.Buffer
	_, err := conn.PgConn().CopyTo(ctx, &data, "copy words to stdout")
	check(err)
	return fmt.Sprint(data.Len(), " bytes")
}

func notify() string {
	_, err := conn.Exec(ctx, "listen animals")
	check(err)
	_, err = conn.Exec(ctx, "notify animals, 'elephant'")
	check(err)
	heard, err := conn.WaitForNotification(ctx)
	check(err)
	return heard.Payload
}

func cancel() string {
	watcher := connect()
	ended := make(chan error)
	go func() {
		_, err := conn.Exec(ctx, "select pg_sleep(60)")
		ended <- err
	}()
	_, err := watcher.Exec(ctx, "select wait_for_sleeper()")
	check(err)
	check(conn.PgConn().CancelRequest(ctx))
	check(watcher.Close(ctx))
	return sqlState(<-ended)
}

func transaction() string {
	tx, err := conn.Begin(ctx)
	check(err)
	_, first := tx.Exec(ctx, "select 1/0")
	_, second := tx.Exec(ctx, "select 1")
	check(tx.Rollback(ctx))
	var n int
	check(conn.QueryRow(ctx, "select 1").Scan(&n))
	return fmt.Sprint(sqlState(first), " ", sqlState(second), " ", n)
}

func large() string {
	sent := strings.Repeat("0123456789abcdef", 3<<16)
	var got, hash string
	check(conn.QueryRow(ctx, "select $1::text, md5($1)", sent).Scan(&got, &hash))
	return fmt.Sprint(len(got), " ", hash, " ", got == sent)
}

func utf8() string {
	var text string
	var characters, bytes int
	row := conn.QueryRow(ctx, "select $1::text, length($1), octet_length($1)", "Žluťoučký kůň 🐘")
	check(row.Scan(&text, &characters, &bytes))
	return fmt.Sprint(text, " ", characters, " ", bytes)
}

func latin1() string {
	_, err := conn.Exec(ctx, "set client_encoding to latin1")
	check(err)
	var text string
	var bytes int
	check(conn.QueryRow(ctx, "select $1::text, octet_length($1)", "caf\xe9").Scan(&text, &bytes))
	return fmt.Sprintf("%x %d", text, bytes)
}

func wrongPassword() string {
	config, err := pgx.ParseConfig(os.Getenv("DATABASE_URL"))
	check(err)
	config.Password = "wrong"
	_, err = pgx.ConnectConfig(ctx, config)
	return sqlState(err)
}
