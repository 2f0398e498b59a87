"""Does the script of the driver matrix with psycopg 3, whose settings libpq takes from PG variables."""

import sys
import threading

import psycopg

conn = psycopg.connect(autocommit=True)


def step(name, work):
    print(f"{name}: {work()}", flush=True)


def failure(work):
    """Returns the SQLSTATE that work fails with, or libpq's words where it has none."""
    try:
        work()
        return "no error"
    except psycopg.Error as error:
        return error.sqlstate or str(error)


def simple():
    n, word = psycopg.ClientCursor(conn).execute("select 1, 'one'").fetchone()
    return f"{n} {word}"


def prepared():
    def double(n, word):
        n, word = conn.execute("select %s::int4 * 2, upper(%s)", [n, word], prepare=True).fetchone()
        return f"{n} {word}"

    return f"{double(21, 'a')}, {double(22, 'b')}"


def binary():
    sql = "select %b::int8, %b::bytea, %b::float8"
    n, raw, x = conn.execute(sql, [4294967297, b"\x00\xff\x10", 1.5], binary=True).fetchone()
    return f"{n} {raw.hex()} {x}"


def batch():
    with conn.pipeline():
        results = [conn.execute("select %s::int4", [n]) for n in (1, 2, 3)]
    return " ".join(str(result.fetchone()[0]) for result in results)


def copy_in():
    conn.execute("create temp table words (n int4, word text)")
    with conn.cursor() as cursor:
        with cursor.copy("copy words from stdin (format binary)") as copy:
            copy.set_types(["int4", "text"])
            for n in range(1, 1001):
                copy.write_row([n, f"word {n}"])
        return f"{cursor.rowcount} rows"


def copy_out():
    with conn.cursor().copy("copy words to stdout") as copy:
        return f"{sum(len(data) for data in copy)} bytes"


def notify():
    conn.execute("listen animals")
    conn.execute("notify animals, 'elephant'")
    for heard in conn.notifies(stop_after=1):
        return heard.payload


def cancel():
    states = []
    sleeper = threading.Thread(target=lambda: states.append(failure(lambda: conn.execute("select pg_sleep(60)"))))
    with psycopg.connect(autocommit=True) as watcher:
        sleeper.start()
        watcher.execute("select wait_for_sleeper()")
        conn.cancel_safe()
        sleeper.join()
    return states[0]


def transaction():
    conn.execute("begin")
    first = failure(lambda: conn.execute("select 1/0"))
    second = failure(lambda: conn.execute("select 1"))
    conn.execute("rollback")
    return f"{first} {second} {conn.execute('select 1').fetchone()[0]}"


def large():
    sent = "0123456789abcdef" * (3 << 16)
    got, digest = conn.execute("select %(sent)s::text, md5(%(sent)s)", {"sent": sent}).fetchone()
    return f"{len(got)} {digest} {str(got == sent).lower()}"


def utf8():
    sql = "select %(t)s::text, length(%(t)s), octet_length(%(t)s)"
    text, characters, octets = conn.execute(sql, {"t": "Žluťoučký kůň 🐘"}).fetchone()
    return f"{text} {characters} {octets}"


def latin1():
    conn.execute("set client_encoding to latin1")
    text, octets = conn.execute("select %(t)s::text, octet_length(%(t)s)", {"t": "café"}).fetchone()
    return f"{text.encode('latin1').hex()} {octets}"


def wrong_password():
    return failure(lambda: psycopg.connect(password="wrong"))


step("simple", simple)
step("prepared", prepared)
step("binary", binary)
step("batch", batch)
step("copy in", copy_in)
step("copy out", copy_out)
step("notify", notify)
step("cancel", cancel)
step("transaction", transaction)
step("large", large)
step("utf8", utf8)
step("latin1", latin1)
step("wrong password", wrong_password)
sys.exit(3)
