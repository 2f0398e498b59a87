package recordings

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"pgpi/internal/localpg"
	"pgpi/test/program"
	"pgpi/test/servers"
)

// server starts a server of a major version of PostgreSQL.
func (m *maker) server(version int, config localpg.Config) *localpg.Server {
	m.Helper()
	config.Bin = servers.Require(m, version)
	server, err := localpg.Start(m.Context(), config)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(func() {
		if err := server.Close(); err != nil {
			m.Error(err)
		}
	})
	return server
}

// conninfo returns how a user reaches a pgpi.
func conninfo(p *program.Pgpi, user, more string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=%s dbname=postgres channel_binding=disable %s", p.Port, user, more)
}

// psql runs a script, which may fail.
func (m *maker) psql(conninfo, script string) {
	m.Helper()
	cmd := exec.Command(servers.Program(m, "psql"), "-X", "-q", "-d", conninfo+" gssencmode=disable")
	cmd.Stdin = strings.NewReader(script)
	output, err := cmd.CombinedOutput()
	m.Logf("psql: %v: %s", err, output)
}

// connect connects with pgx.
func (m *maker) connect(conninfo string) *pgconn.PgConn {
	m.Helper()
	conn, err := pgconn.Connect(m.Context(), conninfo)
	if err != nil {
		m.Fatal(err)
	}
	return conn
}

func (m *maker) close(conn *pgconn.PgConn) {
	m.Helper()
	if err := conn.Close(context.Background()); err != nil {
		m.Fatal(err)
	}
}

// execute runs statements one by one.
func (m *maker) execute(conn *pgconn.PgConn, statements ...string) {
	m.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(m.Context(), sql).ReadAll(); err != nil {
			m.Fatalf("%s: %v", sql, err)
		}
	}
}

// plain is everyday work with psql.
func plain(m *maker) {
	m.Setenv("TZ", "America/St_Johns")
	server := m.server(15, localpg.Config{})
	p := m.pgpi(to(server.Port)...)
	m.psql(conninfo(p, "postgres", "sslmode=disable"), `
		select 1 as one, 'two' as two, null as three;
		select 1 \; select 2 as second;
		create temp table t (i int primary key, v text);
		begin; insert into t values (1, 'a') returning i; insert into t values (1, 'c'); rollback;
		do $$ begin raise notice 'hello'; end $$;
		listen news; notify news, 'flash';
		select nonsense;
	`)
	m.stop(p, 1)
}

// encrypted has TLS on both legs.
func encrypted(m *maker) {
	server := m.server(18, localpg.Config{Auth: localpg.SCRAM, Password: "swordfish", TLS: &localpg.TLS{}})
	p := m.pgpi(to(server.Port, "--server-sslmode=require", "--log-certs")...)
	m.close(m.connect(conninfo(p, "postgres", "host=localhost password=swordfish sslmode=require")))
	m.stop(p, 1)
}

// direct has TLS from the first byte on.
func direct(m *maker) {
	server := m.server(18, localpg.Config{TLS: &localpg.TLS{}})
	p := m.pgpi(to(server.Port, "--server-sslmode=require")...)
	m.close(m.connect(conninfo(p, "postgres", "sslmode=require sslnegotiation=direct")))
	m.stop(p, 1)
}

// override logs in to the server for the client.
func override(m *maker) {
	server := m.server(18, localpg.Config{Auth: localpg.SCRAM, Password: "swordfish"})
	p := m.pgpi(to(server.Port, "--override-auth")...)
	for i, password := range []string{"swordfish", "herring"} {
		m.psql(conninfo(p, "postgres", "sslmode=disable password="+password), "select 1")
		p.Log.WaitEnds(m, i+1)
	}
	m.stop(p, 2)
}

