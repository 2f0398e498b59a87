//go:build unix

package messages

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/wire"
)

// TestMessages has a server of each version receive and send everything that it can, and compares
// what was seen with the table.
func TestMessages(t *testing.T) {
	for _, version := range []int{15, 18} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			o := observe(t, startServer(t, version))
			startups(o, version)
			logins(o)
			o.with("postgres", "", func(conn *pgconn.PgConn) { queries(o, conn) })
			o.with("postgres", "", func(conn *pgconn.PgConn) { copies(o, conn) })
			o.with("postgres", "replication=true", func(conn *pgconn.PgConn) { streaming(o, conn) })
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, typ := range wire.Types() {
				switch times := o.seen[typ]; {
				// Test/replication has all of those.
				case typ == wire.UnknownMessage || typ.Code() == 'd' && typ != wire.CopyData:
				case times == 0 && takes(typ, version):
					t.Errorf("%s has not been seen", typ)
				case times > 0 && !takes(typ, version):
					t.Errorf("%s has been seen, although the table says: %s", typ, Seen(typ))
				}
			}
		})
	}
}

// takes reports whether a message must be seen with a version of the server.
func takes(t wire.Type, version int) bool { return slices.Contains(Versions(t), version) }

// packet is a packet without a type byte.
func packet(code uint32, rest string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(rest)+8))
	return string(binary.BigEndian.AppendUint32(b, code)) + rest
}

// typed is a message with a type byte.
func typed(code byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{code}, uint32(len(body)+4))) + body
}

// Protocols that a startup packet asks for.
const (
	protocol20    = 2 << 16
	protocol30    = 3 << 16
	protocol39999 = 3<<16 | 9999
)

// ready is the end of a login.
const ready = "Z\x00\x00\x00\x05I"

// startups are startup packets that drivers do not send, or not always.
func startups(o *observer, version int) {
	const user = "user\x00postgres\x00database\x00postgres\x00"
	o.say(part{packet(wire.SSLRequestCode, ""), "N"})
	o.say(part{packet(wire.GSSENCRequestCode, ""), map[int]string{15: "G", 18: "N"}[version]}) // 15 is built with GSSAPI
	o.say(part{packet(protocol20, user+"\x00"), ""})
	o.say(part{packet(protocol39999, user+"_pq_.something\x001\x00\x00"), ready})
	o.say(part{packet(protocol30, "user\x00clear\x00database\x00postgres\x00\x00") + typed('p', password+"\x00"), ready}) // unasked
	if takes(wire.AuthenticationGSS, version) {
		o.say(part{packet(protocol30, "user\x00gss\x00database\x00postgres\x00\x00"), "R\x00\x00\x00\x08\x00\x00\x00\x07"}, part{typed('p', "no token"), ""})
	}
}

// logins are with each method that takes a password. Somebody cancels what they do.
func logins(o *observer) {
	for _, user := range []string{"clear", "md5", "scram"} {
		o.with(user, "", func(conn *pgconn.PgConn) {
			key := binary.BigEndian.AppendUint32(nil, conn.PID())
			o.say(part{packet(wire.CancelRequestCode, string(key)+string(conn.SecretKey())), ""})
		})
	}
}

// exchange sends messages, and reads until the ReadyForQuery.
func exchange(o *observer, conn *pgconn.PgConn, messages ...pgproto3.FrontendMessage) {
	o.t.Helper()
	for _, m := range messages {
		conn.Frontend().Send(m)
	}
	if err := conn.Frontend().Flush(); err != nil {
		o.t.Fatal(err)
	}
	for {
		m, err := conn.Frontend().Receive()
		if err != nil {
			o.t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.ReadyForQuery); ok {
			return
		}
	}
}

// queries are simple and extended ones.
func queries(o *observer, conn *pgconn.PgConn) {
	o.t.Helper()
	for _, sql := range []string{"", "listen channel; notify channel, 'payload'", "do $$ begin raise notice 'hello'; end $$", "select", "no SQL"} {
		exchange(o, conn, &pgproto3.Query{String: sql})
	}
	const int4abs, int4 = 1397, 23
	exchange(o, conn, &pgproto3.FunctionCall{
		Function: int4abs, ArgFormatCodes: []uint16{1}, Arguments: [][]byte{{0xff, 0xff, 0xff, 0xff}}, ResultFormatCode: 1,
	})
	exchange(o, conn,
		&pgproto3.Parse{Name: "s", Query: "select generate_series(1, $1)", ParameterOIDs: []uint32{int4}}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Flush{},
		&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s", Parameters: [][]byte{[]byte("3")}}, &pgproto3.Describe{ObjectType: 'P', Name: "p"},
		&pgproto3.Execute{Portal: "p", MaxRows: 2}, &pgproto3.Close{ObjectType: 'P', Name: "p"},
		&pgproto3.Parse{Query: "set datestyle to iso"}, &pgproto3.Describe{ObjectType: 'S'}, &pgproto3.Sync{})
}

// copies are those that test/replication does not have: one that the client gives up, and two whose
// row format is not known.
func copies(o *observer, conn *pgconn.PgConn) {
	o.t.Helper()
	exchange(o, conn, &pgproto3.Query{String: "create table orders (id int, note text)"})
	exchange(o, conn, &pgproto3.Query{String: "copy orders from stdin"}, &pgproto3.CopyFail{Message: "no rows"})
	exchange(o, conn, &pgproto3.Query{String: "copy orders from stdin"}, &pgproto3.CopyData{Data: []byte("1\tone\n")}, &pgproto3.CopyDone{})
	exchange(o, conn, &pgproto3.Query{String: "copy (select 1 /*" + strings.Repeat(" long", 20_000) + " */) to stdout"})
}

// streaming is replication that the client ends at once.
func streaming(o *observer, conn *pgconn.PgConn) {
	o.t.Helper()
	results, err := conn.Exec(o.t.Context(), "IDENTIFY_SYSTEM").ReadAll()
	if err != nil {
		o.t.Fatal(err)
	}
	exchange(o, conn, &pgproto3.Query{String: "START_REPLICATION PHYSICAL " + string(results[0].Rows[0][2])}, &pgproto3.CopyDone{})
}
