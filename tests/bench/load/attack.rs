//! One anonymous client at one address that does whatever it can, as fast as it gets responses, while a verified customer sends a ticket per
//! second.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use super::client::{Caller, new_words, ticket};
use super::gateway::Gateway;
use super::{Outcome, TICKET_MAX, millis, share};

/// The addresses of attacker and customer, as reported by the proxy.
const ATTACKER: &str = "203.0.113.7";
const CUSTOMER: &str = "198.51.100.9";
/// How many tasks do each thing at once.
const AT_ONCE: usize = 3;
/// How many connections send their request a byte at a time.
const SLOW: usize = 200;
/// How many streams are left open.
const STREAMS: usize = 200;
/// The pause of a task after a 429 response; without it the attacker would mostly load itself.
const REST: Duration = Duration::from_millis(5);

/// The responses to each thing.
type Answers = Arc<Mutex<BTreeMap<(&'static str, u16), usize>>>;

/// Prints how long the customer's tickets took, and what was stored and sent because of the attacker.
pub async fn print(time: Duration, faults: &mut Vec<String>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let (mails, smtp) = mail_server().await?;
    let site = format!(
        "[sites.acme.mail]\nsmtp = \"smtp://{smtp}\"\nfrom = \"Acme <help@acme.example>\"\n\
         [sites.acme.incidents]\nsay = \"Queries are slow\"\nurl = \"https://status.acme.example/\"\n"
    );
    let gateway = Gateway::start(folder.path(), "", &site)?;
    let before = disk(folder.path())?;

    let answers = Answers::default();
    let mut attack = attack(&gateway.address, &answers).await?;
    let times = customer(&gateway.address, time).await?;
    attack.shutdown().await;

    let (mut accepted, refused) = times;
    accepted.sort_unstable();
    println!(
        "\nA verified customer beside one anonymous client for {} s: {} tickets, p50 {}, p99 {}, longest {}, {} refused{}",
        time.as_secs(),
        accepted.len(),
        millis(share(&accepted, 0.5)),
        millis(share(&accepted, 0.99)),
        millis(share(&accepted, 1.0)),
        refused.len(),
        refused.first().map(|first| format!(", the first by {first}")).unwrap_or_default()
    );
    let p99 = share(&accepted, 0.99);
    if p99 > TICKET_MAX || !refused.is_empty() {
        faults.push(format!(
            "a customer's tickets beside an attack: {} at the 99th of 100, {} refused",
            millis(p99),
            refused.len()
        ));
    }
    println!(
        "disk {:.1} MB, {} mails sent, memory {} MB",
        (disk(folder.path())? - before) as f64 / 1e6,
        mails.load(Ordering::Relaxed),
        gateway.memory()?
    );
    for (table, count) in rows(&folder.path().join("load.db")).await? {
        println!("  {count:>9} rows in {table}");
    }
    println!("what the client got:");
    for ((name, status), count) in answers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("  {count:>9} x {status} {name}");
    }
    Ok(())
}

/// Sends a ticket per second, each under a key of its own. Returns the times of those that were accepted, and why others were not.
async fn customer(gateway: &str, time: Duration) -> Outcome<(Vec<Duration>, Vec<String>)> {
    let (mut times, mut refused) = (Vec::new(), Vec::new());
    let mut second = interval(Duration::from_secs(1));
    for number in 0..time.as_secs() {
        second.tick().await;
        // Each is from another customer, because one customer has a limit per minute.
        let caller = Caller::new(gateway, CUSTOMER).signed(&format!("u-{number}"));
        let caller = caller.with("idempotency-key", format!("customer-{number}"));
        match caller.ask(Method::POST, "/v1/sites/acme/tickets", Some(ticket("The export stops"))).await {
            Ok((status, _, time)) if status.is_success() => times.push(time),
            Ok((status, text, _)) => refused.push(format!("{status}: {text}")),
            Err(error) => refused.push(error.to_string()),
        }
    }
    Ok((times, refused))
}

