package orms

// way is how a program reads: its argument.
type way struct {
	name string
	// reads is how many objects the program reads, which it prints.
	reads int
	// repeats is set if the program loads the books of each author by themselves.
	repeats bool
}

const (
	authors = 30
	books   = 60
)

// ways are those that every ORM has.
var ways = []way{
	{name: "lazy", reads: books, repeats: true},
	{name: "lazy-pool", reads: books, repeats: true},
	{name: "eager", reads: books},
	{name: "eager-pool", reads: books},
}

// tables are what the programs read. No number of a row can be taken for another's.
var tables = []string{
	"CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL)",
	"CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title text NOT NULL)",
	"INSERT INTO authors SELECT 1000 + 7 * n, 'author ' || n FROM generate_series(1, 30) AS n",
	"INSERT INTO books SELECT 500000 + 11 * (2 * n + b), 1000 + 7 * n, 'book ' || b || ' of ' || n " +
		"FROM generate_series(1, 30) AS n, generate_series(0, 1) AS b",
}
