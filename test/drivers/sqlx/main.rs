//! Does the script of the driver matrix with sqlx.

use std::error::Error;
use std::str::FromStr;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPoolOptions, PgRow};
use sqlx::{Connection, Executor, Row};

type Answer = Result<String, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match script().await {
        Ok(()) => std::process::exit(3),
        Err(error) => {
            println!("failed: {error:?}");
            std::process::exit(1)
        }
    }
}

async fn script() -> Result<(), Box<dyn Error>> {
    let mut conn = PgConnection::connect_with(&settings()?).await?;
    step("simple", simple(&mut conn).await)?;
    step("prepared", prepared(&mut conn).await)?;
    step("binary", binary(&mut conn).await)?;
    step("batch", batch(&mut conn).await)?;
    step("copy in", copy_in(&mut conn).await)?;
    step("copy out", copy_out(&mut conn).await)?;
    step("notify", notify(&mut conn).await)?;
    println!("cancel: not in this driver");
    step("transaction", transaction(&mut conn).await)?;
    step("large", large(&mut conn).await)?;
    step("utf8", utf8(&mut conn).await)?;
    println!("latin1: not in this driver");
    step("wrong password", wrong_password().await)
}

fn step(name: &str, answer: Answer) -> Result<(), Box<dyn Error>> {
    println!("{name}: {}", answer?);
    Ok(())
}

fn settings() -> Result<PgConnectOptions, Box<dyn Error>> {
    Ok(PgConnectOptions::from_str(&std::env::var("DATABASE_URL")?)?)
}

/// Returns the SQLSTATE.
fn failure<T>(result: Result<T, sqlx::Error>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(sqlx::Error::Database(error)) => error.code().unwrap_or_default().to_string(),
        Err(error) => error.to_string(),
    }
}

async fn simple(conn: &mut PgConnection) -> Answer {
    let row: PgRow = sqlx::raw_sql("select 1, 'one'").fetch_one(conn).await?;
    Ok(format!("{} {}", row.get::<i32, _>(0), row.get::<String, _>(1)))
}

async fn prepared(conn: &mut PgConnection) -> Answer {
    let mut all = Vec::new();
    for (n, word) in [(21, "a"), (22, "b")] {
        let double = sqlx::query("select $1::int4 * 2, upper($2)").bind(n).bind(word);
        let row = double.fetch_one(&mut *conn).await?;
        all.push(format!("{} {}", row.get::<i32, _>(0), row.get::<String, _>(1)));
    }
    Ok(all.join(", "))
}

/// sqlx asks for it by itself.
async fn binary(conn: &mut PgConnection) -> Answer {
    let query = sqlx::query("select $1::int8, $2::bytea, $3::float8");
    let row = query.bind(4294967297i64).bind(&[0u8, 0xff, 0x10][..]).bind(1.5f64).fetch_one(conn).await?;
    let hex: String = row.get::<Vec<u8>, _>(1).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{} {hex} {}", row.get::<i64, _>(0), row.get::<f64, _>(2)))
}

/// In one simple query.
async fn batch(conn: &mut PgConnection) -> Answer {
    let rows: Vec<PgRow> = sqlx::raw_sql("select 1; select 2; select 3").fetch_all(conn).await?;
    let numbers: Vec<String> = rows.iter().map(|row| row.get::<i32, _>(0).to_string()).collect();
    Ok(numbers.join(" "))
}

async fn copy_in(conn: &mut PgConnection) -> Answer {
    conn.execute("create temp table words (n int4, word text)").await?;
    let mut copy = conn.copy_in_raw("copy words from stdin").await?;
    for n in 1..=1000 {
        copy.send(format!("{n}\tword {n}\n").into_bytes()).await?;
    }
    Ok(format!("{} rows", copy.finish().await?))
}

async fn copy_out(conn: &mut PgConnection) -> Answer {
    let mut stream = conn.copy_out_raw("copy words to stdout").await?;
    let mut bytes = 0;
    while let Some(chunk) = stream.try_next().await? {
        bytes += chunk.len();
    }
    Ok(format!("{bytes} bytes"))
}

/// The listener has a connection of its own.
async fn notify(conn: &mut PgConnection) -> Answer {
    let pool = PgPoolOptions::new().max_connections(1).connect_with(settings()?).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen("animals").await?;
    conn.execute("notify animals, 'elephant'").await?;
    Ok(listener.recv().await?.payload().to_string())
}

async fn transaction(conn: &mut PgConnection) -> Answer {
    let mut transaction = conn.begin().await?;
    let first = failure(sqlx::query("select 1/0").fetch_one(&mut *transaction).await);
    let second = failure(sqlx::query("select 1").fetch_one(&mut *transaction).await);
    transaction.rollback().await?;
    let row = sqlx::query("select 1").fetch_one(conn).await?;
    Ok(format!("{first} {second} {}", row.get::<i32, _>(0)))
}

async fn large(conn: &mut PgConnection) -> Answer {
    let sent = "0123456789abcdef".repeat(3 << 16);
    let row = sqlx::query("select $1::text, md5($1)").bind(&sent).fetch_one(conn).await?;
    let got: String = row.get(0);
    Ok(format!("{} {} {}", got.len(), row.get::<String, _>(1), got == sent))
}

async fn utf8(conn: &mut PgConnection) -> Answer {
    let query = sqlx::query("select $1::text, length($1), octet_length($1)").bind("Žluťoučký kůň 🐘");
    let row = query.fetch_one(conn).await?;
    Ok(format!("{} {} {}", row.get::<String, _>(0), row.get::<i32, _>(1), row.get::<i32, _>(2)))
}

async fn wrong_password() -> Answer {
    Ok(failure(PgConnection::connect_with(&settings()?.password("wrong")).await))
}
