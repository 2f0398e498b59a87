package leak

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/pseudonym"
	"pgpi/internal/wire"
)

// names are what statements are made of, and also what constants are. Some can only be
// constants.
var (
	names = strings.Fields(`birds name value type table select Alice Bob data 4711 1234 12 true public.birds 2024-01-15
		10:30:00 naïve 日本語 "quoted" ; , ( ) = . :: copy set from`)
	values = append(strings.Fields(`O'Neil C:\ x\ny {"a":"b\"c"} it's \d+ \x4142 $$ -- /* */ ' E' N' U&' B' " '' \'`), names...)
)

// randomSQL returns names and constants in any order. There is no backslash before a quote
// in '…': the redaction reads that in both ways at once.
func randomSQL(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(30) {
		value := values[r.IntN(len(values))]
		switch r.IntN(8) {
		case 0:
			fmt.Fprintf(&b, "'%s ' ", strings.ReplaceAll(strings.ReplaceAll(value, `\'`, ""), "'", "''"))
		case 1:
			fmt.Fprintf(&b, "E'%s' ", strings.NewReplacer("'", `\'`, `\`, `\\`).Replace(value))
		case 2:
			fmt.Fprintf(&b, "$x$%s$x$\n", value)
		case 3:
			fmt.Fprintf(&b, "/* %s and more */", strings.NewReplacer("/*", "", "*/", "").Replace(value))
		default:
			b.WriteString(names[r.IntN(len(names))] + " ")
		}
	}
	return b.String()
}

// rows are messages that are little but values.
var rows = []wire.Type{
	wire.DataRow, wire.Bind, wire.CopyText, wire.CopyCSV, wire.CopyBinary, wire.FunctionCall, wire.FunctionCallResponse,
	wire.NotificationResponse, wire.LogicalInsert, wire.LogicalUpdate, wire.LogicalMessage,
}

// FuzzHonest: whatever the messages are, none of the values that are learned from them is
// found in their redaction. It ends, and does not panic.
func FuzzHonest(f *testing.F) {
	f.Add(uint64(1), []byte("Alice 4711"))
	f.Add(uint64(2), []byte("SELECT 'Alice', 4711, 'C:\\', E'it\\'s' \x00"))
	f.Add(uint64(3), []byte("Alice,\"4711\"\n"))
	f.Add(uint64(4), []byte("DKey (id)=(4711) already exists\x00\x00"))
	f.Fuzz(func(t *testing.T, seed uint64, body []byte) {
		r := rand.New(rand.NewPCG(seed, 1))
		settings := &event.Settings{StandardStrings: []string{"on", "off", ""}[r.IntN(3)], ClientEncoding: "UTF8"}
		types := wire.Types()
		sql := []string{randomSQL(r), randomSQL(r), randomSQL(r)}
		var before []event.Message
		for i := range 20 {
			m := wire.Random(r, types[r.IntN(len(types))], wire.State{})
			if r.IntN(2) == 0 {
				m = wire.Message{Type: rows[r.IntN(len(rows))], Bytes: append([]byte{'d', 0, 0, 0, 0}, body...)}
			}
			if i < len(sql) || r.IntN(4) == 0 {
				m = wire.Message{Type: wire.Query, Bytes: []byte("Q\x00\x00\x00\x00" + sql[i%len(sql)] + "\x00")}
			}
			m.Size = int64(len(m.Bytes)) + r.Int64N(2)
			c := &event.Context{SQL: sql[r.IntN(len(sql))], Columns: make([]event.Column, 3), ParameterTypes: []uint32{uint32(r.IntN(4100)), 1700, 1043}}
			for i := range c.Columns {
				c.Columns[i] = event.Column{Name: names[r.IntN(len(names))], TypeOID: uint32(r.IntN(4100)), Binary: r.IntN(2) == 0}
			}
			before = append(before, event.Message{Message: m, Context: c, Settings: settings})
		}
		searchRedacted(t, before)
	})
}

// searchRedacted redacts messages, with all values known, and searches them.
func searchRedacted(t *testing.T, before []event.Message) {
	t.Helper()
	v, d := pseudonym.New(), New()
	e := event.Event{Kind: event.Traffic, Conn: 1, Messages: before}
	v.Learn(&e)
	after := event.Event{Kind: event.Traffic, Conn: 1, Messages: slices.Clone(before)}
	for i := range after.Messages {
		after.Messages[i].Bytes = bytes.Clone(after.Messages[i].Bytes)
	}
	d.Watch(&after, v.Apply)
	d.Search(&after)
	if d.found.any() || d.kept.any() || d.visible.any() {
		t.Errorf("the check says %v", d.Err())
	}
}

// TestDense has so many short values of a kind that most of what is random is one of them.
func TestDense(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = 'a' + byte(r.IntN(26))
		}
		return string(b)
	}
	d := login("on", "")
	d.client('Q', "select * from birds where a in ("+strings.Repeat("'O''Neil', 1234, E'x\\ny', ", 20)+"'\\d+')\x00")
	d.server('T', int16(6), column("id", 23, 0), column("n", 23, 1), column("code", 25, 0), column("doc", 114, 0), column("day", 1082, 1), column("b", 17, 0))
	for i := range 3000 {
		d.server('D', row(value(fmt.Sprint(1000+3*i)), value(uint32(i)), value(letters(4)), value(fmt.Sprintf(`{"%s": [%d, "%s\"%s\n"]}`, letters(2), i, letters(1), letters(2))),
			value(uint32(i)), value(fmt.Sprintf(`\x%04x`, i))))
	}
	d.server('C', "SELECT 3000\x00")
	d.server('Z', "I")
	d.client('Q', "COPY birds TO STDOUT (FORMAT csv)\x00")
	d.server('H', "\x00", int16(3), int16(0), int16(0), int16(0))
	for i := range 3000 {
		d.server('d', fmt.Sprintf("\"%s\",\"%s\"\"%s\",%d:%02d\n", letters(2), letters(1), letters(2), i%24, i%60))
	}
	d.server('c')
	d.server('C', "COPY 3000\x00")
	for range 3 { // with another key each time
		if err := d.redacted(t).check(t, d); err != nil {
			t.Error(err)
		}
	}
}
