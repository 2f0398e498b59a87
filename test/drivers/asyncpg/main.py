"""Does the script of the driver matrix with asyncpg, which takes its settings from PG variables."""

import asyncio
import io
import sys

import asyncpg


async def main():
    global conn
    conn = await asyncpg.connect()
    await step("simple", simple)
    await step("prepared", prepared)
    await step("binary", binary)
    await step("batch", batch)
    await step("copy in", copy_in)
    await step("copy out", copy_out)
    await step("notify", notify)
    await step("cancel", cancel)
    await step("transaction", transaction)
    await step("large", large)
    await step("utf8", utf8)
    await step("latin1", latin1)
    await step("wrong password", wrong_password)
    await conn.close()


async def step(name, work):
    print(f"{name}: {await work()}", flush=True)


async def failure(work):
    """Returns the SQLSTATE that work fails with."""
    try:
        await work
        return "no error"
    except asyncpg.PostgresError as error:
        return error.sqlstate


async def simple():  # which is what execute sends, and it keeps no rows
    await conn.execute("create temp table first as select 1 as n, 'one' as word")
    row = await conn.fetchrow("select * from first")
    return f"{row['n']} {row['word']}"


async def prepared():
    double = await conn.prepare("select $1::int4 * 2, upper($2)")
    first = await double.fetchrow(21, "a")
    second = await double.fetchrow(22, "b")
    return f"{first[0]} {first[1]}, {second[0]} {second[1]}"


async def binary():  # asyncpg knows nothing else
    sql = "select $1::int8, $2::bytea, $3::float8"
    n, raw, x = await conn.fetchrow(sql, 4294967297, b"\x00\xff\x10", 1.5)
    return f"{n} {raw.hex()} {x}"


async def batch():
    await conn.execute("create temp table numbers (n int4)")
    await conn.executemany("insert into numbers values ($1)", [(1,), (2,), (3,)])
    return " ".join(str(row["n"]) for row in await conn.fetch("select n from numbers"))


async def copy_in():
    await conn.execute("create temp table words (n int4, word text)")
    words = [(n, f"word {n}") for n in range(1, 1001)]
    tag = await conn.copy_records_to_table("words", records=words)
    return f"{tag.split()[1]} rows"


async def copy_out():
    data = io.BytesIO()
    await conn.copy_from_table("words", output=data)
    return f"{len(data.getvalue())} bytes"


async def notify():
    heard = asyncio.get_running_loop().create_future()
    await conn.add_listener("animals", lambda conn, pid, channel, payload: heard.set_result(payload))
    await conn.execute("notify animals, 'elephant'")
    return await heard


async def cancel():
    """Cancels as asyncpg does where a task ends: it keeps the server's answer to itself."""
    watcher = await asyncpg.connect()
    sleeper = asyncio.create_task(conn.execute("select pg_sleep(60)"))
    await watcher.execute("select wait_for_sleeper()")
    sleeper.cancel()
    await asyncio.wait([sleeper])
    sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()"
    await conn.fetchval("select 1")  # waits for the cancel
    left = await watcher.fetchval(sleeping)
    await watcher.close()
    return f"canceled, {left} still sleeping"


async def transaction():
    await conn.execute("begin")
    first = await failure(conn.fetchval("select 1/0"))
    second = await failure(conn.fetchval("select 1"))
    await conn.execute("rollback")
    return f"{first} {second} {await conn.fetchval('select 1')}"


async def large():
    sent = "0123456789abcdef" * (3 << 16)
    got, digest = await conn.fetchrow("select $1::text, md5($1)", sent)
    return f"{len(got)} {digest} {str(got == sent).lower()}"


async def utf8():
    sql = "select $1::text, length($1), octet_length($1)"
    text, characters, octets = await conn.fetchrow(sql, "Žluťoučký kůň 🐘")
    return f"{text} {characters} {octets}"


async def latin1():
    await conn.execute("set client_encoding to latin1")
    text, octets = await conn.fetchrow("select $1::text, octet_length($1)", "café")
    return f"{text.encode('latin1').hex()} {octets}"


async def wrong_password():
    return await failure(asyncpg.connect(password="wrong"))


asyncio.run(main())
sys.exit(3)
