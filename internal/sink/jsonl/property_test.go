package jsonl

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// states are those that the grammar of some messages depends on.
var states = []wire.State{
	{},
	{Mechanism: wire.SCRAM, Streamed: true, Copy: wire.Copy{Null: `\N`, EndMark: true, Default: `N`, HasDefault: true}},
	{Mechanism: wire.OAuthBearer, Parallel: true, Copy: wire.Copy{Headings: 1}},
}

// eachRandom calls test with random messages of every type in the registry: valid ones, some that
// are cut, and some that are malformed.
func eachRandom(seed uint64, test func(r *rand.Rand, m wire.Message)) {
	r := rand.New(rand.NewPCG(seed, 0))
	for _, kind := range wire.Types() {
		for i := range 15 {
			m := wire.Random(r, kind, states[i%len(states)])
			test(r, m)
			shorter := m
			shorter.Bytes = m.Bytes[:r.IntN(len(m.Bytes)+1)]
			test(r, shorter) // cut
			shorter.Size = int64(len(shorter.Bytes))
			test(r, shorter) // malformed
			m.Bytes = append(bytes.Clone(m.Bytes), "tail"...)
			m.Size += 4
			test(r, m)
		}
	}
}

// TestFieldsComeBack holds the promise that values are written exactly if they can be: a reader of
// the lines gets the bytes of all fields back.
func TestFieldsComeBack(t *testing.T) {
	eachRandom(1, func(_ *rand.Rand, m wire.Message) { checkMessage(t, m) })
}

func FuzzMessage(f *testing.F) {
	eachRandom(2, func(r *rand.Rand, m wire.Message) {
		if r.IntN(40) == 0 {
			f.Add(uint8(m.Type), uint8(1), m.Bytes, uint16(m.Size-int64(len(m.Bytes))))
		}
	})
	f.Fuzz(func(t *testing.T, kind, state uint8, b []byte, omitted uint16) {
		types := wire.Types()
		checkMessage(t, wire.Message{
			Type:  types[int(kind)%len(types)],
			State: states[int(state)%len(states)],
			Bytes: b, Size: int64(len(b)) + int64(omitted),
		})
	})
}

func checkMessage(t *testing.T, m wire.Message) {
	t.Helper()
	s := newTranscript()
	s.Pass(event.ClientToScript, event.Message{Message: m})
	log := render(t, Options{}, s.Events)
	if strings.ContainsFunc(strings.TrimSuffix(log, "\n"), func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Fatalf("%s has characters that a terminal may take for commands: %q", m.Type, log)
	}
	lines := parseLines(t, log)
	if len(lines) != 1 {
		t.Fatalf("%s has %d lines", m.Type, len(lines))
	}
	line := lines[0]
	if got := fmt.Sprint(line.get("type"), " ", line.get("size")); got != fmt.Sprint(m.Type, " ", m.Size) {
		t.Fatalf("%s of %d bytes is called %s", m.Type, m.Size, got)
	}
	omitted := fmt.Sprint(line.get("omitted"))
	if missing := m.Size - int64(len(m.Bytes)); missing > 0 && omitted != fmt.Sprint(missing) || missing == 0 && omitted != "<nil>" {
		t.Fatalf("%s lacks %d bytes, and the line says %s", m.Type, missing, omitted)
	}
	got := flatten(t, line.get("fields"), nil)
	want := leaves(m)
	if len(got) != len(want) {
		t.Fatalf("%s has the leaves\n%v, not\n%v: %s", m.Type, got, want, log)
	}
	for i := range got {
		if !got[i].equals(want[i]) {
			t.Fatalf("%s has the leaf %v instead of %v: %s", m.Type, got[i], want[i], log)
		}
	}
}

// leaf is a field and its bytes.
type leaf struct{ key, bytes string }

// equals compares what was read back with a field. The beginning of a character at the end of a cut
// message is only counted.
func (l leaf) equals(field leaf) bool {
	shown, rest, torn := strings.Cut(l.bytes, omittedMark)
	if !torn || l.key != field.key {
		return l == field
	}
	tail, ok := strings.CutPrefix(field.bytes, shown)
	return ok && rest == fmt.Sprint(len(tail)) && !utf8.FullRuneInString(tail)
}

