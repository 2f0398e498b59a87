package formats

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgpi/internal/capture"
	"pgpi/internal/event"
	"pgpi/internal/localpg"
	"pgpi/internal/wire"
	"pgpi/test/decoded"
	"pgpi/test/servers"
)

// tsharkFields are pgpi's names for what tshark shows, for fields without a name by their label. An
// empty name is the body of a message, which pgpi takes apart.
var tsharkFields = map[string][]wire.Name{
	"pgsql.type":   {wire.TypeByte},
	"pgsql.length": {wire.Length},

	"pgsql.version_major":               {wire.ProtocolVersion},
	"pgsql.version_minor":               {wire.ProtocolVersion},
	"pgsql.version_supported_minor":     {wire.ProtocolVersion},
	"pgsql.number_nonsupported_options": {wire.OptionCount},
	"pgsql.nonsupported_option":         {wire.Option},
	"pgsql.parameter_name":              {wire.Key},
	"pgsql.parameter_value":             {wire.KeyValue},
	"pgsql.authtype":                    {wire.AuthenticationSubtype},
	"pgsql.salt":                        {wire.Salt},
	"pgsql.password":                    {wire.Password, wire.MD5Hash},
	"pgsql.auth.sasl.mech":              {wire.Mechanisms, wire.SelectedMechanism},
	"pgsql.auth.sasl.data.length":       {wire.DataLength},
	"pgsql.auth.sasl.data": {
		wire.SCRAMClientFirst, wire.SCRAMServerFirst, wire.SCRAMClientFinal, wire.SCRAMServerFinal,
	},
	"pgsql.pid": {wire.ProcessID},
	"pgsql.key": {wire.SecretKey},

	"pgsql.query":       {wire.SQL},
	"pgsql.statement":   {wire.Statement},
	"pgsql.portal":      {wire.Portal},
	"pgsql.returns":     {wire.RowLimit},
	"pgsql.oid":         {wire.FunctionOID},
	"pgsql.tag":         {wire.CommandTag},
	"pgsql.status":      {wire.TransactionStatus},
	"pgsql.condition":   {wire.Channel},
	"pgsql.copydata":    nil,
	"pgsql.error":       {wire.FailReason},
	"pgsql.field.count": {wire.ColumnCount},
	"pgsql.col.name":    {wire.ColumnName},
	"pgsql.oid.table":   {wire.TableOID},
	"pgsql.col.index":   {wire.AttributeNumber},
	"pgsql.oid.type":    {wire.TypeOID, wire.ParameterType},
	"pgsql.col.typemod": {wire.TypeModifier},
	"pgsql.format":      {wire.Format, wire.ResultFormat, wire.ColumnFormat, wire.CopyFormat},
	"pgsql.val.length":  {wire.ValueLength, wire.TypeLength},
	"pgsql.val.data":    {wire.ColumnValue, wire.ParameterValue, wire.ArgumentValue, wire.ResultValue},
	"Columns":           {wire.ColumnCount},
	"Parameters":        {wire.ParameterCount},
	"Parameter formats": {wire.FormatCount},
	"Parameter values":  {wire.ParameterCount, wire.ArgumentCount},
	"Result formats":    {wire.ResultFormatCount},

	"pgsql.text":              {wire.NotifyPayload, wire.ErrorValue},
	"pgsql.severity":          {wire.ErrorValue},
	"pgsql.code":              {wire.ErrorValue},
	"pgsql.message":           {wire.ErrorValue},
	"pgsql.detail":            {wire.ErrorValue},
	"pgsql.hint":              {wire.ErrorValue},
	"pgsql.position":          {wire.ErrorValue},
	"pgsql.internal_position": {wire.ErrorValue},
	"pgsql.internal_query":    {wire.ErrorValue},
	"pgsql.where":             {wire.ErrorValue},
	"pgsql.schema_name":       {wire.ErrorValue},
	"pgsql.table_name":        {wire.ErrorValue},
	"pgsql.column_name":       {wire.ErrorValue},
	"pgsql.type_name":         {wire.ErrorValue},
	"pgsql.constraint_name":   {wire.ErrorValue},
	"pgsql.file":              {wire.ErrorValue},
	"pgsql.line":              {wire.ErrorValue},
	"pgsql.routine":           {wire.ErrorValue},
}

// errorLetters are the letters that identify the fields of errors and notices (PostgreSQL
// documentation, section "Error and Notice Message Fields").
var errorLetters = map[string]byte{
	"pgsql.severity": 'S', "pgsql.text": 'V', "pgsql.code": 'C', "pgsql.message": 'M', "pgsql.detail": 'D', "pgsql.hint": 'H',
	"pgsql.position": 'P', "pgsql.internal_position": 'p', "pgsql.internal_query": 'q', "pgsql.where": 'W',
	"pgsql.schema_name": 's', "pgsql.table_name": 't', "pgsql.column_name": 'c', "pgsql.type_name": 'd',
	"pgsql.constraint_name": 'n', "pgsql.file": 'F', "pgsql.line": 'L', "pgsql.routine": 'R',
}

