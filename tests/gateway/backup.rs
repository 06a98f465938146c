//! Backup and restore with the real command, while a gateway accepts tickets.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::Method;
use deskbell_core::ports::MoveSource;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use store_sqlite::moves::SqliteMoveSource;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::command::{deskbell, start};
use crate::moving::open_source;
use crate::support::{Gateway, gateway, on_sqlite, ticket};

const SITE: &str = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n[sites.acme]\norigins = [\"*\"]\n";
const PATIENCE: Duration = Duration::from_secs(120);

/// An acknowledged ticket: its id, its session and the content of its attachment.
type Acknowledged = Arc<Mutex<BTreeMap<String, (String, String)>>>;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), SITE).unwrap();
    folder
}

async fn serve(folder: &TempDir) -> (Child, String) {
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let (child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    (child, address)
}

async fn stop(mut child: Child) {
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
}

/// Runs a command; returns its exit code and its output.
async fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = tokio::time::timeout(PATIENCE, deskbell(folder, arguments).output()).await.unwrap().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

/// Sends one request on a connection of its own.
async fn request(address: &str, method: Method, path: &str, session: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let kind = if method == Method::PUT { "text/plain" } else { "application/json" };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-type: {kind}\r\nidempotency-key: {}\r\n\
         deskbell-session: {session}\r\ncontent-length: {}\r\n\r\n",
        uuid::Uuid::new_v4(),
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let status = std::str::from_utf8(&answer).ok().or(Some("")).and_then(|text| text.get(9..12)?.parse().ok());
    let status = status.or_else(|| String::from_utf8_lossy(&answer[..end]).get(9..12)?.parse().ok())?;
    Some((status, answer[end + 4..].to_vec()))
}

/// Sends tickets with an attachment each until the gateway is gone.
async fn work(address: String, session: String, book: Acknowledged, count: watch::Sender<usize>) {
    loop {
        let (file, words) = (uuid::Uuid::new_v4().to_string(), format!("log {}", uuid::Uuid::new_v4()));
        let put = format!("/v1/sites/acme/attachments/{file}?name=app.log");
        let Some((status, _)) = request(&address, Method::PUT, &put, &session, words.as_bytes()).await else { return };
        assert_eq!(status, 201);
        let mut new = ticket("It broke");
        new["attachments"] = json!([file]);
        let (path, body) = ("/v1/sites/acme/tickets", new.to_string());
        let Some((status, answer)) = request(&address, Method::POST, path, &session, body.as_bytes()).await else {
            return;
        };
        assert_eq!(status, 201, "{}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        book.lock().unwrap().insert(answer["id"].as_str().unwrap().into(), (session.clone(), words));
        count.send_modify(|count| *count += 1);
    }
}

/// Replaces an unsent upload repeatedly until the gateway is gone.
async fn replace(address: String) {
    let path = "/v1/sites/acme/attachments/ffffffff-4e5f-4071-8293-a4b5c6d7e8f9?name=app.log";
    while let Some((status, _)) = request(&address, Method::PUT, path, &"f".repeat(32), b"some words").await {
        assert_eq!(status, 201);
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { [vec![path.clone()], paths(&path)].concat() } else { vec![path] })
        .collect()
}

#[tokio::test]
async fn backups_of_a_running_gateway_contain_every_acknowledged_ticket_and_file() {
    let (old, new) = (folder(), folder());
    let (gateway, address) = serve(&old).await;
    let (book, (count, mut counted)) = (Acknowledged::default(), watch::channel(0));
    let mut working = JoinSet::new();
    for session in 0..4 {
        working.spawn(work(address.clone(), format!("{session:032x}"), book.clone(), count.clone()));
    }
    working.spawn(replace(address.clone()));
    counted.wait_for(|count| *count >= 40).await.unwrap();
    let before = book.lock().unwrap().clone();
    let target = new.path().join("backup");
    let (code, output) = run(old.path(), &["backup", "--config", "deskbell.toml", target.to_str().unwrap()]).await;
    assert_eq!(code, 0, "{output}");
    // Tickets were accepted all the time.
    let acknowledged = *counted.borrow();
    counted.wait_for(|count| *count > acknowledged).await.unwrap();
    stop(gateway).await;
    working.join_all().await;
    for path in paths(&target).iter().chain([&target]) {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }

    let (code, output) = run(new.path(), &["restore", "--config", "deskbell.toml", "backup"]).await;
    assert_eq!(code, 0, "{output}");
    for path in paths(&new.path().join("data")).iter().chain([&new.path().join("data")]) {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    let (gateway, address) = serve(&new).await;
    for (id, (session, words)) in &before {
        let path = format!("/v1/sites/acme/tickets/{id}/messages");
        let (status, answer) = request(&address, Method::GET, &path, session, b"").await.unwrap();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let url = answer["messages"][0]["attachments"][0]["url"].as_str().unwrap().to_string();
        let (status, file) = request(&address, Method::GET, &url, session, b"").await.unwrap();
        assert_eq!((status, String::from_utf8_lossy(&file).as_ref()), (200, words.as_str()));
    }
    assert!(before.len() >= 40);
    stop(gateway).await;
}

#[tokio::test]
async fn backups_overwrite_nothing_and_restores_need_a_stopped_gateway() {
    let folder = folder();
    let backup = async |target: &str| run(folder.path(), &["backup", "--config", "deskbell.toml", target]).await;
    let restore = async |more: &[&str]| {
        run(folder.path(), &[&["restore", "--config", "deskbell.toml", "one"], more].concat()).await
    };
    let (code, output) = backup("one").await;
    assert!(code == 1 && output.contains("database not found"), "{output}");
    let (gateway, address) = serve(&folder).await;
    let post = async |message: &str| {
        let body = ticket(message).to_string();
        request(&address, Method::POST, "/v1/sites/acme/tickets", &"0".repeat(32), body.as_bytes()).await.unwrap()
    };
    assert_eq!(post("before").await.0, 201);
    assert_eq!(backup("one").await.0, 0);
    for existing in ["one", "deskbell.toml", "data"] {
        let (code, output) = backup(existing).await;
        assert!(code == 1 && output.contains("never overwrites anything"), "{output}");
    }
    assert_eq!(post("after").await.0, 201);
    for more in [&[][..], &["--replace"]] {
        let (code, output) = restore(more).await;
        assert!(code == 1 && output.contains("in use by a gateway"), "{output}");
    }
    stop(gateway).await;
    let (code, output) = restore(&[]).await;
    assert!(code == 1 && output.contains("data/deskbell.db: already exists; use --replace"), "{output}");
    // A program that does not take the lock, such as sqlite3.
    let database = folder.path().join("data/deskbell.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut other).await.unwrap();
    assert_eq!(count(&mut other).await, 2);
    let (code, output) = restore(&["--replace"]).await;
    assert!(code == 1 && output.contains("in use by a gateway or another program"), "{output}");
    other.close().await.unwrap();
    let files = folder.path().join("data/deskbell-attachments");
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    let before = inode(&files);
    let (code, output) = restore(&["--replace"]).await;
    assert_eq!(inode(&files), before, "a mount point cannot be exchanged, but what is in it");
    assert!(code == 0 && output.contains("previous data kept as data/deskbell.db.before-restore-"), "{output}");
    let mut restored = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    assert_eq!(count(&mut restored).await, 1);
    let previous = paths(&folder.path().join("data"));
    let previous = previous.iter().find(|path| path.to_string_lossy().contains("deskbell.db.before-restore-")).unwrap();
    let mut previous = SqliteConnection::connect(&format!("sqlite:{}", previous.display())).await.unwrap();
    assert_eq!(count(&mut previous).await, 2, "what was in its log as well");
    assert!(!paths(folder.path()).iter().any(|path| path.to_string_lossy().contains(".partial-")));
}

async fn count(database: &mut SqliteConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(database).await.unwrap()
}

#[tokio::test]
async fn damaged_backups_are_not_restored() {
    let old = folder();
    let (gateway, address) = serve(&old).await;
    let session = "0".repeat(32);
    let put = "/v1/sites/acme/attachments/0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9?name=app.log";
    assert_eq!(request(&address, Method::PUT, put, &session, b"some words").await.unwrap().0, 201);
    stop(gateway).await;
    assert_eq!(run(old.path(), &["backup", "--config", "deskbell.toml", "whole"]).await.0, 0);
    let whole = old.path().join("whole");
    let file = paths(&whole.join("attachments")).into_iter().find(|path| path.is_file()).unwrap();
    let file = file.strip_prefix(&whole).unwrap().to_path_buf();
    let manifest = std::fs::read_to_string(whole.join("manifest.json")).unwrap();
    let database = std::fs::read(whole.join("deskbell.db")).unwrap();
    let mut torn = database.clone();
    torn.truncate(database.len() - 4096);
    let mut flipped = database.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let edited = |change: &dyn Fn(&mut Value)| {
        let mut manifest: Value = serde_json::from_str(&manifest).unwrap();
        change(&mut manifest);
        manifest.to_string().into_bytes()
    };
    let name = file.file_name().unwrap().to_str().unwrap();
    for (name, path, bytes, reason) in [
        ("a torn database", Path::new("deskbell.db"), Some(torn), "deskbell.db: has "),
        ("a flipped bit", Path::new("deskbell.db"), Some(flipped), "has another SHA-256"),
        ("a changed file", &file, Some(b"other word".to_vec()), "has another SHA-256"),
        ("no file", &file, None, "No such file"),
        ("no manifest", Path::new("manifest.json"), None, "not a backup: manifest.json: No such file"),
        ("half a manifest", Path::new("manifest.json"), Some(manifest.as_bytes()[..40].to_vec()), "not a backup: "),
        (
            "another form",
            Path::new("manifest.json"),
            Some(edited(&|all| all["format"] = 3.into())),
            "with that version or a newer one",
        ),
        (
            "a way out",
            Path::new("manifest.json"),
            Some(edited(&|all| all["attachments"][0]["file"] = "../../etc/passwd".into())),
            "is not a file name",
        ),
        (
            "a file too few",
            Path::new("manifest.json"),
            Some(edited(&|all| all["attachments"] = json!([]))),
            &format!("refers to the file {name}"),
        ),
    ] {
        let new = folder();
        let copy = new.path().join("backup");
        assert!(std::process::Command::new("cp").args(["-a", "--"]).arg(&whole).arg(&copy).status().unwrap().success());
        match bytes {
            Some(bytes) => std::fs::write(copy.join(path), bytes).unwrap(),
            None => std::fs::remove_file(copy.join(path)).unwrap(),
        }
        let (code, output) = run(new.path(), &["restore", "--check", "backup"]).await;
        assert!(code == 1 && output.contains(reason), "{name}: {output}");
        assert!(!new.path().join("data").exists(), "a check touches no data");
        let (code, output) = run(new.path(), &["restore", "--config", "deskbell.toml", "backup"]).await;
        assert!(code == 1 && output.contains(reason), "{name}: {output}");
        let remaining: Vec<PathBuf> = paths(new.path())
            .into_iter()
            .filter(|path| path.starts_with(new.path().join("data")))
            .filter(|path| path.is_file())
            .collect();
        assert!(remaining.iter().all(|path| path.ends_with("deskbell.db-lock")), "{name} leaves {remaining:?}");
    }
}

#[tokio::test]
async fn a_backup_is_checked_without_any_change() {
    let folder = folder();
    let (gateway, address) = serve(&folder).await;
    let session = "0".repeat(32);
    let put = "/v1/sites/acme/attachments/0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9?name=app.log";
    assert_eq!(request(&address, Method::PUT, put, &session, b"some words").await.unwrap().0, 201);
    assert_eq!(run(folder.path(), &["backup", "--config", "deskbell.toml", "whole"]).await.0, 0);
    let snapshot = || {
        let all = paths(folder.path()).into_iter().filter(|path| path.starts_with(folder.path().join("whole")));
        all.filter(|path| path.is_file()).map(|path| (std::fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = snapshot();
    // In a container the environment names the configuration of every command.
    let (code, output) = run(folder.path(), &["restore", "--check", "--config", "deskbell.toml", "whole"]).await;
    assert!(
        code == 0 && output.starts_with("whole: good, the state of ") && output.ends_with(" 1 files\n"),
        "{output}"
    );
    assert_eq!(snapshot(), before);
    stop(gateway).await;

    // A backup that a later version has made, whose database this version must not open.
    let database = folder.path().join("whole/deskbell.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let raise = "UPDATE schema_requirement SET migration = 9999, version = '7.1.0'";
    sqlx::query(raise).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    describe_database(&folder.path().join("whole"));
    for arguments in [&["restore", "--check", "whole"][..], &["restore", "--database", "sqlite:other.db", "whole"]] {
        let (code, output) = run(folder.path(), arguments).await;
        assert!(code == 1 && output.contains("the backup needs Deskbell 7.1.0"), "{output}");
    }
    assert!(!folder.path().join("other.db").exists());
}

/// The source of a move, which nothing else can use.
async fn locked_source(path: &Path) -> SqliteMoveSource {
    let source = open_source(path).await;
    assert!(source.lock().await.unwrap());
    source
}

/// Makes the manifest of a backup fit its database, which was changed.
fn describe_database(backup: &Path) {
    let path = backup.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let bytes = std::fs::read(backup.join("deskbell.db")).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &bytes);
    let digits: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    manifest["database"]["bytes"] = bytes.len().into();
    manifest["database"]["sha256"] = digits.into();
    std::fs::write(&path, manifest.to_string()).unwrap();
}

#[tokio::test]
async fn a_trial_restore_leaves_the_attachments_of_the_running_gateway_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = format!("database = \"sqlite:live.db\"\nattachments = \"files\"\n{SITE}");
    std::fs::write(folder.path().join("deskbell.toml"), config).unwrap();
    let (gateway, address) = serve(&folder).await;
    let put = "/v1/sites/acme/attachments/0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9?name=app.log";
    assert_eq!(request(&address, Method::PUT, put, &"0".repeat(32), b"some words").await.unwrap().0, 201);
    assert_eq!(run(folder.path(), &["backup", "--config", "deskbell.toml", "whole"]).await.0, 0);
    let files = |folder: &Path| paths(folder).into_iter().filter(|path| path.is_file()).collect::<Vec<_>>();
    let live = files(&folder.path().join("files"));
    assert_eq!(live.len(), 1);
    let trial = ["restore", "--config", "deskbell.toml", "--database", "sqlite:trial/deskbell.db", "whole"];
    for more in [&[][..], &["--replace"]] {
        let (code, output) = run(folder.path(), &[&trial, more].concat()).await;
        assert!(code == 0 && output.contains("restored to trial/deskbell-attachments"), "{output}");
        assert_eq!(files(&folder.path().join("files")), live);
        assert!(!files(&folder.path().join("trial/deskbell-attachments")).is_empty());
    }
    // The gateway's own database, under another name.
    let same = ["restore", "--config", "deskbell.toml", "--database", "sqlite:./live.db", "whole"];
    let (code, output) = run(folder.path(), &same).await;
    assert!(code == 1 && output.contains("in use by a gateway"), "{output}");
    stop(gateway).await;
    let (code, output) = run(folder.path(), &[&same[..], &["--replace"]].concat()).await;
    assert!(code == 0 && output.contains("kept as files/.before-restore-"), "{output}");
}

#[tokio::test]
async fn a_database_that_was_moved_is_not_backed_up_and_its_backups_say_so() {
    let folder = folder();
    let (gateway, _) = serve(&folder).await;
    stop(gateway).await;
    assert_eq!(run(folder.path(), &["backup", "--config", "deskbell.toml", "whole"]).await.0, 0);
    let backup = async || run(folder.path(), &["backup", "--config", "deskbell.toml", "later"]).await;
    let target = "postgres://db/deskbell";
    let database = folder.path().join("data/deskbell.db");
    locked_source(&database).await.begin("id", target).await.unwrap();
    let (code, output) = backup().await;
    assert!(code == 1 && output.contains(&format!("move of this database to {target} has not finished")), "{output}");
    locked_source(&database).await.finish().await.unwrap();
    let (code, output) = backup().await;
    let expected = format!("data/deskbell.db: this database was moved to {target}; back that up with pg_dump");
    assert!(code == 1 && output.contains(&expected), "{output}");
    assert!(!folder.path().join("later").exists());

    let copied = folder.path().join("whole/deskbell.db");
    locked_source(&copied).await.begin("id", target).await.unwrap();
    locked_source(&copied).await.finish().await.unwrap();
    describe_database(&folder.path().join("whole"));
    for arguments in [&["restore", "--check", "whole"][..], &["restore", "--database", "sqlite:other.db", "whole"]] {
        let (code, output) = run(folder.path(), arguments).await;
        assert!(code == 0 && output.contains(&format!("warning: its database had been moved to {target}")), "{output}");
    }
}

#[tokio::test]
async fn damaged_databases_are_not_backed_up_and_can_be_replaced() {
    let folder = folder();
    let (gateway, address) = serve(&folder).await;
    for number in 0..20 {
        let body = ticket(&"words ".repeat(1000 + number)).to_string();
        let session = "0".repeat(32);
        let sent = request(&address, Method::POST, "/v1/sites/acme/tickets", &session, body.as_bytes());
        assert_eq!(sent.await.unwrap().0, 201);
    }
    stop(gateway).await;
    assert_eq!(run(folder.path(), &["backup", "--config", "deskbell.toml", "good"]).await.0, 0);
    let database = folder.path().join("data/deskbell.db");
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[4096..].iter_mut().step_by(7).for_each(|byte| *byte ^= 0x55);
    std::fs::write(&database, &bytes).unwrap();
    let (code, output) = run(folder.path(), &["backup", "--config", "deskbell.toml", "bad"]).await;
    assert_eq!(code, 1, "{output}");
    assert!(!paths(folder.path()).iter().any(|path| path.to_string_lossy().contains("/bad")), "nothing is left of it");
    let (code, output) = run(folder.path(), &["restore", "--config", "deskbell.toml", "--replace", "good"]).await;
    assert_eq!(code, 0, "{output}");
    let mut restored = SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    assert_eq!(count(&mut restored).await, 20);
}

#[tokio::test]
async fn backups_list_missing_files_and_contain_the_rest() {
    let folder = folder();
    let (gateway, address) = serve(&folder).await;
    let session = "0".repeat(32);
    for number in 0..3 {
        let put = format!("/v1/sites/acme/attachments/{number}a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9?name=app.log");
        assert_eq!(request(&address, Method::PUT, &put, &session, b"some words").await.unwrap().0, 201);
    }
    // A file is missing although the database names it, as after a disk failure.
    let missing_file =
        paths(&folder.path().join("data/deskbell-attachments")).into_iter().find(|path| path.is_file()).unwrap();
    std::fs::remove_file(&missing_file).unwrap();
    let (code, output) = run(folder.path(), &["backup", "--config", "deskbell.toml", "backup"]).await;
    let name = missing_file.file_name().unwrap().to_str().unwrap();
    assert!(
        code == 1 && output.contains("2 files to backup") && output.contains(&format!("{name} is missing")),
        "{output}"
    );
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("backup/manifest.json")).unwrap()).unwrap();
    assert_eq!((manifest["missing"].clone(), manifest["attachments"].as_array().unwrap().len()), (json!([name]), 2));
    stop(gateway).await;
    // A file known to be missing does not prevent a restore.
    let (code, output) = run(folder.path(), &["restore", "--config", "deskbell.toml", "--replace", "backup"]).await;
    assert_eq!(code, 0, "{output}");
}

/// The length of the write-ahead log of a gateway's database.
fn log_bytes(gateway: &Gateway) -> u64 {
    std::fs::metadata(gateway.database().with_extension("db-wal")).unwrap().len()
}

#[tokio::test]
async fn the_write_ahead_log_shrinks_after_a_large_write() {
    on_sqlite();
    let gateway = gateway().await;
    let mut other = gateway.connection().await;
    // A reader keeps the large transaction from being checkpointed when it is committed.
    let mut reader = gateway.connection().await;
    for begin in ["BEGIN", "SELECT count(*) FROM tickets"] {
        sqlx::query(begin).execute(&mut reader).await.unwrap();
    }
    sqlx::query("CREATE TABLE large (value BLOB)").execute(&mut other).await.unwrap();
    let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
        INSERT INTO large SELECT zeroblob(1000000) FROM n";
    sqlx::query(fill).execute(&mut other).await.unwrap();
    assert!(log_bytes(&gateway) > 90_000_000);
    sqlx::query("COMMIT").execute(&mut reader).await.unwrap();
    // One commit checkpoints, and the next one restarts the log.
    for key in ["one", "two", "three"] {
        assert_eq!(gateway.post(key, &ticket(key)).await.status, 201);
    }
    assert!(log_bytes(&gateway) <= 64 << 20, "{}", log_bytes(&gateway));
}