// leaves returns the leaves of a message, according to the grammar.
func leaves(m wire.Message) []leaf {
	var all []leaf
	for _, f := range wire.AppendFields(nil, &m) {
		switch f.Name {
		case wire.Omitted, wire.End, wire.CopyDelimiter, wire.RowEnd:
			continue // they have no member of their own
		}
		b := m.Bytes[f.Start:f.End]
		switch {
		case f.Kind == wire.Group:
			continue
		case f.Kind == wire.CString:
			b = bytes.TrimSuffix(b, []byte{0})
		case f.Kind.IsInteger():
			b = []byte(strconv.FormatInt(f.Int, 10))
		}
		key := f.Name.String()
		switch f.Name {
		case wire.ColumnValue, wire.ParameterValue, wire.ArgumentValue, wire.ResultValue, wire.CopyValue, wire.OldValue, wire.OldKeyValue:
			key = "value"
		case wire.CopyNull:
			key, b = "value", nil
		}
		all = append(all, leaf{key, string(b)})
	}
	return all
}

// flatten reads the leaves of an object of fields back, in their order.
func flatten(t *testing.T, value any, all []leaf) []leaf {
	t.Helper()
	for _, m := range value.(object) {
		if strings.HasSuffix(m.key, "_name") && !realNames[m.key] || m.key == "value_hex" || m.key == "index" {
			continue
		}
		if list, ok := m.value.([]any); ok {
			for _, element := range list {
				if isGroup[m.key] {
					all = flatten(t, element, all)
				} else {
					all = append(all, leaf{m.key, leafBytes(t, m.key, element)})
				}
			}
			continue
		}
		if m.value == nil && len(all) > 0 && saysNull(all[len(all)-1]) {
			continue // the field before says so
		}
		all = append(all, leaf{m.key, leafBytes(t, m.key, m.value)})
	}
	return all
}

// realNames are fields with these names, not names of values.
var realNames = map[string]bool{"column_name": true, "origin_name": true, "relation_name": true, "type_name": true, "archive_name": true}

var isGroup = map[string]bool{"column": true, "parameter": true, "argument": true, "field": true, "settings": true, "row": true, "tuple": true}

func saysNull(l leaf) bool {
	return l == leaf{"value_length", "-1"} || l == leaf{"value_format", "n"}
}

// leafBytes reads the bytes of a leaf back.
func leafBytes(t *testing.T, key string, value any) string {
	t.Helper()
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case string:
		return readable(t, key, v)
	case object:
		if text, ok := v.get("text").(string); ok {
			return text + missing(v)
		}
		digits, _ := v.get("hex").(string)
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		return string(b) + missing(v)
	}
	return ""
}

// omittedMark is before the number of bytes that were only counted. No field contains it.
const omittedMark = "\x00omitted\x00"

func missing(o object) string {
	if n := o.get("omitted"); n != nil {
		return omittedMark + fmt.Sprint(n)
	}
	return ""
}

