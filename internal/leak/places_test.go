package leak

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgpi/internal/event"
	"pgpi/internal/wire"
)

// everything has values in all kinds of fields.
func everything() dialogue {
	d := login("on", "")
	d.client('Q', `SELECT name, 471101 FROM birds WHERE name = 'Canary02''s' -- a Canary03 comment`, "\x00")
	d.server('T', int16(2), column("Canary04", 25, 0), column("id", 23, 0))
	d.server('D', row(value("Canary04"), value("471105")))
	d.server('C', "SELECT 1\x00")
	d.server('Z', "I")

	d.client('P', "s1\x00INSERT INTO birds VALUES ($1, $2, $3) RETURNING $$Canary10$$\x00", int16(3), uint32(25), uint32(20), uint32(17))
	d.client('B', "p1\x00s1\x00", int16(3), int16(0), int16(1), int16(1), int16(3), value("Canary11"), value(uint64(471112)), value("\x00\x01Canary13\xff"), int16(1), int16(1))
	d.client('D', "Pp1\x00")
	d.client('E', "p1\x00", uint32(0))
	d.client('S')
	d.server('1')
	d.server('2')
	d.server('T', int16(2), column("n", 23, 1), column("u", 2950, 1))
	d.server('D', row(value(uint32(471114)), value("Can\x01ary\xffCanary15")))
	d.server('C', "INSERT 0 1\x00")
	d.server('Z', "I")

	d.client('Q', "COPY birds (name, note) FROM STDIN (NULL 'nothing')\x00")
	d.server('G', "\x00", int16(2), int16(0), int16(0))
	d.client('d', "Canary20\tCanary\\t21\nnothing\tCanary")
	d.client('d', "22 and Canary23\n")
	d.client('f', "no more Canary24\x00")
	d.server('E', "SERROR\x00VERROR\x00C57014\x00MCOPY from stdin failed: no more Canary24\x00\x00")
	d.server('Z', "I")
	d.client('Q', "COPY (SELECT * FROM birds) TO STDOUT WITH (FORMAT csv)\x00")
	d.server('H', "\x00", int16(2), int16(0), int16(0))
	d.server('d', "Canary25,\"Canary, \"\"26\"\"\"\n")
	d.server('c')
	d.server('C', "COPY 1\x00")
	d.server('Z', "I")
	d.client('Q', "COPY birds TO STDOUT (FORMAT binary)\x00")
	d.server('H', "\x01", int16(2), int16(1), int16(1))
	d.server('d', "PGCOPY\n\xff\r\n\x00", uint32(0), uint32(0), int16(2), value("Canary27"), value(uint32(471128)))
	d.server('d', int16(-1))
	d.server('c')
	d.server('C', "COPY 1\x00")
	d.server('Z', "I")

	d.client('Q', "CALL p()\x00")
	d.server('N', "SNOTICE\x00VNOTICE\x00C00000\x00Mhello Canary30\x00DCanary31\x00HCanary32\x00Rexec_stmt_raise\x00\x00")
	d.server('E', "SERROR\x00VERROR\x00C22P02\x00Minvalid input syntax for type integer: \"Canary\"33\"\x00DKey (name)=(Canary34) already exists.\x00",
		"WSQL statement \"INSERT INTO \"birds\" VALUES ('Canary35')\"\nPL/pgSQL function p() line 4 at SQL statement\x00qSELECT 'Canary36'\x00tCanary34\x00\x00")
	d.server('Z', "I")
	d.server('A', uint32(7), "birds\x00Canary37\x00")
	d.client('F', uint32(1), int16(1), int16(1), int16(1), value("Canary38\x00"), int16(1))
	d.server('V', value("Canary39\x00"))
	d.server('Z', "I")
	d.client('Q', "LISTEN Canary40; SELECT 'Canary40'\x00")
	d.server('C', "LISTEN Canary40\x00")
	d.server('S', "application_name\x00Canary40\x00")
	d.server('i', "Canary41 is in a message that nobody knows")
	d.server('C', "SELECT 1\x00and Canary42 behind its end")
	d.server('Z', "I")
	return d
}

