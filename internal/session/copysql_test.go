package session

import (
	"fmt"
	"testing"

	"pgpi/internal/wire"
)

// What a COPY statement says is found in whatever syntax, and wherever it stands.
func TestFindCopy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		sql   string
		index int
		want  string // as describeCopy has it, "" for not found
	}{
		{"COPY t FROM STDIN", 0, "t from text"},
		{"copy public.orders (id, Total, \"a \"\"Note\"\"\") from stdin", 0, `public.orders[id total a "Note"] from text`},
		{`COPY "My Schema"."T".x TO STDOUT;`, 0, "My Schema.T.x to text"},
		{"/* a /* nested */ one */ COPY t -- to\n TO STDOUT", 0, "t to text"},
		{"COPY (SELECT ';', $$ ) $$, ($x$a$b$x$) FROM t) TO STDOUT (FORMAT csv)", 0, " to csv"},
		{"COPY t FROM STDIN WITH (FORMAT 'CSV', DELIMITER ';', NULL 'x''y', QUOTE '''', ESCAPE E'\\\\', HEADER)", 0,
			`t from csv delimiter ";" null "x'y" quote "'" escape "\\" header 1`},
		{"COPY t TO STDOUT (DELIMITER E'\\t', NULL '', HEADER false, FORCE_QUOTE *, ENCODING 'SJIS')", 0, `t to text delimiter "\t" null "" encoding SJIS`},
		{"COPY t FROM STDIN (FORMAT csv, HEADER MATCH, FORCE_NOT_NULL (a, b))", 0, "t from csv header 1 match force"},
		{"COPY t FROM STDIN (FORMAT csv, FORCE_NULL (a, b))", 0, "t from csv"},
		{"COPY t FROM STDIN CSV FORCE NULL a, b", 0, "t from csv"},
		{"COPY t FROM STDIN (DEFAULT '\\D')", 0, `t from text default "\\D"`},
		{"COPY t FROM STDIN (DEFAULT '', NULL '-')", 0, `t from text null "-" default ""`},
		{"COPY t FROM STDIN (DEFAULT)", 0, ""},
		{"COPY t FROM STDIN (HEADER 3)", 0, "t from text header 3"},
		{"COPY t FROM STDIN (HEADER on, FREEZE, LOG_VERBOSITY verbose, ON_ERROR ignore) WHERE a > 1;", 0, "t from text header 1"},
		{"COPY t FROM STDIN (FORMAT csv, DELIMITER $$|$$)", 0, `t from csv delimiter "|"`},
		{"COPY BINARY t (a) FROM STDIN", 0, "t[a] from binary"},
		{"COPY t FROM STDIN BINARY", 0, "t from binary"},
		{"copy \"t\" ( \"a\", \"b\" ) from stdin binary;", 0, "t[a b] from binary"},
		{"COPY t FROM STDIN USING DELIMITERS '|' WITH NULL AS 'null'", 0, `t from text delimiter "|" null "null"`},
		{"COPY t TO STDOUT WITH CSV HEADER QUOTE AS '|' ESCAPE '!' FORCE QUOTE a, b ENCODING 'UTF8'", 0, `t to csv quote "|" escape "!" header 1 encoding UTF8`},
		{"COPY t FROM STDIN CSV FORCE NOT NULL a FORCE NULL b", 0, "t from csv force"},
		{"COPY t FROM STDIN DELIMITER AS E'\\x7c'", 0, `t from text delimiter "|"`},
		{"COPY t TO STDIN", 0, "t to text"}, // which the server takes too
		{"SELECT 'COPY a FROM STDIN'; COPY b FROM '/tmp/x'; COPY c FROM PROGRAM 'x'; COPY d FROM STDIN; COPY e TO STDOUT", 0, "d from text"},
		{"COPY d FROM STDIN; COPY e TO STDOUT;", 1, "e to text"},
		{"COPY d FROM STDIN; COPY e TO STDOUT;", 2, ""},
		{"CREATE RULE r AS ON INSERT TO t DO (NOTIFY a; NOTIFY b); COPY t TO STDOUT", 0, "t to text"},
		{"SELECT 1", 0, ""},
		{"", 0, ""},
		{"COPY", 0, ""},
		{"COPY t", 0, ""},
		{"COPY t FROM", 0, ""},
		{"COPY t (a, FROM STDIN", 0, ""},
		{"COPY t FROM STDIN (FORMAT json)", 0, ""},
		{"COPY t FROM STDIN (FORMAT", 0, ""},
		{"COPY t FROM STDIN (FORMAT csv", 0, ""},
		{"COPY t FROM STDIN (DELIMITER '", 0, ""},
		{"COPY t FROM STDIN (DELIMITER 'ab')", 0, ""},
		{"COPY t FROM STDIN (DELIMITER '')", 0, ""},
		{"COPY t FROM STDIN (NULL U&'\\0041')", 0, ""},
		{"COPY t FROM STDIN NONSENSE", 0, ""},
		{"COPY t FROM STDIN /* cut", 0, ""},
		{"COPY odd odder FROM STDIN; COPY t TO STDOUT", 0, ""}, // nobody knows which is meant
	} {
		got := ""
		if c, ok := findCopy(test.sql, test.index, true); ok {
			got = describeCopy(c)
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

// Where standard_conforming_strings is off, every string has escapes.
func TestFindCopyWithEscapes(t *testing.T) {
	t.Parallel()
	const sql = `COPY t FROM STDIN (NULL 'a\'b\\')`
	c, ok := findCopy(sql, 0, false)
	if want := "t from text null \"a'b\\\\\""; !ok || describeCopy(c) != want {
		t.Errorf("got %t, %s, want %s", ok, describeCopy(c), want)
	}
	if c, ok := findCopy(sql, 0, true); ok {
		t.Errorf("got %s", describeCopy(c))
	}
}

func describeCopy(c copyStatement) string {
	words := c.relation
	if c.columns != nil {
		words += fmt.Sprint(c.columns)
	}
	words += map[bool]string{true: " to ", false: " from "}[c.to] + c.format
	for _, option := range []struct {
		name, value string
		given       bool
	}{
		{"delimiter", c.delimiter, c.delimiter != ""}, {"null", c.null, c.hasNull}, {"default", c.mark, c.hasMark},
		{"quote", c.quote, c.quote != ""}, {"escape", c.escape, c.escape != ""},
	} {
		if option.given {
			words += fmt.Sprintf(" %s %q", option.name, option.value)
		}
	}
	if c.headings > 0 {
		words += fmt.Sprintf(" header %d", c.headings)
	}
	if c.match {
		words += " match"
	}
	if c.forceNotNull {
		words += " force"
	}
	if c.encoding != "" {
		words += " encoding " + c.encoding
	}
	return words
}

// Nothing that a client can send as SQL ends the scanner, and each token has bytes.
func FuzzFindCopy(f *testing.F) {
	for _, sql := range []string{
		"COPY t (a) FROM STDIN (FORMAT csv, NULL E'\\x41\\u0041\\101\\n')", "/* /* */ -- \n", "$a$ b $a$ $1 \"x\"\"", "U&'\\' B'1'",
		`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '4', publication_names '"p"')`,
	} {
		f.Add(sql, true)
	}
	f.Fuzz(func(t *testing.T, sql string, standard bool) {
		s := sqlScanner{text: sql, escapes: !standard}
		for before := 0; ; before = s.pos {
			token := s.next()
			if token.kind == sqlEnd {
				break
			}
			if s.pos <= before || s.pos > len(sql) {
				t.Fatalf("a token at %d..%d of %q", before, s.pos, sql)
			}
		}
		if c, ok := findCopy(sql, 0, standard); ok {
			c.rows()
		}
		parseReplication(sql)
	})
}

func TestParseReplication(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		`START_REPLICATION SLOT "logical" LOGICAL 0/16B3748 (proto_version '4', "streaming" 'parallel', publication_names '"p","q"')`://
		`start_replication true map[proto_version:4 publication_names:"p","q" streaming:parallel]`,
		`START_REPLICATION SLOT logical PHYSICAL 0/1000000 TIMELINE 1`: `start_replication false map[]`,
		`START_REPLICATION SLOT s LOGICAL 0/0`:                         `start_replication true map[]`,
		`BASE_BACKUP ( LABEL 'x', PROGRESS )`:                          `base_backup false map[label:x progress:]`,
		`UPLOAD_MANIFEST`:                                              `upload_manifest false map[]`,
		`; "x" (`:                                                      ` false map[]`,
		``:                                                             ` false map[]`,
	} {
		c := parseReplication(sql)
		if got := fmt.Sprint(c.name, " ", c.logical, " ", c.options); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}

func TestRowsOfStatement(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]wire.Copy{
		"COPY t FROM STDIN":                                  {Null: `\N`},
		"COPY t FROM STDIN CSV HEADER":                       {Headings: 1},
		"COPY t FROM STDIN (FORMAT csv, FORCE_NULL (a))":     {},
		"COPY t FROM STDIN (FORMAT csv, FORCE_NOT_NULL (a))": {NoNull: true},
		"COPY t FROM STDIN (DEFAULT 'x')":                    {Null: `\N`, Default: "x", HasDefault: true},
		"COPY t TO STDOUT (FORMAT csv, NULL '-', QUOTE '$')": {Null: "-", Quote: '$'},
	} {
		c, ok := findCopy(sql, 0, true)
		if got := c.rows(); !ok || got != want {
			t.Errorf("%s\n got %t, %+v\nwant %+v", sql, ok, got, want)
		}
	}
}