// readable turns positions and times back into what they were.
func readable(t *testing.T, key, text string) string {
	t.Helper()
	var high, low uint64
	if n, _ := fmt.Sscanf(text, "%X/%X", &high, &low); n == 2 && (strings.Contains(key, "lsn") || lsnKeys[key]) {
		return strconv.FormatInt(int64(high<<32|low), 10)
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil && (strings.HasSuffix(key, "_time") || key == "sent_at") {
		return strconv.FormatInt(at.UnixMicro()-time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro(), 10)
	}
	return text
}

var lsnKeys = map[string]bool{"wal_start": true, "wal_end": true, "transaction_end": true, "rollback_end": true}

// TestListsAreLists: a name is a list in all messages of a type or in none, however many elements
// there are.
func TestListsAreLists(t *testing.T) {
	shapes := map[string]string{}
	eachRandom(3, func(_ *rand.Rand, m wire.Message) {
		s := newTranscript()
		s.Pass(event.ClientToScript, event.Message{Message: m})
		for _, line := range parseLines(t, render(t, Options{}, s.Events)) {
			shapesOf(t, shapes, m.Type.String(), line.get("fields").(object))
		}
	})
}

func shapesOf(t *testing.T, shapes map[string]string, path string, o object) {
	t.Helper()
	for _, m := range o {
		where, shape := path+"."+m.key, "leaf"
		list, ok := m.value.([]any)
		if ok {
			shape = "list"
		}
		if before, known := shapes[where]; known && before != shape {
			t.Fatalf("%s is a %s here, and a %s there", where, before, shape)
		}
		shapes[where] = shape
		for _, element := range list {
			if inner, ok := element.(object); ok && isGroup[m.key] {
				shapesOf(t, shapes, where, inner)
			}
		}
	}
}

// TestRedactedBytesNeverAppear does not rely on the bytes being blanked, and puts the spans
// anywhere. What is left and what is counted add up to the message.
func TestRedactedBytesNeverAppear(t *testing.T) {
	eachRandom(4, func(r *rand.Rand, wm wire.Message) {
		for i := range wm.Bytes {
			wm.Bytes[i] &= 0x7f // so that characters aren't cut
		}
		m := event.Message{Message: wm}
		redactAnywhere(r, &m)
		s := newTranscript()
		s.Pass(event.ClientToScript, m)
		log := render(t, Options{}, s.Events)
		fields := parseLines(t, log)[0].get("fields")
		var want int
		for _, span := range m.Redacted {
			want += span.End - span.Start
		}
		for _, f := range wire.AppendFields(nil, &wm) {
			want -= silentlyHidden(m, f)
		}
		if got := countRedacted(fields); got != want {
			t.Fatalf("%s %q, of which %d bytes are redacted at %v, counts %d: %s", wm.Type, wm.Bytes, want, m.Redacted, got, log)
		}
		before := wm
		before.Bytes = bytes.Clone(wm.Bytes)
		for i := range m.Redacted { // whatever was there, the line is the same
			for at := m.Redacted[i].Start; at < m.Redacted[i].End; at++ {
				if b := m.Bytes[at]; b != 0 && b != 0x15 { // strings end where they did
					m.Bytes[at] ^= 0x15
				}
			}
		}
		if sameFields(before, m.Message) && render(t, Options{}, s.Events) != log {
			t.Fatalf("%s says something of what was redacted:\n%s%s", wm.Type, log, render(t, Options{}, s.Events))
		}
	})
}

// silentlyHidden counts the redacted bytes of a field without a member: one that ends or separates
// others.
func silentlyHidden(m event.Message, f wire.Field) int {
	start, end := int(f.Start), int(f.End)
	switch {
	case f.Name == wire.End || f.Name == wire.CopyDelimiter || f.Name == wire.RowEnd || f.Name == wire.CopyNull:
	case f.Kind == wire.CString && end > start && m.Bytes[end-1] == 0:
		start = end - 1
	default:
		return 0
	}
	n := 0
	for _, span := range m.Redacted {
		n += max(0, min(span.End, end)-max(span.Start, start))
	}
	return n
}

// countRedacted adds up how much an object says was redacted.
func countRedacted(value any) int {
	n := 0
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			n += countRedacted(element)
		}
	case object:
		for _, m := range v {
			if count, ok := m.value.(json.Number); ok && m.key == "redacted" {
				i, _ := strconv.Atoi(count.String())
				n += i
			}
			n += countRedacted(m.value)
		}
	}
	return n
}

// sameFields reports whether redaction preserved the structure of a message, as pgpi's own does.
func sameFields(a, b wire.Message) bool {
	left, right := wire.AppendFields(nil, &a), wire.AppendFields(nil, &b)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i].Kind != wire.Binary { // which has names and sizes in Int
			left[i].Int, right[i].Int = 0, 0
		}
		if left[i] != right[i] {
			return false
		}
	}
	return true
}

// redactAnywhere redacts random spans of a message.
func redactAnywhere(r *rand.Rand, m *event.Message) {
	for at := 0; at < len(m.Bytes); {
		span := event.Span{Start: at + r.IntN(9)}
		span.End = span.Start + 1 + r.IntN(9)
		if span.End > len(m.Bytes) {
			return
		}
		m.Redacted = append(m.Redacted, span)
		at = span.End
	}
}

// TestShortened checks that lines of long values keep to the limit.
func TestShortened(t *testing.T) {
	eachRandom(5, func(_ *rand.Rand, m wire.Message) {
		s := newTranscript()
		s.Pass(event.ClientToScript, event.Message{Message: m})
		parseLines(t, render(t, Options{MaxValue: 3}, s.Events))
	})
	long := strings.Repeat("é", 100_000)
	body := binary.BigEndian.AppendUint32([]byte{0, 1}, uint32(len(long)))
	s := newTranscript()
	s.Server(message(wire.DataRow, string(body)+long))
	log := render(t, Options{MaxValue: 101}, s.Events)
	if want := fmt.Sprintf(`"value":{"text":%q,"omitted":%d}`, strings.Repeat("é", 50), len(long)-100); !strings.Contains(log, want) || len(log) > 700 {
		t.Errorf("a value of %d bytes is shown as %s", len(long), log)
	}
}