// fallback has a user for whom the server requires no TLS, and hides channel binding from another.
func fallback(m *maker) {
	server := m.server(18, localpg.Config{
		TLS: &localpg.TLS{}, Auth: localpg.SCRAM, Password: "swordfish",
		HBA: []string{"local all postgres trust", "host all postgres all scram-sha-256", "hostnossl all nossl all trust"},
		SQL: []string{"create role nossl login"},
	})
	p := m.pgpi(to(server.Port, "--server-sslmode=prefer", "--hide-channel-binding")...)
	for i, user := range []string{"nossl", "postgres"} {
		m.psql(conninfo(p, user, "sslmode=disable password=swordfish"), "select 1")
		p.Log.WaitEnds(m, i+1)
	}
	m.stop(p, 2)
}

// extended uses the extended protocol, in binary format and in pipelines.
func extended(m *maker) {
	server := m.server(18, localpg.Config{})
	p := m.pgpi(to(server.Port)...)
	conn, err := pgx.Connect(m.Context(), conninfo(p, "postgres", "sslmode=disable"))
	if err != nil {
		m.Fatal(err)
	}
	batch := &pgx.Batch{}
	batch.Queue("select $1::int4 + 1, $2::timestamptz, array[$3::text, null]", 41, "2025-07-04 12:00:00+02", "four")
	batch.Queue("select 1 / $1::int4", 0)
	batch.Queue("select 'never'")
	if err := conn.SendBatch(m.Context(), batch).Close(); err == nil {
		m.Error("a division by zero succeeds")
	}
	raw := conn.PgConn()
	m.suspend(raw)
	m.close(raw)
	m.stop(p, 1)
}

// suspend fetches the rows of a portal one by one, and calls a function without SQL.
func (m *maker) suspend(conn *pgconn.PgConn) {
	m.Helper()
	f := conn.Frontend()
	f.SendParse(&pgproto3.Parse{Name: "s", Query: "select generate_series(1, 3)::int8"})
	f.SendBind(&pgproto3.Bind{DestinationPortal: "p", PreparedStatement: "s", ResultFormatCodes: []int16{1}})
	f.SendDescribe(&pgproto3.Describe{ObjectType: 'P', Name: "p"})
	f.SendExecute(&pgproto3.Execute{Portal: "p", MaxRows: 2})
	f.Send(&pgproto3.Flush{})
	f.SendExecute(&pgproto3.Execute{Portal: "p"})
	f.SendClose(&pgproto3.Close{ObjectType: 'S', Name: "s"})
	f.SendSync(&pgproto3.Sync{})
	const backendPID = 2026 // src/include/catalog/pg_proc.dat
	f.Send(&pgproto3.FunctionCall{Function: backendPID, ResultFormatCode: 1})
	if err := f.Flush(); err != nil {
		m.Fatal(err)
	}
	for answered := 0; answered < 2; {
		reply, err := f.Receive()
		if err != nil {
			m.Fatal(err)
		}
		if _, ok := reply.(*pgproto3.ReadyForQuery); ok {
			answered++
		}
	}
}

// copies uses COPY in both directions, in all formats.
func copies(m *maker) {
	server := m.server(15, localpg.Config{})
	p := m.pgpi(to(server.Port)...)
	file := filepath.Join(m.folder, "rows")
	script := "create temp table t (i int, v text); insert into t values (1, E'tab\\t, comma');\n"
	for _, options := range []string{"", "with (format csv, header, null 'none')", "with (format binary)"} {
		script += fmt.Sprintf("\\copy t to '%s' %s\n\\copy t from '%s' %s\n", file, options, file, options)
	}
	script += "copy t from stdin;\nno number\tx\n\\.\n"
	m.psql(conninfo(p, "postgres", "sslmode=disable"), script)
	m.stop(p, 1)
}

