package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// query is a Query, complete and ready its end.
func query(sql string) string { return typed('Q', sql+"\x00") }

func data(body string) string { return typed('d', body) }

func status(key, value string) string { return typed('S', key+"\x00"+value+"\x00") }

const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

var (
	copyIn1  = typed('G', "\x00\x00\x01\x00\x00")
	copyIn2  = typed('G', "\x00\x00\x02\x00\x00\x00\x00")
	copyOut1 = typed('H', "\x00\x00\x01\x00\x00")
	copyOut2 = typed('H', "\x00\x00\x02\x00\x00\x00\x00")
	binIn2   = typed('G', "\x01\x00\x02\x00\x01\x00\x01")
	binOut2  = typed('H', "\x01\x00\x02\x00\x01\x00\x01")
	copyDone = typed('c', "")
	copied   = typed('C', "COPY 1\x00")
	failed   = typed('E', "SERROR\x00\x00")
)

// in is a step of the client, out one of the server.
func in(bytes string, want ...wire.Type) step  { return step{toServer, bytes, want, 0} }
func out(bytes string, want ...wire.Type) step { return step{toClient, bytes, want, 0} }

var copyDialogues = []dialogue{
	{"COPY IN, cut anywhere", afterLogin(
		in(query("COPY t (a, b) FROM STDIN"), wire.Query), out(copyIn2, wire.CopyInResponse),
		in(data("1\tfo")+data("o\n2\t")+data("\\N\n")+copyDone, wire.CopyText, wire.CopyText, wire.CopyText, wire.CopyDone),
		out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
		in(data("x"), wire.CopyData),
	)},
	{"COPY OUT with headings", afterLogin(
		in(query("COPY t TO STDOUT CSV HEADER"), wire.Query),
		out(copyOut2+data("a,b\n")+data("1,2\n")+copyDone+copied+ready,
			wire.CopyOutResponse, wire.CopyCSV, wire.CopyCSV, wire.CopyDone, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"JSON", afterLogin(
		in(query("COPY t TO STDOUT (FORMAT json); COPY (SELECT 1) TO STDOUT (FORMAT JSON, FORCE_ARRAY)"), wire.Query),
		out(copyOut1+data("{\"a\":1}\n")+data("{\"a\":null}\n")+copyDone+copied,
			wire.CopyOutResponse, wire.CopyJSON, wire.CopyJSON, wire.CopyDone, wire.CommandComplete),
		out(copyOut1+data("[\n")+data(" {\"a\":1}\n")+data(",{\"a\":2}\n")+data("]\n")+copyDone+copied+ready,
			wire.CopyOutResponse, wire.CopyJSON, wire.CopyJSON, wire.CopyJSON, wire.CopyJSON, wire.CopyDone, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"JSON that can't be", afterLogin(
		in(query("COPY t FROM STDIN (FORMAT json)"), wire.Query), out(copyIn1, wire.CopyInResponse),
		in(data("{\"a\":1}\n"), wire.CopyData),
	)},
	{"binary", afterLogin(
		in(query("COPY t (a, b) TO STDOUT BINARY; COPY t FROM STDIN (FORMAT binary)"), wire.Query),
		out(binOut2+data(copyHeader+"\x00\x02\x00\x00\x00\x01x\xff\xff\xff\xff")+data("\xff\xff")+copyDone+copied,
			wire.CopyOutResponse, wire.CopyBinary, wire.CopyBinary, wire.CopyDone, wire.CommandComplete),
		out(binIn2, wire.CopyInResponse),
		in(data(copyHeader[:5])+data(copyHeader[5:]+"\x00")+data("\x02\x00\x00\x00\x02a")+data("b\xff\xff\xff\xff\xff\xff")+copyDone,
			wire.CopyBinary, wire.CopyBinary, wire.CopyBinary, wire.CopyBinary, wire.CopyDone),
		out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"extended protocol, twice", afterLogin(
		in(typed('P', "c\x00COPY t FROM STDIN CSV\x00\x00\x00")+typed('S', ""), wire.Parse, wire.Sync),
		out(typed('1', "")+ready, wire.ParseComplete, wire.ReadyForQuery),
		in(typed('B', "\x00c\x00\x00\x00\x00\x00\x00\x00")+typed('E', "\x00\x00\x00\x00\x00")+typed('S', ""), wire.Bind, wire.Execute, wire.Sync),
		out(typed('2', "")+copyIn1, wire.BindComplete, wire.CopyInResponse),
		in(data("\"a\n")+typed('S', "")+data("b\"\n")+copyDone+typed('S', ""), wire.CopyCSV, wire.Sync, wire.CopyCSV, wire.CopyDone, wire.Sync),
		out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
		in(typed('B', "\x00c\x00\x00\x00\x00\x00\x00\x00")+typed('E', "\x00\x00\x00\x00\x00")+typed('S', ""), wire.Bind, wire.Execute, wire.Sync),
		out(typed('2', "")+copyIn1, wire.BindComplete, wire.CopyInResponse),
		in(data("x\n")+copyDone+typed('S', ""), wire.CopyCSV, wire.CopyDone, wire.Sync),
		out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
	)},
	{"an error, and a client that has not seen it", afterLogin(
		in(query("COPY t FROM STDIN"), wire.Query), out(copyIn1, wire.CopyInResponse),
		in(data("1"), wire.CopyText), out(failed+ready, wire.ErrorResponse, wire.ReadyForQuery),
		in(data("2\n")+copyDone+query("COPY t FROM STDIN CSV"), wire.CopyText, wire.CopyDone, wire.Query),
		out(copyIn1, wire.CopyInResponse),
		in(data("1\n")+typed('f', "no\x00"), wire.CopyCSV, wire.CopyFail), out(failed+ready, wire.ErrorResponse, wire.ReadyForQuery),
	)},
	{"data before it was asked for", afterLogin(
		in(query("COPY t FROM STDIN")+data("1\n2"), wire.Query, wire.CopyData), out(copyIn1, wire.CopyInResponse),
		in(data("3\n")+copyDone, wire.CopyData, wire.CopyDone), out(copied+ready, wire.CommandComplete, wire.ReadyForQuery),
		in(query("COPY t FROM STDIN")+data("1\n")+copyDone, wire.Query, wire.CopyData, wire.CopyDone),
		out(copyIn1+copied+ready, wire.CopyInResponse, wire.CommandComplete, wire.ReadyForQuery),
		in(query("COPY t FROM STDIN"), wire.Query), out(copyIn1, wire.CopyInResponse), in(data("1\n"), wire.CopyText),
	)},
	{"SQL that nobody can read", afterLogin(
		in(query("COPY t FROM STDIN (FORMAT new)"), wire.Query), out(copyIn1, wire.CopyInResponse), in(data("1\n")+copyDone, wire.CopyData, wire.CopyDone),
		out(copied+ready+binOut2+data(copyHeader), wire.CommandComplete, wire.ReadyForQuery, wire.CopyOutResponse, wire.CopyBinary),
		out(copyDone+copied+ready+copyOut2+data("1\n"), wire.CopyDone, wire.CommandComplete, wire.ReadyForQuery, wire.CopyOutResponse, wire.CopyData),
	)},
	{"the header of a binary COPY, cut", afterLogin(
		in(query("COPY t FROM STDIN BINARY"), wire.Query), out(binIn2, wire.CopyInResponse),
		in(data("PGCOPY\n\xff\r\n")+data("\x00\x00\x00\x00\x00\xff\xff"), wire.CopyBinary, wire.CopyBinary),
	)},
}

// shown is what is said of the values that a direction carries: type, table and per
// value its column, one row a line.
func shown(p *pump, d event.Direction) string {
	var b strings.Builder
	for _, s := range p.seen {
		if s.direction != d || s.typ.Code() != 'd' {
			continue
		}
		m := wire.Message{Type: s.typ, State: s.state, Bytes: []byte(s.bytes), Size: s.size}
		_, context, _ := strings.Cut(s.context, "]")
		words := strings.Fields(context)
		fmt.Fprintf(&b, "%s", s.typ)
		if len(words) > 1 && !strings.Contains(words[1], ":") {
			fmt.Fprintf(&b, " %s", words[1])
			words = words[1:]
		}
		column := 0
		for _, f := range wire.AppendFields(nil, &m) {
			switch f.Name {
			case wire.Column:
				column = int(f.Int)
			case wire.CopyValue, wire.CopyPart, wire.CopyNull, wire.CopyDefault, wire.CopyHeading, wire.ColumnValue, wire.OldKeyValue, wire.Malformed, wire.Data:
				name := ""
				if column+1 < len(words) {
					name, _, _ = strings.Cut(words[column+1], ":")
				}
				fmt.Fprintf(&b, " %s=%s", name, s.bytes[f.Start:f.End])
				if f.Name == wire.CopyNull {
					b.WriteString("(NULL)")
				}
				if f.Name == wire.CopyDefault {
					b.WriteString("(DEFAULT)")
				}
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Values are shown with the names of their columns, wherever these were said.
func TestColumnsOfRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		steps []step
		d     event.Direction
		want  string
	}{
		{"in the statement", afterLogin(
			in(query("SELECT 1; COPY public.t (id, \"N o\") FROM STDIN (DELIMITER '|', NULL 'x')"), wire.Query), out(copyIn2, wire.CopyInResponse),
			in(data("1|x\n"), wire.CopyText),
		), toServer, "CopyData/text public.t id=1 N=x(NULL)\n"},
		{"defaults", afterLogin(
			in(query("COPY t (a, b) FROM STDIN (DEFAULT 'new')"), wire.Query), out(copyIn2, wire.CopyInResponse),
			in(data("new\tnewer\n"), wire.CopyText),
		), toServer, "CopyData/text t a=new(DEFAULT) b=newer\n"},
		{"NULL in a column that is forced to it", afterLogin(
			in(query("COPY t (a, b) FROM STDIN (FORMAT csv, FORCE_NULL (a))"), wire.Query), out(copyIn2, wire.CopyInResponse),
			in(data("\"\",\n"), wire.CopyCSV),
		), toServer, "CopyData/csv t a=\"\" b=(NULL)\n"},
		{"in headings", afterLogin(
			in(query("COPY t TO STDOUT CSV HEADER"), wire.Query), out(copyOut2+data("a,\"b\"\"\"\n")+data("1,2\n"), wire.CopyOutResponse, wire.CopyCSV, wire.CopyCSV),
		), toClient, "CopyData/csv t =a =\"b\"\"\"\nCopyData/csv t a=1 b\"=2\n"},
		{"in headings that the server compares", afterLogin(
			status15, in(query("COPY t FROM STDIN (HEADER match)"), wire.Query), out(copyIn2, wire.CopyInResponse),
			in(data("a\tb\n1\t2\n")+data("3\t4\n"), wire.CopyText, wire.CopyText),
		), toServer, "CopyData/text t =a =b =1 =2\nCopyData/text t a=3 b=4\n"},
		{"in the rows themselves", afterLogin(
			in(query("COPY public.t TO STDOUT (FORMAT json)"), wire.Query), out(copyOut1+data("{\"a\":1}\n"), wire.CopyOutResponse, wire.CopyJSON),
		), toClient, "CopyData/json public.t json={\"a\":1}\n"},
		{"not in headings that it skips", afterLogin(
			in(query("COPY t FROM STDIN (HEADER)"), wire.Query), out(copyIn2, wire.CopyInResponse),
			in(data("a\tb\n")+data("3\t4\n"), wire.CopyText, wire.CopyText),
		), toServer, "CopyData/text t =a =b\nCopyData/text t =3 =4\n"},
		{"not where their number is another", afterLogin(
			in(query("COPY t (a) FROM STDIN"), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("3\t4\n"), wire.CopyText),
		), toServer, "CopyData/text t =3 =4\n"},
		{"the second COPY of a Query", afterLogin(
			in(query("COPY t (a, b) FROM STDIN; COPY u (c, d) FROM STDIN"), wire.Query),
			out(copyIn2, wire.CopyInResponse), in(data("1\t2\n")+copyDone, wire.CopyText, wire.CopyDone),
			out(copied+copyIn2, wire.CommandComplete, wire.CopyInResponse), in(data("3\t4\n")+copyDone, wire.CopyText, wire.CopyDone),
		), toServer, "CopyData/text t a=1 b=2\nCopyData/text u c=3 d=4\n"},
		{"end of data in CSV, as servers up to 17 have it", afterLogin(
			status15, in(query("COPY t (a, b) FROM STDIN CSV"), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("1,2\n\\.\nx"), wire.CopyCSV),
		), toServer, "CopyData/csv t a=1 b=2 a=x\n"},
		{"no end of data in CSV, from 18 on", afterLogin(
			status18, in(query("COPY t (a, b) FROM STDIN CSV"), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("1,2\n\\.\nx"), wire.CopyCSV),
		), toServer, "CopyData/csv t a=1 b=2 a=\\. a=x\n"},
		{"strings with escapes", afterLogin(
			out(status("standard_conforming_strings", "off"), wire.ParameterStatus),
			in(query(`COPY t (a, b) FROM STDIN (NULL '\'')`), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("1\t'\n"), wire.CopyText),
		), toServer, "CopyData/text t a=1 b='(NULL)\n"},
		{"an encoding with backslashes in it", afterLogin(
			out(status("client_encoding", "SJIS"), wire.ParameterStatus),
			in(query(`COPY t (a, b) FROM STDIN`), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("\x83\\\tx\n"), wire.CopyText),
		), toServer, "CopyData/text t a=\x83\\ b=x\n"},
	} {
		for cutting, cut := range map[string]func(int) int{"whole": whole, "single bytes": single} {
			t.Run(test.name+", "+cutting, func(t *testing.T) {
				t.Parallel()
				p := newPump(t)
				for i, s := range test.steps {
					before := len(p.seen)
					p.feed(s.direction, s.bytes, cut)
					checkStep(t, i, s, p.seen[before:])
				}
				if got := shown(p, test.d); got != test.want {
					t.Errorf("got\n%swant\n%s", got, test.want)
				}
			})
		}
	}
}

var (
	status15 = out(status("server_version", "15.18 (Debian 15.18-1)"), wire.ParameterStatus)
	status18 = out(status("server_version", "18.4"), wire.ParameterStatus)
)

// The position in rows is tracked even if a message passes of which next to nothing is kept.
func TestLargeRows(t *testing.T) {
	t.Parallel()
	row := strings.Repeat("x", 3*MaxHeld)
	for _, kept := range []int{0, 100, DefaultKept} {
		for name, cut := range map[string]func(int) int{"whole": whole, "thousands": everySoMany(1000)} {
			p := newPump(t)
			p.tracker.Kept = kept
			for _, s := range afterLogin(
				in(query("COPY t (a, b) FROM STDIN"), wire.Query), out(copyIn2, wire.CopyInResponse),
				in(data("1\t"+row+"\n2\tsec")+data("ond\n"), wire.CopyText, wire.CopyText),
			) {
				p.feed(s.direction, s.bytes, cut)
			}
			last := p.seen[len(p.seen)-1]
			m := wire.Message{Type: last.typ, State: last.state, Bytes: []byte(last.bytes), Size: last.size}
			fields := wire.AppendFields(nil, &m)
			at := slices.IndexFunc(fields, func(f wire.Field) bool { return f.Name == wire.CopyPart })
			if last.typ != wire.CopyText || at < 1 || fields[at-1].Int != 1 {
				t.Errorf("%d kept, %s: after a large message comes %s, %v", kept, name, last.typ, fields)
			}
		}
	}
}

// After an unseen part nothing is concluded, until a COPY begins anew.
func TestRowsAfterGap(t *testing.T) {
	t.Parallel()
	p := newPump(t)
	begin := []step{in(query("COPY t (a, b) FROM STDIN"), wire.Query), out(copyIn2, wire.CopyInResponse), in(data("1\t2\n"), wire.CopyText)}
	for i, s := range afterLogin(begin...) {
		before := len(p.seen)
		p.feed(s.direction, s.bytes, whole)
		checkStep(t, i, s, p.seen[before:])
	}
	p.tracker.Gap(toServer, 1)
	p.late.Gap(toServer, 1)
	for i, s := range append([]step{in(data("3\t4\n")+copyDone, wire.CopyData, wire.CopyDone), out(copied+ready, wire.CommandComplete, wire.ReadyForQuery)}, begin...) {
		before := len(p.seen)
		p.feed(s.direction, s.bytes, whole)
		checkStep(t, i, s, p.seen[before:])
	}
}

func TestCharactersOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]wire.Characters{
		"UTF8": wire.Plain, "": wire.Plain, "SJIS": wire.ShiftJIS, "Shift_JIS-2004": wire.ShiftJIS, "GB18030": wire.Pairs, "EUC_JP": wire.Plain,
	} {
		if got := charactersOf("", &event.Settings{ClientEncoding: name}); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
		if got := charactersOf(name, nil); got != want {
			t.Errorf("option %s: %d, want %d", name, got, want)
		}
	}
}

// Rows and changes pass without an allocation for each.
func TestDataDoesNotAllocate(t *testing.T) {
	for name, test := range map[string]struct {
		begin []step
		d     event.Direction
		bytes string
	}{
		"rows": {
			afterLogin(in(query("COPY t (a, b) FROM STDIN"), wire.Query), out(copyIn2, wire.CopyInResponse)), toServer, data("1\tcut") + data(" here\n"),
		},
		"changes": {
			afterReplicationLogin(in(startLogical, wire.Query), out(copyBoth+relation("", "id"), wire.CopyBothResponse, wire.LogicalRelation)), toClient, insert("", "1"),
		},
	} {
		p := newPump(t)
		for _, s := range test.begin {
			p.feed(s.direction, s.bytes, whole)
		}
		b := []byte(test.bytes)
		if n := testing.AllocsPerRun(100, func() { p.tracker.Scan(test.d, b) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
