package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

// message is what pgproto3's messages have in common.
type message interface {
	Encode(dst []byte) ([]byte, error)
}

// refusedByOracle says why pgproto3 does not take a message that the grammar allows.
func refusedByOracle(m wire.Message, v values) string {
	switch m.Type {
	case wire.StartupMessage:
		if version := v[0]; version != "protocol_version=196608" && version != "protocol_version=196610" {
			return "it knows protocol 3.0 and 3.2 only"
		}
		if len(v) == 1 {
			return "it wants at least one parameter"
		}
	case wire.CancelRequest:
		if m.Size < 16 {
			return "it wants a key of at least 4 bytes"
		}
	default:
	}
	return ""
}

// oracle decodes a message with pgproto3, its type byte and length included.
func oracle(m wire.Message) (message, error) {
	if m.Type.From() == wire.Server {
		return pgproto3.NewFrontend(bytes.NewReader(m.Bytes), io.Discard).Receive()
	}
	backend := pgproto3.NewBackend(bytes.NewReader(m.Bytes), io.Discard)
	if m.Type.Code() == 0 {
		return backend.ReceiveStartupMessage()
	}
	asked := map[wire.Type]uint32{
		wire.PasswordMessage: pgproto3.AuthTypeCleartextPassword, wire.MD5PasswordMessage: pgproto3.AuthTypeMD5Password,
		wire.SASLInitialResponse: pgproto3.AuthTypeSASL, wire.SASLResponse: pgproto3.AuthTypeSASLContinue,
		wire.GSSResponse: pgproto3.AuthTypeGSS,
	}
	if err := backend.SetAuthType(asked[m.Type]); err != nil {
		return nil, err
	}
	return backend.Receive()
}

// What the generator writes, pgproto3 reads as the same type with the same values,
// and writes again as it was.
func TestGeneratorAgainstOracle(t *testing.T) {
	t.Parallel()
	eachRandom(t, func(t *testing.T, _ *rand.Rand, m wire.Message) {
		if slices.Contains(unknownToOracle, m.Type) || m.Type > wire.CopyDone { // to pgproto3 it is all CopyData
			return
		}
		got := valuesOf(m)
		decoded, err := oracle(m)
		if why := refusedByOracle(m, got); why != "" {
			if err == nil {
				t.Fatalf("pgproto3 takes %q, although %s", m.Bytes, why)
			}
			return
		}
		if err != nil {
			t.Fatalf("pgproto3 refuses %q: %v", m.Bytes, err)
		}
		name := reflect.TypeOf(decoded).Elem().Name()
		if !strings.EqualFold(name, m.Type.String()) {
			t.Fatalf("pgproto3 takes %q for %s", m.Bytes, name)
		}
		if want := oracleValues(decoded); !slices.Equal(reduced(m.Type, got), reduced(m.Type, want)) {
			t.Fatalf("%q\n     got %v\npgproto3 %v", m.Bytes, got, want)
		}
		checkEncoded(t, m, decoded)
	})
}

// checkEncoded compares what pgproto3 writes with what it has read.
func checkEncoded(t *testing.T, m wire.Message, decoded message) {
	t.Helper()
	again, err := decoded.Encode(nil)
	if err != nil {
		t.Fatalf("encode %+v: %v", decoded, err)
	}
	switch m.Type {
	case wire.StartupMessage: // from a map
	case wire.ErrorResponse, wire.NoticeResponse: // in an order of its own
	case wire.SASLInitialResponse: // it does not distinguish no data from empty data
	default:
		if !bytes.Equal(again, m.Bytes) {
			t.Fatalf("%q is\n%q to pgproto3", m.Bytes, again)
		}
	}
}

// What pgproto3 writes is valid and has the same values, at the ends of all ranges.
func TestOracleAgainstGrammar(t *testing.T) {
	t.Parallel()
	for _, o := range oracleMessages {
		t.Run(o.typ.String(), func(t *testing.T) {
			t.Parallel()
			b, err := o.message.Encode(nil)
			if err != nil {
				t.Fatal(err)
			}
			m := wire.Message{Type: o.typ, Bytes: b, Size: int64(len(b))}
			for _, f := range checkFields(t, m) {
				if f.Name == wire.Malformed || f.Name == wire.Trailing {
					t.Fatalf("%q has a %s field at %d", b, f.Name, f.Start)
				}
			}
			got, want := valuesOf(m), oracleValues(o.message)
			if !slices.Equal(reduced(o.typ, got), reduced(o.typ, want)) {
				t.Fatalf("%+v\n got %.1000v\nwant %.1000v", o.message, got, want)
			}
		})
	}
}