// logical receives changes with pg_recvlogical.
func logical(m *maker) {
	server := m.server(15, localpg.Config{Settings: map[string]string{"wal_level": "logical"}})
	p := m.pgpi(to(server.Port)...)
	conn := m.connect(fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", server.Host, server.Port))
	defer m.close(conn)
	m.execute(conn,
		"create table orders (id int, total numeric)", "alter table orders replica identity full",
		"create publication shop for table orders", "select pg_create_logical_replication_slot('s', 'pgoutput')",
		"insert into orders values (1, null)", "update orders set total = 9.90", "delete from orders", "truncate orders")
	end, err := conn.Exec(m.Context(), "select pg_current_wal_lsn()").ReadAll()
	if err != nil {
		m.Fatal(err)
	}
	cmd := exec.Command(servers.Program(m, "pg_recvlogical"), "-d", conninfo(p, "postgres", "sslmode=disable gssencmode=disable"),
		"--slot=s", "--start", "--no-loop", "-f", os.DevNull, "--endpos="+string(end[0].Rows[0][0]), "-o", "proto_version=1", "-o", "publication_names=shop")
	if output, err := cmd.CombinedOutput(); err != nil {
		m.Fatalf("pg_recvlogical: %v: %s", err, output)
	}
	m.stop(p, 1)
}

// physical streams the write-ahead log of one statement.
func physical(m *maker) {
	server := m.server(15, localpg.Config{})
	p := m.pgpi(to(server.Port)...)
	writer := m.connect(fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslmode=disable", server.Host, server.Port))
	defer m.close(writer)
	m.execute(writer, "create table t (v text)")
	start, err := writer.Exec(m.Context(), "select pg_current_wal_lsn()").ReadAll()
	if err != nil {
		m.Fatal(err)
	}
	m.execute(writer, "insert into t values ('news')")
	conn := m.connect(conninfo(p, "postgres", "sslmode=disable replication=true"))
	m.execute(conn, "IDENTIFY_SYSTEM")
	f := conn.Frontend()
	f.Send(&pgproto3.Query{String: "START_REPLICATION PHYSICAL " + string(start[0].Rows[0][0])})
	if err := f.Flush(); err != nil {
		m.Fatal(err)
	}
	for over := false; !over; {
		reply, err := f.Receive()
		if err != nil {
			m.Fatal(err)
		}
		switch reply := reply.(type) {
		case *pgproto3.CopyData:
			if strings.Contains(string(reply.Data), "news") {
				status := "r" + strings.Repeat("\x00\x00\x00\x00\x01\x00\x00\x00", 3) + strings.Repeat("\x00", 9)
				f.Send(&pgproto3.CopyData{Data: []byte(status)})
				f.Send(&pgproto3.CopyDone{})
				err = f.Flush()
			}
		case *pgproto3.ReadyForQuery:
			over = true
		}
		if err != nil {
			m.Fatal(err)
		}
	}
	m.close(conn)
	m.stop(p, 1)
}

// passwords has passwords wherever there can be some.
func passwords(m *maker) {
	server := m.server(18, localpg.Config{Auth: localpg.SCRAM, Password: "swordfish"})
	p := m.pgpi(to(server.Port, "--override-auth", "--redact-passwords")...)
	m.psql(conninfo(p, "postgres", "sslmode=disable password=swordfish"), `
		create role bob password 'herring';
		alter role nobody password 'cod';
		alter role bob password '`+strings.Repeat("herring ", 8200)+`';
	`)
	m.stop(p, 1)
}

// values has values wherever there can be some.
func values(m *maker) {
	server := m.server(18, localpg.Config{})
	p := m.pgpi(to(server.Port, "--redact=values")...)
	conn, err := pgx.Connect(m.Context(), conninfo(p, "postgres", "sslmode=disable"))
	if err != nil {
		m.Fatal(err)
	}
	raw := conn.PgConn()
	m.execute(raw, "create temp table t (i int primary key, v text)",
		"insert into t values (20480, 'swordfish'), (20481, null) returning *")
	if _, err := raw.Exec(m.Context(), "insert into t values (20480, 'herring')").ReadAll(); err == nil {
		m.Error("a key is there twice")
	}
	rows := "20482," + strings.Repeat("herring ", 8200) + "\n20483,cod\n"
	if _, err := raw.CopyFrom(m.Context(), strings.NewReader(rows), "copy t from stdin with (format csv)"); err != nil {
		m.Fatal(err)
	}
	var words []string
	if err := conn.QueryRow(m.Context(), "select array[$1::text, $2::int4::text]", "swordfish", 20480).Scan(&words); err != nil {
		m.Fatal(err)
	}
	m.close(raw)
	m.stop(p, 1)
}
