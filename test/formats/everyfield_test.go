package formats

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/localpg"
	"pgpi/test/servers"
)

// everyField has each message and each field that programs like psql and pgx send and get. The
// server knows a user called old, who has the same password and logs in with MD5.
func everyField(t *testing.T, address string, server *localpg.Server) {
	t.Helper()
	url := func(user string) string {
		return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=require&channel_binding=disable", user, server.Password, address, server.Database)
	}
	negotiation(t, address)
	simpleProtocol(t, url(server.User))
	conn, noticed := connectForCancel(t, url("old"))
	cancel(t, conn, noticed)
	hijacked, err := conn.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	d := &dialogue{t, hijacked.Frontend}
	d.extendedProtocol()
	d.copying()
	d.calls()
	d.frontend.Send(&pgproto3.Terminate{})
	if err := errors.Join(d.frontend.Flush(), hijacked.Conn.Close()); err != nil {
		t.Fatal(err)
	}
}

// negotiation asks for an option that no server knows, and leaves. (tshark shows nothing of a
// version that it does not know, which is any but 3.0.)
func negotiation(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // everything was sent
	startup := pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersion30, Parameters: map[string]string{"user": "old", "_pq_.color": "blue"}}
	frontend := pgproto3.NewFrontend(conn, conn)
	frontend.Send(&startup)
	if err := frontend.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// simpleProtocol is a session of psql.
func simpleProtocol(t *testing.T, url string) {
	t.Helper()
	cmd := exec.Command(servers.Program(t, "psql"), "-X", "-q", "-d", url)
	cmd.Stdin = strings.NewReader(`
select 1 as one, 'größe'::text as "what's this", null::date as day, 2.5::numeric(10, 2);
drop table if exists bird;
create table bird (id int primary key, name varchar(30) not null check (name <> ''));
grant all on bird to public;
copy bird from stdin;
1	wren
2	a\tb
\.
copy bird to stdout (format binary) \g /dev/null
select tableoid, id, name, ctid from bird;
insert into bird values (1, 'again');
insert into bird values (3, null);
select nonsense from bird;
do $$ begin raise notice 'look' using detail = 'there', hint = 'up', errcode = '01ABC'; end $$;
do $$ begin execute 'selec 1'; end $$;
drop domain if exists positive;
create domain positive as int check (value > 0);
select (-1)::positive;
listen news;
notify news, 'flash';
set application_name to 'birds';
begin; select 1; rollback; select 2 \; select 3;
`)
	output, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(output, []byte("wren")) {
		t.Fatalf("psql: %v: %s", err, output)
	}
}

// connectForCancel connects, and signals the first notice.
func connectForCancel(t *testing.T, url string) (conn *pgconn.PgConn, noticed chan struct{}) {
	t.Helper()
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	noticed = make(chan struct{})
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) { close(noticed) }
	if conn, err = pgconn.ConnectConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	return conn, noticed
}

// cancel starts a statement, and cancels it.
func cancel(t *testing.T, conn *pgconn.PgConn, noticed chan struct{}) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		<-noticed
		sent <- conn.CancelRequest(t.Context())
	}()
	_, err := conn.Exec(t.Context(), "do $$ begin raise notice 'asleep'; perform pg_sleep(60); end $$").ReadAll()
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Code != "57014" {
		t.Fatalf("the statement was not cancelled: %v", err)
	}
	if err := <-sent; err != nil {
		t.Fatalf("cancel: %v", err)
	}
}

// dialogue sends messages unchanged, and reads what the server answers.
type dialogue struct {
	t        *testing.T
	frontend *pgproto3.Frontend
}

// ask sends messages, and reads until an answer of a kind.
func (d *dialogue) ask(until pgproto3.BackendMessage, messages ...pgproto3.FrontendMessage) {
	d.t.Helper()
	for _, m := range messages {
		d.frontend.Send(m)
	}
	if err := d.frontend.Flush(); err != nil {
		d.t.Fatal(err)
	}
	for {
		answer, err := d.frontend.Receive()
		if err != nil {
			d.t.Fatal(err)
		}
		_, isError := answer.(*pgproto3.ErrorResponse)
		_, wanted := until.(*pgproto3.ErrorResponse)
		switch {
		case isError && !wanted:
			d.t.Fatalf("the server answers %+v", answer)
		case sameType(answer, until):
			return
		}
	}
}

func sameType(a, b pgproto3.BackendMessage) bool {
	x, _ := a.Encode(nil)
	y, _ := b.Encode(nil)
	return x[0] == y[0]
}

// extendedProtocol has names, formats and parameters of all kinds, a suspended portal, and an error
// that discards what comes after it.
func (d *dialogue) extendedProtocol() {
	ready, sync := &pgproto3.ReadyForQuery{}, &pgproto3.Sync{}
	d.ask(&pgproto3.NoData{}, &pgproto3.Parse{Name: "nothing", Query: "set datestyle to iso"},
		&pgproto3.Describe{ObjectType: 'S', Name: "nothing"}, &pgproto3.Flush{})
	d.ask(ready,
		&pgproto3.Parse{Name: "five", Query: "select $1::int4 + g, $2::text, $3::bytea from generate_series(1, 3) g", ParameterOIDs: []uint32{23, 25}},
		&pgproto3.Describe{ObjectType: 'S', Name: "five"},
		&pgproto3.Bind{
			DestinationPortal: "door", PreparedStatement: "five", ParameterFormatCodes: []int16{1, 0, 1},
			Parameters: [][]byte{{0, 0, 1, 0}, []byte("größe"), nil}, ResultFormatCodes: []int16{1, 0, 1},
		},
		&pgproto3.Describe{ObjectType: 'P', Name: "door"},
		&pgproto3.Execute{Portal: "door", MaxRows: 2}, &pgproto3.Execute{Portal: "door"},
		&pgproto3.Close{ObjectType: 'P', Name: "door"}, &pgproto3.Close{ObjectType: 'S', Name: "five"}, sync)
	d.ask(ready, &pgproto3.Parse{Query: ""}, &pgproto3.Bind{}, &pgproto3.Execute{}, sync)
	d.ask(&pgproto3.ErrorResponse{}, &pgproto3.Parse{Query: "select 1/0"}, &pgproto3.Bind{}, &pgproto3.Execute{},
		&pgproto3.Parse{Query: "select 'discarded'"}, sync)
	d.ask(ready)
}

// copying has a COPY that the client breaks off, and one to the client in text format.
func (d *dialogue) copying() {
	d.ask(&pgproto3.CopyInResponse{}, &pgproto3.Query{String: "copy bird from stdin"})
	d.ask(&pgproto3.ErrorResponse{}, &pgproto3.CopyData{Data: []byte("4\tow")}, &pgproto3.CopyFail{Message: "no more"})
	d.ask(&pgproto3.ReadyForQuery{})
	d.ask(&pgproto3.ReadyForQuery{}, &pgproto3.Query{String: "copy bird (name, id) to stdout"})
}

// calls has function calls, of int4pl and, with NULL, of upper.
func (d *dialogue) calls() {
	ready := &pgproto3.ReadyForQuery{}
	d.ask(ready, &pgproto3.FunctionCall{
		Function: 177, ArgFormatCodes: []uint16{1}, Arguments: [][]byte{{0, 0, 0, 2}, {0, 0, 0, 3}}, ResultFormatCode: 1,
	})
	d.ask(ready, &pgproto3.FunctionCall{Function: 871, ArgFormatCodes: []uint16{0}, Arguments: [][]byte{nil}})
}
