package drivers

import "testing"

// driver is a client library, and the program that does the script with it.
type driver struct {
	name     string // of its folder, its database and its page in docs/drivers
	title    string // what its authors call it
	version  func(t *testing.T) string
	settings func(login) []string                     // environment, in the words of the driver
	command  func(t *testing.T, name string) []string // builds the program where that is needed

	// hide is set if the driver, without TLS, refuses an offer of SCRAM-SHA-256-PLUS. pgpi must
	// hide it then.
	hide bool
	// unbind is the parameter that keeps the driver from binding its login to pgpi's certificate,
	// if it would.
	unbind string
	// unbindURL is set if pgpi run can't set that parameter, because only the driver's URL counts.
	unbindURL bool
	// unset is a variable of libpq with which the driver refuses to start.
	unset string
	// ownRoots is set if the driver does not look for root certificates where libpq does, so that
	// pgpi run does not find them.
	ownRoots bool
	// hasty is set if the driver hangs up as soon as it has sent a cancel request. pgbouncer 1.18
	// does not survive that.
	hasty bool

	// differs are the lines of the transcript that differ from testdata/transcript.txt.
	differs map[string]string
}

// absent is what a program prints for a step that its driver can't do.
const absent = "not in this driver"

const noBinding = "channel_binding=disable"

var drivers = []driver{
	{
		name: "pgx", title: "pgx", version: goModule("github.com/jackc/pgx/v5"),
		settings: url("postgres"), command: goProgram,
		unbind: noBinding,
	},
	{
		name: "pq", title: "lib/pq", version: goModule("github.com/lib/pq"),
		settings: variables, command: goProgram,
		unset:   "PGCHANNELBINDING",
		differs: map[string]string{"copy out": absent, "latin1": absent},
	},
	{
		name: "node-postgres", title: "node-postgres (pg)", version: npmPackage("pg"),
		settings: url("postgres"), command: nodeProgram,
		differs: map[string]string{"binary": "4294967297", "latin1": absent},
	},
	{
		name: "postgres.js", title: "postgres.js", version: npmPackage("postgres"),
		settings: nodeURL, command: nodeProgram,
		ownRoots: true,
		differs:  map[string]string{"binary": absent, "latin1": absent},
	},
	{
		name: "psycopg", title: "psycopg 3", version: pythonPackage("psycopg"),
		settings: variables, command: pythonProgram,
		hide: true, unbind: noBinding,
	},
	{
		name: "asyncpg", title: "asyncpg", version: pythonPackage("asyncpg"),
		settings: variables, command: pythonProgram,
		differs: map[string]string{"cancel": "canceled, 0 still sleeping"},
	},
	{
		name: "sqlalchemy", title: "SQLAlchemy (over psycopg)", version: pythonPackage("SQLAlchemy"),
		settings: url("postgresql+psycopg"), command: pythonProgram,
		hide: true, unbind: noBinding,
		differs: map[string]string{"binary": absent},
	},
	{
		name: "pgjdbc", title: "pgjdbc", version: mavenArtifact("pgjdbc"),
		settings: jdbcURL, command: javaProgram,
		unbind:  "channelBinding=disable",
		differs: map[string]string{"latin1": absent},
	},
	{
		name: "tokio-postgres", title: "tokio-postgres", version: crate("tokio-postgres"),
		settings: tokioURL, command: rustProgram,
		unbind: noBinding, unbindURL: true, hasty: true,
		differs: map[string]string{"latin1": absent},
	},
	{
		name: "sqlx", title: "sqlx (Rust)", version: crate("sqlx"),
		settings: url("postgres"), command: rustProgram,
		differs: map[string]string{"cancel": absent, "latin1": absent},
	},
	{
		name: "ruby-pg", title: "ruby-pg", version: debian("1.4.5"),
		settings: variables, command: script("ruby", "main.rb", "-rpg", "-e0"),
		hide: true, unbind: noBinding,
	},
	{
		name: "pdo", title: "PHP's PDO", version: debian("8.2"),
		settings: variables, command: script("php", "main.php", "-r", "exit(extension_loaded('pdo_pgsql') ? 0 : 1);"),
		hide: true, unbind: noBinding,
		differs: map[string]string{"cancel": absent},
	},
	{
		name: "dbd-pg", title: "Perl's DBD::Pg", version: debian("3.16.0"),
		settings: variables, command: script("perl", "main.pl", "-MDBD::Pg", "-e0"),
		hide: true, unbind: noBinding,
	},
	{
		name: "psql", title: "psql", version: debian("15"),
		settings: variables, command: script("sh", "main.sh", "-c", "psql --version"),
		hide: true, unbind: noBinding,
		differs: map[string]string{"binary": absent},
	},
}
