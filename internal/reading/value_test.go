package reading_test

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/pgvalue"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// message frames a body.
func message(t wire.Type, body string) event.Message {
	b := append([]byte{t.Code(), 0, 0, 0, 0}, body...)
	binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
	return event.Message{Message: wire.Message{Type: t, Bytes: b, Size: int64(len(b))}}
}

// redacted blanks a part of a message.
func redacted(m event.Message, start, end int) event.Message {
	m.Redacted = append(m.Redacted, event.Span{Start: start, End: end})
	return m
}

// cut keeps the first n bytes of a message.
func cut(m event.Message, n int) event.Message {
	m.Bytes = m.Bytes[:n]
	return m
}

const (
	// values are three, of which the second is NULL.
	values = "\x00\x03\x00\x00\x00\x01a\xff\xff\xff\xff\x00\x00\x00\x01c"
	// wal is what XLogData begins with.
	wal = "w\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	// file is what a COPY in binary format begins with.
	file = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

func bind(formats string) event.Message {
	return message(wire.Bind, "\x00\x00"+formats+values+"\x00\x01\x00\x01")
}

// known is the context of all messages: the types of two parameters, and two columns.
var known = &event.Context{
	ParameterTypes: []uint32{23, 0},
	Columns:        []event.Column{{Name: "id", TypeOID: 20, Binary: true}, {Name: "note", TypeOID: 1043}},
}

// TestValue reads each value, or what is in its place, as its index, column, type and format,
// and what else is to be said of it.
func TestValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		m    event.Message
		want string
	}{
		"no format code":            {bind("\x00\x00"), "0 int4 text; 1 text NULL; 2 text"},
		"one format code":           {bind("\x00\x01\x00\x01"), "0 int4 binary; 1 binary NULL; 2 binary"},
		"a format code for each":    {bind("\x00\x03\x00\x01\x00\x00\x00\x01"), "0 int4 binary; 1 text NULL; 2 binary"},
		"too few format codes":      {bind("\x00\x02\x00\x01\x00\x01"), "0 int4 binary; 1 binary NULL; 2 text"},
		"a format that is not one":  {bind("\x00\x01\x01\x01"), "0 int4 text; 1 text NULL; 2 text"},
		"a redacted format code":    {redacted(bind("\x00\x02\x00\x01\x00\x01"), 10, 11), "0 int4 text; 1 binary NULL; 2 text"},
		"arguments":                 {message(wire.FunctionCall, "\x00\x00\x00\x07\x00\x02\x00\x01\x00\x00"+values+"\x00\x01"), "0 binary; 1 text NULL; 2 text"},
		"a result":                  {message(wire.FunctionCallResponse, "\x00\x00\x00\x01a"), "-1 text"},
		"a row":                     {message(wire.DataRow, values), "0 id int8 binary; 1 note varchar text NULL; 2 text"},
		"a redacted length":         {redacted(message(wire.DataRow, "\x00\x01\xff\xff\xff\xff"), 9, 11), ""},
		"COPY":                      {message(wire.CopyText, "a\t\\N\tc\nd\te\n"), "0 id int8 text; 1 note varchar text NULL; 2 text; 0 id int8 text; 1 note varchar text"},
		"COPY in CSV":               {message(wire.CopyCSV, "a,\\N\n"), "0 id int8 text; 1 note varchar text NULL"},
		"binary COPY":               {message(wire.CopyBinary, file+values+"\xff\xff"), "0 id int8 binary; 1 note varchar text NULL; 2 binary"},
		"an insert":                 {message(wire.LogicalInsert, wal+"I\x00\x00\x00\x07N\x00\x03b\x00\x00\x00\x01anu"), "0 id int8 binary N; 1 note varchar text NULL N; 2 text unchanged N"},
		"an update with its key":    {message(wire.LogicalUpdate, wal+"U\x00\x00\x00\x07K\x00\x01t\x00\x00\x00\x01aN\x00\x02nt\x00\x00\x00\x01b"), "0 id int8 text K; 0 id int8 binary NULL N; 1 note varchar text N"},
		"a delete":                  {message(wire.LogicalDelete, wal+"D\x00\x00\x00\x07O\x00\x02t\x00\x00\x00\x01an"), "0 id int8 text O; 1 note varchar text NULL O"},
		"a message that is whole":   {cut(message(wire.LogicalMessage, wal+"M\x00\x00\x00\x00\x00\x00\x00\x00\x00p\x00\x00\x00\x00\x02abtrailing"), 48), "-1 text"},
		"a message of which a part": {cut(message(wire.LogicalMessage, wal+"M\x00\x00\x00\x00\x00\x00\x00\x00\x00p\x00\x00\x00\x00\x02ab"), 47), "-1 text cut"},
		"values that are cut":       {cut(bind("\x00\x01\x00\x01"), 15), ""},
		"a value of which a part":   {cut(message(wire.DataRow, "\x00\x01\x00\x00\x00\x09abcdefghi"), 14), "0 id int8 binary cut"},
		"a value whole at the cut":  {cut(message(wire.DataRow, values), 12), "0 id int8 binary"},
		"a redacted length and cut": {redacted(cut(message(wire.DataRow, values), 12), 7, 11), "0 id int8 binary cut"},
	} {
		test.m.Context = known
		test.m.State.Copy.Null = `\N`
		if got := describe(&test.m); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}

