package formats

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// TestQuestions asks the questions of docs/jsonl.md about a session whose answers are known.
func TestQuestions(t *testing.T) {
	jq := filepath.Dir(servers.Program(t, "jq"))
	server, err := localpg.Start(t.Context(), localpg.Config{Bin: servers.Require(t, 18), Auth: localpg.Trust})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // what was to be learned has been
	dir := t.TempDir()
	p := start(t, "--server-host="+server.Host, fmt.Sprintf("--server-connect-port=%d", server.Port),
		"--log=annotated=-", "--log=json="+filepath.Join(dir, "pgpi.jsonl"))
	url := fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", server.User, p.port, server.Database)
	mixedSession(t, url)
	p.stop(t)

	checkSchema(t, filepath.Join(dir, "pgpi.jsonl"))
	commands := commandsOf(t, "../../docs/jsonl.md")
	for question, want := range map[string]string{
		"Statements by count:": "3\tselect $1::int4 as n, $2::text as word\n2\tselect 1/0\n1\tcreate temporary table t (n int4)\n" +
			"1\tselect 'größe' as \"what's this\", null::date as day\n1\tselect * from nowhere\n",
		"Errors by SQLSTATE:":            "2\t22012\n1\t42P01\n",
		"Rows, as objects of their own:": `{"n":"1","word":"é"}` + "\n" + `{"n":"2","word":"é"}` + "\n" + `{"n":"3","word":"é"}` + "\n" + `{"what's this":"größe","day":null}` + "\n",
		"Who connected to what:":         fmt.Sprintf("#1\t%[1]s\t%[2]s\n#2\t%[1]s\t%[2]s\n", server.User, server.Database),
		"The slowest statements:":        "^(\\d+ µs\t.*\n){9}$",
		"Rows and bytes by connection:":  `^#1\t3 rows\t\d+ bytes\n#2\t1 rows\t\d+ bytes\n$`,
	} {
		command := exec.Command("sh", "-c", commands[question])
		command.Dir, command.Env = dir, append(os.Environ(), "PATH="+jq+":"+os.Getenv("PATH"))
		answer, err := command.CombinedOutput()
		switch {
		case commands[question] == "":
			t.Errorf("the documentation does not ask: %s", question)
		case err != nil:
			t.Errorf("%s: %v: %s", question, err, answer)
		case strings.HasPrefix(want, "^"):
			if !regexp.MustCompile(want).Match(answer) {
				t.Errorf("%s\n%s", question, answer)
			}
		case !sameLines(string(answer), want):
			t.Errorf("%s\n%s", question, answer)
		}
		delete(commands, question)
	}
	for question := range commands {
		t.Errorf("nobody has asked: %s", question)
	}
}

// mixedSession has two connections, with the simple and the extended protocol, values in both
// formats, and errors.
func mixedSession(t *testing.T, url string) {
	t.Helper()
	first := connect(t, url)
	for n := range int32(3) {
		var back int32
		var word string
		if err := first.QueryRow(t.Context(), "select $1::int4 as n, $2::text as word", n+1, "é").Scan(&back, &word); err != nil || back != n+1 {
			t.Fatalf("%d came back as %d: %v", n+1, back, err)
		}
	}
	second := connect(t, url)
	for _, sql := range []string{"create temporary table t (n int4)", "select 'größe' as \"what's this\", null::date as day"} {
		if _, err := second.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{"select 1/0", "select 1/0", "select * from nowhere"} {
		if _, err := second.PgConn().Exec(t.Context(), sql).ReadAll(); err == nil {
			t.Fatalf("%s has worked", sql)
		}
	}
	for _, c := range []*pgx.Conn{first, second} {
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sameLines compares without order: equal counts can be in any order.
func sameLines(a, b string) bool {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	slices.Sort(left)
	slices.Sort(right)
	return slices.Equal(left, right)
}

var commandPattern = regexp.MustCompile("(?m)^(.*:)\n\n```sh\n((?s:.*?))```$")

// commandsOf returns the commands in a document, by the questions before them.
func commandsOf(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	commands := map[string]string{}
	for _, found := range commandPattern.FindAllStringSubmatch(string(text), -1) {
		commands[found[1]] = found[2]
	}
	return commands
}

func checkSchema(t *testing.T, path string) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/jsonl.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(log)) {
		n++
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("line %d: %v: %s", n, err, line)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("line %d: %v: %s", n, err, line)
		}
	}
	if n < 50 {
		t.Errorf("the log has %d lines only", n)
	}
}
