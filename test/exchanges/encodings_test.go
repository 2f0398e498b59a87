package exchanges

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// TestEncodings has sessions whose SQL and values are not UTF-8. The log is UTF-8, and so is what
// is copied from it.
func TestEncodings(t *testing.T) {
	server := startServer(t, 15)
	for name, charset := range map[string]encoding.Encoding{"LATIN1": charmap.ISO8859_1, "SJIS": japanese.ShiftJIS} {
		sql := "select 'é\n', $1::text, 'a' as \"é\t\" -- é\n"
		value := "é's \\ \n"
		if name == "SJIS" {
			sql = "select 'ソ\n', $1::text, 'a' as \"表\t\" -- ソ\n"
			value = "ソ表's \\ ソ\n"
		}
		t.Run(name, func(t *testing.T) {
			pgpi, log := startQueries(t, server)
			observed, replay := connectTo(t, pgpi.Port), connectTo(t, server.Port)
			mustRun(t, observed, "set client_encoding = "+name)
			in, err := charset.NewEncoder().String(sql)
			if err != nil {
				t.Fatal(err)
			}
			parameter, err := charset.NewEncoder().Bytes([]byte(value))
			if err != nil {
				t.Fatal(err)
			}
			r := observed.ExecParams(t.Context(), in, [][]byte{parameter}, nil, nil, nil).Read()
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			want, err := charset.NewDecoder().String(string(r.Rows[0][0]) + string(r.Rows[0][1]) + r.FieldDescriptions[2].Name)
			if err != nil {
				t.Fatal(err)
			}
			line := sqlOfLines(t, pgpi, log)[1]
			results, err := replay.Exec(t.Context(), line).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			row := results[0].Rows[0]
			if got := string(row[0]) + string(row[1]) + results[0].FieldDescriptions[2].Name; got != want {
				t.Errorf("%s returns %q instead of %q", line, got, want)
			}
		})
	}
}