/// Starts everything at once.
async fn attack(gateway: &str, answers: &Answers) -> Outcome<JoinSet<()>> {
    let caller = Caller::new(gateway, ATTACKER);
    let (status, text, _) = new_session(&caller, 0).ask(Method::POST, TICKETS, Some(ticket("The first"))).await?;
    if !status.is_success() {
        return Err(format!("the first ticket: {status}: {text}").into());
    }
    let first: Value = serde_json::from_str(&text)?;
    let id = first.get("id").and_then(|id| id.as_str()).ok_or("a ticket without an id")?.to_string();
    let mut tasks = JoinSet::new();
    for task in 0..AT_ONCE {
        for kind in KINDS {
            let (caller, answers, id) = (caller.clone(), answers.clone(), id.clone());
            tasks.spawn(async move {
                for number in (task..).step_by(AT_ONCE) {
                    let status = act(&caller, kind, number, &id).await.map_or(0, |status| status.as_u16());
                    *answers.lock().unwrap_or_else(PoisonError::into_inner).entry((kind, status)).or_default() += 1;
                    if !(200..300).contains(&status) {
                        sleep(REST).await;
                    }
                }
            });
        }
    }
    let host = gateway.trim_start_matches("http://").trim_end_matches('/').to_string();
    for _ in 0..SLOW {
        tasks.spawn(send_slowly(host.clone()));
    }
    for number in 0..STREAMS {
        let caller = new_session(&caller, number % 10);
        tasks.spawn(async move {
            loop {
                if let Ok(stream) = caller.send(Method::GET, "/v1/sites/acme/tickets/stream", None).await {
                    let _ = stream.bytes().await;
                }
                sleep(Duration::from_secs(1)).await;
            }
        });
    }
    Ok(tasks)
}

const TICKETS: &str = "/v1/sites/acme/tickets";
const KINDS: [&str; 14] = [
    "tickets",
    "large tickets",
    "torn tickets",
    "files",
    "status changes",
    "replies",
    "events",
    "incidents",
    "log-ins",
    "guesses",
    "searches",
    "similar tickets",
    "lists",
    "conversations",
];

