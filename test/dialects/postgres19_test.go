package dialects

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgpi/test/golden"
)

// PostgreSQL 19 is not packaged yet. These conversations have everything in which it differs on the
// wire, according to its sources of 2026: src/backend/utils/adt/pg_lsn.c, pg_ndistinct.c,
// pg_dependencies.c and oid8.c, commands/copyto.c, libpq/crypt.c, replication/walsender.c, and its
// documentation. The words of its warnings and errors are made up here.

// Values as 19 sends them in binary format.
const (
	lsn19          = "\x00\x00\x00\x00\x01\x6b\x37\x4d"
	ndistinct19    = "\xa4\xbf\x52\xa3\x01\x00\x00\x00\x01\x00\x00\x00" + "\x00\x00\x00\x00\x00\x40\x8f\x40" + "\x02\x00\x00\x00\x01\x00\x02\x00"
	dependencies19 = "\x2c\x9a\x54\xb4\x01\x00\x00\x00\x01\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\xf0\x3f" + "\x02\x00\x01\x00\x02\x00"
	oid819         = "\xff\xff\xff\xff\xff\xff\xff\xff"
	oid8Array19    = "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x19\x25\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x08" + oid819
	database19     = "\x00\x00\x00\x05"
	databases19    = "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x19\x5a\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x04" + database19
)

// column is a column of a RowDescription: a name, an OID and a format.
func column(name, oid, format string) string {
	return name + "\x00\x00\x00\x00\x00\x00\x00" + oid + "\xff\xff\xff\xff\xff\xff\x00" + format
}

// sized is a value with its length.
func sized(value string) string { return "\x00\x00\x00" + string(rune(len(value))) + value }

// warning is a NoticeResponse as 19 sends it between AuthenticationOk and ParameterStatus.
func warning(text, detail, hint string) string {
	m := "SWARNING\x00VWARNING\x00C01000\x00M" + text + "\x00"
	for _, field := range []string{detail, hint} {
		if field != "" {
			m += field + "\x00"
		}
	}
	return message('N', m+"\x00")
}

// statement is a Query that the server completes with a tag.
func statement(sql, tag string) []line {
	return []line{client(query(sql)), server(complete(tag), ready)}
}

var session19 = slices.Concat(
	conversation{
		// libpq's grease, and the login with a password that will soon be refused.
		client(startup("\x00\x03\x27\x0f", "user", "wren", "_pq_.test_protocol_negotiation", "")),
		server(message('v', "\x00\x03\x00\x02\x00\x00\x00\x01_pq_.test_protocol_negotiation\x00"), message('R', "\x00\x00\x00\x05salt")),
		client(message('p', "md593c1a6c7b1e3f6f4b5fbc9cf0a2c3f11\x00")),
		server(authenticated,
			warning("authenticated with an MD5-encrypted password", "DMD5 password support is deprecated and will be removed in a future release of PostgreSQL.", ""),
			warning("role password will expire soon", "DThe password for role \"wren\" will expire in 3 days.", "HUse ALTER ROLE ... PASSWORD ... to change the password."),
			status("server_version", "19.1"), status("client_encoding", "UTF8"), status("standard_conforming_strings", "on"),
			message('K', "\x00\x00\x12\x67"+strings.Repeat("\x07", 32)), ready),

		// Types, old and new, in binary format.
		client(message('P', "\x00select l, n, d, o, oo, r, rr from t\x00\x00\x00"), message('B', "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01"),
			message('D', "P\x00"), message('E', "\x00\x00\x00\x00\x00"), message('S', "")),
		server(message('1', ""), message('2', ""),
			message('T', "\x00\x07"+column("l", "\x00\x00\x0c\x94", "\x01")+column("n", "\x00\x00\x0d\x21", "\x01")+column("d", "\x00\x00\x0d\x4a", "\x01")+
				column("o", "\x00\x00\x19\x25", "\x01")+column("oo", "\x00\x00\x19\x2a", "\x01")+column("r", "\x00\x00\x19\x5a", "\x01")+column("rr", "\x00\x00\x19\x5b", "\x01")),
			message('D', "\x00\x07"+sized(lsn19)+sized(ndistinct19)+sized(dependencies19)+sized(oid819)+sized(oid8Array19)+sized(database19)+sized(databases19)),
			complete("SELECT 1"), ready),

		// COPY in JSON.
		client(query("copy bird to stdout (format json)")),
		server(message('H', "\x00\x00\x01\x00\x00"), message('d', `{"id":1,"name":"goldfinch"}`+"\n"), message('d', `{"id":2,"name":null}`+"\n"), message('c', ""), complete("COPY 2"), ready),
		client(query("copy (select * from bird) to stdout (format json, force_array)")),
		server(message('H', "\x00\x00\x01\x00\x00"), message('d', "[\n"), message('d', ` {"id":1,"name":"goldfinch"}`+"\n"), message('d', `,{"id":2,"name":null}`+"\n"), message('d', "]\n"),
			message('c', ""), complete("COPY 2"), ready),

		client(query("wait for lsn '0/016B374D'")),
		server(message('T', "\x00\x01"+column("status", "\x00\x00\x00\x19", "\x00")), message('D', "\x00\x01"+sized("success")), complete("WAIT"), ready),
	},
	statement("repack t using index i", "REPACK"),
	statement("create property graph g vertex tables (person)", "CREATE PROPERTY GRAPH"),
	statement("alter property graph g owner to wren", "ALTER PROPERTY GRAPH"),
	statement("select * from graph_table (g match (a)-[x is knows]->(b) columns (a.name as \"'\"))", "SELECT 0"),
	statement("update booking for portion of valid_at from '2026-01-01' to '2026-02-01' set room = 2", "UPDATE 1"),
	statement("insert into t values (1) on conflict (id) do select for update returning *", "INSERT 0 0"),
	statement("select lag(a) ignore nulls over (order by b) from t", "SELECT 0"),
	statement("set work_mem to null", "SET"),
	statement("drop property graph g", "DROP PROPERTY GRAPH"),
	conversation{client(terminate)},
)

