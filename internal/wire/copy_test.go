package wire_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// textRows is how servers and clients write rows where nothing else was said.
var textRows = wire.State{Copy: wire.Copy{Null: `\N`, EndMark: true}}

// copyExamples are messages of COPY.
var copyExamples = []example{
	{typ: wire.CopyText, state: textRows, bytes: typed('d', "1\tone\n2\t\\N\n3\t\n")},
	{what: "escapes", typ: wire.CopyText, state: textRows, bytes: typed('d', "a\\\tb\\\nc\\\\\t\\\\N\n")},
	{what: "line ends", typ: wire.CopyText, state: textRows, bytes: typed('d', "a\r\nb\r\n\n")},
	{what: "end mark", typ: wire.CopyText, state: textRows, bytes: typed('d', "1\n\\.\nrest\n")},
	{what: "no end mark", typ: wire.CopyText, state: textRows, bytes: typed('d', "1\t\\.\n\\.\t2\n\\.x\n")},
	{what: "options", typ: wire.CopyText, state: wire.State{Copy: wire.Copy{Delimiter: '|', Null: "none"}},
		bytes: typed('d', "1|none|nonexistent||\\none\n")},
	{what: "cut in the middle", typ: wire.CopyText, state: textRows, bytes: typed('d', "1\ton")},
	{what: "GBK, whose second byte may be a backslash", typ: wire.CopyText,
		state: wire.State{Copy: wire.Copy{Characters: wire.Pairs}}, bytes: typed('d', "\x95\\\tx\n")},
	{what: "SJIS, which has single bytes too", typ: wire.CopyText,
		state: wire.State{Copy: wire.Copy{Characters: wire.ShiftJIS}}, bytes: typed('d', "\xb1\t\x83\\\n")},
	{typ: wire.CopyCSV, bytes: typed('d', "1,\"a,b\"\"c\nd\",,\"\"\n")},
	{what: "header", typ: wire.CopyCSV, state: wire.State{Copy: wire.Copy{Headings: 1}}, bytes: typed('d', "id,\"a note\"\n1,x\n")},
	{what: "quotes in the middle of a value", typ: wire.CopyCSV, bytes: typed('d', "a\"b,c\"d,e\n")},
	{what: "options", typ: wire.CopyCSV, state: wire.State{Copy: wire.Copy{Delimiter: ';', Quote: '\'', Escape: '\\', Null: "NULL"}},
		bytes: typed('d', "'it\\'s \\\\';NULL;'NULL'\n")},
	{what: "end mark", typ: wire.CopyCSV, state: wire.State{Copy: wire.Copy{EndMark: true}}, bytes: typed('d', "\"\\.\"\n\\.\n")},
	{what: "NULL that nobody can tell", typ: wire.CopyCSV, state: wire.State{Copy: wire.Copy{NoNull: true}}, bytes: typed('d', ",\n")},
	{what: "defaults", typ: wire.CopyText, state: wire.State{Copy: wire.Copy{Null: `\N`, Default: `\D`, HasDefault: true}},
		bytes: typed('d', "\\D\t\\Dx\t\\N\n")},
	{what: "defaults", typ: wire.CopyCSV, state: wire.State{Copy: wire.Copy{Null: "-", HasDefault: true}}, bytes: typed('d', ",\"\",-\n")},
	{typ: wire.CopyBinary, bytes: typed('d', binaryHeader+"\x00\x03\x00\x00\x00\x04\x00\x00\x00\x2a\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff")},
	{what: "extension", typ: wire.CopyBinary, bytes: typed('d', binarySignature+"\x00\x01\x00\x00\x00\x00\x00\x03abc\x00\x00")},
	{what: "cut in the signature", typ: wire.CopyBinary, bytes: typed('d', "PGCO")},
	{what: "another signature", typ: wire.CopyBinary, bytes: typed('d', "PGCOPX\n")},
	{what: "cut in a length", typ: wire.CopyBinary, bytes: typed('d', binaryHeader+"\x00\x01\x00\x00")},
	{what: "length -2", typ: wire.CopyBinary, bytes: typed('d', binaryHeader+"\x00\x01\xff\xff\xff\xfe\x00")},
	{what: "-2 columns", typ: wire.CopyBinary, bytes: typed('d', binaryHeader+"\xff\xfe\x00")},
	{what: "negative extension", typ: wire.CopyBinary, bytes: typed('d', binarySignature+"\x00\x00\x00\x00\xff\xff\xff\xff\x00")},
	{what: "bytes behind the trailer", typ: wire.CopyBinary, bytes: typed('d', binaryHeader+"\xff\xff\x00")},
}

