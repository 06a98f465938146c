//! `deskbell move --cancel`, and what commands say before and after it.

use std::path::Path;
use std::process::Stdio;

use super::{
    change_source, connect, deskbell, execute, installation, kill, move_to, mover, poll, refusal, run, start, stopped,
    until_blocked, until_gone,
};

/// Runs a move that has to be refused.
async fn refused(folder: &Path, target: &str, more: &[&str], parts: &[&str]) {
    let (code, text) = run(mover(folder, target, more)).await;
    assert_eq!(code, 1, "{more:?}: {text}");
    contains(&text, parts);
}

/// Cancels a move, which has to succeed.
async fn cancel(folder: &Path, target: &str, more: &[&str]) -> String {
    let (code, text) = run(mover(folder, target, &[&["--cancel"], more].concat())).await;
    assert_eq!(code, 0, "{text}");
    text
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

/// Begins a move, and kills it while it writes a table.
async fn interrupt(folder: &Path, url: &str) {
    let arguments = ["migrate", "--config", "deskbell.toml", "--database", url];
    let (code, text) = run(deskbell(folder, &arguments)).await;
    assert_eq!(code, 0, "{text}");
    let (mut lock, mut monitor) = (connect(url).await, connect(url).await);
    execute(&mut lock, "BEGIN; LOCK TABLE messages IN EXCLUSIVE MODE").await;
    let child = mover(folder, url, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until_blocked(&mut monitor).await;
    kill(child).await;
    execute(&mut lock, "ROLLBACK").await;
    until_gone(&mut monitor).await;
}

#[tokio::test]
async fn a_finished_move_is_not_cancelled_while_a_gateway_serves_the_target() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    move_to(folder.path(), &url).await;
    // As after an interruption at the last step: the target is finished, and the source does not know.
    for statement in ["UPDATE moves SET finished_at = finished_at", "UPDATE moves SET finished_at = NULL"] {
        change_source(folder.path(), statement).await;
        let other = tempfile::tempdir().unwrap();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--database", &url];
        let (gateway, _, _out) = start(deskbell(other.path(), &arguments).stderr(Stdio::null())).await;
        refused(folder.path(), &url, &["--cancel"], &["test.db: it was moved to", "Stop the gateways", "--yes"]).await;
        let in_use = ["a gateway or command uses that now; stop it first", "Nothing was changed"];
        refused(folder.path(), &url, &["--cancel", "--yes"], &in_use).await;
        refused(folder.path(), &url, &["--cancel", "--yes", "--target-lost"], &in_use).await;
        refusal(folder.path(), "sqlite:test.db").await;
        kill(gateway).await;
        let disconnected = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'deskbell %')";
        poll(&mut connect(&url).await, disconnected).await;
    }
    refused(folder.path(), &url, &["--cancel"], &["--yes"]).await;
    let text = cancel(folder.path(), &url, &["--yes"]).await;
    contains(&text, &["test.db can be used again, as it was at the move", "use only one"]);
}

#[tokio::test]
async fn a_move_is_cancelled_without_its_target_only_if_that_is_lost() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let (url, other) = (test_postgres::database(), test_postgres::database());
    move_to(folder.path(), &url).await;
    for (target, reason) in [
        ("sqlite:other.db", "the database of this command is other.db; name the right one with --config or --database"),
        ("postgres:///none?host=/nowhere", "cannot connect to"),
        (&*other, "is not part of that move; name the right database"),
    ] {
        let parts = ["its move was to", reason, "confirm that with --target-lost", "Nothing was changed"];
        refused(folder.path(), target, &["--cancel", "--yes"], &parts).await;
    }
    let text = refusal(folder.path(), "sqlite:test.db").await;
    contains(&text, &["this database was moved to", "with the configuration that names it", "--cancel"]);
    cancel(folder.path(), "sqlite:other.db", &["--yes", "--target-lost"]).await;
}

