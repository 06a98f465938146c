//! Several sources in one site, from the command line and on the timer.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use deskbell_core::ports::{Imports, Store};
use deskbell_core::use_cases::search::all_questions;
use deskbell_core::use_cases::search::import::Prune;
use deskbell_core::use_cases::search::import::{ImportQuestions, ScheduledImport};
use serde_json::{Value, json};
use sources::{Format, Source};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{Database, StandIn, counts, notes};

async fn squeak(subject: &str) -> StandIn {
    let squeak = StandIn::new().await;
    squeak.json("/api/questions", &questions(&[subject]));
    squeak
}

fn questions(subjects: &[&str]) -> Value {
    let request =
        |(id, subject): (usize, &&str)| json!({ "id": id, "attributes": { "subject": subject, "permalink": "x" } });
    let data: Vec<Value> = subjects.iter().enumerate().map(request).collect();
    json!({ "data": data, "meta": { "pagination": { "page": 1, "pageSize": 100, "pageCount": 1, "total": 1 } } })
}

fn source(squeak: &StandIn) -> Source {
    squeak.source(Format::Strapi, "")
}

#[tokio::test]
async fn equal_ids_of_two_sources_of_a_kind_do_not_collide() {
    let (one, other, database) = (squeak("One").await, squeak("Other").await, Database::new().await);
    assert_eq!(counts(&database.import(&source(&one)).await), [1, 0, 0, 0, 0]);
    assert_eq!(counts(&database.import(&source(&other)).await), [1, 0, 0, 0, 0]);
    assert_eq!(database.titles().await, ["One", "Other"]);
    one.json("/api/questions", &questions(&[]));
    assert_eq!(counts(&database.import_with(&source(&one), Prune::Forced).await), [0, 0, 0, 1, 0]);
    assert_eq!(database.titles().await, ["Other"]);
}

#[tokio::test]
async fn conflicting_ids_of_two_files_are_reported_and_not_overwritten() {
    let (folder, database) = (tempfile::tempdir().unwrap(), Database::new().await);
    let file = |name: &str, lines: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, lines).unwrap();
        Source::new(Format::Jsonl, path.to_str().unwrap(), None).unwrap()
    };
    let one = file("one.jsonl", "{\"id\":\"a\",\"title\":\"One\"}");
    let other = file("other.jsonl", "{\"id\":\"a\",\"title\":\"Other\"}\n{\"id\":\"b\",\"title\":\"Two\"}");
    database.import(&one).await;
    let report = database.import(&other).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(
        notes(&report)[0].starts_with("\"a\": is already the id of a question from jsonl /"),
        "{:?}",
        notes(&report)
    );
    assert_eq!(database.titles().await, ["One", "Two"]);
}

#[tokio::test]
async fn json_lines_can_be_read_from_an_address() {
    let (server, database) = (StandIn::new().await, Database::new().await);
    server.set("/questions.jsonl", 200, &[], "{\"id\":\"a\",\"title\":\"One\"}\n{\"id\":\n");
    let report = database.import(&server.source(Format::Jsonl, "/questions.jsonl")).await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 1]);
    assert!(notes(&report)[0].starts_with("line 2: "));
}