const (
	binarySignature = "PGCOPY\n\xff\r\n\x00"
	binaryHeader    = binarySignature + "\x00\x00\x00\x00\x00\x00\x00\x00"
)

// Wherever a client cuts its rows, they are the same: the same bytes for each column of
// each row, the same delimiters and ends of lines, the same NULLs, headings and the same
// end of the data. Of a value that is cut, only its last part says what it is.
func TestRowsCutAnywhere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range cutAnywhere {
		for _, state := range append([]wire.State{textRows}, states...) {
			for range 150 {
				checkCuts(t, r, wire.Random(r, typ, state))
			}
		}
	}
	for _, e := range copyExamples {
		for range 30 {
			checkCuts(t, r, e.message())
		}
	}
}

func FuzzRowsCutAnywhere(f *testing.F) {
	for i, e := range copyExamples {
		f.Add(byte(e.typ), byte(i), uint64(i), []byte(e.bytes[wire.HeaderSize:]))
	}
	f.Fuzz(func(t *testing.T, typ, state byte, seed uint64, b []byte) {
		m := wire.Message{
			Type:  cutAnywhere[int(typ)%len(cutAnywhere)],
			State: copyExamples[int(state)%len(copyExamples)].state,
			Bytes: []byte(typed('d', string(b))), Size: int64(len(b)) + wire.HeaderSize,
		}
		checkCuts(t, rand.New(rand.NewPCG(seed, 0)), m)
	})
}

func checkCuts(t *testing.T, r *rand.Rand, m wire.Message) {
	t.Helper()
	body := m.Bytes[wire.HeaderSize:]
	want := readPart(t, nil, m.Type, m.State, body)
	end := m.State.Copy.After(m.Type, body)
	var got []token
	var cuts []string
	state := m.State
	for len(body) > 0 && !state.Copy.Lost() {
		n := 1 + r.IntN(len(body))
		got = readPart(t, got, m.Type, state, body[:n])
		state.Copy = state.Copy.After(m.Type, body[:n])
		cuts = append(cuts, string(body[:n]))
		body = body[n:]
	}
	if end.Lost() && state.Copy.Lost() {
		want = want[:min(len(want), len(got))] // what is malformed begins where it is seen first
		got = got[:len(want)]
	}
	if !slices.Equal(got, want) || end != state.Copy && !end.Lost() {
		t.Fatalf("%s, %+v, cut as %q\n got %v\nwant %v\nends at %+v\n  want %+v", m.Type, m.State, cuts, got, want, state.Copy, end)
	}
}

// token is what one or more messages say of a run of bytes.
type token struct {
	name   wire.Name
	column int64
	bytes  string
	number int64
}

// readPart adds what a message says to what the messages before it said.
func readPart(t *testing.T, all []token, typ wire.Type, state wire.State, body []byte) []token {
	t.Helper()
	m := wire.Message{Type: typ, State: state, Bytes: []byte(typed('d', string(body))), Size: int64(len(body)) + wire.HeaderSize}
	fields := checkFields(t, m)
	prefix := m
	prefix.Size += 100
	if last := fields[len(fields)-1]; isMalformed(last) || last.Name == wire.Trailing {
		fields = fields[:len(fields)-1]
	} else if omitted := checkFields(t, prefix); !slices.Equal(omitted[:len(fields)], fields) {
		t.Fatalf("%q followed by bytes that were not kept is\n%v, else\n%v", body, omitted, fields)
	}
	column := int64(0)
	for _, f := range fields[2:] {
		next := token{f.Name, column, string(m.Bytes[f.Start:f.End]), 0}
		if f.Kind.IsInteger() {
			next.number = f.Int
		}
		switch f.Name {
		case wire.Column:
			column = f.Int
			continue
		case wire.CopyPart, wire.CopyHeading:
			next.name = wire.CopyValue
		case wire.CopyDelimiter, wire.RowEnd, wire.ColumnCount, wire.CopyTrailer:
			next.column = 0
		}
		if last := len(all) - 1; last >= 0 && all[last].continues(next) {
			next.bytes = all[last].bytes + next.bytes
			all = all[:last]
		}
		all = append(all, next)
	}
	return all
}

