package redaction

import (
	"encoding/binary"
	"strings"
)

// line is what one party of a script says, in one write.
type line struct {
	server bool
	bytes  string
}

func asks(parts ...string) line  { return line{bytes: strings.Join(parts, "")} }
func hears(parts ...string) line { return line{server: true, bytes: strings.Join(parts, "")} }

// played makes a construct with a script. What the script does not say of the login is as usual.
func played(k kind, name string, lines ...line) construct {
	return construct{name: name, kind: k, script: append(usual, lines...)}
}

// begun makes a construct whose script has the whole connection.
func begun(k kind, name string, lines ...line) construct {
	return construct{name: name, kind: k, script: lines}
}

// usual is a login.
var usual = []line{asks(startup("user", "bob")), hears(welcome)}

var (
	ready   = packet('Z', "I")
	welcome = packet('R', "\x00\x00\x00\x00") + packet('S', "client_encoding\x00UTF8\x00") + packet('K', "\x00\x00\x10\x01abcd") + ready
	sync    = packet('S', "")
	execute = packet('E', "\x00\x00\x00\x00\x00")
	bound   = packet('2', "")
	done    = packet('C', "SELECT 1\x00")
	copies  = packet('W', "\x00\x00\x00")
)

// packet is a message. Its length is filled in when the canaries are, because they are longer than
// their placeholders. Until then there is a mark.
func packet(code byte, body string) string { return open + string(code) + body + shut }

// open and shut enclose a message whose length is not known yet. They occur in no message.
const (
	open = "\x01\x02\x03<"
	shut = ">\x03\x02\x01"
)

// sealed returns messages with their lengths filled in. A startup packet has the code 0, which is
// left out.
func sealed(text string) []byte {
	var b []byte
	for rest := text; ; {
		before, after, found := strings.Cut(rest, open)
		b = append(b, before...)
		if !found {
			return b
		}
		var body string
		body, rest, _ = strings.Cut(after, shut)
		if body[0] != 0 {
			b = append(b, body[0])
		}
		b = binary.BigEndian.AppendUint32(b, uint32(len(body)+3))
		b = append(b, body[1:]...)
	}
}

func startup(settings ...string) string {
	return packet(0, "\x00\x03\x00\x00"+strings.Join(settings, "\x00")+"\x00\x00")
}

func query(sql string) string { return packet('Q', sql+"\x00") }

func failure(fields ...string) string { return packet('E', strings.Join(fields, "\x00")+"\x00\x00") }

func notice(fields ...string) string { return packet('N', strings.Join(fields, "\x00")+"\x00\x00") }

// column describes a column of a type by its OID, in binary format.
func column(oid uint32) string {
	b := binary.BigEndian.AppendUint32([]byte("a\x00\x00\x00\x00\x00\x00\x00"), oid)
	return string(b) + "\xff\xff\xff\xff\xff\xff\x00\x01"
}

// sized is a value after its length, which must be known: one with a canary has ten bytes.
func sized(value string) string {
	size := len(strings.ReplaceAll(value, "§", "0123456789"))
	return string(binary.BigEndian.AppendUint32(nil, uint32(size))) + value
}

func row(v string) string { return packet('D', "\x00\x01"+sized(v)) }

// bind binds the statement that was prepared before, with a parameter in a format, for results in
// binary format.
func bind(value string, format byte) string {
	return packet('B', "\x00s\x00\x00\x01\x00"+string(format)+"\x00\x01"+sized(value)+"\x00\x01\x00\x01")
}

// wal wraps a message of logical replication.
func wal(message string) string {
	return packet('d', "w"+strings.Repeat("\x00", 24)+message)
}

// relation describes a table of two columns to a subscriber.
func relation(second string) string {
	return wal("R\x00\x00\x40\x00public\x00users\x00d\x00\x02\x01name\x00\x00\x00\x00\x19\xff\xff\xff\xff\x00" + second + "\x00\x00\x00\x00\x19\xff\xff\xff\xff")
}

func inserted(format byte, second string) string {
	return wal("I\x00\x00\x40\x00N\x00\x02" + "t" + sized("bob") + string(format) + sized(second))
}

