package session

import (
	"testing"

	"pgpi/internal/sqltext"
	"pgpi/internal/wire"
)

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
		c, ok := sqltext.FindCopy(sql, 0, sqltext.Settings{})
		if got := rowsAs(c); !ok || got != want {
			t.Errorf("%s\n got %t, %+v\nwant %+v", sql, ok, got, want)
		}
	}
}