// logicalReplication is pgoutput with rows in it.
func logicalReplication() dialogue {
	d := login("on", "replication\x00database\x00")
	d.client('Q', `START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names '"p"')`, "\x00")
	d.server('W', "\x00", int16(0))
	wal := func(parts ...any) { d.server('d', "w", uint64(1), uint64(2), uint64(3), build(parts...)) }
	wal("B", uint64(1), uint64(2), uint32(7))
	wal("R", uint32(16384), "public\x00Canary50\x00d", int16(2), "\x01name\x00", uint32(25), int32(-1), "\x00id\x00", uint32(23), int32(-1))
	wal("I", uint32(16384), "N", int16(2), "t", value("Canary50"), "b", value(uint32(471151)))
	wal("U", uint32(16384), "K", int16(2), "t", value("Canary52"), "n", "N", int16(2), "t", value("Canary53"), "u")
	wal("D", uint32(16384), "O", int16(2), "t", value("Canary54"), "t", value("471155"))
	wal("M", "\x00", uint64(1), "prefix\x00", value("Canary56"))
	wal("C", "\x00", uint64(1), uint64(2), uint64(3))
	return d
}

// physicalReplication and baseBackup have bytes that can't be read.
func physicalReplication() dialogue {
	d := login("on", "replication\x00true\x00")
	d.client('Q', "START_REPLICATION 0/0 -- Canary\x00")
	d.server('W', "\x00", int16(0))
	d.server('d', "w", uint64(1), uint64(2), uint64(3), "\x00\x01\x02 Canary \x03")
	return d
}

func baseBackup() dialogue {
	d := login("on", "replication\x00true\x00")
	d.client('Q', "BASE_BACKUP -- Canary\x00")
	d.server('H', "\x00", int16(0))
	d.server('d', "nbase.tar\x00\x00")
	d.server('d', "d\x00\x01 Canary")
	return d
}

// placesWanted are the kinds of places in which a value must be found.
var placesWanted = []string{
	"sql of Query", "sql of Parse", "parameter value of Bind", "column value of DataRow", "column name of RowDescription",
	"copy value of CopyData/text", "copy value part of CopyData/text", "copy value of CopyData/csv", "copy value of CopyData/binary", "reason of CopyFail",
	"text of ErrorResponse", "text of NoticeResponse", "payload of NotificationResponse", "argument value of FunctionCall",
	"result value of FunctionCallResponse", "command tag of CommandComplete", "value of ParameterStatus",
	"unknown of unknown message", "trailing of CommandComplete",
	"column value of XLogData/Insert", "column value of XLogData/Update", "old key value of XLogData/Update", "old value of XLogData/Delete",
	"relation name of XLogData/Relation", "content of XLogData/Message", "data of XLogData", "data of BaseBackup/Data",
}

// TestEachPlace puts back each field that the redaction has changed, one at a time: what
// was certified before is refused, and the field is named.
func TestEachPlace(t *testing.T) {
	missing := slices.Clone(placesWanted)
	for _, d := range []dialogue{everything(), logicalReplication(), physicalReplication(), baseBackup()} {
		safe := d.redacted(t)
		if err := safe.check(t, d); err != nil {
			t.Errorf("what was redacted is refused: %v", err)
		}
		for _, f := range changedFields(d, safe) {
			patched := slices.Clone(safe)
			patched[f.utterance].bytes = bytes.Clone(patched[f.utterance].bytes)
			copy(patched[f.utterance].bytes[f.start:f.end], d[f.utterance].bytes[f.start:f.end])
			err := patched.check(t, d)
			if err == nil || !strings.Contains(err.Error(), f.place+" (1)") {
				t.Errorf("%q was put back into %s, and the check says %v", d[f.utterance].bytes[f.start:f.end], f.place, err)
				continue
			}
			missing = slices.DeleteFunc(missing, func(place string) bool { return place == f.place })
		}
	}
	if len(missing) > 0 {
		t.Errorf("nothing was put back into %q", missing)
	}
}

// changedField is where a field is in a dialogue.
type changedField struct {
	place                 string
	utterance, start, end int
}

// changedFields are the fields in which two dialogues differ.
func changedFields(d, safe dialogue) []changedField {
	var all []changedField
	utterance := 0
	d.track(func(e *event.Event) {
		start := 0
		for _, m := range e.Messages {
			for _, f := range wire.AppendFields(nil, &m.Message) {
				from, to := start+int(f.Start), start+int(f.End)
				if f.Kind != wire.Group && !bytes.Equal(d[utterance].bytes[from:to], safe[utterance].bytes[from:to]) {
					place := fmt.Sprintf("%s of %s", strings.ReplaceAll(f.Name.String(), "_", " "), m.Type)
					all = append(all, changedField{place, utterance, from, to})
				}
			}
			start += len(m.Bytes)
		}
		utterance++
	})
	return all
}

