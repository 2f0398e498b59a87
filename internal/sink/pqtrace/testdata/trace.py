"""Runs a session with libpq and lets PQtrace write what it saw.

usage: trace.py LIBPQ TRACE FLAGS SESSION CONNINFO

LIBPQ is the library, TRACE the file that PQtrace writes (a second connection has one of its own, ending in .2),
FLAGS are those of PQsetTraceFlags, SESSION is the name of a function below.
"""

import ctypes
import os
import select
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_uint, c_void_p

library, trace, flags, session, conninfo = sys.argv[1:6]
pq = ctypes.CDLL(library)
assert pq.PQlibVersion() >= 180006, "libpq up to 18.4 traces keys and negotiations otherwise"
libc = ctypes.CDLL(None)
libc.fopen.restype = c_void_p
libc.free.argtypes = libc.fclose.argtypes = [c_void_p]
PQArgBlock = type("PQArgBlock", (ctypes.Structure,), {"_fields_": [("len", c_int), ("isint", c_int), ("integer", c_int64)]})
strings, ints, oids = POINTER(c_char_p), POINTER(c_int), POINTER(c_uint)
for name, result, *arguments in [
    ("PQconnectStart", c_void_p, c_char_p),
    ("PQconnectPoll", c_int, c_void_p),
    ("PQsocket", c_int, c_void_p),
    ("PQstatus", c_int, c_void_p),
    ("PQerrorMessage", c_char_p, c_void_p),
    ("PQtrace", None, c_void_p, c_void_p),
    ("PQuntrace", None, c_void_p),
    ("PQsetTraceFlags", None, c_void_p, c_int),
    ("PQfinish", None, c_void_p),
    ("PQexec", c_void_p, c_void_p, c_char_p),
    ("PQclear", None, c_void_p),
    ("PQresultStatus", c_int, c_void_p),
    ("PQexecParams", c_void_p, c_void_p, c_char_p, c_int, oids, strings, ints, ints, c_int),
    ("PQprepare", c_void_p, c_void_p, c_char_p, c_char_p, c_int, oids),
    ("PQexecPrepared", c_void_p, c_void_p, c_char_p, c_int, strings, ints, ints, c_int),
    ("PQdescribePrepared", c_void_p, c_void_p, c_char_p),
    ("PQdescribePortal", c_void_p, c_void_p, c_char_p),
    ("PQclosePrepared", c_void_p, c_void_p, c_char_p),
    ("PQclosePortal", c_void_p, c_void_p, c_char_p),
    ("PQsendQuery", c_int, c_void_p, c_char_p),
    ("PQsendQueryParams", c_int, c_void_p, c_char_p, c_int, oids, strings, ints, ints, c_int),
    ("PQgetResult", c_void_p, c_void_p),
    ("PQsetSingleRowMode", c_int, c_void_p),
    ("PQconsumeInput", c_int, c_void_p),
    ("PQisBusy", c_int, c_void_p),
    ("PQputCopyData", c_int, c_void_p, c_char_p, c_int),
    ("PQputCopyEnd", c_int, c_void_p, c_char_p),
    ("PQgetCopyData", c_int, c_void_p, POINTER(c_void_p), c_int),
    ("PQenterPipelineMode", c_int, c_void_p),
    ("PQexitPipelineMode", c_int, c_void_p),
    ("PQpipelineSync", c_int, c_void_p),
    ("PQsendPipelineSync", c_int, c_void_p),
    ("PQsendFlushRequest", c_int, c_void_p),
    ("PQflush", c_int, c_void_p),
    ("PQfn", c_void_p, c_void_p, c_int, c_void_p, ints, c_int, POINTER(PQArgBlock), c_int),
    ("PQcancelCreate", c_void_p, c_void_p),
    ("PQcancelBlocking", c_int, c_void_p),
    ("PQcancelFinish", None, c_void_p),
    ("PQsetNoticeReceiver", c_void_p, c_void_p, c_void_p, c_void_p),
    ("lo_creat", c_uint, c_void_p, c_int),
    ("lo_open", c_int, c_void_p, c_uint, c_int),
    ("lo_write", c_int, c_void_p, c_int, c_char_p, c_size_t),
    ("lo_lseek64", c_int64, c_void_p, c_int, c_int64, c_int),
    ("lo_read", c_int, c_void_p, c_int, c_char_p, c_size_t),
    ("lo_close", c_int, c_void_p, c_int),
    ("lo_unlink", c_int, c_void_p, c_uint),
]:
    getattr(pq, name).restype, getattr(pq, name).argtypes = result, arguments