// pgproto3 drops the trailing bytes of some messages silently; the grammar never does.
func TestTrailingBytesThatOracleDrops(t *testing.T) {
	t.Parallel()
	for typ, body := range map[wire.Type]string{
		wire.DataRow:              "\x00\x00",
		wire.ParameterStatus:      "a\x00b\x00",
		wire.Parse:                "\x00\x00\x00\x00",
		wire.Bind:                 "\x00\x00\x00\x00\x00\x00\x00\x00",
		wire.NotificationResponse: "\x00\x00\x00\x01a\x00b\x00",
		wire.ErrorResponse:        "\x00",
	} {
		b := []byte(typed(typ.Code(), body+"rest"))
		m := wire.Message{Type: typ, Bytes: b, Size: int64(len(b))}
		if _, err := oracle(m); err != nil {
			t.Errorf("pgproto3 refuses %q: %v", b, err)
		}
		fields := checkFields(t, m)
		last := fields[len(fields)-1]
		if last.Name != wire.Trailing || string(b[last.Start:last.End]) != "rest" {
			t.Errorf("%s ends in %s", typ, last.Name)
		}
	}
}

// values are what a message says, as "name=value", in order.
type values []string

func (v *values) number(n wire.Name, value int64) { *v = append(*v, fmt.Sprintf("%s=%d", n, value)) }
func (v *values) text(n wire.Name, value string)  { *v = append(*v, fmt.Sprintf("%s=%q", n, value)) }

func (v *values) nullable(n wire.Name, value []byte) {
	if value == nil {
		v.number(wire.ValueLength, -1)
		return
	}
	v.text(n, string(value))
}

// structure is what the other values imply.
var structure = []wire.Name{
	wire.TypeByte, wire.Length, wire.RequestCode, wire.AuthenticationSubtype, wire.End, wire.DataLength, wire.OptionCount,
	wire.FormatCount, wire.ResultFormatCount, wire.ParameterCount, wire.ArgumentCount, wire.ColumnCount,
}

// valuesOf reads the values from a message's fields.
func valuesOf(m wire.Message) values {
	var v values
	for _, f := range wire.AppendFields(nil, &m) {
		b := m.Bytes[f.Start:f.End]
		switch {
		case f.Kind == wire.Group || slices.Contains(structure, f.Name) || f.Name == wire.ValueLength && f.Int != -1:
		case f.Kind.IsInteger():
			v.number(f.Name, f.Int)
		case f.Kind == wire.CString:
			v.text(f.Name, string(b[:len(b)-1]))
		default:
			v.text(f.Name, string(b))
		}
	}
	return v
}

// reduced leaves out what pgproto3 does not keep: the order of parameters, which
// of several fields had the same code, what kind of secret it is, empty fields, text
// in place of a position.
func reduced(typ wire.Type, v values) values {
	pairs := map[string]string{}
	switch typ {
	case wire.MD5PasswordMessage, wire.SASLInitialResponse, wire.SASLResponse, wire.AuthenticationSASLContinue,
		wire.AuthenticationSASLFinal: // one name for all such data
		for i, value := range v {
			if _, data, _ := strings.Cut(value, "="); !strings.HasPrefix(value, "selected_mechanism") {
				v[i] = data
			}
		}
		return slices.DeleteFunc(v, func(s string) bool { return s == `""` })
	case wire.StartupMessage:
		for i := 1; i+1 < len(v); i += 2 {
			pairs[v[i]] = v[i+1]
		}
	case wire.ErrorResponse, wire.NoticeResponse:
		for i := 0; i+1 < len(v); i += 2 {
			pairs[v[i]] = v[i+1]
			if slices.Contains([]string{`code="P"`, `code="p"`, `code="L"`}, v[i]) {
				text, _ := strconv.Unquote(strings.TrimPrefix(v[i+1], "text="))
				n, _ := strconv.ParseInt(text, 10, 32)
				pairs[v[i]] = fmt.Sprintf("text=%q", strconv.FormatInt(n, 10))
			}
			if pairs[v[i]] == `text=""` || pairs[v[i]] == `text="0"` {
				delete(pairs, v[i])
			}
		}
	default:
		return v
	}
	var sorted values
	for name, value := range pairs {
		sorted = append(sorted, name+" "+value)
	}
	slices.Sort(sorted)
	return sorted
}

// many makes a list of the greatest length that a count can say.
func many[T any](v T) []T { return slices.Repeat([]T{v}, math.MaxUint16) }
