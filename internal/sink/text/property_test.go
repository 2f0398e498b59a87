package text

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"pgpi/internal/event"
	"pgpi/internal/wire"
	"pgpi/test/transcript"
)

// TestTableFitsGrammar checks the table of layouts against the registry: what is shown in
// hexadecimal is binary data, and there is no exception for a field that does not exist.
func TestTableFitsGrammar(t *testing.T) {
	all := fieldsOfTypes()
	for kind, fields := range all {
		l := layoutOf(kind.Type, kind.Name, fields.Kind)
		if l.hex && fields.Kind != wire.Binary {
			t.Errorf("field %s of %s is laid out in hexadecimal, but is none of binary data", kind.Name, kind.Type)
		}
	}
	for i, list := range exceptions {
		for _, e := range list {
			if _, ok := all[typeAndName{wire.Type(i), e.name}]; !ok {
				t.Errorf("there is an exception for the field %s of %s, which has none", e.name, wire.Type(i))
			}
		}
	}
}

type typeAndName struct {
	wire.Type
	wire.Name
}

// fieldsOfTypes returns the leaves that messages of each type have.
func fieldsOfTypes() map[typeAndName]wire.Field {
	r := rand.New(rand.NewPCG(1, 2))
	found := map[typeAndName]wire.Field{}
	for _, kind := range wire.Types() {
		for i := range 60 {
			state := wire.State{Mechanism: wire.Mechanism(i % 3), Streamed: i%2 == 0, Parallel: i%2 == 0}
			state.Copy.Headings = uint16(i % 2)
			state.Copy.EndMark = i%3 == 0
			m := wire.Random(r, kind, state)
			for _, f := range wire.AppendFields(nil, &m) {
				if f.Kind != wire.Group {
					found[typeAndName{kind, f.Name}] = f
				}
			}
		}
	}
	return found
}

// TestEveryByteAppears holds the promise that no byte is lost or invented, for messages of all
// types.
func TestEveryByteAppears(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, kind := range wire.Types() {
		for i := range 50 {
			m := wire.Random(r, kind, wire.State{Mechanism: wire.Mechanism(i % 3)})
			checkMessage(t, m)
			m.Bytes = m.Bytes[:r.IntN(len(m.Bytes)+1)]
			checkMessage(t, m) // cut
			m.Size = int64(len(m.Bytes))
			checkMessage(t, m) // malformed
			m.Bytes = append(bytes.Clone(m.Bytes), "tail"...)
			m.Size += 4
			checkMessage(t, m)
		}
	}
}

func FuzzMessage(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, kind := range wire.Types() {
		f.Add(uint8(kind), uint8(1), wire.Random(r, kind, wire.State{}).Bytes, uint16(0))
	}
	f.Fuzz(func(t *testing.T, kind, mechanism uint8, b []byte, omitted uint16) {
		types := wire.Types()
		checkMessage(t, wire.Message{
			Type:  types[int(kind)%len(types)],
			State: wire.State{Mechanism: wire.Mechanism(mechanism % 3)},
			Bytes: b, Size: int64(len(b)) + int64(omitted),
		})
	})
}

// checkMessage checks what the log says about a message: its bytes and the number of missing ones,
// in lines that begin with the tag and are safe to print.
func checkMessage(t *testing.T, m wire.Message) {
	t.Helper()
	for _, mode := range []Mode{Annotated, Raw} {
		s := new(transcript.Transcript)
		s.Pass(event.ClientToScript, event.Message{Message: m})
		log := render(t, Options{Mode: mode}, s.Events)
		shown, rest := unescape(t, log)
		if !bytes.Equal(shown, m.Bytes) {
			t.Fatalf("%s %q is shown as %q:\n%s", m.Type, m.Bytes, shown, log)
		}
		if omitted := m.Size - int64(len(m.Bytes)); omitted > 0 != strings.Contains(rest, fmt.Sprintf("omitted: %d bytes", omitted)) {
			t.Fatalf("%s lacks %d bytes, which the log does not say:\n%s", m.Type, omitted, log)
		}
		for line := range strings.Lines(log) {
			if !strings.HasPrefix(line, "#1  ") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unsafe) {
				t.Fatalf("%s is shown in the line %q", m.Type, line)
			}
		}
	}
}

// TestRedactedBytesNeverAppear does not rely on the bytes being blanked, and puts the spans
// anywhere.
func TestRedactedBytesNeverAppear(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, kind := range wire.Types() {
		for range 50 {
			m := event.Message{Message: wire.Random(r, kind, wire.State{})}
			visible := redactAnywhere(r, &m)
			s := new(transcript.Transcript)
			s.Pass(event.ClientToScript, m)
			log := render(t, Options{}, s.Events)
			shown, _ := unescape(t, strings.ReplaceAll(log, "[redacted]", ""))
			if !bytes.Equal(withoutNULs(shown), withoutNULs(visible)) {
				t.Fatalf("%s %q, redacted at %v, is shown as:\n%s", kind, m.Bytes, m.Redacted, log)
			}
		}
	}
}

// withoutNULs removes what ends a string: it is hidden with a redacted string.
func withoutNULs(b []byte) []byte { return bytes.ReplaceAll(b, []byte{0}, nil) }

// redactAnywhere redacts random spans of a message, and returns what is left to show.
func redactAnywhere(r *rand.Rand, m *event.Message) []byte {
	var visible []byte
	for at := 0; at < len(m.Bytes); {
		span := event.Span{Start: at + r.IntN(9)}
		span.End = span.Start + 1 + r.IntN(9)
		if span.End > len(m.Bytes) {
			return append(visible, m.Bytes[at:]...)
		}
		m.Redacted = append(m.Redacted, span)
		visible = append(visible, m.Bytes[at:span.Start]...)
		at = span.End
	}
	return visible
}

func unsafe(r rune) bool { return !unicode.IsPrint(r) }

var (
	stringPattern = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	escapePattern = regexp.MustCompile(`(?s)\\(?:x([0-9A-Fa-f]{2})|(.))`)
)

// unescape returns the bytes of all strings in a log, and what is between the strings.
func unescape(t *testing.T, log string) ([]byte, string) {
	t.Helper()
	shown := make([]byte, 0, len(log))
	for _, quoted := range stringPattern.FindAllString(log, -1) {
		inside := quoted[1 : len(quoted)-1]
		shown = append(shown, escapePattern.ReplaceAllStringFunc(inside, func(escape string) string {
			if escape[1] == 'x' {
				n, err := strconv.ParseUint(escape[2:], 16, 8)
				if err != nil {
					t.Fatal(err)
				}
				return string([]byte{byte(n)})
			}
			if i := strings.IndexByte("ntreabvf", escape[1]); i >= 0 {
				return "\n\t\r\x1b\a\b\v\f"[i : i+1]
			}
			return escape[1:]
		})...)
	}
	return shown, stringPattern.ReplaceAllString(log, "")
}