OK, READING, WRITING = 3, 1, 2  # PostgresPollingStatusType
COPY_OUT, COPY_IN, PIPELINE_SYNC, COPY_BOTH = 3, 4, 10, 8  # ExecStatusType


def start_trace(conn, path):
    file = libc.fopen(path.encode(), b"w")
    pq.PQtrace(conn, file)
    pq.PQsetTraceFlags(conn, int(flags))
    return file


def connect():
    """Connects, tracing from the first packet on."""
    conn = pq.PQconnectStart(conninfo.encode())
    file = start_trace(conn, trace)
    poll = WRITING
    while poll in (READING, WRITING):
        socket = [pq.PQsocket(conn)]
        select.select(socket if poll == READING else [], socket if poll == WRITING else [], [])
        poll = pq.PQconnectPoll(conn)
    pq.PQsetNoticeReceiver(conn, ctypes.cast(notice_receiver, c_void_p), None)
    return conn, file


notices = []


@ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
def notice_receiver(argument, result):
    notices.append(True)


def check(result):
    """Takes a result and gives its status."""
    status = pq.PQresultStatus(result)
    pq.PQclear(result)
    return status


def execute(conn, sql):
    return check(pq.PQexec(conn, sql if isinstance(sql, bytes) else sql.encode()))


def parameters(values, binary=()):
    """Makes the arguments of PQexecParams that are about values."""
    n = len(values)
    lengths = (c_int * n)(*[len(v or b"") for v in values])
    formats = (c_int * n)(*[int(i in binary) for i in range(n)])
    return (c_char_p * n)(*values), lengths, formats


def results(conn):
    """Takes all results of a query."""
    while result := pq.PQgetResult(conn):
        pq.PQclear(result)


def simple(conn):
    execute(conn, "select 1 as one, null as nothing, 'it''s \"quoted\"\\ and\ttab' as \"Text\"; select 2; ;")
    execute(conn, "")
    execute(conn, "select 'grüße,\n\n  世界' -- a comment\n, '\x01\x7f'::text, ctid from pg_class limit 2")
    execute(conn, b"select '\xe4'")  # not UTF-8: an error
    execute(conn, "select 1/0; select 2")
    execute(conn, "selct")
    execute(conn, "do $$ begin raise notice 'a %', 'notice' using detail = 'detail', hint = e'two\\nlines'; end $$")
    execute(conn, "create temp table t(a int primary key, b bytea); insert into t values (1, '\\x00ff')")
    execute(conn, "insert into t values (1)")
    execute(conn, "begin; select * from t; selct")
    execute(conn, "rollback")
    execute(conn, "listen here; notify here, 'päyload'; notify here")
    execute(conn, "set application_name = 'näme'; set datestyle = 'german'; set client_encoding = 'latin1'")
    execute(conn, "select U&'\\00e4\\000a'")
    execute(conn, "select repeat('x', 100000)")
    pq.PQsendQuery(conn, b"select generate_series(1, 20)")
    pq.PQsetSingleRowMode(conn)
    results(conn)


