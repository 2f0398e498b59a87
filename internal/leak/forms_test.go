package leak

import (
	"testing"

	"pgpi/internal/event"
)

// Messages with a value in one form or another.
func query(sql string) dialogue {
	d := login("on", "")
	d.client('Q', sql, "\x00")
	return d
}

func textRow(text string) dialogue {
	d := query("select x from t")
	d.server('T', int16(1), column("x", 25, 0))
	d.server('D', row(value(text)))
	return d
}

func copyRow(format, text string) dialogue {
	d := query("copy t to stdout (format " + format + ")")
	d.server('H', "\x00", int16(1), int16(0))
	d.server('d', text, "\n")
	return d
}

func serverError(fields string) dialogue {
	d := query("select x from t")
	d.server('E', fields, "\x00\x00")
	return d
}

// loginBy is a login by a password.
func loginBy(password string) dialogue {
	d := login("", "")[:1]
	d.server('R', uint32(3))
	d.client('p', password, "\x00")
	return d
}

// bound has two parameters, with formats.
func bound(formats []byte, values ...[]byte) dialogue {
	d := login("on", "")
	d.client('P', "\x00insert into t values ($1, $2)\x00", int16(2), uint32(20), uint32(20))
	d.client('B', "\x00\x00", formats, row(values...), int16(0))
	return d
}

// TestForms finds a value that has another form in the output than in the input.
func TestForms(t *testing.T) {
	number := value(uint64(0x0102030405060708)) // 72623859790382856
	for name, test := range map[string]struct {
		input, output dialogue
	}{
		"a doubled quote":               {query(`select 'O''Neil Canary'`), textRow(`O'Neil Canary`)},
		"a quote that is doubled":       {textRow(`O'Neil Canary`), query(`select 'O''Neil Canary'`)},
		"escapes":                       {query(`select E'C\x61nary\nbird'`), textRow("Canary\nbird")},
		"escapes that are put in":       {textRow("Canary\nbird"), query(`select E'C\x61nary\nbird'`)},
		"escapes of Unicode":            {query(`select U&'C\0061nary'`), textRow(`Canary`)},
		"another escape character":      {query(`select u&'C!0061nary' uescape '!'`), textRow(`Canary`)},
		"a constant on two lines":       {query("select 'Ca'\n'nary'"), textRow(`Canary`)},
		"dollar quotes":                 {query("select $a$O'Neil Canary$a$"), textRow(`O'Neil Canary`)},
		"a comment":                     {query("select 1 /* Canary */"), query("select 2 /* Canary */")},
		"a function":                    {query("create function f() returns text as $$ begin return 'Canary'; end $$"), textRow(`Canary`)},
		"COPY":                          {copyRow("text", `Can\141ry\tbird`), textRow("Canary\tbird")},
		"COPY of a row":                 {textRow("Canary\tbird"), copyRow("text", `Canary\tbird`)},
		"CSV":                           {copyRow("csv", `"a ""Canary"" bird"`), textRow(`a "Canary" bird`)},
		"CSV of a row":                  {textRow(`a "Canary" bird`), copyRow("csv", `"a ""Canary"" bird"`)},
		"JSON of a row":                 {textRow(`a "Canary" bird`), textRow(`{"a": "a \"Canary\" bird"}`)},
		"inside of a name":              {textRow("Canary"), query("select * from my_Canary_table")},
		"a number in binary format":     {bound(build(int16(2), int16(1), int16(0)), number, value("x")), textRow("72623859790382856")},
		"all parameters in binary":      {bound(build(int16(1), int16(1)), value("x"), number), textRow("72623859790382856")},
		"a number of a row":             {textRow("72623859790382856"), bound(build(int16(1), int16(1)), number, value("x"))},
		"a number in SQL":               {query("select 72623859790382856"), bound(build(int16(1), int16(1)), number, value("x"))},
		"the values of a key":           {serverError("C23505\x00DKey (a, b)=(Canary (yellow), 1) already exists."), textRow("Canary (yellow), 1")},
		"a row that failed":             {serverError("C23514\x00DFailing row contains (1, Canary, null)."), textRow("1, Canary, null")},
		"a partition key":               {serverError("C23514\x00DPartition key of the failing row contains (a) = (Canary)."), textRow("a) = (Canary")},
		"a value behind a colon":        {serverError("C22P02\x00Minvalid input syntax for type integer: \"a \"Canary\"\""), textRow(`a "Canary"`)},
		"a value out of range":          {serverError("C22003\x00Mvalue \"471108154711\" is out of range for type integer"), textRow("471108154711")},
		"a parameter in a context":      {serverError("C22P02\x00Wunnamed portal with parameters: $1 = 'Canary', $2 = NULL"), textRow("Canary")},
		"a statement in a context":      {serverError("C22P02\x00WSQL statement \"insert into \"t\" values ('Canary')\"\nPL/pgSQL function f()"), textRow("Canary")},
		"a statement in a field":        {serverError("C22P02\x00qinsert into t values ('Canary')"), textRow("Canary")},
		"what RAISE says":               {serverError("CP0001\x00MCanary"), textRow("Canary")},
		"what a function says":          {serverError("C00000\x00MCanary\x00RPLy_output"), textRow("Canary")},
		"a hint of RAISE":               {serverError("CP0001\x00Mno\x00HCanary"), textRow("Canary")},
		"a setting of the user's own":   {query(`set "app.tenant" = 'Canary'`), textRow("Canary")},
		"not an option of COPY":         {query(`copy (select null, 'Canary') to stdout`), textRow("Canary")},
		"a key word and something else": {query(`select 'table '`), textRow("table ")},
	} {
		detector := test.input.learned()
		test.output.track(detector.Search)
		if !detector.found.any() {
			t.Errorf("%s: nothing is found: %v", name, detector)
		}
	}
}