#[tokio::test]
async fn unchanged_json_lines_are_not_read_again() {
    let (server, database) = (StandIn::new().await, Database::new().await);
    let source = server.source(Format::Jsonl, "/questions.jsonl");
    let import = async |progress: &str| {
        database.importer().import_changes(&"acme".into(), &source, Prune::Limited, progress).await.unwrap()
    };
    let validators = [("etag", "\"1\""), ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT")];
    server.set("/questions.jsonl", 200, &validators, "{\"id\":\"a\",\"title\":\"One\"}");
    let (report, progress) = import("").await;
    assert_eq!(counts(&report), [1, 0, 0, 0, 0]);
    server.set("/questions.jsonl", 304, &[], "");
    let (report, progress) = import(&progress).await;
    assert_eq!((counts(&report), report.is_incomplete), ([0; 5], false));
    let headers = server.last_headers();
    assert_eq!(
        (&headers["if-none-match"], &headers["if-modified-since"]),
        (&validators[0].1.parse().unwrap(), &validators[1].1.parse().unwrap())
    );
    assert_eq!(database.titles().await, ["One"], "an answer without questions removes none");
    server.set("/questions.jsonl", 200, &[("etag", "\"2\"")], "{\"id\":\"b\",\"title\":\"Two\"}");
    assert_eq!(counts(&import(&progress).await.0), [1, 0, 0, 1, 0]);
}

#[tokio::test]
async fn an_id_conflict_does_not_repeat_the_import() {
    let (server, database) = (StandIn::new().await, Database::new().await);
    for path in ["/one.jsonl", "/two.jsonl"] {
        server.set(path, 200, &[("etag", "\"1\"")], "{\"id\":\"a\",\"title\":\"One\"}");
    }
    database.import(&server.source(Format::Jsonl, "/one.jsonl")).await;
    let source = server.source(Format::Jsonl, "/two.jsonl");
    let first = database.importer().import_changes(&"acme".into(), &source, Prune::Limited, "").await.unwrap();
    assert_eq!(first.0.bad, 1, "{}", first.0);
    database.importer().import_changes(&"acme".into(), &source, Prune::Limited, &first.1).await.unwrap();
    assert_eq!(server.last_headers()["if-none-match"], "\"1\"");
}

#[tokio::test]
async fn suspiciously_small_sources_prune_nothing_unless_forced() {
    let (squeak, database) = (StandIn::new().await, Database::new().await);
    let many: Vec<String> = (0..50).map(|n| format!("Question {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    squeak.json("/api/questions", &questions(&many));
    assert_eq!(counts(&database.import(&source(&squeak)).await), [50, 0, 0, 0, 0]);
    for left in [0, 10] {
        squeak.json("/api/questions", &questions(&many[..left]));
        let report = database.import(&source(&squeak)).await;
        assert_eq!(counts(&report), [0, 0, left, 0, 0]);
        let spared = format!("; {} missing from the source were kept", 50 - left);
        assert!(
            report.to_string().contains(&spared) && report.to_string().ends_with("use --force-prune to remove them"),
            "{report}"
        );
        assert_eq!(database.titles().await.len(), 50);
    }
    squeak.json("/api/questions", &questions(&many[..30]));
    assert_eq!(counts(&database.import(&source(&squeak)).await), [0, 0, 30, 20, 0], "less than half");
    squeak.json("/api/questions", &questions(&many[..1]));
    assert_eq!(counts(&database.import_with(&source(&squeak), Prune::Forced).await), [0, 0, 1, 29, 0]);
}

/// Runs the planned imports into `acme` in a task that never ends.
fn run(store: Arc<dyn Store>, plan: ScheduledImport) -> tokio::task::JoinHandle<std::convert::Infallible> {
    let import = ImportQuestions::new(store.clone(), store.clone(), store);
    tokio::spawn(async move { import.run(&"acme".into(), &plan).await })
}

#[tokio::test]
async fn two_gateways_on_one_database_run_a_scheduled_import_once() {
    let (squeak, database) = (squeak("One").await, Database::new().await);
    let plan = ScheduledImport { source: Arc::new(source(&squeak)), period: Duration::from_secs(3600), prune: false };
    let running: Vec<_> = (0..4)
        .map(|_| {
            let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(database.store.clone());
            run(store, plan.clone())
        })
        .collect();
    let name = plan.source.name();
    let imported = async {
        // Finished, and the lease released with the source's progress.
        while database.store.import_run(&"acme".into(), &name).await.unwrap().progress.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), imported).await.expect("it is imported");
    assert_eq!(squeak.requests().len(), 1);
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn an_import_whose_process_was_killed_begins_again_as_soon_as_its_lease_has_ended() {
    let (squeak, database) = (squeak("One").await, Database::new().await);
    let plan = ScheduledImport { source: Arc::new(source(&squeak)), period: Duration::from_secs(3600), prune: false };
    let name = plan.source.name();
    let lease = Duration::from_secs(3);
    assert!(database.store.lease_import(&"acme".into(), &name, "killed", lease).await.unwrap());
    let running = run(Arc::new(database.store.clone()), plan);
    let imported = async {
        while database.store.import_run(&"acme".into(), &name).await.unwrap().progress.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // Shorter than the time between two checks of a lease that is renewed.
    tokio::time::timeout(Duration::from_secs(25), imported).await.expect("nobody waits longer than for the lease");
    running.abort();
}

#[tokio::test]
async fn failed_scheduled_imports_are_retried_before_the_next_period() {
    let (squeak, database) = (StandIn::new().await, Database::new().await);
    squeak.set("/api/questions", 403, &[], "");
    let plan =
        ScheduledImport { source: Arc::new(source(&squeak)), period: Duration::from_secs(24 * 3600), prune: false };
    let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(database.store.clone());
    let running = run(store, plan.clone());
    let name = plan.source.name();
    let failed = async {
        loop {
            let run = database.store.import_run(&"acme".into(), &name).await.unwrap();
            if run.failures > 0 {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let run = tokio::time::timeout(Duration::from_secs(60), failed).await.expect("the failure is noted");
    let wait = run.retry_in.unwrap();
    assert!(wait <= Duration::from_secs(60), "{wait:?}");
    assert_eq!((run.failures, run.since_import), (1, None));
    running.abort();
}

#[tokio::test]
async fn scheduled_imports_run_at_once_and_after_each_period() {
    let (squeak, database) = (squeak("One").await, Database::new().await);
    let plan = ScheduledImport { source: Arc::new(source(&squeak)), period: Duration::from_millis(30), prune: true };
    let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(database.store.clone());
    let running = run(store, plan);
    let until = async |titles: &[&str]| {
        let reached = async {
            while database.titles().await != titles {
                tokio::time::sleep(Duration::from_millis(5)).await
            }
        };
        tokio::time::timeout(Duration::from_secs(20), reached).await.expect("what is there is imported");
    };
    until(&["One"]).await;
    squeak.set("/api/questions", 403, &[], "");
    squeak.requests();
    while squeak.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(database.titles().await, ["One"], "nothing is removed while it cannot be read");
    squeak.json("/api/questions", &questions(&["Two", "Three"]));
    until(&["Three", "Two"]).await;
    running.abort();
}

#[tokio::test]
async fn recent_imports_are_not_repeated_after_a_restart() {
    let (squeak, database) = (squeak("One").await, Database::new().await);
    database.import(&source(&squeak)).await;
    squeak.requests();
    let other = self::squeak("Other").await;
    let period = Duration::from_secs(3600);
    let plan = |squeak: &StandIn| ScheduledImport { source: Arc::new(source(squeak)), period, prune: false };
    let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(database.store.clone());
    let running = [run(store.clone(), plan(&squeak)), run(store, plan(&other))];
    while database.titles().await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(squeak.requests(), Vec::<String>::new());
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

fn deskbell(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskbell"));
    command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for name in ["CONFIG", "LISTEN", "DATABASE", "ASSETS", "INBOX_TOKEN"] {
        command.env_remove(format!("DESKBELL_{name}"));
    }
    command
}

#[tokio::test]
async fn the_command_imports_an_address_and_lists_unreadable_entries() {
    let (squeak, folder) = (squeak("One").await, tempfile::tempdir().unwrap());
    let import = async |source: &str| {
        let pages = "https://www.example.com/q";
        let arguments =
            ["import", "--database", "sqlite:test.db", "--from", "strapi", "--pages", pages, "--prune", source];
        let output = deskbell(folder.path(), &arguments).output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(
        import(&squeak.url).await,
        (0, "1 new, 0 changed, 0 unchanged, 0 removed, 0 bad\n".into(), String::new())
    );
    squeak.set("/api/questions", 403, &[], "{\"data\":null,\"error\":{\"status\":403,\"message\":\"Forbidden\"}}");
    let (code, out, err) = import(&squeak.url).await;
    assert!(
        code == 1
            && out.ends_with(
                "1 bad; nothing was removed, because an unreadable item may be a question that still exists\n"
            ),
        "{out}"
    );
    assert!(
        err.starts_with(&format!("{}: /api/questions?", squeak.url)) && err.ends_with(": status 403: Forbidden\n"),
        "{err}"
    );
    let (code, out, err) = import("http://squeak.example").await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("\"http://squeak.example\" is not the address of a source; use https://HOST/PATH"), "{err}");
}

#[tokio::test]
async fn configured_imports_run_and_do_not_delay_shutdown() {
    let (squeak, folder) = (squeak("Set a cooldown").await, tempfile::tempdir().unwrap());
    let file = format!(
        "listen = \"127.0.0.1:0\"\n[sites.acme]\norigins = [\"*\"]\n[[sites.acme.imports]]\nfrom = \"strapi\"\nurl = {:?}\n",
        squeak.url
    );
    std::fs::write(folder.path().join("deskbell.toml"), file).unwrap();
    let mut child = deskbell(folder.path(), &["serve", "--config", "deskbell.toml"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let found = async {
        let store = store_sqlite::SqliteStore::open(&folder.path().join("data/deskbell.db")).await.unwrap();
        while all_questions(&store, &"acme".into()).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        store.close().await;
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("it is imported while the gateway serves");
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success());
}