// untyped are tshark's names for messages without a type byte.
var untyped = map[wire.Type]string{
	wire.SSLRequest: "SSL request", wire.StartupMessage: "Startup message", wire.CancelRequest: "Cancel request",
}

// onlyTshark are the fields that the sessions here do not have, with the reason.
var onlyTshark = map[string]string{
	"pgsql.auth.gssapi_sspi.data": "no server here has Kerberos",
}

// onlyPgpi are the fields that tshark lacks, with what it shows instead.
var onlyPgpi = map[string]string{
	"SSLRequest request_code":       "the message's name",
	"CancelRequest request_code":    "the message's name",
	"Describe target":               "the field that follows, as a statement or a portal",
	"Close target":                  "the field that follows, as a statement or a portal",
	"CopyInResponse column_format":  "how many columns there are",
	"CopyOutResponse column_format": "how many columns there are",
	"StartupMessage end":            "nothing, for the end of a list",
	"AuthenticationSASL end":        "nothing, for the end of a list",
	"ErrorResponse end":             "nothing, for the end of a list",
	"NoticeResponse end":            "nothing, for the end of a list",
}

// TestTsharkFields has stock tshark, without any setting, and pgpi read the same recordings. Every
// field that both have consists of the same bytes in the same message, and means the same.
func TestTsharkFields(t *testing.T) {
	tshark := servers.Program(t, "tshark")
	server, err := localpg.Start(t.Context(), localpg.Config{
		Bin: servers.Require(t, 18), TLS: &localpg.TLS{}, Auth: localpg.SCRAM, Password: "swordfish",
		HBA: []string{"local all postgres trust", "host all old all md5", "host all postgres all scram-sha-256"},
		SQL: []string{"set password_encryption = md5", "create role old login password 'swordfish'"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close() //nolint:errcheck // what was to be learned has been
	seen := map[string]bool{}
	for name, args := range map[string][]string{"every login": {"--hide-channel-binding"}, "overridden login": {"--override-auth"}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "session.pcapng")
			p := start(t, append(args, "--server-host="+server.Host, fmt.Sprintf("--server-connect-port=%d", server.Port),
				"--server-sslmode=require", "--record="+path)...)
			everyField(t, fmt.Sprintf("127.0.0.1:%d", p.port), server)
			p.stop(t)
			shown, own := tsharkMessages(t, tshark, path), messagesOf(t, path)
			if len(shown) != len(own) || len(own) < 150 {
				t.Fatalf("tshark has %d messages, pgpi has %d", len(shown), len(own))
			}
			for i := range own {
				own[i].compare(t, &shown[i], seen)
			}
		})
	}
	for _, name := range fieldsOf(t, tshark) {
		switch {
		case !seen[name] && onlyTshark[name] == "":
			t.Errorf("no message has %s: add one that has, or the reason why there is none", name)
		case seen[name] && onlyTshark[name] != "":
			t.Errorf("a message has %s: take it from the list of those that none has", name)
		}
	}
	for _, name := range slices.Concat(slices.Sorted(maps.Keys(tsharkFields)), slices.Sorted(maps.Keys(onlyPgpi))) {
		if !seen[name] {
			t.Errorf("the tables here have %s, and no message has it", name)
		}
	}
}

// element is what tshark shows for a message or a field.
type element struct {
	Name   string    `xml:"name,attr"`
	Show   string    `xml:"show,attr"`
	Value  string    `xml:"value,attr"` // the bytes, in hexadecimal
	Pos    int       `xml:"pos,attr"`
	Size   int       `xml:"size,attr"`
	Fields []element `xml:"field"`
}

// tsharkMessages returns the messages that tshark finds in a recording.
func tsharkMessages(t *testing.T, tshark, path string) (all []element) {
	t.Helper()
	var document struct {
		Packets []struct {
			Protocols []element `xml:"proto"`
		} `xml:"packet"`
	}
	if err := xml.Unmarshal(runTshark(t, tshark, "-r", path, "-Y", "pgsql", "-T", "pdml"), &document); err != nil {
		t.Fatalf("tshark: %v", err)
	}
	for _, packet := range document.Packets {
		for _, protocol := range packet.Protocols {
			if protocol.Name == "pgsql" {
				all = append(all, protocol)
			}
		}
	}
	return all
}