var replication = []line{
	asks(startup("user", "bob", "replication", "database", "database", "d")), hears(welcome),
	asks(query(`START_REPLICATION SLOT "s" LOGICAL 0/0 (proto_version '1', publication_names 'p')`)), hears(copies),
}

func replicated(k kind, name string, messages ...string) construct {
	return construct{name: name, kind: k, script: append(replication, hears(messages...))}
}

// scripted are constructs whose peers are played.
var scripted = []construct{
	begun(secret, "startup: options with a password", asks(startup("user", "bob", "options", "-c redaction.password=§")), hears(welcome)),
	begun(secret, "startup: options with a token, long form", asks(startup("user", "bob", "options", "--redaction.api_token=§ --work_mem=64MB")), hears(welcome)),
	begun(secret, "startup: a password", asks(startup("user", "bob", "password", "§")), hears(welcome)),
	begun(value, "startup: options", asks(startup("user", "bob", "options", "-c redaction.tenant=§")), hears(welcome)),
	begun(value, "startup: options of the server", asks(startup("user", "bob", "options", "-c search_path=§")), hears(welcome)),
	begun(value, "startup: a setting of one's own", asks(startup("user", "bob", "redaction.tenant", "§")), hears(welcome)),
	begun(value, "startup: user", asks(startup("user", "§")), hears(welcome)).stays("user, database"),
	begun(value, "startup: database", asks(startup("user", "bob", "database", "§")), hears(welcome)).stays("user, database"),
	begun(value, "startup: application", asks(startup("user", "bob", "application_name", "§")), hears(welcome)).stays("`application_name`"),
	begun(secret, "login: a password that comes back", asks(startup("user", "bob")), hears(packet('R', "\x00\x00\x00\x03")), asks(packet('p', "§\x00")),
		hears(failure("SFATAL", "C28P01", "Mldap: cannot bind as bob with §"))),
	begun(secret, "login: a token that comes back", asks(startup("user", "bob")), hears(packet('R', "\x00\x00\x00\x0aOAUTHBEARER\x00\x00")),
		asks(packet('p', "OAUTHBEARER\x00"+sized("n,,\x01auth=Bearer §\x01\x01"))), hears(failure("SFATAL", "C28000", "Mvalidator says no to § twice"))),
	begun(value, "login: an error of a pooler", asks(startup("user", "bob")), hears(failure("SFATAL", "C08P01", "Mno such thing: §"))),
	begun(value, "login: an old error", asks(startup("user", "bob")), hears("EFATAL:  no such thing: §\n\x00")),
	played(value, "error without a routine", asks(query("select 1")), hears(failure("SERROR", "C22000", "Mvalue § of column birds is bad"), ready)),
	played(value, "error of a later version", asks(query("select 1")), hears(failure("SERROR", "C22000", "Mthe value § does not fit into a new thing", "Fnew.c", "L1", "Rnew_thing"), ready)),
	played(value, "error in a language nobody knows", asks(query("select 1")), hears(failure("SERROR", "C22000", "Mvalo § ne estas bona", "Rbool_in"), ready)),
	played(value, "error in German", asks(query("select 1")), hears(failure("SFEHLER", "C23514", "Mneue Zeile für Relation »birds« verletzt Check-Constraint »c«", "DFehlgeschlagene Zeile enthält (1, §)."), ready)),
	played(value, "error that almost is the server's", asks(query("select 1")), hears(failure("SERROR", "C42P01", `Mrelation "birds" does not exist for §`), ready)),
	played(value, "error with more behind it", asks(query("select 1")), hears(failure("SERROR", "C42P01", `Mrelation "birds" does not exist, but "§"`), ready)),
	played(value, "error with a name of several words", asks(query("select 1")), hears(failure("SERROR", "C42P01", `Mrelation "birds and 'the §' birds" does not exist`), ready)),
	played(value, "error with a remote command", asks(query("select 1")), hears(failure("SERROR", "C42P01", `Mrelation "birds" does not exist`, "Wremote SQL command: SELECT 1 WHERE x = § AND y = '§'"), ready)),
	played(value, "error with a remote command behind a statement", asks(query("select 1")), hears(failure("SERROR", "C42P01", `Mrelation "birds" does not exist`, "WSQL statement \"select 1\"\nremote SQL command: SELECT § FROM t"), ready)),
	played(value, "error with a field that nobody knows", asks(query("select 1")), hears(failure("SERROR", "C42P01", "Mdivision by zero", "Z§"), ready)),
	played(value, "error of a function in Python", asks(query("select 1")), hears(failure("SERROR", "CXX000", "Mplpy.Error: no bird §", "WTraceback (most recent call last):\n  PL/Python function \"f\", line 1, in <module>\n    raise E(\"§\")", "RPLy_elog_impl"), ready)),
	played(value, "error of a function in Python, with a table", asks(query("select 1")), hears(failure("SERROR", "CXX000", "Mbird", "t§", "RPLy_output"), ready)),
	played(value, "error of an extension", asks(query("select 1")), hears(failure("SERROR", "CXX000", "MParse error - invalid geometry § at position 3", "Rpg_error"), ready)),
	played(value, "error of XML", asks(query("select 1")), hears(failure("SERROR", "C2200N", "Minvalid XML content", "Dline 1: Premature end of data in tag a line 1\n<a>§\n    ^", "Rxml_ereport"), ready)),
	played(value, "notice of a number", asks(query("select 1")), hears(notice("SNOTICE", "C00000", "Mtotal is № now"), done, ready)),
	played(value, "notice in Japanese", asks(query("select 1")), hears(notice("SNOTICE", "C00000", "M失敗した行は(§)を含みます"), done, ready)),
	played(value, "notification", hears(packet('A', "\x00\x00\x10\x01news\x00§\x00"))),
	played(secret, "notification of a password", asks(query("alter role bob password '§'")), hears(packet('A', "\x00\x00\x10\x01news\x00x=§;\x00"), done, ready)),
	played(value, "status of a setting of one's own", hears(packet('S', "redaction.tenant\x00§\x00"))),
	played(secret, "status of a password", hears(packet('S', "redaction.password\x00§\x00"))),
	played(value, "row of a statement prepared before, int4", asks(bind("\x00\x00\x00\x01", 1), execute, sync), hears(bound, row("\x2a\x2b\x5c\x2d"), done, ready)).and("\x2a\x2b\x5c\x2d"),
	played(value, "row of a statement prepared before, inet", asks(bind("\x00\x00\x00\x01", 1), execute, sync), hears(bound, row("\x02\x20\x00\x04\x0a\xf2\x9c\x36"), done, ready)).and("\x0a\xf2\x9c\x36"),
	played(value, "row of a statement prepared before, int8", asks(bind("\x00\x00\x00\x01", 1), execute, sync), hears(bound, row("\x00\x00\x03\xe8\xa5\xc3\x99\x17"), done, ready)).and("\xa5\xc3\x99\x17"),
	played(value, "row of a statement prepared before, text", asks(bind("\x00\x00\x00\x01", 1), execute, sync), hears(bound, row("§"), done, ready)),
	played(value, "parameter of a statement prepared before", asks(bind("\x02\x20\x00\x04\x0a\xf2\x9c\x37", 1), execute, sync), hears(bound, done, ready)).and("\x0a\xf2\x9c\x37"),
	played(value, "parameter of a statement prepared before, text", asks(bind("§", 0), execute, sync), hears(bound, done, ready)),
	played(value, "rows behind PortalSuspended", asks(bind("\x00\x00\x00\x01", 1), packet('E', "\x00\x00\x00\x00\x01"), sync),
		hears(bound, row("\x02\x20\x00\x04\x0a\xf2\x9c\x38"), packet('s', ""), ready), asks(packet('E', "\x00\x00\x00\x00\x01"), sync), hears(row("\x02\x20\x00\x04\x0a\xf2\x9c\x39"), packet('s', ""), ready)).
		and("\x0a\xf2\x9c\x38", "\x0a\xf2\x9c\x39"),
	played(value, "row of a type that nobody knows", asks(query("select 1")), hears(packet('T', "\x00\x01"+column(70000)), row("\x02\x20\x00\x04\x0a\xf2\x9c\x40"), done, ready)).and("\x0a\xf2\x9c\x40"),
	played(value, "row of a type that nobody knows, punctuation", asks(query("select 1")), hears(packet('T', "\x00\x01"+column(70000)), row("<=>!#?~^"), done, ready)).and("<=>!#?~^"),
	played(value, "row of a type that nobody knows, a constant", asks(query("select 1")), hears(packet('T', "\x00\x01"+column(70000)), row("true;NaN;null;!!"), done, ready)).and("true;nan;null;!!"),
	played(value, "row that does not fit its type", asks(query("select 1")), hears(packet('T', "\x00\x01"+column(23)), row("\x02\x20\x00\x04\x0a\xf2\x9c\x41"), done, ready)).and("\x0a\xf2\x9c\x41"),
	played(value, "function call", asks(packet('F', "\x00\x00\x07\xea\x00\x01\x00\x01\x00\x01"+sized("\x02\x20\x00\x04\x0a\xf2\x9c\x42")+"\x00\x01")), hears(packet('V', sized("\x02\x20\x00\x04\x0a\xf2\x9c\x43")), ready)).
		and("\x0a\xf2\x9c\x42", "\x0a\xf2\x9c\x43"),
	played(value, "function call, text", asks(packet('F', "\x00\x00\x07\xea\x00\x01\x00\x00\x00\x01"+sized("§")+"\x00\x00")), hears(packet('V', sized("§")), ready)),
	played(value, "CopyFail", asks(query("copy birds from stdin")), hears(packet('G', "\x00\x00\x00")), asks(packet('f', "no: §\x00")), hears(failure("SERROR", "C57014", "MCOPY from stdin failed: no: §"), ready)),
	played(value, "row of COPY in pieces", asks(query("copy birds from stdin")), hears(packet('G', "\x00\x00\x01\x00\x00")), asks(packet('d', "ab§")+packet('d', "§cd\n"), packet('c', "")), hears(packet('C', "COPY 1\x00"), ready)),
	played(secret, "verifier of COPY in pieces", asks(query("copy hashes from stdin")), hears(packet('G', "\x00\x00\x01\x00\x00")),
		asks(packet('d', md5Verifier[:20])+packet('d', md5Verifier[20:]+"\n"), packet('c', "")), hears(packet('C', "COPY 1\x00"), ready)).and(md5Verifier[3:19], md5Verifier[20:]),
	played(secret, "verifier in rows of a pooler", asks(bind("bob", 0), execute, sync), hears(bound, row(md5Verifier), row(scramVerifier), done, ready)).and(md5Hash, scramKey),
	played(value, "message that nobody knows", hears(packet('w', "§"))),
	played(value, "message that nobody knows, of a client", asks(packet('w', "§"))),
	played(value, "bytes behind a message", asks(packet('S', "§"))),
	played(value, "out of sync", hears("\x00\x01§")),
	begun(value, "not Postgres", asks("GET /§ HTTP/1.1\r\n\r\n")),
	replicated(value, "replicated row", relation("note"), inserted('t', "§")),
	replicated(value, "replicated row, binary", relation("note"), inserted('b', "§")),
	replicated(secret, "replicated password", relation("password"), inserted('t', "§")),
	replicated(secret, "replicated verifier", relation("note"), inserted('t', scramVerifier)).and(scramKey),
	replicated(value, "replicated message", wal("M\x00"+strings.Repeat("\x00", 8)+"prefix\x00"+sized("§"))),
	replicated(value, "write-ahead log", wal("\xd0\x00§")),
	played(value, "value that does not fit the encoding", asks(query("select '\xff§\xfe'")), hears(done, ready)),
	played(value, "name of a statement, scripted", asks(packet('P', "§\x00select 1\x00\x00\x00"), sync), hears(packet('1', ""), ready)).stays("Names"),
	played(value, "tag", asks(query("select 1")), hears(packet('C', "SELECT §\x00"), ready)).stays("command tags"),
}

// large are messages above 64 KiB. A recording has only blanks for their contents.
var large = []construct{
	played(value, "large message", asks(query("select '"+strings.Repeat("x", 70_000)+"§'")), hears(done, ready)),
	played(secret, "large message with a password", asks(query("/* "+strings.Repeat("x", 70_000)+" */ alter role bob password '§'")), hears(done, ready)),
}
