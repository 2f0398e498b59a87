package exchange

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgpi/internal/decode"
	"pgpi/internal/event"
)

// play returns the exchanges of a dialogue in few words.
func play(t *testing.T, dialogue string) (described []string) {
	t.Helper()
	for _, x := range exchangesOf(t, dialogue) {
		described = append(described, describe(x))
	}
	return described
}

// exchangesOf decodes a dialogue, one word per millisecond, and returns its exchanges. The words
// are those in the table below.
func exchangesOf(t *testing.T, dialogue string) []*event.Exchange {
	t.Helper()
	decoding, stage := decode.New(nil), New()
	var out []*event.Exchange
	at := time.Duration(0)
	feed := func(conn uint32, e event.Event) {
		e.Conn, e.Elapsed = conn, at
		decoding.Take(&e, func(e *event.Event) {
			stage.Take(e, func(e *event.Event) {
				if e.Kind == event.Exchanged {
					out = append(out, e.Exchange)
				}
			})
		})
	}
	say := func(d event.Direction, b string) {
		feed(1, event.Event{Kind: event.Bytes, Direction: d, Data: []byte(b), Relayed: true})
	}
	say(event.ClientToServer, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
	say(event.ServerToClient, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
	for word := range strings.FieldsSeq(dialogue) {
		at += time.Millisecond
		name, argument, _ := strings.Cut(word, ":")
		argument = strings.ReplaceAll(argument, "_", " ")
		switch name {
		case "cancel":
			feed(2, event.Event{Kind: event.Said, Fact: event.CancelForwarded{Connection: 1}})
		case "joined":
			feed(1, event.Event{Kind: event.Said, Fact: event.Joined{}})
		case "missing":
			feed(1, event.Event{Kind: event.Said, Fact: event.Missing{Direction: event.ServerToClient, Bytes: 1}})
		case "end":
			feed(1, event.Event{Kind: event.Said, Fact: event.Ended{}})
		default:
			w, known := words[name]
			if !known {
				t.Fatalf("there is no word %q", name)
			}
			say(w.direction, message(w.code, fmt.Sprintf(w.body, argument)))
		}
	}
	return out
}

// describe returns an exchange in few words.
func describe(x *event.Exchange) string {
	s := fmt.Sprintf("%d %s %s", x.Number, x.Kind, x.Outcome)
	if x.Context != nil && x.Context.Function == 0 {
		s += fmt.Sprintf(" %q", x.Context.SQL)
	}
	if x.Context != nil && x.Context.Function != 0 {
		s += fmt.Sprintf(" of %d", x.Context.Function)
	}
	if x.Tag != "" {
		s += " " + x.Tag
	}
	if x.Rows > 0 {
		s += fmt.Sprintf(" %d rows", x.Rows)
	}
	if x.SQLState != "" {
		s += " " + x.SQLState
	}
	if x.RolledBackToo[0] != 0 {
		s += fmt.Sprintf(" rolled back too %d-%d", x.RolledBackToo[0], x.RolledBackToo[1])
	}
	if x.Transaction != 0 {
		s += " " + string(x.Transaction)
	}
	for _, one := range x.Statements {
		s += fmt.Sprintf(" [%s, %d]", one.Tag, one.Rows)
	}
	return s
}

func message(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

var words = map[string]struct {
	direction event.Direction
	code      byte
	body      string
}{
	"QUERY":     {event.ClientToServer, 'Q', "%s\x00"},
	"PARSE":     {event.ClientToServer, 'P', "\x00%s\x00\x00\x00"},
	"BIND":      {event.ClientToServer, 'B', "%s\x00\x00\x00\x00\x00\x00\x00\x00"},
	"DESCRIBE":  {event.ClientToServer, 'D', "S%s\x00"},
	"EXECUTE":   {event.ClientToServer, 'E', "%s\x00\x00\x00\x00\x00"},
	"SYNC":      {event.ClientToServer, 'S', "%s"},
	"FLUSH":     {event.ClientToServer, 'H', "%s"},
	"CALL":      {event.ClientToServer, 'F', "\x00\x00\x03\xbd\x00\x00\x00\x00\x00\x00%s"},
	"DATA":      {event.ClientToServer, 'd', "%s\n"},
	"DONE":      {event.ClientToServer, 'c', "%s"},
	"parsed":    {event.ServerToClient, '1', "%s"},
	"bound":     {event.ServerToClient, '2', "%s"},
	"nodata":    {event.ServerToClient, 'n', "%s"},
	"columns":   {event.ServerToClient, 'T', "\x00\x00%s"},
	"row":       {event.ServerToClient, 'D', "\x00\x00%s"},
	"complete":  {event.ServerToClient, 'C', "%s\x00"},
	"suspended": {event.ServerToClient, 's', "%s"},
	"empty":     {event.ServerToClient, 'I', "%s"},
	"error":     {event.ServerToClient, 'E', "SERROR\x00C%s\x00Mno\x00\x00"},
	"called":    {event.ServerToClient, 'V', "\xff\xff\xff\xff%s"},
	"copyin":    {event.ServerToClient, 'G', "\x00\x00\x00%s"},
	"copyout":   {event.ServerToClient, 'H', "\x00\x00\x00%s"},
	"data":      {event.ServerToClient, 'd', "%s\n"},
	"done":      {event.ServerToClient, 'c', "%s"},
	"notice":    {event.ServerToClient, 'N', "SNOTICE\x00M%s\x00\x00"},
	"ready":     {event.ServerToClient, 'Z', "%s"},
}

// TestDurations adds up the durations of pipelined exchanges, including that of a Sync that fails:
// together they took as long as the pipeline.
func TestDurations(t *testing.T) {
	var got []time.Duration
	for _, x := range exchangesOf(t, "PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE SYNC QUERY:c parsed bound complete:A parsed bound complete:B error:23505 ready:I complete:C ready:I QUERY:d complete:D ready:I") {
		if first := len(got) == 0 || len(got) == 4; x.Times.Queued() == first {
			t.Errorf("exchange %d of %d: queued is %v", len(got), x.Number, !first)
		}
		got = append(got, x.Times.Duration()/time.Millisecond)
	}
	if want := []time.Duration{10, 3, 1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("got %d ms, want %d", got, want)
	}
}

// TestContinued has a file of a recording that repeats how a connection began, within a transaction
// or outside. An error undoes what came before it in an implicit transaction only.
func TestContinued(t *testing.T) {
	for status, want := range map[string]string{"I": "rolled back", "T": "done"} {
		decoding, stage := decode.New(nil), New()
		var got []string
		take := func(e event.Event) {
			e.Conn = 1
			decoding.Take(&e, func(e *event.Event) {
				stage.Take(e, func(e *event.Event) {
					if e.Kind == event.Exchanged {
						got = append(got, e.Exchange.Outcome.String())
					}
				})
			})
		}
		say := func(d event.Direction, repeated bool, b string) {
			take(event.Event{Kind: event.Bytes, Direction: d, Data: []byte(b), Relayed: true, Repeated: repeated})
		}
		take(event.Event{Kind: event.Said, Fact: event.Opened{}})
		take(event.Event{Kind: event.Said, Fact: event.Continued{}})
		say(event.ClientToServer, true, "\x00\x00\x00\x10\x00\x03\x00\x00user\x00u\x00\x00")
		say(event.ServerToClient, true, message('R', "\x00\x00\x00\x00")+message('Z', "I"))
		say(event.ClientToServer, true, message('S', ""))
		say(event.ServerToClient, true, message('Z', status))
		for word := range strings.FieldsSeq("PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE SYNC parsed bound complete:INSERT_0_1 parsed error:23505 ready:I") {
			name, argument, _ := strings.Cut(word, ":")
			say(words[name].direction, false, message(words[name].code, fmt.Sprintf(words[name].body, argument)))
		}
		if !slices.Equal(got, []string{want, "failed"}) {
			t.Errorf("status %s: %q", status, got)
		}
	}
}

// TestFirstRoundTrip has captures that begin in the middle. The first exchange of which something is
// known has made the client wait, although others were asked before it.
func TestFirstRoundTrip(t *testing.T) {
	for dialogue, want := range map[string][]int{
		"joined QUERY:a QUERY:b complete:A ready:I complete:B ready:I QUERY:c complete:C ready:I QUERY:d QUERY:e complete:D ready:I complete:E ready:I": {1, 1, 0},
		"joined row complete:Z QUERY:a QUERY:b ready:I complete:A ready:I complete:B ready:I QUERY:c QUERY:d complete:C ready:I complete:D ready:I":     {1, 0},
	} {
		var got []int
		for _, x := range exchangesOf(t, dialogue) {
			got = append(got, x.RoundTrips)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d, want %d", dialogue, got, want)
		}
	}
}

// TestUndone counts what had run among what an error has undone: a Describe in between has not.
func TestUndone(t *testing.T) {
	all := exchangesOf(t, "PARSE:a BIND EXECUTE FLUSH parsed bound complete:A DESCRIBE:x FLUSH nodata BIND EXECUTE FLUSH bound complete:A PARSE:b FLUSH error:42601 SYNC ready:I")
	if last := all[len(all)-1]; last.Undone != 2 || last.RolledBackToo[0] != 1 {
		t.Errorf("%d were undone, from %d on: %s", last.Undone, last.RolledBackToo[0], describe(last))
	}
}

func TestExchanges(t *testing.T) {
	for _, test := range []struct {
		name, dialogue string
		want           []string
	}{
		{"simple", "QUERY:a columns row row complete:SELECT_2 ready:I QUERY:b error:42601 ready:I",
			[]string{`1 simple done "a" SELECT 2 2 rows I`, `2 simple failed "b" 42601 I`}},
		{"several statements", "QUERY:a;b;c complete:INSERT_0_1 complete:UPDATE_3 columns row complete:SELECT_1 ready:I",
			[]string{`1 simple done "a;b;c" SELECT 1 1 rows I [INSERT 0 1, 1] [UPDATE 3, 3] [SELECT 1, 1]`}},
		{"extended", "PARSE:a BIND DESCRIBE EXECUTE SYNC parsed bound nodata complete:INSERT_0_1 ready:T",
			[]string{`1 extended done "a" INSERT 0 1 T`}},
		{"prepare alone", "PARSE:a DESCRIBE SYNC parsed nodata ready:I SYNC ready:I",
			[]string{`1 prepare done "a" I`, `2 sync done I`}},
		{"suspended", "PARSE:a BIND EXECUTE FLUSH parsed bound row suspended EXECUTE SYNC row complete:SELECT_1 ready:I",
			[]string{`1 extended suspended "a" 1 rows`, `2 extended done "a" SELECT 1 1 rows I`}},
		{"a pipeline with an error", "PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE PARSE:c BIND EXECUTE SYNC parsed bound complete:INSERT_0_1 parsed error:23505 ready:I",
			[]string{`1 extended rolled back "a" INSERT 0 1 I`, `2 extended failed "b" 23505 I`, `3 extended skipped "c" I`}},
		{"what was over before", "PARSE:a BIND EXECUTE FLUSH parsed bound complete:INSERT_0_1 PARSE:b BIND EXECUTE FLUSH error:23505 SYNC ready:I",
			[]string{`1 extended done "a" INSERT 0 1`, `2 extended failed "b" 23505 rolled back too 1-1`}},
		{"in a transaction", "QUERY:begin complete:BEGIN ready:T PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE SYNC parsed bound complete:INSERT_0_1 error:23505 ready:E",
			[]string{`1 simple done "begin" BEGIN T`, `2 extended done "a" INSERT 0 1 E`, `3 extended failed "b" 23505 E`}},
		{"behind a commit", "PARSE:a BIND EXECUTE PARSE:commit BIND EXECUTE PARSE:b BIND EXECUTE SYNC parsed bound complete:INSERT_0_1 parsed bound complete:COMMIT error:23505 ready:I",
			[]string{`1 extended done "a" INSERT 0 1 I`, `2 extended done "commit" COMMIT I`, `3 extended failed "b" 23505 I`}},
		{"an error at the Sync", "PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE SYNC parsed bound complete:INSERT_0_1 parsed bound complete:INSERT_0_1 error:23503 ready:I",
			[]string{`1 extended rolled back "a" INSERT 0 1 I`, `2 extended rolled back "b" INSERT 0 1 I`, `2 sync failed 23503 I`}},
		{"an error at the Sync behind a Close", "PARSE:a BIND EXECUTE DESCRIBE SYNC parsed bound complete:INSERT_0_1 nodata error:23503 ready:I",
			[]string{`1 extended rolled back "a" INSERT 0 1 I`, `2 prepare done "a" I`, `2 sync failed 23503 I`}},
		{"an error at the Sync behind COPY", "PARSE:copy BIND EXECUTE DATA:1 DONE SYNC parsed bound copyin complete:COPY_1 error:23505 ready:I",
			[]string{`1 copy in rolled back "copy" COPY 1 I`, `1 sync failed 23505 I`}},
		{"an error at a Sync of its own", "PARSE:a BIND EXECUTE FLUSH parsed bound complete:INSERT_0_1 SYNC error:23505 ready:I QUERY:b complete:B ready:I",
			[]string{`1 extended done "a" INSERT 0 1`, `1 sync failed 23505 rolled back too 1-1 I`, `2 simple done "b" B I`}},
		{"a Sync behind a Query", "PARSE:a BIND EXECUTE QUERY:b SYNC parsed bound complete:A complete:B ready:I notice ready:I",
			[]string{`1 extended done "a" A`, `2 simple done "b" B I`, `3 sync done I`}},
		{"a Sync behind COPY", "QUERY:copy copyin DATA:1 DONE SYNC complete:COPY_1 ready:I notice ready:I",
			[]string{`1 copy in done "copy" COPY 1 I`, `2 sync done I`}},
		{"behind a Sync of its own", "PARSE:a BIND EXECUTE FLUSH parsed bound complete:A SYNC ready:I EXECUTE SYNC error:34000 ready:I",
			[]string{`1 extended done "a" A`, `2 extended failed 34000 I`}},
		{"behind a BEGIN that is over", "PARSE:begin BIND EXECUTE FLUSH parsed bound complete:BEGIN PARSE:a BIND EXECUTE FLUSH parsed bound complete:A PARSE:b SYNC error:42601 ready:E",
			[]string{`1 extended done "begin" BEGIN`, `2 extended done "a" A`, `3 prepare failed "b" 42601 E`}},
		{"back to a savepoint", "PARSE:begin BIND EXECUTE PARSE:rollback_to_p BIND EXECUTE PARSE:a BIND EXECUTE PARSE:b SYNC parsed bound complete:BEGIN parsed bound complete:ROLLBACK parsed bound complete:A error:42601 ready:E",
			[]string{`1 extended done "begin" BEGIN E`, `2 extended done "rollback to p" ROLLBACK E`, `3 extended done "a" A E`, `4 prepare failed "b" 42601 E`}},
		{"a PREPARE", "PARSE:prepare_q_as_x BIND EXECUTE PARSE:b SYNC parsed bound complete:PREPARE error:42601 ready:I",
			[]string{`1 extended rolled back "prepare q as x" PREPARE I`, `2 prepare failed "b" 42601 I`}},
		{"rows of several statements", "QUERY:a complete:INSERT_0_3 columns row row row row row complete:SELECT_5 ready:I",
			[]string{`1 simple done "a" SELECT 5 5 rows I [INSERT 0 3, 3] [SELECT 5, 5]`}},
		{"several statements with COPY", "QUERY:a complete:A copyin DATA:1 DONE complete:COPY_1 ready:I", []string{`1 copy in done "a" COPY 1 I [A, 0] [COPY 1, 1]`}},
		{"what is meant behind an error", "PARSE:a BIND EXECUTE SYNC parsed bound complete:A ready:I BIND:x error:26000 EXECUTE PARSE:b EXECUTE BIND EXECUTE SYNC ready:I",
			[]string{`1 extended done "a" A I`, `2 prepare failed "a" 26000`, `3 extended skipped I`, `4 extended skipped "b" I`}},
		{"what an error has kept from being made", "PARSE:a SYNC parsed ready:I BIND:x PARSE:b SYNC BIND EXECUTE SYNC error:26000 ready:I bound complete:A ready:I",
			[]string{`1 prepare done "a" I`, `2 prepare failed "a" 26000 I`, `3 extended done "a" A I`}},
		{"without a name behind DEALLOCATE ALL", "PARSE:a BIND EXECUTE SYNC parsed bound complete:DEALLOCATE_ALL ready:I BIND EXECUTE SYNC bound complete:A ready:I",
			[]string{`1 extended done "a" DEALLOCATE ALL I`, `2 extended done "a" A I`}},
		{"what two errors have kept from being made", "PARSE:a SYNC parsed ready:I BIND:x PARSE:b SYNC BIND:x PARSE:b SYNC BIND EXECUTE SYNC error:26000 ready:I error:26000 ready:I bound complete:A ready:I",
			[]string{`1 prepare done "a" I`, `2 prepare failed "a" 26000 I`, `3 prepare failed "a" 26000 I`, `4 extended done "a" A I`}},
		{"what a Query has not taken away", "PARSE:a SYNC parsed ready:I BIND:x QUERY:q PARSE:b SYNC BIND EXECUTE SYNC error:26000 ready:I bound complete:A ready:I",
			[]string{`1 prepare done "a" I`, `2 prepare failed "a" 26000 I`, `3 simple skipped "q" I`, `4 prepare skipped "b" I`, `5 extended done "a" A I`}},
		{"what was made again", "PARSE:a SYNC parsed ready:I BIND:x PARSE:b SYNC PARSE:b BIND EXECUTE SYNC error:26000 ready:I parsed bound complete:B ready:I",
			[]string{`1 prepare done "a" I`, `2 prepare failed "a" 26000 I`, `3 extended done "b" B I`}},
		{"canceled", "QUERY:a cancel error:57014 ready:I QUERY:b error:57014 ready:I",
			[]string{`1 simple canceled "a" 57014 I`, `2 simple failed "b" 57014 I`}},
		{"canceled in a pipeline", "PARSE:a BIND EXECUTE PARSE:b BIND EXECUTE SYNC parsed bound complete:A parsed bound cancel error:57014 ready:I",
			[]string{`1 extended rolled back "a" A I`, `2 extended canceled "b" 57014 I`}},
		{"lost", "QUERY:a columns row end", []string{`1 simple lost "a" 1 rows`}},
		{"lost before any reply", "PARSE:a BIND EXECUTE SYNC end", []string{`1 extended lost "a"`}},
		{"where the capture begins", "joined QUERY:a columns row complete:SELECT_1 ready:I QUERY:b complete:B ready:I QUERY:c end", []string{`2 simple done "b" B I`, `3 simple lost "c"`}},
		{"behind a gap", "QUERY:a missing QUERY:b complete:B ready:I QUERY:c complete:C ready:I", []string{`3 simple done "c" C I`}},
		{"never answered behind a gap", "QUERY:a missing QUERY:b end", []string{`2 simple lost "b"`}},
		{"a function call", "CALL called ready:I", []string{`1 function call done of 957 I`}},
		{"copy in", "QUERY:copy copyin DATA:1 DATA:2 DONE complete:COPY_2 ready:I", []string{`1 copy in done "copy" COPY 2 I`}},
		{"copy out", "QUERY:copy copyout data:1 data:2 done complete:COPY_2 ready:I", []string{`1 copy out done "copy" COPY 2 I`}},
		{"empty", "QUERY empty ready:I", []string{`1 simple done "" I`}},
		{"a swallowed Describe", "PARSE:a DESCRIBE SYNC parsed ready:I QUERY:b complete:SELECT_0 ready:I",
			[]string{`1 prepare done "a"`, `2 simple done "b" SELECT 0 I`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := play(t, test.dialogue)
			if strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("%s\ngot\n  %s\nwant\n  %s", test.dialogue, strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
		})
	}
}
