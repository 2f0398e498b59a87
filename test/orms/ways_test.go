package orms

// way is how a program reads: its argument.
type way struct {
	name string
	// reads is how many objects the program reads, which it prints.
	reads int
	// finds is the rule of what pgpi must find, or nothing.
	finds string
}

const (
	authors = 30
	books   = 60
)

// Rules of findings.
const (
	nPlusOne  = "n+1"
	batchable = "batchable"
)

// ways are those that every ORM has.
var ways = []way{
	{name: "lazy", reads: books, finds: nPlusOne},
	{name: "lazy-pool", reads: books, finds: nPlusOne},
	{name: "eager", reads: books},
	{name: "eager-pool", reads: books},
}

// Near misses: what could be taken for the mistakes that pgpi looks for, and is none. Some ORMs have
// them besides.
var (
	// eagerJoin loads the authors with their books by a join.
	eagerJoin = way{name: "eager-join", reads: books}
	// batchSize loads the books of five authors at once, whenever those of one of them are needed.
	batchSize = way{name: "batch-size", reads: books}
	// selectin loads the loans of 2600 readers in lists of 500.
	selectin = way{name: "selectin", reads: 2600}
	// dataloader asks for the books of each author by themselves, and Prisma makes one list of all that
	// is asked for in one tick.
	dataloader = way{name: "dataloader", reads: books}
	// queryStrategy and separate load the books by a list, where TypeORM and Sequelize usually join.
	queryStrategy = way{name: "query-strategy", reads: books}
	separate      = way{name: "separate", reads: books}
	// pages reads the books in pages of five, each from where the one before has ended.
	pages = way{name: "pages", reads: books}
	// factory makes 30 authors, one by one. pgpi notes that they could be sent together, unless the ORM
	// asks for what was inserted (RETURNING).
	factory          = way{name: "factory", reads: authors, finds: batchable}
	factoryReturning = way{name: "factory", reads: authors}
	// tests runs ten tests, which read three rows of each of five tables. The ids are the same in
	// all tables, and among those of a table that was listed before.
	tests = way{name: "tests", reads: 150}
)

// tables are what the programs read. No number of a row can be taken for another's.
var tables = []string{
	"CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL)",
	"CREATE TABLE books (id int PRIMARY KEY, author_id int NOT NULL REFERENCES authors, title text NOT NULL)",
	"INSERT INTO authors SELECT 1000 + 7 * n, 'author ' || n FROM generate_series(1, 30) AS n",
	"INSERT INTO books SELECT 500000 + 11 * (2 * n + b), 1000 + 7 * n, 'book ' || b || ' of ' || n " +
		"FROM generate_series(1, 30) AS n, generate_series(0, 1) AS b",
	"CREATE TABLE readers (id int PRIMARY KEY)",
	"CREATE TABLE loans (id int PRIMARY KEY, reader_id int NOT NULL REFERENCES readers)",
	"INSERT INTO readers SELECT 1000000 + 13 * n FROM generate_series(1, 2600) AS n",
	"INSERT INTO loans SELECT 2000000 + n, 1000000 + 13 * n FROM generate_series(1, 2600) AS n",
	"CREATE TABLE atlases (id int PRIMARY KEY)", "CREATE TABLE maps (id int PRIMARY KEY)", "CREATE TABLE novels (id int PRIMARY KEY)",
	"CREATE TABLE plays (id int PRIMARY KEY)", "CREATE TABLE poems (id int PRIMARY KEY)",
	"CREATE TABLE shelves (id int PRIMARY KEY)", "INSERT INTO shelves SELECT generate_series(1, 40)",
}
