package pgvalue_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// literals are the values to compare, as input text, for each type by its
// typname: edges first, then random ones.
func (j *judge) literals() map[string][]string {
	texts := []string{"", " ", "a", "NULL", "null", "nUlL", "a b", "a,b", `a"b`, `a\b`, "a'b", "(a)", "{a}", "[a]", "a\tb", "\n", "\r\v\f",
		"é", "日本", "😀", `\`, `"`, `""`, "\u00a0", "x;y", "\x01\x7f", strings.Repeat("x", 3000)}
	m := map[string][]string{
		"bool":          {"t", "f"},
		"bytea":         {"", `\x`, `\x00`, `\xdeadbeef`, `\x5c22`},
		"name":          {"", "a", `A "b"`, "NULL"},
		"text":          texts,
		"varchar":       texts,
		"bpchar":        append([]string{"a   "}, texts...),
		"refcursor":     texts,
		"json":          {"null", "1", `"a"`, `{"a": [1, 2, {"b": null}]}`, ` { "a" : 1 } `, "[]", `"\u00e9"`},
		"jsonb":         {"null", "1.50", `"a"`, `{"b": [1, 2, {"b": null}], "a": 1e3}`, "[]", `{"a b": "c\"d"}`},
		"jsonpath":      {"$", "$.a[*]", "strict $.a ? (@.b == 1 && @.c like_regex \"^x\" flag \"i\")", "$.\"a b\"[0 to last]", "$.a.type()", "-$.a + 1"},
		"xml":           {"", "a", "<a/>", "<a>é</a>", "<?xml version=\"1.0\" standalone=\"yes\"?><a/>", "<a b=\"c\">d &amp; e</a>"},
		"oid":           {"0", "1", "2147483648", "4294967295"},
		"xid":           {"0", "3", "4294967295"},
		"cid":           {"0", "4294967295"},
		"xid8":          {"0", "18446744073709551615", "4294967296"},
		"tid":           {"(0,0)", "(0,1)", "(4294967295,65535)"},
		"pg_lsn":        {"0/0", "0/1A2B3C4", "FFFFFFFF/FFFFFFFF", "16/B374D848"},
		"int2vector":    {"", "1", "1 2 3", "-1 0 32767"},
		"oidvector":     {"", "1", "1 2 4294967295"},
		"money":         {"0", "0.01", "-0.01", "1", "999.99", "1000", "-1234567.89", "92233720368547758.07", "-92233720368547758.08"},
		"macaddr":       {"00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff"},
		"macaddr8":      {"00:00:00:00:00:00:00:00", "08:00:2b:ff:fe:01:02:03"},
		"pg_snapshot":   {"1:1:", "10:20:10,14,15", "1:9223372036854775807:"},
		"txid_snapshot": {"1:1:", "10:20:10,14,15"},
		"uuid":          {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		"bit":           {"0000000000000", "1111111111111", "1010101010101"},
		"varbit":        {"", "0", "1", "10110", "11111111", "000000001"},
		"tsvector": {"", "a", "'a b'", "a:1", "a:1A,2B,3C,4D", "'it''s':3", `'back\\slash'`, "a b c:16383A", "'é' '日本':7B",
			"a:" + strings.TrimSuffix(strings.Repeat("1,", 250), ",")},
	}
	for _, name := range []string{"regproc", "regprocedure", "regclass", "regtype", "regrole", "regnamespace", "regconfig", "regdictionary", "regcollation", "regoper", "regoperator"} {
		m[name] = []string{"0", "4294967295", "999999999"} // no names: they need a catalogue
	}
	j.addNumbers(m)
	j.addTimes(m)
	j.addGeometry(m)
	j.addNetwork(m)
	j.addRanges(m)
	for range 200 {
		m["bytea"] = append(m["bytea"], `\x`+hex.EncodeToString(j.bytes(j.random.IntN(20))))
		m["uuid"] = append(m["uuid"], hex.EncodeToString(j.bytes(16)))
		m["text"] = append(m["text"], j.word())
		m["varbit"] = append(m["varbit"], j.bits(j.random.IntN(70)))
		m["bit"] = append(m["bit"], j.bits(13))
		m["tsquery"] = append(m["tsquery"], j.tsquery(4))
		m["pg_lsn"] = append(m["pg_lsn"], fmt.Sprintf("%X/%X", j.random.Uint32(), j.random.Uint32()>>j.random.IntN(32)))
	}
	m["tsquery"] = append(m["tsquery"], "", "a", "'a b'", "a:*", "a:ABCD", "a:*BD", `'it''s\\'`, "!a", "!!a", "a <0> b", "a <16384> b", "!(a & b)", "(a <-> b) <-> c", "a <-> (b <-> c)", "a & b | c & !d")
	return m
}

func (j *judge) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(j.random.Uint32())
	}
	return b
}

