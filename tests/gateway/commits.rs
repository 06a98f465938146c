//! Many tickets at once, each on disk before its response, with far fewer commits than tickets.

use std::path::Path;
use std::process::Stdio;

use sqlx::{Connection, SqliteConnection};
use tokio::task::JoinSet;

use crate::command::{deskbell, start};
use crate::support::ticket;
use crate::wire::Wire;

const CONNECTIONS: usize = 64;
const TICKETS_EACH: usize = 20;

#[tokio::test]
async fn concurrent_tickets_share_commits_and_use_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let many = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[sites.acme]\norigins = [\"*\"]";
    std::fs::write(folder.path().join("deskbell.toml"), many).unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    let database = folder.path().join("test.db");
    // While a reader holds the earlier state, the write-ahead log is not restarted and contains all commits.
    let mut reader = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    let before: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut *reading).await.unwrap();
    let commits_before = commits(&database);

    let mut connections = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let address = address.clone();
        connections.spawn(async move {
            let mut wire = Wire::open(&address).await.unwrap();
            let session = format!("{connection:032x}");
            for number in 0..TICKETS_EACH {
                let key = format!("{connection}-{number}");
                let answer = wire.post("/v1/sites/acme/tickets", &session, &key, &ticket(&key)).await.unwrap();
                assert_eq!(answer.0, 201, "{}", answer.1);
            }
        });
    }
    connections.join_all().await;

    let mut late = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let after: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut late).await.unwrap();
    let tickets = CONNECTIONS * TICKETS_EACH;
    assert_eq!((before, after), (0, tickets as i64));
    let commits = commits(&database) - commits_before;
    assert!(commits * 10 <= tickets, "{commits} commits for {tickets} tickets");
    let memory = memory(child.id().unwrap());
    assert!(memory <= 100_000, "{memory} kB");
}

/// The number of commits in the write-ahead log (sqlite.org/fileformat2.html, section 4.1): the last frame of a commit contains the size of the
/// database.
fn commits(database: &Path) -> usize {
    let log = std::fs::read(database.with_extension("db-wal")).unwrap();
    let word = |index: usize| u32::from_be_bytes(log[index..index + 4].try_into().unwrap());
    let (page, salts) = (word(8) as usize, [word(16), word(20)]);
    let frames = (32..log.len()).step_by(24 + page).take_while(|index| [word(index + 8), word(index + 12)] == salts);
    frames.filter(|index| word(index + 4) != 0).count()
}

/// The peak memory of a process, in kB.
fn memory(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
