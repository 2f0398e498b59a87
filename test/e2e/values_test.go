package e2e

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// Values are shortened to --log-max-value, and the omitted bytes are counted. SQL is shown whole,
// in Query and in Parse.
func TestLongValues(t *testing.T) {
	comment := " /* " + strings.Repeat("a long story ", 300) + "*/"
	parameter, result := strings.Repeat("p", 3000), strings.Repeat("r", 3000)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"default": {nil, []string{
			`"` + parameter[:1024] + `" = parameter value: $1 text, omitted: 1976 bytes`, `"` + result[:1024] + `" = column value: r, omitted: 1976 bytes`,
		}},
		"100": {[]string{"--log-max-value=100"}, []string{
			`"` + parameter[:100] + `" = parameter value: $1 text, omitted: 2900 bytes`, `"` + result[:100] + `" = column value: r, omitted: 2900 bytes`,
		}},
		"all": {[]string{"--log-max-value=0"}, []string{`"` + parameter + `" = parameter value: $1 text`, `"` + result + `" = column value: r`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, append(to(startCluster(t, server18)), test.args...)...)
			conn, err := pgconn.Connect(t.Context(), through(p, "trust").String())
			if err != nil {
				t.Fatal(err)
			}
			simple, extended := "select repeat('r', 3000) as r"+comment, "select length($1)"+comment
			if _, err := conn.Exec(t.Context(), simple).ReadAll(); err != nil {
				t.Error(err)
			}
			const text = 25
			if r := conn.ExecParams(t.Context(), extended, [][]byte{[]byte(parameter)}, []uint32{text}, nil, nil).Read(); r.Err != nil {
				t.Error(r.Err)
			}
			if err := conn.Close(t.Context()); err != nil {
				t.Error(err)
			}
			log := p.log.ended(t, "#1")
			log.mustHave(t, `"`+simple+`\x00" = query`, `"`+extended+`\x00" = query`)
			log.mustHave(t, test.want...)
			if name == "all" {
				log.mustLack(t, "omitted")
			}
		})
	}
}
