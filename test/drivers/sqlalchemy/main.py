"""Does the script of the driver matrix with SQLAlchemy over psycopg 3."""

import os
import sys
import threading

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

url = make_url(os.environ["DATABASE_URL"])
engine = create_engine(url, isolation_level="AUTOCOMMIT")
conn = engine.connect()


def step(name, work):
    print(f"{name}: {work()}", flush=True)


def run(sql, **parameters):
    return conn.execute(text(sql), parameters)


def failure(work):
    """Returns the SQLSTATE that work fails with, or libpq's words where it has none."""
    try:
        work()
        return "no error"
    except DBAPIError as error:
        return error.orig.sqlstate or str(error.orig)


def simple():
    n, word = run("select 1, 'one'").one()
    return f"{n} {word}"


def prepared():
    def double(n, word):
        n, word = run("select cast(:n as int4) * 2, upper(:word)", n=n, word=word).one()
        return f"{n} {word}"

    conn.connection.driver_connection.prepare_threshold = 0  # from the first time on
    both = f"{double(21, 'a')}, {double(22, 'b')}"
    conn.connection.driver_connection.prepare_threshold = 5
    return both


def batch():
    run("create temp table numbers (n int4)")
    conn.execute(text("insert into numbers values (:n)"), [{"n": n} for n in (1, 2, 3)])
    return " ".join(str(n) for n in run("select n from numbers").scalars())


def copy_in():
    run("create temp table words (n int4, word text)")
    with conn.connection.cursor() as cursor:
        with cursor.copy("copy words from stdin") as copy:
            for n in range(1, 1001):
                copy.write_row([n, f"word {n}"])
        return f"{cursor.rowcount} rows"


def copy_out():
    with conn.connection.cursor() as cursor, cursor.copy("copy words to stdout") as copy:
        return f"{sum(len(data) for data in copy)} bytes"


def notify():
    run("listen animals")
    run("notify animals, 'elephant'")
    for heard in conn.connection.driver_connection.notifies(stop_after=1):
        return heard.payload


def cancel():
    states = []
    sleeper = threading.Thread(target=lambda: states.append(failure(lambda: run("select pg_sleep(60)"))))
    with engine.connect() as watcher:
        sleeper.start()
        watcher.execute(text("select wait_for_sleeper()"))
        conn.connection.driver_connection.cancel_safe()
        sleeper.join()
    return states[0]


def transaction():
    with create_engine(url).connect() as conn:
        first = failure(lambda: conn.execute(text("select 1/0")))
        second = failure(lambda: conn.execute(text("select 1")))
        conn.rollback()
        return f"{first} {second} {conn.execute(text('select 1')).scalar_one()}"


def large():
    sent = "0123456789abcdef" * (3 << 16)
    got, digest = run("select cast(:sent as text), md5(:sent)", sent=sent).one()
    return f"{len(got)} {digest} {str(got == sent).lower()}"


def utf8():
    sql = "select cast(:t as text), length(:t), octet_length(:t)"
    words, characters, octets = run(sql, t="Žluťoučký kůň 🐘").one()
    return f"{words} {characters} {octets}"


def latin1():
    run("set client_encoding to latin1")
    word, octets = run("select cast(:t as text), octet_length(:t)", t="café").one()
    return f"{word.encode('latin1').hex()} {octets}"


def wrong_password():
    return failure(create_engine(url.set(password="wrong")).connect)


step("simple", simple)
step("prepared", prepared)
print("binary: not in this driver")
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