// describe puts what is known of the values of a message into words. The reader has read another
// before, of which nothing may be left.
func describe(m *event.Message) string {
	before := message(wire.LogicalInsert, wal+"I\x00\x00\x00\x07N\x00\x01t\x00\x00\x00\x01a")
	var r reading.Reader
	r.Read(&before)
	r.Read(m)
	var all []string
	for i := range r.Fields {
		if f := &r.Fields[i]; f.Name == wire.TupleType || !f.Kind.IsValue() && !r.IsNull(i) && !r.IsUnchanged(i) {
			continue
		}
		v := r.Value(i)
		words := []string{strconv.Itoa(v.Index)}
		if v.Column != nil {
			words = append(words, v.Column.Name)
		}
		words = append(words, pgvalue.TypeName(v.Type), map[bool]string{true: "binary", false: "text"}[v.Binary])
		if r.IsNull(i) {
			words = append(words, "NULL")
		}
		if r.IsUnchanged(i) {
			words = append(words, "unchanged")
		}
		if r.IsCut(i) {
			words = append(words, "cut")
		}
		if v.Tuple != 0 {
			words = append(words, string(v.Tuple))
		}
		all = append(all, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return strings.Join(all, "; ")
}

// TestGroup reads what the values of a group have in common from the group itself.
func TestGroup(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		m    event.Message
		want reading.Value
	}{
		{message(wire.DataRow, values), reading.Value{Index: 0, Column: &known.Columns[0], Type: 20, Binary: true}},
		{bind("\x00\x01\x00\x01"), reading.Value{Index: 0, Type: 23, Binary: true}},
		{message(wire.RowDescription, "\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x01"), reading.Value{Index: 0}},
		{message(wire.LogicalRelation, wal+"R\x00\x00\x00\x07s\x00t\x00d\x00\x01\x00a\x00\x00\x00\x00\x17\xff\xff\xff\xff"), reading.Value{Index: 0}},
	} {
		test.m.Context = known
		var r reading.Reader
		r.Read(&test.m)
		for i := range r.Fields {
			if r.Fields[i].Kind != wire.Group {
				continue
			}
			test.want.Field = r.Fields[i]
			if got := r.Value(i); got != test.want {
				t.Errorf("%s: %+v, want %+v", test.m.Type, got, test.want)
			}
			break
		}
	}
}

func TestErrorCode(t *testing.T) {
	t.Parallel()
	m := message(wire.ErrorResponse, "SERROR\x00C42601\x00P8\x00\x00")
	var r reading.Reader
	r.Read(&m)
	var got []byte
	for i := range r.Fields {
		if r.Fields[i].Name == wire.ErrorValue {
			got = append(got, r.ErrorCode(i))
		}
	}
	if string(got) != "SCP" {
		t.Errorf("the texts are %q", got)
	}
}

// TestIsCut cuts random messages anywhere. A field that is not said to be cut ends where it does in
// the whole message, and one whose end could be known is cut only if it goes on there.
func TestIsCut(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range wire.Types() {
		for range 50 {
			whole := event.Message{Message: wire.Random(random, kind, wire.State{})}
			kept := cut(whole, random.IntN(len(whole.Bytes)))
			var r reading.Reader
			r.Read(&kept)
			fields := wire.AppendFields(nil, &whole.Message)
			for i := range r.Fields {
				f := &r.Fields[i]
				if f.Kind == wire.Group || f.Name == wire.Omitted || f.Name == wire.Trailing {
					continue
				}
				is, goesOn, isLast := r.IsCut(i), fields[i].End > f.End, int(f.End) == len(kept.Bytes)
				if goesOn && !is || is && !goesOn && endsByItself(r.Fields, i) || is && !isLast {
					t.Errorf("%s %q, of which %d bytes were kept: %s is cut: %t, and continues: %t", kind, whole.Bytes, len(kept.Bytes), f.Name, is, goesOn)
				}
			}
		}
	}
}

func endsByItself(fields []wire.Field, i int) bool {
	f := &fields[i]
	return f.Kind == wire.CString || f.Kind.IsInteger() || f.Kind == wire.Byte1 || fields[max(i-1, 0)].Name == wire.ValueLength
}

// TestAppendText reads values by the session's settings.
func TestAppendText(t *testing.T) {
	t.Parallel()
	berlin := &event.Settings{TimeZone: "Europe/Berlin", DateStyle: "German, DMY", ClientEncoding: "LATIN1"}
	time := "\x00\x00\x00\x08\x00\x02\xdc\x19\x42\x6a\xa6\x00" // 2025-07-04 13:30 UTC
	columns := &event.Context{Columns: []event.Column{{TypeOID: 1184, Binary: true}, {TypeOID: 25}, {TypeOID: 23, Binary: true}}}
	m := message(wire.DataRow, "\x00\x03"+time+"\x00\x00\x00\x04d\xe9j\xe0\x00\x00\x00\x01a")
	m.Context = columns
	var r reading.Reader
	for _, test := range []struct {
		settings *event.Settings
		want     []string
	}{
		{nil, []string{"2025-07-04 13:30:00+00", "d\xe9j\xe0"}},
		{berlin, []string{"04.07.2025 15:30:00 CEST", "déjà"}},
		{&event.Settings{ClientEncoding: "LATIN1"}, []string{"2025-07-04 13:30:00+00", "déjà"}},
		{berlin, []string{"04.07.2025 15:30:00 CEST", "déjà"}},
	} {
		m.Settings = test.settings
		r.Read(&m)
		var got []string
		var err error
		for i := range r.Fields {
			if r.Fields[i].Name == wire.ColumnValue {
				v := r.Value(i)
				var text []byte
				if text, err = r.AppendText(nil, &v); err == nil {
					got = append(got, string(text))
				}
			}
		}
		if strings.Join(got, "|") != strings.Join(test.want, "|") {
			t.Errorf("%+v: %q, want %q", test.settings, got, test.want)
		}
		if err == nil {
			t.Error("an int4 of one byte is read without an error")
		}
		if utf8 := test.settings == nil; r.IsUTF8() != utf8 {
			t.Errorf("%+v is UTF-8: %t", test.settings, !utf8)
		}
	}
}
