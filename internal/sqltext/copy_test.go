package sqltext

import (
	"fmt"
	"testing"
)

// What a COPY statement says is found in any syntax, and wherever the statement is.
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
		{"COPY t TO STDIN", 0, "t to text"}, // which the server accepts too
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
		{"COPY odd odder FROM STDIN; COPY t TO STDOUT", 0, ""}, // it is not known which is meant
	} {
		got := ""
		if c, ok := FindCopy(test.sql, test.index, Settings{Strings: StandardStrings}); ok {
			got = describeCopy(c)
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.sql, got, test.want)
		}
	}
}

// If standard_conforming_strings is off, every string has escapes.
func TestFindCopyWithEscapes(t *testing.T) {
	t.Parallel()
	const sql = `COPY t FROM STDIN (NULL 'a\'b\\')`
	c, ok := FindCopy(sql, 0, Settings{Strings: EscapedStrings})
	if want := "t from text null \"a'b\\\\\""; !ok || describeCopy(c) != want {
		t.Errorf("got %t, %s, want %s", ok, describeCopy(c), want)
	}
	if c, ok := FindCopy(sql, 0, Settings{Strings: StandardStrings}); ok {
		t.Errorf("got %s", describeCopy(c))
	}
}

func describeCopy(c Copy) string {
	words := c.Relation
	if c.Columns != nil {
		words += fmt.Sprint(c.Columns)
	}
	words += map[bool]string{true: " to ", false: " from "}[c.To] + c.Format
	for _, option := range []struct {
		name, value string
		given       bool
	}{
		{"delimiter", c.Delimiter, c.Delimiter != ""}, {"null", c.Null, c.HasNull}, {"default", c.Default, c.HasDefault},
		{"quote", c.Quote, c.Quote != ""}, {"escape", c.Escape, c.Escape != ""},
	} {
		if option.given {
			words += fmt.Sprintf(" %s %q", option.name, option.value)
		}
	}
	if c.Headings > 0 {
		words += fmt.Sprintf(" header %d", c.Headings)
	}
	if c.Match {
		words += " match"
	}
	if c.ForceNotNull {
		words += " force"
	}
	if c.Encoding != "" {
		words += " encoding " + c.Encoding
	}
	return words
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
		c := ParseReplication(sql)
		if got := fmt.Sprint(c.Command, " ", c.Logical, " ", c.Options); got != want {
			t.Errorf("%s\n got %s\nwant %s", sql, got, want)
		}
	}
}