// runTshark runs tshark without the user's settings.
func runTshark(t *testing.T, tshark string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(tshark, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	return output
}

// fieldsOf returns all fields of the protocol that tshark knows.
func fieldsOf(t *testing.T, tshark string) (names []string) {
	t.Helper()
	for line := range strings.Lines(string(runTshark(t, tshark, "-G", "fields"))) {
		if words := strings.Split(line, "\t"); words[0] == "F" && strings.HasPrefix(words[2], "pgsql.") {
			names = append(names, words[2])
		}
	}
	if len(names) == 0 {
		t.Fatal("tshark knows no field of the protocol")
	}
	return names
}

// message is a message that pgpi has read.
type message struct {
	wire.Message
	from wire.Sender
}

// messagesOf returns the messages that pgpi finds in a recording. To tshark, one-byte replies are
// not messages.
func messagesOf(t *testing.T, path string) []message {
	t.Helper()
	r, err := capture.Open([]string{path}, capture.Options{
		Problem: func(err error) { t.Error(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	r.Read(t.Context(), decoded.New(func(e *event.Event) {
		for _, m := range e.Messages {
			if m.Type != wire.SSLResponse {
				m.Bytes = bytes.Clone(m.Bytes)
				all = append(all, message{m.Message, e.Direction.Sender()})
			}
		}
	}))
	return all
}

// compare compares what tshark and pgpi say about a message. It notes which fields there were, and
// which only pgpi has.
func (m *message) compare(t *testing.T, shown *element, seen map[string]bool) {
	t.Helper()
	leaves := slices.DeleteFunc(wire.AppendFields(nil, &m.Message), func(f wire.Field) bool { return f.Kind == wire.Group })
	said := make([]bool, len(leaves))
	for _, f := range flatten(nil, shown.Fields) {
		name := f.Name
		if name == "" {
			name, f.Show, _ = strings.Cut(f.Show, ": ")
		}
		seen[name] = true
		if why := m.differs(name, f, f.Pos-shown.Pos, leaves, said); why != "" {
			t.Errorf("%v %q: tshark has %s %q in bytes %d to %d: %s", m.Type, m.Bytes, name, f.Show, f.Pos-shown.Pos, f.Pos-shown.Pos+f.Size, why)
		}
	}
	for i, leaf := range leaves {
		name := fmt.Sprintf("%v %v", m.Type, leaf.Name)
		if seen[name] = seen[name] || !said[i]; !said[i] && onlyPgpi[name] == "" {
			t.Errorf("%v %q: tshark has nothing for %v in bytes %d to %d", m.Type, m.Bytes, leaf.Name, leaf.Start, leaf.End)
		}
	}
}

// flatten returns fields in order, each before those in it.
func flatten(dst, fields []element) []element {
	for _, f := range fields {
		dst = flatten(append(dst, f), f.Fields)
	}
	return dst
}

// differs returns how a field of tshark differs from pgpi's for the same bytes, and notes which
// those are.
func (m *message) differs(name string, f element, start int, leaves []wire.Field, said []bool) string {
	switch {
	case name == "pgsql.frontend":
		return unless(f.Show == map[wire.Sender]string{wire.Client: "1", wire.Server: "0"}[m.from], "pgpi has the other direction")
	case name == "pgsql.type" && f.Size == 0:
		return unless(f.Show == untyped[m.Type], "pgpi has another type")
	}
	names, known := tsharkFields[name]
	end := start + f.Size
	if !known || start < 0 || end > len(m.Bytes) {
		return "pgpi has no such field"
	}
	if b := hex.EncodeToString(m.Bytes[start:end]); b != f.Value {
		return "tshark's bytes are " + f.Value + ", pgpi's are " + b
	}
	var own []wire.Field
	for i, leaf := range leaves {
		if int(leaf.Start) < end && int(leaf.End) > start {
			own, said[i] = append(own, leaf), true
		}
	}
	switch {
	case names == nil:
		return unless(start == wire.HeaderSize && end == len(m.Bytes), "it is not the whole body")
	case len(own) == 2 && own[0].Name == wire.ErrorCode:
		if m.Bytes[own[0].Start] != errorLetters[name] {
			return fmt.Sprintf("it is field %c to pgpi", m.Bytes[own[0].Start])
		}
		own = own[1:]
	}
	if len(own) != 1 || !slices.Contains(names, own[0].Name) {
		return fmt.Sprintf("pgpi has %v", own)
	}
	want, ok := m.inWords(name, own[0])
	return unless(!ok || f.Show == want, "pgpi has "+want)
}

func unless(fine bool, why string) string {
	if fine {
		return ""
	}
	return why
}

// inWords returns pgpi's value of a field as tshark would show it, if that is more than its bytes.
func (m *message) inWords(name string, f wire.Field) (words string, ok bool) {
	b := m.Bytes[f.Start:f.End]
	switch {
	case name == "pgsql.version_major":
		return strconv.FormatInt(f.Int>>16, 10), true
	case name == "pgsql.version_minor":
		return strconv.FormatInt(f.Int&0xffff, 10), true
	case name == "pgsql.col.index": // tshark shows it without a sign
		return strconv.Itoa(int(uint16(f.Int))), true
	case f.Kind.IsInteger():
		return strconv.FormatInt(f.Int, 10), true
	case name == "pgsql.status":
		return strconv.Itoa(int(b[0])), true
	case f.Kind == wire.CString:
		text := strings.TrimSuffix(string(b), "\x00")
		return text, !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) // tshark shows no others
	}
	return "", false
}