#[tokio::test]
async fn messages_after_an_interrupted_and_cancelled_move_can_be_followed() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    interrupt(folder.path(), &url).await;
    // Either continues or cancels it.
    let text = refusal(folder.path(), "sqlite:test.db").await;
    contains(
        &text,
        &["test.db: the move of this database to", "has not finished", "again to continue it, or with `--cancel`"],
    );
    let text = refusal(folder.path(), &url).await;
    contains(&text, &["the move of test.db to this database has not finished", "If it was cancelled", "delete it"]);
    let third = test_postgres::database();
    let parts = ["a move of the source to", "has begun; to continue it", "first cancel that move"];
    refused(folder.path(), &third, &[], &parts).await;
    let text = cancel(folder.path(), &url, &[]).await;
    contains(
        &text,
        &["test.db can be used again; its move to", "had not finished", "delete it", "use a new, empty database"],
    );
    refused(folder.path(), &url, &["--cancel"], &["nothing to cancel; it can be used"]).await;
    refused(folder.path(), &url, &["--check"], &["has not been moved to", "nothing is compared"]).await;
    let text = refusal(folder.path(), &url).await;
    contains(&text, &["If it was cancelled, nothing can use this one"]);
    let parts =
        ["it has rows of another move, from test.db", "of this one before that move was cancelled", "use a new, empty"];
    refused(folder.path(), &url, &[], &parts).await;

    // The advice works.
    let new = test_postgres::database();
    move_to(folder.path(), &new).await;
    contains(
        &move_to(folder.path(), &new).await,
        &["rows were moved from test.db to", "start the gateway with the new database"],
    );
    let parts = ["the source was moved to", "--cancel --yes", "with the configuration that names"];
    refused(folder.path(), &third, &[], &parts).await;
    cancel(folder.path(), &new, &["--yes"]).await;
    refused(folder.path(), &new, &["--cancel", "--yes"], &["nothing to cancel; it can be used"]).await;
    move_to(folder.path(), &third).await;
}

/// Runs `deskbell check database` with a configuration that names a database; returns its exit code and output.
async fn check(folder: &Path, database: &str) -> (i32, String) {
    let config = format!("database = {database:?}\n[sites.acme]\norigins = [\"*\"]\n");
    std::fs::write(folder.join("check.toml"), config).unwrap();
    run(deskbell(folder, &["check", "database", "--config", "check.toml"])).await
}

#[tokio::test]
async fn a_check_reports_databases_that_a_move_keeps_from_being_served() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    let refused = async |database: &str, part: &str| {
        let (code, text) = check(folder.path(), database).await;
        assert_eq!(code, 1, "{text}");
        contains(&text, &["database: BAD  ", part]);
    };
    interrupt(folder.path(), &url).await;
    refused("sqlite:test.db", "the move of this database to").await;
    refused(&url, "the move of test.db to this database has not finished").await;
    move_to(folder.path(), &url).await;
    refused("sqlite:test.db", "this database was moved to").await;
    let (code, text) = check(folder.path(), &url).await;
    assert!(code == 0 && text.contains("database: ok"), "{text}");
    cancel(folder.path(), &url, &["--yes"]).await;
    let (code, text) = check(folder.path(), "sqlite:test.db").await;
    assert!(code == 0 && text.contains("database: ok"), "{text}");
}

#[tokio::test]
async fn a_move_that_an_earlier_version_has_begun_is_cancelled() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    interrupt(folder.path(), &url).await;
    // A migration that this version has and the database lacks.
    change_source(folder.path(), "DELETE FROM _sqlx_migrations WHERE version = 72").await;
    let parts = [
        "began with an earlier version of Deskbell",
        "only that version can continue it",
        "or cancel the move (`--cancel`)",
    ];
    refused(folder.path(), &url, &[], &parts).await;
    contains(&cancel(folder.path(), &url, &[]).await, &["can be used again"]);
    refused(folder.path(), &url, &[], &["run `deskbell migrate` for it first"]).await;
}