// TestLargeMessages puts back a few bytes of messages that are too large to hold, also
// where they are in two parts.
func TestLargeMessages(t *testing.T) {
	d := login("on", "")
	long := strings.Repeat("Canary50 ", 20_000)
	d.client('Q', "SELECT '"+long+"', 'Canary in the middle' -- "+long+"\x00")
	d.server('T', int16(2), column("a", 25, 0), column("b", 17, 1))
	d.server('D', row(value("Canary51 "+long), value("\x00Canary52\xff"+long)))
	safe := d.redacted(t)
	if err := safe.check(t, d); err != nil {
		t.Errorf("what was redacted is refused: %v", err)
	}
	const read = 65000 // bytes at a time
	for _, at := range []int{100, read - 30, read, 2*read - 1, len("QLENGTHSELECT ''") + len(long)} {
		patched := slices.Clone(safe)
		start := 0
		for i := range patched {
			u := &patched[i]
			if u.from != event.ClientToServer || i < 2 {
				continue
			}
			whole := d[len(d)-3].bytes
			from, to := max(at, start), min(at+70, start+len(u.bytes))
			if from < to {
				u.bytes = bytes.Clone(u.bytes)
				copy(u.bytes[from-start:], whole[from:to])
			}
			start += len(u.bytes)
		}
		if err := patched.check(t, d); err == nil || !strings.Contains(err.Error(), "a part of a large message (") {
			t.Errorf("70 bytes from byte %d on were put back, and the check says %v", at, err)
		}
	}
}

// TestContexts looks at what messages are shown with, and at sentences.
func TestContexts(t *testing.T) {
	d := everything()
	for name, e := range map[string]event.Event{
		"what DataRow is shown with": {Messages: []event.Message{{Message: wire.Message{Type: wire.DataRow}, Context: &event.Context{SQL: "select 'Canary04'"}}}},
		"what Bind is shown with":    {Messages: []event.Message{{Message: wire.Message{Type: wire.Bind}, Context: &event.Context{Relation: "public.Canary04"}}}},
		"what Close is shown with":   {Messages: []event.Message{{Message: wire.Message{Type: wire.Close}, Context: &event.Context{Columns: []event.Column{{Name: "Canary04"}}}}}},
		"a sentence of pgpi":         {Kind: event.Said, Fact: event.CancelForwarded{Connection: 1, SQL: "select 'Canary04'"}},
		"bytes that are not decoded": {Kind: event.Undecoded, Data: []byte("anything")},
	} {
		detector := d.learned()
		detector.Search(&e)
		if err := detector.Err(); err == nil || !strings.Contains(err.Error(), name+" (1)") {
			t.Errorf("%s: the check says %v", name, err)
		}
	}
	detector := d.learned()
	for _, e := range []event.Event{
		{Kind: event.Said, Fact: event.CancelForwarded{Connection: 471101, SQL: "select 'Zxybtq'"}}, // the number of a connection
		{Kind: event.Said, Fact: event.Opened{Client: "Canary04"}},                                  // addresses stay
		{Kind: event.Undecoded, Data: []byte("*****")},
	} {
		detector.Search(&e)
	}
	if err := detector.Err(); err != nil {
		t.Error(err)
	}
}

// TestSentences learns the SQL that another connection runs, read as that connection's
// settings say.
func TestSentences(t *testing.T) {
	for standard, want := range map[string]string{"on": "", "off": "", "": "standard_conforming_strings"} {
		detector := login(standard, "").learned()
		detector.learn(&event.Event{Conn: 2, Kind: event.Said, Fact: event.CancelFor{Connection: 1, SQL: `select 'C:\', ' Canary`}})
		e := event.Event{Kind: event.Said, Fact: event.CancelFor{Connection: 1, SQL: `select Canary`}}
		detector.Search(&e)
		err := fmt.Sprint(detector.Err())
		if (standard != "off") != strings.Contains(err, "values of the input are in what was written: a sentence of pgpi (1)") || !strings.Contains(err, want) {
			t.Errorf("with %q the check says %v", standard, err)
		}
	}
}
