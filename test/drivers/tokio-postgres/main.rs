//! Does the script of the driver matrix with tokio-postgres, which takes everything from the URL but the
//! root certificate: that comes from PGSSLROOTCERT.

use std::error::Error;
use std::future::poll_fn;

use futures_util::{SinkExt, StreamExt, pin_mut};
use native_tls::{Certificate, TlsConnector};
use postgres_native_tls::MakeTlsConnector;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, Config, SimpleQueryMessage};

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
    let (mut client, mut heard) = connect(&settings()?).await?;
    step("simple", simple(&client).await)?;
    step("prepared", prepared(&client).await)?;
    step("binary", binary(&client).await)?;
    step("batch", batch(&client).await)?;
    step("copy in", copy_in(&client).await)?;
    step("copy out", copy_out(&client).await)?;
    step("notify", notify(&client, &mut heard).await)?;
    step("cancel", cancel().await)?;
    step("transaction", transaction(&mut client).await)?;
    step("large", large(&client).await)?;
    step("utf8", utf8(&client).await)?;
    println!("latin1: not in this driver");
    step("wrong password", wrong_password().await)
}

fn step(name: &str, answer: Answer) -> Result<(), Box<dyn Error>> {
    println!("{name}: {}", answer?);
    Ok(())
}

fn settings() -> Result<Config, Box<dyn Error>> {
    Ok(std::env::var("DATABASE_URL")?.parse()?)
}

fn tls() -> Result<MakeTlsConnector, Box<dyn Error>> {
    let mut builder = TlsConnector::builder();
    if let Ok(file) = std::env::var("PGSSLROOTCERT") {
        builder.add_root_certificate(Certificate::from_pem(&std::fs::read(file)?)?);
    }
    Ok(MakeTlsConnector::new(builder.build()?))
}

/// Connects, and passes on the notifications that come.
async fn connect(settings: &Config) -> Result<(Client, UnboundedReceiver<String>), Box<dyn Error>> {
    let (client, mut connection) = settings.connect(tls()?).await?;
    let (send, receive) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message {
                let _ = send.send(notification.payload().to_string());
            }
        }
    });
    Ok((client, receive))
}

fn failure<T>(result: Result<T, tokio_postgres::Error>) -> String {
    match result {
        Ok(_) => "no error".to_string(),
        Err(error) => match error.code() {
            Some(code) => code.code().to_string(),
            None => error.to_string(),
        },
    }
}

async fn simple(client: &Client) -> Answer {
    for message in client.simple_query("select 1, 'one'").await? {
        if let SimpleQueryMessage::Row(row) = message {
            return Ok(format!("{} {}", row.get(0).unwrap_or(""), row.get(1).unwrap_or("")));
        }
    }
    Err("no row".into())
}

async fn prepared(client: &Client) -> Answer {
    let double = client.prepare("select $1::int4 * 2, upper($2)").await?;
    let first = client.query_one(&double, &[&21, &"a"]).await?;
    let second = client.query_one(&double, &[&22, &"b"]).await?;
    let text = |row: tokio_postgres::Row| format!("{} {}", row.get::<_, i32>(0), row.get::<_, String>(1));
    Ok(format!("{}, {}", text(first), text(second)))
}

/// tokio-postgres knows nothing else.
async fn binary(client: &Client) -> Answer {
    let raw: &[u8] = &[0, 0xff, 0x10];
    let row = client.query_one("select $1::int8, $2::bytea, $3::float8", &[&4294967297i64, &raw, &1.5f64]).await?;
    let hex: String = row.get::<_, Vec<u8>>(1).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{} {hex} {}", row.get::<_, i64>(0), row.get::<_, f64>(2)))
}

/// Futures that are polled together are sent in a pipeline.
async fn batch(client: &Client) -> Answer {
    let statement = client.prepare("select $1::int4").await?;
    let (a, b, c) = tokio::try_join!(
        client.query_one(&statement, &[&1]),
        client.query_one(&statement, &[&2]),
        client.query_one(&statement, &[&3]),
    )?;
    Ok(format!("{} {} {}", a.get::<_, i32>(0), b.get::<_, i32>(0), c.get::<_, i32>(0)))
}

async fn copy_in(client: &Client) -> Answer {
    client.batch_execute("create temp table words (n int4, word text)").await?;
    let sink = client.copy_in("copy words from stdin").await?;
    pin_mut!(sink);
    for n in 1..=1000 {
        sink.feed(std::io::Cursor::new(format!("{n}\tword {n}\n").into_bytes())).await?;
    }
    Ok(format!("{} rows", sink.finish().await?))
}

async fn copy_out(client: &Client) -> Answer {
    let stream = client.copy_out("copy words to stdout").await?;
    pin_mut!(stream);
    let mut bytes = 0;
    while let Some(chunk) = stream.next().await {
        bytes += chunk?.len();
    }
    Ok(format!("{bytes} bytes"))
}

async fn notify(client: &Client, heard: &mut UnboundedReceiver<String>) -> Answer {
    client.batch_execute("listen animals").await?;
    client.batch_execute("notify animals, 'elephant'").await?;
    heard.recv().await.ok_or("the connection ended".into())
}

/// tokio-postgres does not wait for the end of a cancel, whose signal may come late: to a connection of its own.
async fn cancel() -> Answer {
    if std::env::var("WITHOUT_CANCEL").is_ok() {
        return Ok("left out".to_string());
    }
    let (sleeper, _heard) = connect(&settings()?).await?;
    let (watcher, _heard) = connect(&settings()?).await?;
    let token = sleeper.cancel_token();
    let canceling = async {
        watcher.batch_execute("select wait_for_sleeper()").await?;
        token.cancel_query(tls()?).await?;
        Ok::<(), Box<dyn Error>>(())
    };
    let (slept, canceled) = tokio::join!(sleeper.batch_execute("select pg_sleep(60)"), canceling);
    canceled?;
    Ok(failure(slept))
}

async fn transaction(client: &mut Client) -> Answer {
    let transaction = client.transaction().await?;
    let first = failure(transaction.batch_execute("select 1/0").await);
    let second = failure(transaction.batch_execute("select 1").await);
    transaction.rollback().await?;
    let row = client.query_one("select 1", &[]).await?;
    Ok(format!("{first} {second} {}", row.get::<_, i32>(0)))
}

async fn large(client: &Client) -> Answer {
    let sent = "0123456789abcdef".repeat(3 << 16);
    let row = client.query_one("select $1::text, md5($1)", &[&sent]).await?;
    let got: String = row.get(0);
    Ok(format!("{} {} {}", got.len(), row.get::<_, String>(1), got == sent))
}

async fn utf8(client: &Client) -> Answer {
    let row = client.query_one("select $1::text, length($1), octet_length($1)", &[&"Žluťoučký kůň 🐘"]).await?;
    Ok(format!("{} {} {}", row.get::<_, String>(0), row.get::<_, i32>(1), row.get::<_, i32>(2)))
}

async fn wrong_password() -> Answer {
    let mut settings = settings()?;
    settings.password("wrong");
    Ok(failure(settings.connect(tls()?).await))
}