// continues reports whether two tokens in a row are parts of one.
func (a token) continues(b token) bool {
	switch b.name {
	case wire.CopyValue, wire.CopyNull, wire.CopyDefault, wire.CopyEnd:
		return a.name == wire.CopyValue && a.column == b.column
	case wire.RowEnd:
		return a.name == wire.RowEnd && a.bytes == "\r" && b.bytes == "\n"
	case wire.ColumnCount, wire.CopyTrailer:
		return a.name == wire.ColumnCount && len(a.bytes) < 2
	case wire.ValueLength, wire.Flags, wire.ExtensionLength:
		return a.name == b.name && a.column == b.column && len(a.bytes) < 4
	case wire.Data, wire.CopySignature, wire.Extension:
		return a.name == b.name
	}
	return false
}

// Of a value that is cut it is said at its end whether it was NULL.
func TestCutNull(t *testing.T) {
	t.Parallel()
	state := textRows
	var names []wire.Name
	for _, part := range []string{"1\t\\", "N", "\t\\N", "x\n", "\\", ".", "\n"} {
		m := wire.Message{Type: wire.CopyText, State: state, Bytes: []byte(typed('d', part))}
		m.Size = int64(len(m.Bytes))
		for _, f := range leaves(checkFields(t, m))[2:] {
			names = append(names, f.Name)
		}
		state.Copy = state.Copy.After(wire.CopyText, []byte(part))
	}
	want := []wire.Name{
		wire.CopyValue, wire.CopyDelimiter, wire.CopyPart, // 1 \
		wire.CopyPart,                                    // N
		wire.CopyNull, wire.CopyDelimiter, wire.CopyPart, // \N
		wire.CopyPart, wire.RowEnd, // x
		wire.CopyPart, wire.CopyPart, // \ .
		wire.CopyEnd, wire.RowEnd,
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %v\nwant %v", names, want)
	}
}

// Each of a server's messages ends with a row, so that the next begins with one.
func TestNextRow(t *testing.T) {
	t.Parallel()
	state := wire.State{Copy: wire.Copy{Headings: 1}}
	state.Copy.NextRow()
	if state.Copy.Headings != 0 {
		t.Error("the line of names comes again")
	}
	for _, body := range []string{"\x00\x01\x00\x00\x00\x01x", "\xff\xff"} {
		m := wire.Message{Type: wire.CopyBinary, State: state, Bytes: []byte(typed('d', body))}
		m.Size = int64(len(m.Bytes))
		for _, f := range checkFields(t, m) {
			if f.Name == wire.Malformed || f.Name == wire.Trailing {
				t.Errorf("%q has a %s field", body, f.Name)
			}
		}
	}
}

// Whoever follows rows only to know where they are pays for no fields.
func TestAfterDoesNotAllocate(t *testing.T) {
	for _, e := range copyExamples {
		state, body := e.state.Copy, []byte(e.bytes[wire.HeaderSize:])
		if n := testing.AllocsPerRun(100, func() { _ = state.After(e.typ, body) }); n != 0 {
			t.Errorf("%s (%s): %v allocations", e.typ, e.what, n)
		}
	}
}

func BenchmarkAfter(b *testing.B) {
	for typ, row := range map[wire.Type]string{
		wire.CopyText:   "12345\tsome text of a usual length\t2025-07-04 14:28:59\t\\N\n",
		wire.CopyCSV:    "12345,\"some text of a usual length\",2025-07-04 14:28:59,\n",
		wire.CopyBinary: "\x00\x02\x00\x00\x00\x04abcd\x00\x00\x00\x1dsome text of a usual length..",
	} {
		b.Run(typ.String(), func(b *testing.B) {
			body := []byte(strings.Repeat(row, 1000))
			var state wire.Copy
			state.NextRow()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if at := state.After(typ, body); at.Lost() {
					b.Fatal("lost")
				}
			}
		})
	}
}
