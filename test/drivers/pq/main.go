// Command pq does the script of the driver matrix with lib/pq under database/sql.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/lib/pq"
)

var (
	ctx  = context.Background()
	conn *sql.Conn
)

func main() {
	conn = connect("")
	step("simple", simple)
	step("prepared", prepared)
	step("binary", binary)
	step("batch", batch)
	step("copy in", copyIn)
	fmt.Println("copy out: not in this driver")
	step("notify", notify)
	step("cancel", cancel)
	step("transaction", transaction)
	step("large", large)
	step("utf8", utf8)
	fmt.Println("latin1: not in this driver")
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
	var answer *pq.Error
	if !errors.As(err, &answer) {
		return fmt.Sprint(err)
	}
	return string(answer.Code)
}

// connect adds parameters to those of the environment.
func connect(parameters string) *sql.Conn {
	db, err := sql.Open("postgres", parameters)
	check(err)
	conn, err := db.Conn(ctx)
	if err != nil {
		fmt.Println("connect:", sqlState(err))
		os.Exit(1)
	}
	return conn
}

func simple() string {
	var n int
	var word string
	check(conn.QueryRowContext(ctx, "select 1, 'one'").Scan(&n, &word))
	return fmt.Sprint(n, " ", word)
}

func prepared() string {
	double, err := conn.PrepareContext(ctx, "select $1::int4 * 2, upper($2)")
	check(err)
	var first, second int
	var a, b string
	check(double.QueryRow(21, "a").Scan(&first, &a))
	check(double.QueryRow(22, "b").Scan(&second, &b))
	check(double.Close())
	return fmt.Sprint(first, " ", a, ", ", second, " ", b)
}

func binary() string {
	conn := connect("binary_parameters=yes")
	var n int64
	var raw []byte
	var x float64
	row := conn.QueryRowContext(ctx, "select $1::int8, $2::bytea, $3::float8", int64(4294967297), []byte{0, 0xff, 0x10}, 1.5)
	check(row.Scan(&n, &raw, &x))
	check(conn.Close())
	return fmt.Sprintf("%d %x %v", n, raw, x)
}

func batch() string {
	rows, err := conn.QueryContext(ctx, "select 1; select 2; select 3")
	check(err)
	var all []string
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			var n string
			check(rows.Scan(&n))
			all = append(all, n)
		}
	}
	check(rows.Err())
	check(rows.Close())
	return strings.Join(all, " ")
}

func copyIn() string {
	tx, err := conn.BeginTx(ctx, nil)
	check(err)
	_, err = tx.Exec("create temp table words (n int4, word text)")
	check(err)
	rows, err := tx.Prepare("copy words (n, word) from stdin")
	check(err)
	for n := 1; n <= 1000; n++ {
		_, err = rows.Exec(n, fmt.Sprint("word ", n))
		check(err)
	}
	result, err := rows.Exec()
	check(err)
	check(rows.Close())
	check(tx.Commit())
	count, err := result.RowsAffected()
	check(err)
	return fmt.Sprint(count, " rows")
}

func notify() string {
	listener := pq.NewListener("", 0, 0, nil)
	check(listener.Listen("animals"))
	_, err := conn.ExecContext(ctx, "notify animals, 'elephant'")
	check(err)
	for heard := range listener.Notify {
		if heard != nil { // nil says that the connection was made anew
			check(listener.Close())
			return heard.Extra
		}
	}
	return ""
}

func cancel() string {
	watcher := connect("")
	asleep, cancel := context.WithCancel(ctx)
	ended := make(chan error)
	go func() {
		_, err := conn.ExecContext(asleep, "select pg_sleep(60)")
		ended <- err
	}()
	_, err := watcher.ExecContext(ctx, "select wait_for_sleeper()")
	check(err)
	cancel()
	err = <-ended
	check(watcher.Close())
	check(conn.Close()) // lib/pq does not use it again
	conn = connect("")
	return sqlState(err)
}

func transaction() string {
	tx, err := conn.BeginTx(ctx, nil)
	check(err)
	_, first := tx.Exec("select 1/0")
	_, second := tx.Exec("select 1")
	check(tx.Rollback())
	var n int
	check(conn.QueryRowContext(ctx, "select 1").Scan(&n))
	return fmt.Sprint(sqlState(first), " ", sqlState(second), " ", n)
}

func large() string {
	sent := strings.Repeat("0123456789abcdef", 3<<16)
	var got, hash string
	check(conn.QueryRowContext(ctx, "select $1::text, md5($1)", sent).Scan(&got, &hash))
	return fmt.Sprint(len(got), " ", hash, " ", got == sent)
}

func utf8() string {
	var text string
	var characters, bytes int
	row := conn.QueryRowContext(ctx, "select $1::text, length($1), octet_length($1)", "Žluťoučký kůň 🐘")
	check(row.Scan(&text, &characters, &bytes))
	return fmt.Sprint(text, " ", characters, " ", bytes)
}

func wrongPassword() string {
	db, err := sql.Open("postgres", "password=wrong")
	check(err)
	return sqlState(db.PingContext(ctx))
}
