//! A gateway that is killed repeatedly in the middle of its work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::command::{deskbell, start};
use crate::support::ticket;
use crate::wire::Wire;

const TIMES: u64 = 50;
const CONNECTIONS: usize = 8;
/// After this many tickets the last one gets a reply.
const REPLY_EVERY: u64 = 4;
/// Another seed kills at other moments.
const SEED: u64 = 0x5eed_1e55_c0de_d00d;

/// What was sent under a key, and the response: `None` while there was none.
#[derive(Clone, Debug)]
struct Sent {
    path: String,
    session: String,
    body: Value,
    answer: Option<Value>,
}

type Book = Arc<Mutex<BTreeMap<String, Sent>>>;

#[tokio::test]
async fn acknowledged_tickets_survive_kills_without_duplicates() {
    let folder = tempfile::tempdir().unwrap();
    let many = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[sites.acme]\norigins = [\"*\"]";
    std::fs::write(folder.path().join("deskbell.toml"), many).unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (book, mut random) = (Book::default(), Random(SEED));
    let mut unanswered = 0;
    for round in 0..=TIMES {
        let (mut child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
        holds(&folder.path().join("test.db"), &book).await;
        unanswered += send_again(&address, &book, |sent| sent.answer.is_none()).await;
        if round == TIMES {
            send_again(&address, &book, |sent| sent.answer.is_some()).await;
            holds(&folder.path().join("test.db"), &book).await;
            break;
        }
        let (answers, mut answered) = watch::channel(0);
        let mut connections = JoinSet::new();
        for connection in 0..CONNECTIONS {
            connections.spawn(work(address.clone(), round, connection, book.clone(), answers.clone()));
        }
        let (enough, more) = (random.below(40), Duration::from_micros(random.below(5_000)));
        answered.wait_for(|answers| *answers >= enough).await.unwrap();
        tokio::time::sleep(more).await;
        child.kill().await.unwrap();
        connections.join_all().await;
    }
    assert!(unanswered > 0, "it was never killed while somebody waited");
}

/// Sends tickets and replies until there are no more responses.
async fn work(address: String, round: u64, connection: usize, book: Book, answers: watch::Sender<u64>) {
    let Ok(mut wire) = Wire::open(&address).await else { return };
    let session = format!("{connection:032x}");
    let mut ticket_id = String::new();
    for number in 0.. {
        let key = format!("{round}-{connection}-{number}");
        let (path, body) = if number % REPLY_EVERY == REPLY_EVERY - 1 {
            (format!("/v1/sites/acme/tickets/{ticket_id}/messages"), json!({ "message": key }))
        } else {
            ("/v1/sites/acme/tickets".to_string(), ticket(&key))
        };
        let sent = Sent { path, session: session.clone(), body, answer: None };
        book.lock().unwrap().insert(key.clone(), sent.clone());
        let Ok((status, answer)) = wire.post(&sent.path, &session, &key, &sent.body).await else { return };
        assert_eq!(status, 201, "{key}: {answer}");
        if let Some(id) = answer["id"].as_str() {
            ticket_id = id.to_string();
        }
        answered(&book, &key, answer);
        answers.send_modify(|answers| *answers += 1);
    }
}

/// Repeats the chosen requests: each is accepted, with its earlier response if there was one. Returns how many there were.
async fn send_again(address: &str, book: &Book, chosen: impl Fn(&Sent) -> bool) -> usize {
    let again: Vec<(String, Sent)> = book
        .lock()
        .unwrap()
        .iter()
        .filter(|(_, sent)| chosen(sent))
        .map(|(key, sent)| (key.clone(), sent.clone()))
        .collect();
    let mut wire = Wire::open(address).await.unwrap();
    for (key, sent) in &again {
        let (status, answer) = wire.post(&sent.path, &sent.session, key, &sent.body).await.unwrap();
        assert_eq!(status, 201, "{key}: {answer}");
        if let Some(before) = &sent.answer {
            assert_eq!(&answer, before, "{key}");
        }
        answered(book, key, answer);
    }
    again.len()
}

fn answered(book: &Book, key: &str, answer: Value) {
    book.lock().unwrap().get_mut(key).unwrap().answer = Some(answer);
}

/// Every acknowledged ticket and reply is in the database; nothing is there twice, or was never sent.
async fn holds(database: &Path, book: &Book) {
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let tickets =
        "SELECT json_extract(body, '$.message'), reference FROM tickets JOIN ticket_bodies ON ticket = tickets.id";
    let tickets: Vec<(String, String)> = sqlx::query_as(tickets).fetch_all(&mut connection).await.unwrap();
    let replies: Vec<(String, u32)> =
        sqlx::query_as("SELECT body, number FROM messages").fetch_all(&mut connection).await.unwrap();
    let seals: Vec<String> = sqlx::query_scalar("SELECT key FROM seals").fetch_all(&mut connection).await.unwrap();
    let keys: BTreeSet<&String> =
        tickets.iter().map(|(key, _)| key).chain(replies.iter().map(|(key, _)| key)).collect();
    assert_eq!(keys.len(), tickets.len() + replies.len(), "something is there twice");
    assert_eq!(seals.len(), tickets.len());
    let book = book.lock().unwrap();
    assert!(keys.iter().all(|key| book.contains_key(*key)), "something is there that nobody sent");
    let references: BTreeMap<_, _> = tickets.iter().map(|(key, reference)| (key, reference.as_str())).collect();
    let numbers: BTreeMap<_, _> = replies.iter().map(|(key, number)| (key, u64::from(*number))).collect();
    for (key, answer) in book.iter().filter_map(|(key, sent)| Some((key, sent.answer.as_ref()?))) {
        let stored = match answer["reference"].as_str() {
            Some(reference) => references.get(key) == Some(&reference),
            None => numbers.get(key).copied() == answer["number"].as_u64(),
        };
        assert!(stored, "{key} was acknowledged and is lost: {answer}");
    }
}

/// Pseudorandom numbers with a fixed seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