def extended(conn):
    text = parameters([b"1", None, "ü\n'".encode()])
    check(pq.PQexecParams(conn, b"select $1::int, $2::text, $3::text", 3, None, *text, 0))
    binary = parameters([b"\x00\x00\x00\x2a", b"\x00\xff'\"\\\x7f", None], (0, 1, 2))
    check(pq.PQexecParams(conn, b"select $1::int, $2::bytea, $3::int8, now()", 3, (c_uint * 3)(23, 17, 20), *binary, 1))
    check(pq.PQexecParams(conn, b"select", 0, None, None, None, None, 0))
    check(pq.PQexecParams(conn, b"", 0, None, None, None, None, 0))
    check(pq.PQexecParams(conn, b"select 1/$1::int", 1, None, *parameters([b"0"]), 0))
    check(pq.PQexecParams(conn, b"create temp table extended(a int)", 0, None, None, None, None, 0))
    check(pq.PQprepare(conn, b"select", b"select $1, relname from pg_class where relname = $2", 1, (c_uint * 1)(23)))
    check(pq.PQprepare(conn, b"nothing", b"delete from extended", 0, None))
    for _ in range(2):
        check(pq.PQexecPrepared(conn, b"select", 2, *parameters([b"7", b"pg_class"]), 0))
    check(pq.PQexecPrepared(conn, b"nothing", 0, None, None, None, 1))
    check(pq.PQdescribePrepared(conn, b"select"))
    check(pq.PQdescribePrepared(conn, b"nothing"))
    check(pq.PQdescribePrepared(conn, b"missing"))
    execute(conn, "begin; declare cursor cursor for select oid, relname from pg_class")
    check(pq.PQdescribePortal(conn, b"cursor"))
    check(pq.PQclosePortal(conn, b"cursor"))
    execute(conn, "commit")
    check(pq.PQclosePrepared(conn, b"select"))
    check(pq.PQclosePrepared(conn, b"never was"))


def copy_in(conn, sql, *data, error=None):
    assert execute(conn, sql) == COPY_IN
    for d in data:
        pq.PQputCopyData(conn, d, len(d))
    pq.PQputCopyEnd(conn, error)
    results(conn)


def copy_out(conn, sql):
    assert execute(conn, sql) == COPY_OUT
    buffer = c_void_p()
    while pq.PQgetCopyData(conn, byref(buffer), 0) > 0:
        libc.free(buffer)
    results(conn)


