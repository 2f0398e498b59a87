// Package sqlgen makes SQL for tests of what reads SQL: statements as programs send them, constants
// in every notation, and texts that are nearly SQL.
//
// It guarantees that a text is valid UTF-8 without a NUL, like everything that reaches a server's
// scanner, and that equal random numbers make equal texts. It must not know what is tested. Start
// reading at [Text].
package sqlgen

import (
	_ "embed"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

//go:embed statements.sql
var statements string

// Statements returns statements as programs and people write them, one of each sort.
func Statements() []string {
	var all []string
	for _, s := range strings.Split(statements, "\n----\n") {
		all = append(all, strings.TrimSuffix(s, "\n"))
	}
	return all
}

// Text returns a statement, a heap of pieces of statements, or a statement with something wrong.
func Text(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return Heap(r)
	case 1:
		return query(r, 3)
	case 2:
		return Mutate(r, query(r, 3))
	case 3:
		return pick(r, Statements())
	case 4:
		return query(r, 2) + ";" + Space(r) + pick(r, Statements())
	}
	return Mutate(r, pick(r, Statements()))
}

func pick(r *rand.Rand, all []string) string { return all[r.IntN(len(all))] }

// pieces are the difficult parts of SQL.
var pieces = []string{
	"'", "'", "''", `\'`, `\\`, `\`, `"`, `""`, "e'", "E'", "n'", "N'", "b'", "X'", "u&'", `U&"`, "u&", "$$", "$$", "$a$", "$a", "$1", "$",
	"$é$", "--", "--", "/*", "*/", "/", "*", "+", "-", "<", ">", "=", "|", "||", "~", "!", "@", "#", "%", "^", "&", "`", "?", ":", "::", ":=",
	".", "..", ",", ";", "(", ")", "[", "]", "{", "}", "\n", "\n", "\r", "\r\n", " ", " ", "\t", "\f", "\v", "0", "1", "7", "12", "1.5", ".5",
	"1e5", "1e", "e+", "0x1F", "0x", "0b1", "0o7", "1_000", "_", "a", "b", "abc", "e", "x", "n", "é", "日本", "😀", "uescape", "UESCAPE '!'",
	"select", "from", `\u0041`, `\x41`, `\101`, `\+00`, "\x01", "\x7f", "->", "=>", "<>", "!=", "+--", "*/*", "'a'\n'b'", "'a' -- c\n'b'",
}

// Heap returns a heap of pieces.
func Heap(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(14) {
		b.WriteString(pick(r, pieces))
	}
	return b.String()
}

// Mutate returns a text with a few pieces added, removed or moved.
func Mutate(r *rand.Rand, sql string) string {
	for range 1 + r.IntN(4) {
		at := boundary(r, sql)
		end := min(len(sql), at+r.IntN(12))
		for end < len(sql) && !utf8.RuneStart(sql[end]) {
			end++
		}
		switch r.IntN(5) {
		case 0, 1:
			sql = sql[:at] + pick(r, pieces) + sql[at:]
		case 2:
			sql = sql[:at] + sql[end:]
		case 3:
			to := boundary(r, sql)
			sql = sql[:to] + sql[at:end] + sql[to:]
		default:
			sql = sql[:at] + pick(r, pieces) + sql[end:]
		}
	}
	return sql
}

// boundary returns a place between two characters.
func boundary(r *rand.Rand, sql string) int {
	at := r.IntN(len(sql) + 1)
	for at < len(sql) && !utf8.RuneStart(sql[at]) {
		at++
	}
	return at
}

// Space returns something that may separate two tokens.
func Space(r *rand.Rand) string {
	return pick(r, []string{
		" ", " ", " ", " ", "\n", "\t", "  ", "\r\n", " /* a */ ", "/* /* nested ' */ */", " -- it's\n", "/**/", "\n-- $$\r",
	})
}

// query returns a SELECT, an INSERT, an UPDATE or a DELETE with expressions of some depth.
func query(r *rand.Rand, depth int) string {
	table, s := Name(r), Space(r)
	switch r.IntN(4) {
	case 0:
		return "insert into " + table + s + "values (" + list(r, depth) + ")" + s + "returning " + Name(r)
	case 1:
		return "UPDATE " + table + s + "SET " + Name(r) + "=" + expression(r, depth) + s + "WHERE" + s + expression(r, depth)
	case 2:
		return "delete from" + s + table + " where" + s + expression(r, depth)
	}
	return "select" + s + list(r, depth) + s + "from " + table + s + "where " + expression(r, depth) + s + "limit " + number(r)
}

func list(r *rand.Rand, depth int) string {
	all := make([]string, 1+r.IntN(4))
	for i := range all {
		all[i] = expression(r, depth)
	}
	return strings.Join(all, ","+Space(r))
}

func expression(r *rand.Rand, depth int) string {
	if depth == 0 {
		switch r.IntN(5) {
		case 0:
			return Name(r)
		case 1:
			return number(r)
		case 2:
			return pick(r, []string{"$1", "$2::int", "null", "true", "array[1,2]", "current_date"})
		}
		return Constant(r)
	}
	a, b := expression(r, depth-1), expression(r, depth-1)
	switch r.IntN(5) {
	case 0:
		return Name(r) + "(" + a + "," + b + ")"
	case 1:
		return "(" + a + ")::" + pick(r, []string{"text", "int[]", "numeric(10,2)"})
	case 2:
		return "(" + query(r, depth-1) + ")"
	}
	return a + spaceOrNone(r) + pick(r, operators) + spaceOrNone(r) + b
}

var operators = []string{
	"=", "<>", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "^", "||", "->", "->>", "#>", "@>", "<@", "?", "?|", "?&", "~", "!~*",
	"&&", "<->", "=-", "*-", "|/", "@-", "<+", "%-", " and ", " or ", " like ", " in ",
}

func spaceOrNone(r *rand.Rand) string {
	if r.IntN(3) == 0 {
		return ""
	}
	return Space(r)
}

// Name returns the name of a table or a column.
func Name(r *rand.Rand) string {
	return pick(r, []string{
		"t", "Users", "o.id", "public.orders", `"Mixed Case"`, `"a""b"`, `U&"d\0061t\+000061"`, `"it's"`, "naïve", "日本", "_x$1", `u&"x!0041" uescape '!'`,
	})
}

func number(r *rand.Rand) string {
	return pick(r, []string{"0", "1", "42", "1.5", ".5", "5.", "1e10", "1.5E-3", "0x1F", "0b101", "0o17", "1_000", "1_0.0_1", "1e1_0", "9999999999999"})
}