// wal is the beginning of XLogData, which the documentation of 19 calls WALData.
const wal = "w\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x02\xf3\xcd\xe0\x0f\xa0\x00"

var replication19 = conversation{
	client(startup("\x00\x03\x00\x00", "user", "wren", "database", "birds", "replication", "database")),
	server(authenticated, status("server_version", "19.1"), message('K', "\x00\x00\x12\x67abcd"), ready),
	client(query("IDENTIFY_SYSTEM")),
	server(message('T', "\x00\x02"+column("systemid", "\x00\x00\x00\x19", "\x00")+column("xlogpos", "\x00\x00\x00\x19", "\x00")),
		message('D', "\x00\x02"+sized("7423")+sized("0/016B374D")), complete("IDENTIFY_SYSTEM"), ready),
	client(query(`CREATE_REPLICATION_SLOT "j" LOGICAL "wal2json"`)),
	server(message('E', "SERROR\x00VERROR\x00C42501\x00Moutput plugin library \"wal2json\" is not allowed\x00HAdd it to output_plugin_libraries.\x00\x00"), ready),
	client(query(`START_REPLICATION SLOT "s" LOGICAL 0/016B374D (proto_version '4', publication_names '"p"', streaming 'off')`)),
	server(message('W', "\x00\x00\x00"),
		message('d', wal+"B\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x02\xf3\xcd\xe0\x0f\xa0\x00\x00\x00\x02\xee"),
		message('d', wal+"R\x00\x00\x40\x01public\x00bird\x00d\x00\x02\x01id\x00\x00\x00\x19\x25\xff\xff\xff\xff\x00place\x00\x00\x00\x0c\x94\xff\xff\xff\xff"),
		message('d', wal+"I\x00\x00\x40\x01N\x00\x02t"+sized("7")+"t"+sized("0/016B374D")),
		message('d', wal+"C\x00\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x02\xf3\xcd\xe0\x0f\xa0\x00"),
		message('d', wal+"A\x00\x00\x02\xef\x00\x00\x02\xef"), // although streaming is off
		message('d', "k\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x02\xf3\xcd\xe0\x0f\xa0\x00\x01")),
	client(message('d', "r\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x02\xf3\xcd\xe0\x0f\xa0\x00\x00"),
		message('d', "p\x00\x02\xf3\xcd\xe0\x0f\xa0\x00")),
	// Its LSN is the end of the last record that was inserted.
	server(message('d', "s\x00\x00\x00\x00\x01\x6b\x37\x4d\x00\x00\x00\x00\x00\x00\x02\xee\x00\x00\x00\x00\x00\x00\x02\xf0\x00\x02\xf3\xcd\xe0\x0f\xa0\x00")),
	// The walsender ends early, by wal_sender_shutdown_timeout.
	server(complete("COPY 0")),
}

// Everything that 19 says has a name.
func TestPostgres19(t *testing.T) {
	for name, c := range map[string]conversation{"postgres19": session19, "postgres19_replication": replication19} {
		t.Run(name, func(t *testing.T) {
			l := c.play(t)
			golden.Compare(t, name+".txt", l.String())
			checkNames(t, l)
		})
	}
}

// Values in COPY's JSON are redacted like any other.
func TestPostgres19Redacted(t *testing.T) {
	l := session19.play(t, "--redact=values")
	if all := l.String() + l.raw; strings.Contains(all, "goldfinch") || !strings.Contains(all, "CopyData/json") {
		t.Errorf("a value is left in the log:\n%s", all)
	}
}

// nameless are the words of the annotated log and of PQtrace for something without a name. The one
// line about a message that is in order is libpq's own, about AuthenticationMD5Password.
var (
	nameless      = regexp.MustCompile(`malformed|trailing|unknown (data|message|field|target|reply|authentication|transaction)`)
	namelessTrace = regexp.MustCompile(`(?i)\[malformed]|unknown|mismatched`)
	saltIsNotRead = "mismatched message length: consumed 8, expected 12\n"
)

func checkNames(t *testing.T, l logs) {
	t.Helper()
	if found := nameless.FindString(l.annotated); found != "" {
		t.Errorf("the annotated log says %q", found)
	}
	if found := namelessTrace.FindString(strings.Replace(l.pqtrace, saltIsNotRead, "", 1)); found != "" {
		t.Errorf("the trace says %q", found)
	}
	for line := range strings.Lines(l.json) {
		var m struct {
			Type   string `json:"type"`
			Fields any    `json:"fields"`
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if m.Type == "unknown message" || hasNameless(m.Fields) {
			t.Errorf("not all of it has a name: %s", line)
		}
	}
}

// hasNameless reports whether the fields of a message contain a field without a name.
func hasNameless(fields any) bool {
	switch f := fields.(type) {
	case map[string]any:
		for key, value := range f {
			if key == "unknown" || key == "malformed" || key == "trailing" || hasNameless(value) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(f, hasNameless)
	}
	return false
}
