//! Imports that would block tickets, and sources that redirect elsewhere.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deskbell_core::use_cases::search::import::{Prune, write};
use domain::question::Question;
use outbound_http::{Fetcher, Limits};
use reqwest::Url;
use sqlx::{Connection, SqliteConnection};

use crate::support::{Gateway, on_sqlite, ticket};

const QUESTIONS: usize = 100_000;
/// A transaction of an import writes at most 500 questions; this many pages hold them and their index entries.
const PAGES_MAX: usize = 300;

fn question(number: usize) -> Question {
    Question { id: format!("q{number:06}"), title: format!("How do I export chart {number}?"), ..Question::default() }
}

/// How many tickets were accepted one after the other until a condition holds.
async fn taken_until(gateway: &Gateway, is_done: &AtomicBool) -> usize {
    let mut accepted = 0;
    while !is_done.load(Ordering::SeqCst) {
        let answer = gateway.post(&format!("key-{accepted}"), &ticket("The chart is empty")).await;
        // A ticket over the customer's limit is refused before it reaches the store, and retried.
        match answer.status.as_u16() {
            201 => accepted += 1,
            429 => tokio::task::yield_now().await,
            _ => panic!("{} {}", answer.status, answer.text()),
        }
    }
    accepted
}

/// The largest transaction in the write-ahead log, in pages, and how many there are (sqlite.org/fileformat2.html, section 4.1).
fn transactions(database: &Path) -> (usize, usize) {
    let log = std::fs::read(database.with_extension("db-wal")).unwrap();
    let word = |index: usize| u32::from_be_bytes(log[index..index + 4].try_into().unwrap());
    let (page, salts) = (word(8) as usize, [word(16), word(20)]);
    let frames = (32..log.len()).step_by(24 + page).take_while(|index| [word(index + 8), word(index + 12)] == salts);
    let (mut largest, mut count, mut pages) = (0, 0, 0);
    for index in frames {
        pages += 1;
        if word(index + 4) != 0 {
            largest = largest.max(pages);
            (count, pages) = (count + 1, 0);
        }
    }
    (largest, count)
}

const UNLIMITED: &str = "[limits]\naddress = 100000000\nsession = 100000000\nsite = 100000000\n";

async fn unlimited() -> Gateway {
    crate::support::gateway_with(UNLIMITED, Default::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_accepted_during_an_import_of_100_000_questions() {
    on_sqlite();
    let gateway = Arc::new(unlimited().await);
    // A reader of the earlier state keeps the log from being restarted.
    let mut reader = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    let before: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut *reading).await.unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let importing = {
        let (gateway, is_done) = (gateway.clone(), is_done.clone());
        tokio::spawn(async move {
            let questions = (0..QUESTIONS).map(question).collect();
            let changes = write(gateway.app.store.as_ref(), &"acme".into(), "test", questions, Prune::Limited).await;
            is_done.store(true, Ordering::SeqCst);
            changes
        })
    };
    let accepted = taken_until(&gateway, &is_done).await;
    let changes = importing.await.unwrap().unwrap();
    assert_eq!((before, changes.new), (0, QUESTIONS));
    let (largest, count) = transactions(&gateway.database());
    assert!(largest <= PAGES_MAX, "{largest} pages in one transaction");
    assert!(count >= QUESTIONS / 500 + accepted, "{count} transactions, {accepted} tickets");
    // At least one for every second transaction of the import, which leaves a gap after each.
    assert!(accepted >= QUESTIONS / 500 / 2, "{accepted} tickets");
    assert_eq!(gateway.app.store.revisions().await.unwrap()["acme"].current, 1, "readers see it as a whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_are_accepted_while_another_process_imports_is_killed_and_resumes() {
    on_sqlite();
    let gateway = unlimited().await;
    let lines: Vec<String> = (0..30_000).map(|number| serde_json::to_string(&question(number)).unwrap()).collect();
    std::fs::write(gateway.folder.path().join("questions.jsonl"), lines.join("\n")).unwrap();
    let import = || {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_deskbell"));
        command.args(["import", "--database", "sqlite:test.db", "--site", "acme", "questions.jsonl"]);
        command.current_dir(gateway.folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command.env_remove("DESKBELL_CONFIG").env_remove("DESKBELL_DATABASE");
        command
    };
    let store = gateway.app.store.as_ref();
    let mut killed = import().spawn().unwrap();
    while store.question_page(&"acme".into(), "", 1).await.unwrap().is_empty() {
        let answer = gateway.post("first", &ticket("The chart is empty")).await;
        assert_eq!(answer.status.as_u16() / 100, 2, "{}", answer.text());
    }
    killed.kill().await.unwrap();
    assert_eq!(store.revisions().await.unwrap().get("acme"), None, "what was not finished does not count");

    let is_done = AtomicBool::new(false);
    let importing = async {
        let output = import().output().await.unwrap();
        is_done.store(true, Ordering::SeqCst);
        output
    };
    let (output, accepted) = tokio::join!(importing, taken_until(&gateway, &is_done));
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let (new, rest) = report.split_once(" new, 0 changed, ").unwrap();
    let (unchanged, rest) = rest.split_once(" unchanged, ").unwrap();
    let [new, unchanged]: [usize; 2] = [new, unchanged].map(|count| count.parse().unwrap());
    assert!(new + unchanged == 30_000 && unchanged >= 500 && rest == "0 removed, 0 bad\n", "{report}");
    assert_eq!(store.revisions().await.unwrap()["acme"].current, 1);
    assert!(accepted > 0);
}

#[tokio::test]
async fn sources_in_private_networks_need_a_setting() {
    let limits = Limits { attempts: 1, ..Limits::default() };
    for address in ["https://10.0.0.1/x", "https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/x"] {
        let url = Url::parse(address).unwrap();
        let refused = Fetcher::new(limits, false).unwrap().text(&url).await.unwrap_err().to_string();
        assert!(refused.contains("in a private network; set private = true"), "{refused}");
    }
    // Names are checked by the same rule when they are resolved.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = Url::parse(&format!("https://ip6-localhost.localhost:{port}/")).unwrap();
    let refused = Fetcher::new(limits, false).unwrap().text(&url).await.unwrap_err().to_string();
    assert!(refused.starts_with("no response: "), "{refused}");
    let connection = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    assert_eq!(listener.accept().await.unwrap().1, connection.local_addr().unwrap(), "nobody has connected before");
}

#[tokio::test]
async fn imports_do_not_follow_redirects_into_private_networks() {
    let stand_in = crate::sources::StandIn::new().await;
    let limits = Limits { attempts: 1, ..Limits::default() };
    for location in
        ["https://10.0.0.1/x", "https://localhost/x", "https://[::1]/x", "http://192.168.0.1/x", "https://127.0.0.1/x"]
    {
        stand_in.set("/x", 302, &[("location", location)], "");
        let url = Url::parse(&format!("{}/x", stand_in.url)).unwrap();
        let refused = Fetcher::new(limits, false).unwrap().text(&url).await.unwrap_err().to_string();
        assert!(refused.contains("redirected to"), "{location}: {refused}");
    }
}
