package reading_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/reading"
	"pgpi/internal/wire"
)

// eachRandom calls test with random messages of every type: whole, cut, malformed, and with a part
// redacted.
func eachRandom(test func(m *event.Message)) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, kind := range wire.Types() {
		for i := range 80 {
			state := wire.State{Mechanism: wire.Mechanism(i % 3), Streamed: i%2 == 0, Parallel: i%2 == 0, Copy: wire.Copy{Null: `\N`}}
			m := event.Message{Message: wire.Random(random, kind, state), Context: known}
			if i%4 > 0 {
				m.Bytes = m.Bytes[:random.IntN(len(m.Bytes)+1)]
			}
			if i%4 > 1 {
				m.Size = int64(len(m.Bytes))
			}
			if i%8 == 0 {
				redactAnywhere(random, &m)
			}
			test(&m)
		}
	}
}

func redactAnywhere(random *rand.Rand, m *event.Message) {
	for at := 0; ; {
		span := event.Span{Start: at + random.IntN(9)}
		span.End = span.Start + 1 + random.IntN(9)
		if span.End > len(m.Bytes) {
			return
		}
		m.Redacted = append(m.Redacted, span)
		at = span.End
	}
}

// TestGroupsOfRandomMessages compares where values belong with what a walk finds that remembers
// the groups it is in.
func TestGroupsOfRandomMessages(t *testing.T) {
	t.Parallel()
	var r reading.Reader // one for all: nothing may be left of the message before
	eachRandom(func(m *event.Message) {
		r.Read(m)
		var groups []wire.Field
		tuple := int64(0)
		for i, f := range r.Fields {
			groups = groups[:min(len(groups), int(f.Depth))]
			if f.Kind == wire.Group {
				groups = append(groups, f)
			}
			if f.Name == wire.TupleType {
				tuple = f.Int
			}
			v := r.Value(i)
			index := -1
			if len(groups) > 0 {
				index = int(groups[len(groups)-1].Int)
			}
			if v.Field != f || v.Index != index {
				t.Fatalf("%s %q: the %d. field has the index %d instead of %d", m.Type, m.Bytes, i, v.Index, index)
			}
			if inTuple := len(groups) == 2; inTuple != (v.Tuple != 0) || inTuple && int64(v.Tuple) != tuple {
				t.Fatalf("%s %q: the %d. field is of the tuple %q instead of %q", m.Type, m.Bytes, i, v.Tuple, rune(tuple))
			}
			if v.Column != nil && *v.Column != known.Columns[index] {
				t.Fatalf("%s %q: the %d. field is of the column %+v", m.Type, m.Bytes, i, v.Column)
			}
		}
	})
}

// TestRedacted compares spans with the bytes that they hide, one by one.
func TestRedacted(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		m := event.Message{Message: wire.Message{Bytes: bytes.Repeat([]byte("x"), 1+random.IntN(60))}}
		redactAnywhere(random, &m)
		for _, s := range m.Redacted {
			copy(m.Bytes[s.Start:s.End], bytes.Repeat([]byte("*"), s.End-s.Start))
		}
		start := random.IntN(len(m.Bytes))
		end := start + 1 + random.IntN(len(m.Bytes)-start)
		part := m.Bytes[start:end]
		hidden := bytes.Count(part, []byte("*"))
		if got := reading.Hidden(&m, start, end); got != hidden {
			t.Fatalf("%q: %d bytes are hidden", part, got)
		}
		if got := reading.IsRedacted(&m, &wire.Field{Kind: wire.Text, Start: int32(start), End: int32(end)}); got != (hidden == len(part)) {
			t.Fatalf("%q is redacted: %t", part, got)
		}
		overlapping := 0
		for _, s := range m.Redacted {
			if s.End > start && s.Start < end {
				overlapping++
			}
		}
		var shown []byte
		parts := 0
		for part := range reading.Parts(&m, start, end) {
			if part == nil {
				parts++
			}
			shown = append(shown, part...)
		}
		if want := bytes.ReplaceAll(part, []byte("*"), nil); !bytes.Equal(shown, want) || parts != overlapping || len(reading.Redacted(&m, start, end)) != overlapping {
			t.Fatalf("%q is shown as %q, with %d parts redacted of %d", part, shown, parts, overlapping)
		}
		for range reading.Parts(&m, start, end) {
			break // who has seen enough may go
		}
	}
}

// TestRedactedString has a NUL that is left.
func TestRedactedString(t *testing.T) {
	t.Parallel()
	m := redacted(message(wire.Query, "ab\x00"), 5, 7)
	var r reading.Reader
	r.Read(&m)
	for i := range r.Fields {
		if f := &r.Fields[i]; reading.IsRedacted(&m, f) != (f.Name == wire.SQL) {
			t.Errorf("%s is redacted: %t", f.Name, f.Name != wire.SQL)
		}
	}
}

func TestAppendWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  wire.Name
		value int64
		want  string
	}{
		{wire.ProtocolVersion, 3<<16 | 2, "3.2"}, {wire.TypeOID, 23, "int4"}, {wire.ParameterType, 16402, ""},
		{wire.Format, 0, "text"}, {wire.ResultFormat, 1, "binary"}, {wire.ColumnFormat, 2, ""}, {wire.CopyFormat, 1, "binary"},
		{wire.Target, 'S', "statement"}, {wire.Target, 'P', "portal"}, {wire.Target, 'X', ""},
		{wire.TransactionStatus, 'I', "idle"}, {wire.TransactionStatus, 'T', "in transaction"}, {wire.TransactionStatus, 'E', "failed transaction"},
		{wire.ReplicaIdentity, 'd', "default"}, {wire.ReplicaIdentity, 'n', "nothing"}, {wire.ReplicaIdentity, 'f', "full"}, {wire.ReplicaIdentity, 'i', "index"},
		{wire.Length, 1, ""},
	} {
		if got := reading.AppendWord([]byte("= "), test.name, test.value); string(got) != "= "+test.want {
			t.Errorf("%s %d is called %q", test.name, test.value, got)
		}
	}
}

// TestTrim reads a message with more fields than are worth keeping.
func TestTrim(t *testing.T) {
	t.Parallel()
	large := message(wire.ParameterDescription, "\xff\xff"+string(make([]byte, 4*65535)))
	small := message(wire.DataRow, values)
	var r reading.Reader
	for _, m := range []*event.Message{&large, &small} {
		r.Read(m)
		r.Trim()
		if kept := r.Fields != nil; kept != (m == &small) {
			t.Errorf("of %d bytes the fields are kept: %t", m.Size, kept)
		}
	}
}
