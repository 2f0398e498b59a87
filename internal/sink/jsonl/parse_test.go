package jsonl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pgpi/internal/wire"
)

// object is a JSON object with its members in order.
type object []member

type member struct {
	key   string
	value any // nil, bool, string, json.Number, []any or object
}

func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// parseLines reads a log with encoding/json, and checks each line against the schema.
func parseLines(t testing.TB, log string) []object {
	t.Helper()
	var lines []object
	for line := range strings.Lines(log) {
		if !strings.HasSuffix(line, "}\n") {
			t.Fatalf("a line does not end with the object that it is: %q", line)
		}
		checkSchema(t, line)
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		value, err := parseValue(decoder)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			t.Fatalf("there is more than one object: %s", line)
		}
		lines = append(lines, value.(object))
	}
	return lines
}

// parseValue reads a value. It refuses objects that have a key twice, because programs keep only
// one of them.
func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		o := object{}
		keys := map[string]bool{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name := key.(string)
			if keys[name] {
				return nil, fmt.Errorf("the key %q comes twice", name)
			}
			keys[name] = true
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			o = append(o, member{name, v})
		}
		_, err := d.Token()
		return o, err
	}
	return token, nil
}

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	return jsonschema.NewCompiler().Compile("../../../docs/jsonl.schema.json")
})

func checkSchema(t testing.TB, line string) {
	t.Helper()
	if err := validate(t, line); err != nil {
		t.Fatalf("%v\n%s", err, line)
	}
}

func validate(t testing.TB, line string) error {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return s.Validate(value)
}

// TestSchemaRefuses: a schema that accepts everything would check nothing.
func TestSchemaRefuses(t *testing.T) {
	s := newTranscript()
	s.Client(message(wire.Query, "SELECT 1\x00"))
	line, _, _ := strings.Cut(render(t, Options{}, s.Events), "\n")
	for _, replace := range [][2]string{
		{`"v":1`, `"v":2`},
		{`"v":1,`, ``},
		{`"conn":1,`, ``},
		{`"kind":"message"`, `"kind":"forwarded"`},
		{`"size":14`, `"size":"14"`},
		{`"size":14`, `"size":14,"new":1`},
		{`"sql":"SELECT 1"`, `"sql":1`},
		{`"sql":"SELECT 1"`, `"sql":{}`},
		{`"sql":"SELECT 1"`, `"sql":["SELECT 1"]`},
		{`"sql":"SELECT 1"`, `"query":"SELECT 1"`},
		{`"sql":"SELECT 1"`, `"sql":{"hex":"0"}`},
	} {
		changed := strings.Replace(line, replace[0], replace[1], 1)
		if changed == line {
			t.Errorf("there is no %s to replace", replace[0])
		}
		if validate(t, changed) == nil {
			t.Errorf("the schema takes %s", changed)
		}
	}
}