func (j *judge) bits(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('0' + j.random.IntN(2)))
	}
	return b.String()
}

// word is text with many characters that some type quotes.
func (j *judge) word() string {
	alphabet := []rune("ab,;(){}[]\"\\' \t\nN\u00e9\u4e2d:&|!*")
	r := make([]rune, j.random.IntN(12))
	for i := range r {
		r[i] = alphabet[j.random.IntN(len(alphabet))]
	}
	return string(r)
}

func (j *judge) tsquery(depth int) string {
	if depth == 0 || j.random.IntN(4) == 0 {
		return fmt.Sprintf("'%c''%d'", 'a'+j.random.IntN(26), j.random.IntN(9)) + []string{"", "", ":*", ":A", ":BC", ":*D"}[j.random.IntN(6)]
	}
	left, right := j.tsquery(depth-1), j.tsquery(depth-1)
	switch j.random.IntN(5) {
	case 0:
		return "!(" + left + ")"
	case 1:
		return "(" + left + " | " + right + ")"
	case 2:
		return "(" + left + " & " + right + ")"
	case 3:
		return "(" + left + " <-> " + right + ")"
	default:
		return fmt.Sprintf("(%s <%d> %s)", left, j.random.IntN(20), right)
	}
}

func (j *judge) addNumbers(m map[string][]string) {
	for name, bits := range map[string]int{"int2": 16, "int4": 32, "int8": 64} {
		m[name] = []string{"0", "1", "-1", strconv.FormatInt(math.MaxInt64>>(64-bits), 10), strconv.FormatInt(math.MinInt64>>(64-bits), 10)}
		for range 100 {
			m[name] = append(m[name], strconv.FormatInt(int64(j.random.Uint64())>>(64-1-j.random.IntN(bits)), 10))
		}
	}
	floats := []string{"0", "-0", "1", "-1", "0.1", "NaN", "Infinity", "-Infinity", "1e5", "1e6", "999999", "1234567", "1e-4", "1e-5", "0.0001", "0.00012345",
		"16777216", "16777217", "33554432", "1.17549435e-38", "3.4028235e+38", "1e-45", "0.3", "3.14159265358979"}
	m["float4"] = append([]string{}, floats...)
	m["float8"] = append(floats, "1e14", "1e15", "1e16", "123456789012345", "1234567890123456", "1e22", "1e23", "9.5e15", "5e-324",
		"2.2250738585072014e-308", "1.7976931348623157e308", "9007199254740993", "18014398509481990", "9007199254740992", "4.35", "0.1e-6")
	for range 3000 {
		if v := math.Float32frombits(j.random.Uint32()); v-v == 0 {
			m["float4"] = append(m["float4"], strconv.FormatFloat(float64(v), 'g', -1, 32))
		}
		if v := math.Float64frombits(j.random.Uint64()); v-v == 0 {
			m["float8"] = append(m["float8"], strconv.FormatFloat(v, 'g', -1, 64))
		}
		// Whole numbers of this size have neighbors that decimals lie half way between.
		v := float64(j.random.Uint64()>>11) * math.Exp2(float64(j.random.IntN(30)))
		m["float8"] = append(m["float8"], strconv.FormatFloat(v, 'g', -1, 64))
		w := float64(j.random.Uint32()>>8) * math.Exp2(float64(j.random.IntN(16)))
		m["float4"] = append(m["float4"], strconv.FormatFloat(w, 'g', -1, 32))
		// Few digits with a random exponent.
		few := fmt.Sprintf("%de%d", 1+j.random.IntN(999), j.random.IntN(40)-20)
		m["float4"] = append(m["float4"], few)
		m["float8"] = append(m["float8"], few)
	}
	for e := range 60 {
		m["float8"] = append(m["float8"], strconv.FormatFloat(math.Exp2(float64(40+e)), 'g', -1, 64), fmt.Sprintf("1e%d", e))
		m["float4"] = append(m["float4"], strconv.FormatFloat(math.Exp2(float64(10+e)), 'g', -1, 32))
	}
	m["numeric"] = []string{"0", "0.0", "0.00000", "-0.0", "1", "-1", "10000", "9999", "99999999", "0.0001", "0.00001", "1.10", "-1.10", "NaN", "Infinity", "-Infinity",
		"1e1000", "1e131071", "1e-1000", "1e-16383", "0e-16383", "123456789.987654321", "1.0000", "10000.00000001", "0.1234", "0.12345"}
	for range 500 {
		m["numeric"] = append(m["numeric"], fmt.Sprintf("%de%d", int64(j.random.Uint64())>>j.random.IntN(64), j.random.IntN(60)-30))
	}
	for range 100 {
		m["money"] = append(m["money"], fmt.Sprintf("%.2f", float64(int64(j.random.Uint64())>>(12+j.random.IntN(50)))/100))
	}
}

