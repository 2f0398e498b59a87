package wire_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/wire"
)

// states are all kinds of state that a walk depends on.
var states = []wire.State{
	{},
	{Mechanism: wire.SCRAM, Protocol: 3 << 16, Streamed: true, Copy: wire.Copy{Delimiter: '1', Null: `\N`, EndMark: true, Default: `N\`, HasDefault: true}},
	{Mechanism: wire.OAuthBearer, Parallel: true, Copy: wire.Copy{Quote: 'a', Escape: '\\', Headings: 1, Characters: wire.Pairs}},
}

// eachRandom calls test with random valid messages of every type and state.
func eachRandom(t *testing.T, test func(t *testing.T, r *rand.Rand, m wire.Message)) {
	t.Helper()
	for _, typ := range wire.Types() {
		t.Run(typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(typ)))
			for i := range 60 {
				test(t, r, wire.Random(r, typ, states[i%len(states)]))
			}
		})
	}
}

// checkFields walks a message and checks everything that is promised of any walk,
// whatever the bytes.
func checkFields(t *testing.T, m wire.Message) []wire.Field {
	t.Helper()
	fields := wire.AppendFields(nil, &m)
	if err := tile(m, fields); err != nil {
		t.Fatalf("%s with %d of %d bytes %q: %v\nfields: %v", m.Type, len(m.Bytes), m.Size, m.Bytes, err, fields)
	}
	return fields
}

// tile reports where fields break the promises of [wire.AppendFields].
func tile(m wire.Message, fields []wire.Field) error {
	var open []wire.Field // the groups around the current field
	pos := int32(0)
	for i, f := range fields {
		if int(f.Depth) > len(open) {
			return fmt.Errorf("field %d is at depth %d inside %d groups", i, f.Depth, len(open))
		}
		if err := closeGroups(open[f.Depth:], pos); err != nil {
			return err
		}
		open = open[:f.Depth]
		if f.Start != pos || f.End < f.Start {
			return fmt.Errorf("field %d (%s) is at %d..%d, the one before it ends at %d", i, f.Name, f.Start, f.End, pos)
		}
		switch {
		case f.Name == wire.Malformed || f.Name == wire.Trailing:
			if next := i + 1; next < len(fields) && fields[next].Name != wire.Omitted {
				return fmt.Errorf("%s is followed by %s", f.Name, fields[next].Name)
			}
		case f.Name == wire.Omitted && i != len(fields)-1:
			return fmt.Errorf("omitted is field %d of %d", i, len(fields))
		}
		if f.Kind != wire.Group {
			pos = f.End
			continue
		}
		if i+1 == len(fields) || fields[i+1].Depth != f.Depth+1 {
			return fmt.Errorf("field %d (%s) is a group of nothing", i, f.Name)
		}
		open = append(open, f)
	}
	if err := closeGroups(open, pos); err != nil {
		return err
	}
	if int(pos) != len(m.Bytes) {
		return fmt.Errorf("the leaves end at %d", pos)
	}
	if limit := 3*len(m.Bytes) + 4; len(fields) > limit {
		return fmt.Errorf("%d fields, more than %d", len(fields), limit)
	}
	return omitted(m, fields)
}

func closeGroups(open []wire.Field, pos int32) error {
	for _, g := range open {
		if g.End != pos {
			return fmt.Errorf("group %s ends at %d, what it holds at %d", g.Name, g.End, pos)
		}
	}
	return nil
}

// omitted checks that the bytes which were not kept are accounted for.
func omitted(m wire.Message, fields []wire.Field) error {
	want := m.Size - int64(len(m.Bytes))
	at := slices.IndexFunc(fields, func(f wire.Field) bool { return f.Name == wire.Omitted })
	switch {
	case want <= 0 && at >= 0:
		return fmt.Errorf("%d bytes are said to be omitted", fields[at].Int)
	case want > 0 && (at < 0 || fields[at].Int != want):
		return fmt.Errorf("%d omitted bytes are not accounted for", want)
	case want > 0 && want < 1<<16 && slices.ContainsFunc(fields, isMalformed):
		return checkMalformed(m, fields)
	}
	return nil
}

// checkMalformed checks that what is malformed in a message that was not kept whole stays
// malformed, whatever the other bytes are.
func checkMalformed(m wire.Message, fields []wire.Field) error {
	cut := fields[slices.IndexFunc(fields, isMalformed)]
	for _, filler := range []string{"\x00", "\x01", "\xff", "a"} {
		whole := m
		whole.Bytes = append(slices.Clone(m.Bytes), strings.Repeat(filler, int(m.Size)-len(m.Bytes))...)
		at := slices.IndexFunc(wire.AppendFields(nil, &whole), func(f wire.Field) bool {
			return isMalformed(f) && f.Start == cut.Start && f.Int == cut.Int
		})
		if at < 0 {
			return fmt.Errorf("malformed at %d, which it is not when %q follows", cut.Start, filler)
		}
	}
	return nil
}

func isMalformed(f wire.Field) bool { return f.Name == wire.Malformed }

func leaves(fields []wire.Field) []wire.Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f wire.Field) bool { return f.Kind == wire.Group })
}

// A message that follows the grammar has neither malformed nor trailing bytes.
func TestRandomMessagesAreValid(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		for _, f := range checkFields(t, m) {
			if f.Name == wire.Malformed || f.Name == wire.Trailing || f.Name == wire.Omitted {
				t.Fatalf("%q has a %s field", m.Bytes, f.Name)
			}
		}
		if m.Type.Code() == 0 {
			return
		}
		if m.Bytes[0] != m.Type.Code() || wire.Size(m.Bytes) != m.Size {
			t.Fatalf("%q does not begin with the type byte and the length", m.Bytes)
		}
	})
}

// AppendFields leaves alone what the caller's slice already has.
func TestAppendFieldsAppends(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		before := []wire.Field{{Name: wire.Data, Start: 7, End: 9, Int: 3}}
		got := wire.AppendFields(slices.Clone(before), &m)
		if want := slices.Concat(before, wire.AppendFields(nil, &m)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// Of a message whose end was not kept, all fields up to the cut are as they were,
// and the one that was cut has as many bytes as there are.
func TestPrefixKept(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		if isRows(m.Type) {
			return
		}
		whole := leaves(checkFields(t, m))
		for cut := range m.Bytes {
			prefix := wire.Message{Type: m.Type, State: m.State, Bytes: m.Bytes[:cut], Size: m.Size}
			got := leaves(checkFields(t, prefix))
			want, next := split(whole, cut)
			if int(next.Start) < cut {
				next.End, next.Int = int32(cut), 0
				want = append(want, next)
			}
			got = got[:len(got)-1] // omitted
			if !slices.EqualFunc(got, want, samePlace) {
				t.Fatalf("cut at %d of %q\n got %v\nwant %v", cut, m.Bytes, got, want)
			}
		}
	})
}

// samePlace ignores the kind: half an integer is not an integer.
func samePlace(a, b wire.Field) bool {
	a.Kind, b.Kind = 0, 0
	return a == b
}

// split divides leaves into those that end at the cut or before it, and the one
// that the cut runs through or that would come next.
func split(all []wire.Field, cut int) ([]wire.Field, wire.Field) {
	at := slices.IndexFunc(all, func(f wire.Field) bool { return int(f.End) > cut })
	return slices.Clone(all[:at]), all[at]
}

// openEnded are the types whose last field goes on to the end of the message, so
// that no cut through it can be told from a shorter message.
var openEnded = []wire.Type{
	wire.UnknownMessage, wire.Authentication, wire.AuthenticationGSSContinue,
	wire.AuthenticationSASLContinue, wire.AuthenticationSASLFinal, wire.PasswordOrToken, wire.SASLResponse,
	wire.GSSResponse, wire.CopyData, wire.XLogData, wire.BackupData, wire.BackupTar,
	wire.BackupManifestData, wire.UploadManifest,
}

// leastKey is how long the key at the end of a message has to be. From there on no cut
// through it can be told from a shorter key.
var leastKey = map[wire.Type]int{wire.CancelRequest: 1, wire.BackendKeyData: 4}

// cutAnywhere are the types that clients cut where they like: no part of one is too
// short, nor too long. TestRowsCutAnywhere is about them.
var cutAnywhere = []wire.Type{wire.CopyText, wire.CopyCSV, wire.CopyBinary}

// isRows reports whether messages of a type are rows of COPY, parts of which are not malformed.
// TestRowsOfJSON is about rows that are not cut.
func isRows(typ wire.Type) bool { return slices.Contains(cutAnywhere, typ) || typ == wire.CopyJSON }

// A message that ends too early is malformed from the field that is not there.
func TestMessageTooShort(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		if isRows(m.Type) {
			return
		}
		whole := leaves(checkFields(t, m))
		last := whole[len(whole)-1]
		for cut := range m.Bytes {
			short := wire.Message{Type: m.Type, State: m.State, Bytes: m.Bytes[:cut], Size: int64(cut)}
			got := leaves(checkFields(t, short))
			want, next := split(whole, cut)
			least, isKey := leastKey[m.Type]
			if (isKey || slices.Contains(openEnded, m.Type)) && cut >= int(last.Start)+least {
				next = last
			} else {
				next = missing(m.Type, next, cut)
			}
			next.End = int32(cut)
			if want = append(want, next); !slices.Equal(got, want) {
				t.Fatalf("cut at %d of %q\n got %v\nwant %v", cut, m.Bytes, got, want)
			}
		}
	})
}

// missing is the malformed field in place of one that is not there, or not whole. A
// list that ends with a NUL misses that first.
func missing(typ wire.Type, f wire.Field, cut int) wire.Field {
	listed := f.Name == wire.Mechanisms || f.Name == wire.ErrorCode || f.Name == wire.Key && typ == wire.StartupMessage
	if listed && int(f.Start) == cut {
		f.Name, f.Depth = wire.End, 0
	}
	f.Name, f.Kind, f.Int = wire.Malformed, wire.Binary, int64(f.Name)
	return f
}

// Bytes after the end of the grammar are trailing, all of them.
func TestMessageTooLong(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		if _, isKey := leastKey[m.Type]; isKey || slices.Contains(openEnded, m.Type) || isRows(m.Type) {
			return
		}
		want := append(checkFields(t, m), wire.Field{
			Name: wire.Trailing, Kind: wire.Binary, Start: int32(m.Size), End: int32(m.Size + 3),
		})
		m.Bytes, m.Size = append(m.Bytes, "\x00x\x00"...), m.Size+3
		if got := checkFields(t, m); !slices.Equal(got, want) {
			t.Fatalf("%q\n got %v\nwant %v", m.Bytes, got, want)
		}
	})
}

// Whatever is done to a message, and whatever type it is taken for, its leaves tile.
func TestMutatedMessages(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, r *rand.Rand, m wire.Message) {
		for range 20 {
			mutated := m
			mutated.Bytes = mutate(r, m.Bytes)
			mutated.Size = int64(len(mutated.Bytes) + max(0, r.IntN(20)-10))
			checkFields(t, mutated)
			types := wire.Types()
			mutated.Type = types[r.IntN(len(types))]
			checkFields(t, mutated)
		}
	})
}

// mutate changes, removes or inserts a few bytes.
func mutate(r *rand.Rand, b []byte) []byte {
	b = slices.Clone(b)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		switch r.IntN(4) {
		case 0:
			b[at] = byte(r.IntN(256))
		case 1:
			b[at] = 0xff // counts and lengths far too large
		case 2:
			b = slices.Delete(b, at, min(len(b), at+1+r.IntN(4)))
		case 3:
			b = slices.Insert(b, at, byte(r.IntN(256)))
		}
	}
	return b
}

func FuzzAppendFields(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, typ := range wire.Types() {
		for i, state := range states {
			m := wire.Random(r, typ, state)
			f.Add(byte(typ), byte(i), uint16(0), m.Bytes)
			f.Add(byte(typ), byte(i), uint16(100), m.Bytes[:len(m.Bytes)/2])
		}
	}
	for _, e := range examples {
		f.Add(byte(e.typ), byte(e.mechanism), uint16(e.omitted), []byte(e.bytes))
	}
	f.Fuzz(func(t *testing.T, typ, state byte, omitted uint16, b []byte) {
		types := wire.Types()
		m := wire.Message{
			Type:  types[int(typ)%len(types)],
			State: states[int(state)%len(states)],
			Bytes: b,
			Size:  int64(len(b)) + int64(omitted),
		}
		checkFields(t, m)
	})
}
