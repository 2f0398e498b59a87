package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	driver "github.com/jackc/pgx/v5"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// birds is a session of psql with values in all kinds of places, most of them with a canary.
const birds = `
create table birds(id serial primary key, name text not null, note varchar(50), born date, at timestamptz default now(), doc jsonb, raw bytea, ip inet);
\d birds
\d+
\l
\df
insert into birds(name, note, born, doc, raw, ip) values ('Canary 47', 'it''s a Canary', date '2020-02-03', '{"a": "Canary\"y", "n": [1234, true]}', '\xdeadbeef', '10.1.2.3'),
  (E'O\'Canary\n2', N'C:\', '1999-12-31', '[]', '\x00', '::1'), ($$dollar 'Canary'$$, U&'C\0061nary', null, '"x"', null, '10.0.0.1');
select * from birds where name like 'Can%' or note ~ '\d+' or note = 'C:\' and name = 'Canary';
copy birds(name, note, born) from stdin with (format csv, null 'nil');
"Canary, ""red""",x,2001-01-01
Wren,nil,nil
\.
copy birds(name, note) from stdin;
Canary\there	\N
\.
copy birds to stdout;
copy birds to stdout with (format csv, header);
insert into birds(id, name) values (1, 'Canary twice');
insert into birds(name) values (null);
select 'Canary'::int;
create function f(a int) returns text language plpgsql as $f$
declare v text := 'Canary inside'; -- a Canary in a comment
begin
  raise notice 'Hello % from %', a, v;
  execute $q$select 'a deep Canary'$q$ into v;
  return v || E'\t' || a;
end $f$;
select f(471101);
do $$ begin raise exception 'no % here', 'Canary' using hint = 'look for another Canary'; end $$;
set app.tenant = 'Canary Ltd';
set application_name = 'observer';
set standard_conforming_strings = off;
select 'it\'s a Canary', 'C:\\', E'Canary\'s';
set standard_conforming_strings = on;
select 'C:\', 'a third Canary', 'Can'
  'ary';
listen song; notify song, 'Canary sings';
begin; declare c cursor for select * from birds; fetch 2 from c; commit;
prepare p(text) as select * from birds where name = $1; execute p('Canary 47'); deallocate p;
select generate_series(1000, 3000), md5(random()::text);
`

// TestRedactedRecordings redacts recordings of real clients. Both checks certify them, and
// no canary is left.
func TestRedactedRecordings(t *testing.T) {
	for name, run := range map[string]func(t *testing.T, s *localpg.Server, c connect){
		"psql": func(t *testing.T, _ *localpg.Server, c connect) {
			cmd := psqlCommand(t, psql15, c)
			cmd.Args = append(cmd.Args, "-v", "ON_ERROR_STOP=0")
			cmd.Stdin = strings.NewReader(birds)
			if output, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(output, []byte("a third Canary")) {
				t.Errorf("%v: %s", err, output)
			}
		},
		"pgbench": func(t *testing.T, _ *localpg.Server, c connect) {
			for _, args := range [][]string{{"-i", "-q"}, {"-n", "-t", "50"}, {"-n", "-M", "extended", "-t", "50", "-c", "4"}, {"-n", "-M", "prepared", "-t", "50", "-c", "4"}} {
				cmd := exec.Command(servers.Program(t, "pgbench"), append(args, c.String())...)
				if output, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("pgbench: %v: %s", err, output)
				}
			}
		},
		"pgx": inBinary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startCluster(t, server18)
			database := "redaction_of_" + name
			direct := connect{"host": s.Host, "port": fmt.Sprint(s.Port), "user": "postgres", "dbname": "postgres", "sslmode": "disable"}
			for _, sql := range []string{"drop database if exists ", "create database "} {
				if _, err := query(t, pgx, direct, sql+database); err != nil {
					t.Fatal(err)
				}
			}
			old, safe := filepath.Join(t.TempDir(), "old.pcapng"), filepath.Join(t.TempDir(), "safe.pcapng")
			p := launch(t, append(to(s), "--record="+old, "--log-forwarded=none")...)
			run(t, s, through(p, "postgres", "dbname", database))
			p.stop(t)
			var stderr bytes.Buffer
			cmd := exec.Command(pgpiPath, "read", "--redact=values", "--record="+safe, "--log-forwarded=none", old)
			cmd.Stderr = &stderr
			if err := cmd.Run(); err != nil || strings.Count(stderr.String(), "values of four bytes or more were looked for") != 2 {
				t.Errorf("%v: %s", err, stderr.String())
			}
			for path, want := range map[string]bool{old: name != "pgbench", safe: false} {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(b, []byte("Canary")) != want {
					t.Errorf("a canary is in %s: %t", filepath.Base(path), !want)
				}
			}
		})
	}
}

// inBinary sends and receives values of many types in binary format.
func inBinary(t *testing.T, _ *localpg.Server, c connect) {
	conn, err := driver.Connect(t.Context(), c.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // what was to be recorded has been
	rows, err := conn.Query(t.Context(), `select g, $1::text || g, $2::int8 + g, $3::float8 * g, array[$1, 'Canary'], jsonb_build_object('a', $1::text, 'n', g),
		now() + g * interval '1 day', current_date + g, gen_random_uuid(), md5(g::text)::bytea, g::numeric / 7, '10.0.0.0'::inet + g, int4range(g, g + 10), g % 2 = 0
		from generate_series(100, 300) g`, "Canary ", int64(471100000), 1.25)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() { // the values do not matter
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}