async fn act(caller: &Caller, kind: &str, number: usize, id: &str) -> reqwest::Result<StatusCode> {
    let (same_address, other_address) = (new_session(caller, 0), new_session(caller, number + 1));
    let key = |caller: &Caller| caller.with("idempotency-key", format!("{}-{number}", kind.replace(' ', "-")));
    let ticket_path = format!("{TICKETS}/{id}");
    let answer = match kind {
        "tickets" => {
            let contact = json!({"name": "https://evil.example", "email": format!("stranger{number}@example.com")});
            let one = ticket_with("Visit https://evil.example now", "contact", contact);
            key(&other_address).send(Method::POST, TICKETS, Some(one)).await?
        }
        "large tickets" => {
            let values: serde_json::Map<_, _> =
                (0..60).map(|value| (format!("value{value}"), json!("x".repeat(900)))).collect();
            let context = json!({"version": 1, "page_values": values});
            let one = ticket_with(&new_words(number), "context", context);
            key(&same_address).send(Method::POST, TICKETS, Some(one)).await?
        }
        "torn tickets" => same_address.send(Method::POST, TICKETS, Some(json!({"kind": "nonsense"}))).await?,
        "files" => {
            let id = format!("{:08x}-0000-4000-8000-000000000000", number);
            return other_address
                .put(&format!("/v1/sites/acme/attachments/{id}?name=a.txt"), vec![b'a'; 9_000_000])
                .await;
        }
        "status changes" => {
            let status = if number.is_multiple_of(2) { "solved" } else { "open" };
            same_address.send(Method::PATCH, &ticket_path, Some(json!({"status": status}))).await?
        }
        "replies" => {
            let reply = json!({"message": new_words(number + 1_000_000)});
            key(&same_address).send(Method::POST, &format!("{ticket_path}/messages"), Some(reply)).await?
        }
        "events" => {
            let questions: Vec<String> = (0..20).map(|question| format!("made-up-{number}-{question}")).collect();
            let event = json!({"name": "shown", "visit": format!("{number:016x}.1"), "questions": questions});
            other_address.send(Method::POST, "/v1/sites/acme/events", Some(event)).await?
        }
        "incidents" => {
            other_address.send(Method::POST, "/v1/sites/acme/incidents", Some(json!({"id": "configured"}))).await?
        }
        "log-ins" => {
            let path = "/inbox/login?name=x";
            same_address.send(Method::POST, path, Some(json!({"token": format!("guess {number} 0123456789")}))).await?
        }
        "guesses" => {
            let guess = same_address.with("authorization", format!("Bearer guess-{number}-0123456789"));
            guess.send(Method::GET, "/inbox", None).await?
        }
        "searches" => {
            let words = "export dashboards person event query ".repeat(7);
            same_address
                .send(Method::GET, &format!("/v1/sites/acme/search?q={}", words.replace(' ', "+")), None)
                .await?
        }
        "similar tickets" => {
            let draft = json!({"message": "ä ö ü export stops ".repeat(500)});
            same_address.send(Method::POST, &format!("{TICKETS}/alike"), Some(draft)).await?
        }
        "lists" => same_address.send(Method::GET, TICKETS, None).await?,
        _ => same_address.send(Method::GET, &format!("{ticket_path}/messages"), None).await?,
    };
    let status = answer.status();
    answer.bytes().await?;
    Ok(status)
}

fn ticket_with(message: &str, part: &str, value: Value) -> Value {
    let mut ticket = ticket(message);
    if let Some(parts) = ticket.as_object_mut() {
        parts.insert(part.into(), value);
    }
    ticket
}

/// The attacker with the session of a number.
fn new_session(caller: &Caller, number: usize) -> Caller {
    caller.with("deskbell-session", format!("{number:032x}")).with("idempotency-key", format!("anew-{number}"))
}

/// Sends a request a byte at a time, repeatedly.
async fn send_slowly(host: String) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(&host).await {
            let head = format!(
                "POST /inbox/login HTTP/1.1\r\nhost: {host}\r\nx-forwarded-for: {ATTACKER}\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000000\r\n\r\n"
            );
            if stream.write_all(head.as_bytes()).await.is_ok() {
                while stream.write_all(b"a").await.is_ok() {
                    sleep(Duration::from_secs(5)).await;
                }
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// A mail server that accepts every mail and counts them.
async fn mail_server() -> Outcome<(Arc<AtomicUsize>, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (mails, address) = (Arc::new(AtomicUsize::new(0)), listener.local_addr()?.to_string());
    let counted = mails.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                // An aborted mail is not counted.
                let _ = take_mails(stream, &counted).await;
            });
        }
    });
    Ok((mails, address))
}

async fn take_mails(stream: TcpStream, counted: &AtomicUsize) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await?;
    let mut is_inside = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match (line.trim_end(), is_inside) {
            (".", true) => {
                is_inside = false;
                counted.fetch_add(1, Ordering::Relaxed);
                "250 taken"
            }
            (_, true) => continue,
            ("DATA", false) => {
                is_inside = true;
                "354 go on"
            }
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The bytes of all files in a folder.
fn disk(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { disk(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// The number of rows of each table that has any.
async fn rows(database: &Path) -> Outcome<Vec<(String, i64)>> {
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(&mut database)
    .await?;
    let mut rows = Vec::new();
    for table in tables {
        let count = format!("SELECT count(*) FROM \"{table}\"");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(&mut database).await?;
        if count > 0 {
            rows.push((table, count));
        }
    }
    Ok(rows)
}
