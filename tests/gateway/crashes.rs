//! Two gateways on one database, one of which is killed during a delivery to a destination that cannot be queried: it is delivered once more,
//! under the same id.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use crate::command::{deskbell, start};
use crate::support::ticket;
use crate::wire::Wire;

const SESSION: &str = "00112233445566778899aabbccddeeff";
/// The claims of a killed process expire after half a minute.
const PATIENCE: Duration = Duration::from_secs(120);

/// When the gateway is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Killed {
    /// Before it has sent anything.
    BeforeRequest,
    /// When everything has arrived, before the response.
    BeforeAnswer,
    /// As soon as it has the response.
    AfterAnswer,
}

const ALL: [Killed; 3] = [Killed::BeforeRequest, Killed::BeforeAnswer, Killed::AfterAnswer];

async fn serve(folder: &TempDir) -> (Child, String) {
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    (child, address)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.expect("it is sent in time").unwrap().0
}

/// Sends a ticket to a gateway with this configuration, one process of which is killed while another continues; returns the ids of all
/// deliveries.
async fn story(
    listener: &TcpListener,
    site: &str,
    killed: Killed,
    receive: impl AsyncFn(&mut BufReader<TcpStream>, bool) -> Option<String>,
) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), site).unwrap();
    let (mut first, address) = serve(&folder).await;
    let mut wire = Wire::open(&address).await.unwrap();
    wire.send("/v1/sites/desk/tickets", SESSION, "key", &ticket("It broke")).await.unwrap();
    let (status, _): (u16, Value) = wire.answer().await.unwrap();
    assert!(status < 300);

    let mut received = Vec::new();
    let mut stream = BufReader::new(accept(listener).await);
    // Started only now, so that it is known which of them delivers.
    let (_second, _) = serve(&folder).await;
    if killed != Killed::BeforeRequest {
        received.extend(receive(&mut stream, killed == Killed::AfterAnswer).await);
    }
    first.kill().await.unwrap();
    drop(stream);
    // Until the other has delivered it, or found that it has arrived.
    let sending = async {
        loop {
            tokio::select! {
                next = listener.accept() => received.extend(receive(&mut BufReader::new(next.unwrap().0), true).await),
                () = sleep(Duration::from_millis(100)) => if is_done(&folder).await { return },
            }
        }
    };
    timeout(PATIENCE, sending).await.expect("it is done in time");
    received
}

/// Whether nothing is pending, according to the database.
async fn is_done(folder: &TempDir) -> bool {
    use sqlx::{Connection, SqliteConnection};
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let count = "SELECT (SELECT count(*) FROM deliveries WHERE state <> 'delivered')
        + (SELECT count(*) FROM mails WHERE due_at IS NOT NULL)";
    sqlx::query_scalar::<_, u32>(count).fetch_one(&mut database).await.unwrap() == 0
}

/// Reads a request, and responds or not; returns the header with the id of the delivery.
async fn http(stream: &mut BufReader<TcpStream>, answers: bool) -> Option<String> {
    let (mut length, mut name) = (0, String::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((header, value)) if header.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some((header, value)) if header.eq_ignore_ascii_case("webhook-id") => name = value.into(),
            _ => {}
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    if answers {
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    }
    // Slack has no id: the content is the same.
    Some(if name.is_empty() { String::from_utf8(body).unwrap() } else { name })
}

/// Accepts a mail, and acknowledges it or not; returns its Message-ID.
async fn smtp(stream: &mut BufReader<TcpStream>, answers: bool) -> Option<String> {
    stream.write_all(b"220 mail.example\r\n").await.ok()?;
    let (mut inside, mut name) = (false, None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return name;
        }
        if let Some(id) = line.trim_end().strip_prefix("Message-ID: ") {
            name = Some(id.to_string());
        }
        let answer = match line.trim_end() {
            "." if !answers => return name,
            "." => {
                let _ = stream.write_all(b"250 taken\r\n").await;
                return name;
            }
            "DATA" => "354 go on",
            _ if inside => continue,
            _ => "250 yes",
        };
        inside = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// All deliveries are the same, and at most one for each crash and one for the start.
fn expect(step: &str, killed: Killed, received: &[String]) {
    let maximum = if killed == Killed::BeforeRequest { 1 } else { 2 };
    assert!((1..=maximum).contains(&received.len()), "{step}, {killed:?}: {received:?}");
    assert!(received.iter().all(|one| *one == received[0]), "{step}, {killed:?}: {received:?}");
}

#[tokio::test]
async fn webhooks_repeat_at_most_once_with_the_same_id() {
    let stories = ALL.map(async |killed| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!(
            "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"webhook\"\nurl = \"http://{}/\"\n\
             secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"\nprivate = true",
            listener.local_addr().unwrap()
        );
        expect("webhook", killed, &story(&listener, &site, killed, http).await);
    });
    join_all(stories).await;
}

#[tokio::test]
async fn slack_lines_repeat_at_most_once_after_a_crash() {
    let stories = ALL.map(async |killed| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!(
            "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"slack\"\nurl = \"http://{}/\"\n\
             private = true",
            listener.local_addr().unwrap()
        );
        expect("slack", killed, &story(&listener, &site, killed, http).await);
    });
    join_all(stories).await;
}

#[tokio::test]
async fn mails_to_the_desk_repeat_at_most_once_with_the_same_id() {
    let stories = ALL.map(async |killed| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!(
            "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\n\
             mailbox = \"desk@desk.example\"\nfrom = \"Acme <help@acme.example>\"\nsmtp = \"smtp://{}\"",
            listener.local_addr().unwrap()
        );
        expect("email", killed, &story(&listener, &site, killed, smtp).await);
    });
    join_all(stories).await;
}

#[tokio::test]
async fn receipts_repeat_at_most_once_with_the_same_id() {
    let stories = ALL.map(async |killed| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!(
            "[sites.desk]\norigins = [\"*\"]\nmail = {{ smtp = \"smtp://{}\", from = \"a@b.example\" }}",
            listener.local_addr().unwrap()
        );
        expect("receipt", killed, &story(&listener, &site, killed, smtp).await);
    });
    join_all(stories).await;
}