// TestNoLeaks does not mistake anything else for a value.
func TestNoLeaks(t *testing.T) {
	place := query("select ctid from t")
	place.server('T', int16(1), column("ctid", 27, 1))
	place.server('D', row(value(uint32(4711), uint16(471))))
	for name, test := range map[string]struct {
		input, output dialogue
	}{
		"a key word":                 {query(`select 'table', 'SELECT'`), query("select * from table_of_tables")},
		"options":                    {query(`copy t to stdout (format 'csv', null 'none'); set search_path = 'public'`), query("select none from public.csv")},
		"a name in an error":         {serverError("C42P01\x00Mrelation \"Canary\" does not exist"), query("select * from Canary")},
		"constants of types":         {textRow("true"), query("select true, null")},
		"three letters":              {textRow("abc"), query("select abc")},
		"the login":                  {textRow("PasswordOf joe"), loginBy("PasswordOf joe")},
		"a number inside of others":  {bound(build(int16(1), int16(1)), value(uint32(7)), value("x")), bound(build(int16(1), int16(1)), value(uint64(7)), value("x"))},
		"short ones behind escapes":  {textRow(`a"bc`), textRow(`{"a": "xa\"bcx"}`)},
		"the end of a long value":    {textRow("0123456789012345678901234567890123456789012345678901234567890123 and the end"), textRow("and the end")},
		"words of a row that failed": {serverError("C23514\x00DFailing row contains (1, Canary, null)."), query("select * from Canary")},
		"a comment of little":        {query("select 1 -- 0b1 and so"), query("select 2 -- 0b1 and so")},
		"the place of a row":         {place, place},
	} {
		detector := test.input.learned()
		test.output.track(detector.Search)
		if err := detector.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNotKnown says what could not be learned.
func TestNotKnown(t *testing.T) {
	large := query("select '" + string(make([]byte, 2<<20)) + "'") // more than is kept
	large.add(event.ClientToServer, 'Q', []any{"select 1\x00"})
	large = append(large, utterance{event.ClientToServer, []byte("this is not a message")})
	const want = "; values at the end of 1 messages that were too large to hold are not known; values in 21 bytes that could not be decoded are not known"
	if said := large.learned().String(); said[len(said)-len(want):] != want {
		t.Errorf("the check says %s", said)
	}
}