func (j *judge) addTimes(m map[string][]string) {
	m["date"] = []string{"2000-01-01", "1999-12-31", "1970-01-01", "0001-01-01", "0001-12-31 BC", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity", "2024-02-29", "1900-02-28", "10000-01-01", "0044-03-15 BC"}
	m["time"] = []string{"00:00:00", "24:00:00", "23:59:59.999999", "12:34:56.7", "00:00:00.000001", "01:02:03.120"}
	m["timetz"] = []string{"00:00:00+00", "24:00:00-15:59", "12:34:56.7+05:30", "01:02:03-03:30:15", "23:59:59.999999+15:59:59", "12:00-08"}
	m["timestamp"] = []string{"2000-01-01 00:00:00", "infinity", "-infinity", "1999-12-31 23:59:59.999999", "0001-01-01 00:00:00", "0001-12-31 23:59:59.5 BC",
		"4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "10000-01-01 00:00:00", "1883-11-18 12:00:00", "2024-02-29 12:34:56.7"}
	for range 300 {
		days := j.random.IntN(200*365) - 100*365
		m["timestamp"] = append(m["timestamp"], timestampText(int64(days)*86400_000000+int64(j.random.Uint64()%86400_000000)))
		m["date"] = append(m["date"], strings.Fields(timestampText(int64(days*9) * 86400_000000))[0])
		m["time"] = append(m["time"], fmt.Sprintf("%02d:%02d:%02d.%06d", j.random.IntN(24), j.random.IntN(60), j.random.IntN(60), j.random.IntN(1e6)))
		m["timetz"] = append(m["timetz"], fmt.Sprintf("%02d:%02d:%02d+%02d:%02d", j.random.IntN(24), j.random.IntN(60), j.random.IntN(60), j.random.IntN(16), j.random.IntN(60)))
	}
	for year := 1880; year < 2120; year += 3 {
		for _, rest := range []string{"-03-10 06:59:59.9", "-03-10 07:00:00", "-11-03 05:30:00", "-04-01 15:00:00", "-10-05 15:30:00", "-07-01 00:00:00", "-03-31 01:00:00", "-10-27 00:59:59"} {
			m["timestamp"] = append(m["timestamp"], fmt.Sprint(year)+rest)
		}
	}
	m["timestamptz"] = m["timestamp"]
	m["interval"] = []string{"0", "1 year", "-1 year", "2 years", "1 mon", "-1 mon", "13 mons", "1 day", "-1 day", "2 days", "1 hour", "-1 hour", "1 min", "1 sec", "-1 sec", "0.5 sec", "-0.5 sec", "1.5 sec",
		"1 year -1 day", "-1 year 1 day", "1 day -1 hour", "-1 day 1 hour", "-1 mon 1 day -1 sec", "1 year 2 mons 3 days 04:05:06.789", "-1 year -2 mons -3 days -04:05:06.789", "100:00:00",
		"-00:00:00.000001", "178956970 years 6 mons", "-178956970 years -8 mons", "2147483647 days", "1 day 00:00:01", "-1 day +00:00:01", "59.999999 sec"}
	if j.version >= 15 { // 14 overflows as it prints the first two ("@ -2147483648 days ago"), and does not take the others
		m["interval"] = append(m["interval"], "-2147483648 days", "-2147483648 mons -2147483648 days 1 us", "2562047788:00:54.775807", "-2562047788:00:54.775807")
	}
	if j.version >= 17 {
		m["interval"] = append(m["interval"], "infinity", "-infinity")
	}
	for range 500 {
		part := func(bits int) int64 {
			if j.random.IntN(2) == 0 {
				return 0
			}
			return int64(j.random.Uint64()) >> (64 - 1 - j.random.IntN(bits))
		}
		m["interval"] = append(m["interval"], fmt.Sprintf("%d mons %d days %d hours %d microseconds", part(20), part(20), part(18), part(31)))
	}
}

// timestampText prints microseconds from 2000-01-01 between the years 1 and 9999.
func timestampText(micros int64) string {
	return time.UnixMicro(micros + 946684800_000000).UTC().Format("2006-01-02 15:04:05.999999")
}

func (j *judge) float() string {
	switch j.random.IntN(12) {
	case 0:
		return []string{"NaN", "Infinity", "-Infinity", "-0", "0", "1e300"}[j.random.IntN(6)]
	case 1, 2, 3:
		return strconv.Itoa(j.random.IntN(100) - 50)
	default:
		return strconv.FormatFloat(j.random.NormFloat64()*100, 'g', -1, 64)
	}
}

func (j *judge) addGeometry(m map[string][]string) {
	for range 60 {
		point := func() string { return "(" + j.float() + "," + j.float() + ")" }
		m["point"] = append(m["point"], point())
		m["line"] = append(m["line"], "{1,"+j.float()+","+j.float()+"}", "{"+j.float()+",1,"+j.float()+"}")
		m["lseg"] = append(m["lseg"], "["+point()+","+point()+"]")
		m["box"] = append(m["box"], point()+","+point())
		points := point()
		for range j.random.IntN(5) {
			points += "," + point()
		}
		m["path"] = append(m["path"], "("+points+")", "["+points+"]")
		m["polygon"] = append(m["polygon"], "("+points+")")
		m["circle"] = append(m["circle"], "<"+point()+","+strconv.Itoa(j.random.IntN(9))+".5>")
	}
}

func (j *judge) addNetwork(m map[string][]string) {
	m["inet"] = []string{"0.0.0.0", "0.0.0.0/0", "192.168.1.1", "192.168.1.1/24", "255.255.255.255/31", "::", "::/0", "::1", "::2", "::1/64", "::ffff:1.2.3.4", "::1.2.3.4", "::1:2",
		"2001:db8::1", "1::", "1:2:3:4:5:6:7:8", "1:0:0:4:0:0:0:8", "1:0:3:0:5:0:7:0", "fe80::1/10", "1:0:0:2:2:0:0:1", "::0:1:0", "::ffff:0:1"}
	m["cidr"] = []string{"0.0.0.0/0", "10.0.0.0/8", "192.168.1.1/32", "::/0", "2001:db8::/32", "::1/128", "::ffff:1.2.3.4/128"}
	for range 300 {
		var words [8]string
		for i := range words {
			words[i] = []string{"0", "0", "0", "1", "ffff", fmt.Sprintf("%x", j.random.IntN(65536))}[j.random.IntN(6)]
		}
		address := strings.Join(words[:], ":")
		m["inet"] = append(m["inet"], fmt.Sprintf("%s/%d", address, j.random.IntN(129)))
		m["cidr"] = append(m["cidr"], address+"/128")
		m["macaddr"] = append(m["macaddr"], hex.EncodeToString(j.bytes(6)))
		m["macaddr8"] = append(m["macaddr8"], hex.EncodeToString(j.bytes(8)))
	}
}

func (j *judge) addRanges(m map[string][]string) {
	subtypes := map[string]string{"int4": "int4range", "int8": "int8range", "numeric": "numrange", "date": "daterange", "timestamp": "tsrange", "timestamptz": "tstzrange"}
	for subtype, name := range subtypes {
		multi := strings.Replace(name, "range", "multirange", 1)
		var values []string // in order, so that ranges of them have a lower bound below the upper
		switch subtype {
		case "int4", "int8", "numeric":
			values = []string{"-100", "-1", "0", "7", "99", "1000"}
		case "date":
			values = []string{"-infinity", "0044-03-15 BC", "1999-12-31", "2000-01-01", "2024-02-29", "9999-01-01"}
		default:
			values = []string{"-infinity", "0044-03-15 12:00:00 BC", "1999-12-31 23:59:59.5", "2000-01-01 00:00:00", "2024-02-29 01:02:03", "infinity"}
		}
		m[name] = []string{"empty", "(,)", "[,]"}
		m[multi] = []string{"{}", "{(,)}", fmt.Sprintf(`{["%s","%s"),["%s","%s"),["%s",)}`, values[0], values[1], values[2], values[3], values[4])}
		for range 60 {
			a := j.random.IntN(len(values) - 1)
			b := a + 1 + j.random.IntN(len(values)-a-1)
			lower, upper := `"`+values[a]+`"`, `"`+values[b]+`"`
			if j.random.IntN(5) == 0 {
				lower = ""
			}
			if j.random.IntN(5) == 0 {
				upper = ""
			}
			v := string("[("[j.random.IntN(2)]) + lower + "," + upper + string("])"[j.random.IntN(2)])
			m[name] = append(m[name], v)
			m[multi] = append(m[multi], "{"+v+"}")
		}
	}
}