def copy(conn):
    execute(conn, "create temp table c(a int, b text)")
    copy_in(conn, "copy c from stdin", b"1\tone\n2\t\\N\n", b"3\tth", b"ree\n", b"", "4\tgrüße\n".encode())
    copy_in(conn, "copy c from stdin", b"5\tfive\n", error=b"changed my\nmind")
    copy_in(conn, "copy c from stdin", b"no number\tsix\n")
    copy_in(conn, "copy c from stdin (format csv)", b'7,"se\nven"\n' * 3)
    copy_out(conn, "copy c to stdout")
    copy_out(conn, "copy c to stdout (format csv, header)")
    copy_out(conn, "copy (select 1, 'one'::text, null::int8, '\\xff'::bytea) to stdout (format binary)")
    copy_out(conn, "copy (select 1 where false) to stdout")
    copy_in(conn, "copy c from stdin (format binary)", b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\0\2\0\0\0\4\0\0\0\1\xff\xff\xff\xff\xff\xff")
    copy_in(conn, "copy c(b) from stdin", b"x" * 70000 + b"\n")


def pipeline(conn):
    def send(sql, *values):
        pq.PQsendQueryParams(conn, sql, len(values), None, *parameters(values), 0)

    def until_sync():
        ended = 0
        while ended < 2:
            result = pq.PQgetResult(conn)
            if result is None:
                ended += 1
            elif check(result) == PIPELINE_SYNC:
                return
            else:
                ended = 0

    pq.PQenterPipelineMode(conn)
    send(b"select $1::int", b"1")
    send(b"select 2")
    pq.PQsendFlushRequest(conn)
    pq.PQflush(conn)
    send(b"select 3, $1::text", None)
    pq.PQpipelineSync(conn)
    send(b"select 1/0")
    send(b"select 'never'")
    pq.PQsendPipelineSync(conn)
    send(b"select 4")
    pq.PQpipelineSync(conn)
    for _ in range(3):
        until_sync()
    pq.PQexitPipelineMode(conn)
    execute(conn, "select 'after'")


def functions(conn):
    def call(oid, *arguments, integer=True):
        buffer, length = ctypes.create_string_buffer(1000), c_int()
        blocks = (PQArgBlock * len(arguments))(*[PQArgBlock(4, 1, a) for a in arguments])
        check(pq.PQfn(conn, oid, buffer, byref(length), int(integer), blocks, len(arguments)))

    call(177, 2, 3)  # int4pl
    call(154, 1, 0)  # int4div: an error
    call(1, integer=False)  # no function
    call(43, -5, integer=False)  # int4out
    execute(conn, "begin")
    oid = pq.lo_creat(conn, 0x60000)
    large = pq.lo_open(conn, oid, 0x60000)
    content = bytes(range(256)) + b"'\"\\"
    pq.lo_write(conn, large, content, len(content))
    pq.lo_lseek64(conn, large, 100, 0)
    pq.lo_read(conn, large, ctypes.create_string_buffer(1000), 1000)
    pq.lo_close(conn, large)
    pq.lo_unlink(conn, oid)
    pq.lo_unlink(conn, oid)
    execute(conn, "rollback")


def cancel(conn):
    notices.clear()
    pq.PQsendQuery(conn, b"do $$ begin raise notice 'running'; perform pg_sleep(600); end $$")
    while not notices:
        select.select([pq.PQsocket(conn)], [], [])
        pq.PQconsumeInput(conn)
        pq.PQisBusy(conn)  # it parses, and so takes notices
    cancelling = pq.PQcancelCreate(conn)
    file = start_trace(cancelling, trace + ".2")
    pq.PQcancelBlocking(cancelling)
    pq.PQuntrace(cancelling)
    pq.PQcancelFinish(cancelling)
    libc.fclose(file)
    results(conn)


def replication(conn):
    execute(conn, "create table replicated(a int primary key, b text)")
    execute(conn, "create publication pqtrace for table replicated")
    execute(conn, "CREATE_REPLICATION_SLOT pqtrace TEMPORARY LOGICAL pgoutput")
    execute(conn, "insert into replicated values (1, 'grüße'), (2, null); update replicated set a = 3 where a = 1")
    status = execute(conn, "START_REPLICATION SLOT pqtrace LOGICAL 0/0 (proto_version '1', publication_names 'pqtrace')")
    assert status == COPY_BOTH, pq.PQerrorMessage(conn)
    kinds, buffer = b"", c_void_p()
    while kinds.count(b"C") < 1 or b"U" not in kinds:
        length = pq.PQgetCopyData(conn, byref(buffer), 0)
        assert length > 0, pq.PQerrorMessage(conn)
        data = ctypes.string_at(buffer, length)
        libc.free(buffer)
        kinds += data[25:26] if data[:1] == b"w" else b""
    status_update = b"r" + bytes(33)
    pq.PQputCopyData(conn, status_update, len(status_update))
    pq.PQputCopyEnd(conn, None)
    while pq.PQgetCopyData(conn, byref(buffer), 0) > 0:
        libc.free(buffer)
    results(conn)
    execute(conn, "drop publication pqtrace; drop table replicated")


def regression(conn):
    """Runs statements as psql does, and those that return rows as \\gdesc and \\bind do, too."""
    with open(os.path.join(os.path.dirname(__file__), "regression.sql"), encoding="utf-8") as file:
        statements = file.read().strip().split("\n\n")
    for sql in statements:
        execute(conn, sql)
        if sql.startswith(("select", "values", "table", "with")) and "sleep" not in sql:
            check(pq.PQprepare(conn, b"", sql.encode(), 0, None))
            check(pq.PQdescribePrepared(conn, b""))
            check(pq.PQexecParams(conn, sql.encode(), 0, None, None, None, None, 0))
            check(pq.PQexecParams(conn, sql.encode(), 0, None, None, None, None, 1))
    copy(conn)
    functions(conn)
    pipeline(conn)
    cancel(conn)


def login(conn):
    status, buffer = execute(conn, "select 1"), c_void_p()
    while status in (COPY_OUT, COPY_BOTH) and pq.PQgetCopyData(conn, byref(buffer), 0) > 0:
        libc.free(buffer)
    if status == COPY_BOTH:
        pq.PQputCopyEnd(conn, None)
    results(conn)


conn, file = connect()
if pq.PQstatus(conn) == 0:
    globals()[session](conn)
else:
    print(pq.PQerrorMessage(conn).decode())
pq.PQfinish(conn)
libc.fclose(file)
