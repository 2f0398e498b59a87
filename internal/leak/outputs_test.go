package leak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgpi/internal/capture"
	"pgpi/internal/decode"
	"pgpi/internal/event"
	"pgpi/internal/sink/jsonl"
	"pgpi/internal/sink/pcapng"
	"pgpi/internal/sink/pqtrace"
	"pgpi/internal/sink/text"
)

// constructs are statements with a canary in each place where SQL can have data.
var constructs = []struct {
	sql string
	// unsure says that a constant ends elsewhere if standard_conforming_strings is off, and
	// only that the canary is data with that setting and no other.
	unsure bool
	only   string
}{
	{`select 'Canary'`, false, ""},
	{`select 'it''s Canary', 'x'`, false, ""},
	{`select 'a\d+ Canary', '\d+'`, false, ""},
	{`select 'C:\', 'Canary'`, true, ""},
	{`select N'C:\', 'Canary'`, true, ""},
	{`select n'it\'s Canary', 'x'`, true, "off"},
	{`select 'C:\\', 'Canary'`, false, ""},
	{`select 'C:\\\', 'Canary'`, true, ""},
	{`select 'a\''Canary'`, true, "on"},
	{`select E'it\'s Canary', 'x'`, false, ""},
	{`select e'C:\\', 'Canary'`, false, ""},
	{`select E'\x43anary', E'C\141nary', E'\u0043anary'`, false, ""},
	{`select U&'\0043anary', U&'C:\', 'Canary'`, false, ""},
	{`select U&'!0043anary' UESCAPE '!', u&'Canary'`, false, ""},
	{`select B'0101', X'43616e617279', 'Canary'`, false, ""},
	{"select 'Can'\n'ary', 'Canary'", false, ""},
	{"select E'a' -- it's\n 'b\\'c', 'Canary'", false, ""},
	{"select 'a'\n'C:\\', 'Canary'", true, "on"},
	{`select $$Canary$$, $1, $x$ ' $$ Canary $x$, 'Canary'`, false, ""},
	{`select 1 as a$$, 'Canary', $$it's Canary$$`, false, ""},
	{`select 47110815, 4711.0815, 0x47110815, 1_000_Canary`, false, ""},
	{`select "it's", 'Canary' from "C:\"`, false, ""},
	{"select 1 -- it's Canary\n, 'Canary'", false, ""},
	{`select 1 /* it's /* nested */ Canary */, 'Canary'`, false, ""},
	{`select 1 */* ' Canary */ 2, 'Canary'`, false, ""},
	{`create function f() returns text language sql as $f$ select 'Canary' /* Canary */ $f$`, false, ""},
	{`create or replace procedure p() as $f$ begin execute $q$select 'Canary'$q$; end $f$ language plpgsql`, false, ""},
	{`do $$ begin perform 'C:\', 'Canary'; end $$`, true, ""},
	{`create function f() returns text as 'select ''Canary''' language sql`, false, ""},
	{`copy (select 'Canary') to stdout (format csv, null 'nothing')`, false, ""},
	{`copy t from stdin with (format 'csv', quote '"') where name = 'Canary'`, false, ""},
	{`set search_path = 'public'; set app.tenant = 'Canary'; select 'Canary'`, false, ""},
	{`insert into t values ('x'), ('Canary') on conflict do update set name = 'Canary'`, false, ""},
	{`select 'Canary`, false, ""},
	{`select E'Canary\`, false, ""},
	{`select $x$Canary`, false, ""},
	{`select /* Canary`, false, ""},
}

// birds are the canaries of all constructs.
var birds = regexp.MustCompile(`anary|\\141nary|43616e617279|47110815|4711\.0815`)

// TestConstructs redacts each construct with each setting. No output has a canary, and the
// recording is certified where the setting makes clear where constants end. Where a value
// is put back into an output, it is found.
func TestConstructs(t *testing.T) {
	for _, standard := range []string{"on", "off", ""} {
		for i, c := range constructs {
			t.Run(fmt.Sprintf("%d %s", i, standard), func(t *testing.T) {
				d := login(standard, "")
				d.client('Q', c.sql, "\x00")
				d.server('E', "SERROR\x00C42601\x00Msyntax error\x00\x00")
				d.server('Z', "I")
				safe := d.redacted(t)
				for name, b := range map[string][]byte{"what is recorded": slices.Concat(bytesOf(safe)...), "the recording": record(t, safe)} {
					if found := birds.Find(b); found != nil {
						t.Errorf("%s has %q: %q", name, found, safe[len(safe)-3].bytes)
					}
				}
				detector := d.learned()
				readRecording(t, record(t, safe), detector.Search)
				switch err := detector.Err(); {
				case c.unsure && standard == "":
					if err == nil || !strings.Contains(err.Error(), "standard_conforming_strings is on") || !strings.Contains(err.Error(), "Query (1), first in connection #1") {
						t.Errorf("the check says %v", err)
					}
				case err != nil:
					t.Error(err)
				}
				lookAtOutputs(t, d, safe, detector, c.only == "" || (c.only == "off") == (standard == "off"))
			})
		}
	}
}

func bytesOf(d dialogue) (all [][]byte) {
	for _, u := range d {
		all = append(all, u.bytes)
	}
	return all
}

// outputs are the logs that a dialogue can be written to, and what their lines say.
var outputs = []struct {
	name  string
	sink  func(*bytes.Buffer) interface{ Write([]event.Event) error }
	plain func(line string) string
}{
	{"annotated", func(b *bytes.Buffer) interface{ Write([]event.Event) error } { return text.New(b, text.Options{}) }, withoutEscapes},
	{"raw", func(b *bytes.Buffer) interface{ Write([]event.Event) error } {
		return text.New(b, text.Options{Mode: text.Raw})
	}, withoutEscapes},
	{"JSON Lines", func(b *bytes.Buffer) interface{ Write([]event.Event) error } { return jsonl.New(b, jsonl.Options{}) }, stringsOfJSON},
	{"pqtrace", func(b *bytes.Buffer) interface{ Write([]event.Event) error } {
		return pqtrace.New(b, pqtrace.Options{NoTimes: true})
	}, func(line string) string { return line }},
}

// lookAtOutputs writes a dialogue and its redaction to each log, and looks at both with a
// detector: as if one line after the other was put back.
func lookAtOutputs(t *testing.T, d, safe dialogue, detector *Detector, isData bool) {
	t.Helper()
	for _, o := range outputs {
		before, after := write(t, d, o.sink), write(t, safe, o.sink)
		if len(before) != len(after) {
			t.Fatalf("%s: %d lines became %d", o.name, len(before), len(after))
		}
		found := 0
		for i := range after {
			if birds.MatchString(after[i]) || detector.learned.hasText([]byte(o.plain(after[i]))) {
				t.Errorf("%s: a value is in %s", o.name, after[i])
			}
			if detector.learned.hasText([]byte(o.plain(before[i]))) {
				found++
			} else if birds.MatchString(before[i]) && isData {
				t.Errorf("%s: no value is found in %s", o.name, before[i])
			}
		}
		if found == 0 && isData {
			t.Errorf("%s: no value is found in any line", o.name)
		}
	}
}

func write(t *testing.T, d dialogue, open func(*bytes.Buffer) interface{ Write([]event.Event) error }) []string {
	t.Helper()
	var b bytes.Buffer
	sink := open(&b)
	d.track(func(e *event.Event) {
		if err := sink.Write([]event.Event{*e}); err != nil {
			t.Fatal(err)
		}
	})
	return strings.Split(b.String(), "\n")
}

// escapes are those of the text logs.
var escapes = regexp.MustCompile(`\\(x[0-9A-Fa-f]{2}|.)`)

// withoutEscapes is a line of a text log with its strings as they were.
func withoutEscapes(line string) string {
	return escapes.ReplaceAllStringFunc(line, func(escape string) string {
		if escape[1] == 'x' && len(escape) == 4 {
			if n, err := strconv.ParseUint(escape[2:], 16, 8); err == nil {
				return string([]byte{byte(n)})
			}
		}
		if control := controls[escape[1]]; control != 0 {
			return string(control)
		}
		return escape[1:]
	})
}

// stringsOfJSON returns the strings in a line of JSON, one after the other.
func stringsOfJSON(line string) string {
	var all strings.Builder
	var add func(any)
	add = func(v any) {
		switch v := v.(type) {
		case string:
			all.WriteString(v + "\n")
		case []any:
			for _, one := range v {
				add(one)
			}
		case map[string]any:
			for _, one := range v {
				add(one)
			}
		}
	}
	var object any
	if json.Unmarshal([]byte(line), &object) == nil {
		add(object)
	}
	return all.String()
}

// record returns the recording of a dialogue.
func record(t *testing.T, d dialogue) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recording.pcapng")
	sink, err := pcapng.New(pcapng.Options{Path: path, Redacted: true})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	events := []event.Event{{Conn: 1, Kind: event.Said, Fact: event.Opened{Time: at, Client: "127.0.0.1 port 50000"}, At: at}}
	d.track(func(e *event.Event) {
		own := *e
		own.At, own.Messages = at, slices.Clone(e.Messages)
		events = append(events, own)
	})
	events = append(events, event.Event{Conn: 1, Kind: event.Said, Fact: event.Ended{}, At: at})
	if err := sink.Write(events); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recorder calls a function with events, one at a time.
type recorder func(*event.Event)

func (r recorder) Record(e *event.Event) { r(e) }
func (recorder) Wait(<-chan struct{})    {}

// readRecording calls f with the events of a recording.
func readRecording(t *testing.T, b []byte, f func(*event.Event)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "recording.pcapng")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := capture.Open([]string{path}, capture.Options{Problem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	decoding := decode.New(nil)
	record := func(e *event.Event) { decoding.Take(e, f) }
	if report := reader.Read(context.Background(), recorder(record)); report.Connections != 1 {
		t.Errorf("the recording has %d connections", report.Connections)
	}
}
