//! Attachments in a bucket of S3-compatible storage.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::clock;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::DeliveryState;
use gateway::backup;
use gateway::config::Overrides;
use serde_json::{Value, json};
use test_s3::{BUCKET, S3};

use crate::command::deskbell;
use crate::desk::{self, full};
use crate::support::{Answer, Gateway, ORIGIN, gateway_with, on_sqlite, request, ticket};
use crate::zendesk::Zendesk;

const MINE: &str = "000102030405060708090a0b0c0d0e0f";
const ONE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const TWO: &str = "1a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const HOUR: Duration = Duration::from_secs(60 * 60);
const FILES: &str = "https://files.example.com";

/// The configuration of a bucket.
fn configured(server: &S3) -> String {
    format!(
        "attachments = \"s3://{BUCKET}/support\"\nattachments_url = {FILES:?}\n[s3]\nendpoint = {:?}\n\
         access_key_id = \"AKIATEST\"\nsecret_access_key = \"s3cret\"\n",
        server.url()
    )
}

async fn gateway(server: &S3) -> Gateway {
    gateway_with(&configured(server), Overrides::default()).await
}

fn put(id: &str, text: &str) -> Request<Body> {
    request(Method::PUT, &format!("/v1/sites/acme/attachments/{id}?name=app.log"))
        .header("origin", ORIGIN)
        .header("deskbell-session", MINE)
        .body(Body::from(text.to_string()))
        .unwrap()
}

/// Sends a ticket with these files, and returns it with the path of its first file.
async fn submit(gateway: &Gateway, ids: &[&str]) -> (Value, String) {
    let mut new = ticket("It broke");
    new["attachments"] = json!(ids);
    let sent = gateway.send(crate::support::post("acme", "k", Some(MINE), &new)).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let path = format!("/v1/sites/acme/tickets/{}/messages", sent.json()["id"].as_str().unwrap());
    let messages = request(Method::GET, &path).header("deskbell-session", MINE).body(Body::empty()).unwrap();
    let messages = gateway.send(messages).await.json();
    let url = messages["messages"][0]["attachments"][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(FILES).expect("files have an origin of their own").to_string();
    (sent.json(), path)
}

async fn get(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut asked = request(Method::GET, path);
    for (name, value) in headers {
        asked = asked.header(*name, *value);
    }
    gateway.send(asked.body(Body::empty()).unwrap()).await
}

/// The exit code of a command, and what it prints.
async fn run(folder: &Path, command: &str, more: &[&str]) -> (i32, String) {
    let arguments = match command {
        "check" => vec!["check", "destinations", "--config", "deskbell.toml"],
        _ => [&[command, "--config", "deskbell.toml", "--database", "sqlite:test.db"], more].concat(),
    };
    let output = deskbell(folder, &arguments).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_in_the_bucket_from_the_upload_to_the_erasure() {
    let Some(server) = S3::start() else { return };
    let gateway = gateway(&server).await;
    let uploaded = gateway.send(put(ONE, "one line\n")).await;
    assert_eq!(uploaded.status, 201, "{}", uploaded.text());
    let keys = server.keys();
    assert!(keys.len() == 1 && keys[0].starts_with(&format!("support/{}/", clock::now().day())), "{keys:?}");
    assert_eq!(server.object(&keys[0]), b"one line\n");
    let left = std::fs::read_dir(gateway.folder.path().join("test-attachments")).unwrap().count();
    assert_eq!(left, 0, "nothing stays on the disk");

    let (sent, path) = submit(&gateway, &[ONE]).await;
    let whole = get(&gateway, &path, &[]).await;
    assert_eq!((whole.status.as_u16(), whole.text()), (200, "one line\n".into()));
    for (name, value) in [
        ("content-length", "9"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-disposition", "attachment; filename=\"app.log\"; filename*=UTF-8''app.log"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("accept-ranges", "bytes"),
        ("cache-control", "private"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let part = get(&gateway, &path, &[("range", "bytes=4-7")]).await;
    assert_eq!((part.status.as_u16(), part.text()), (206, "line".into()));
    assert_eq!((part.header("content-range"), part.header("content-length")), ("bytes 4-7/9", "4"));
    assert_eq!(get(&gateway, &path, &[("range", "bytes=-2")]).await.text(), "e\n");
    assert_eq!(get(&gateway, &path, &[("range", "bytes=9-")]).await.status, 416);
    let unchanged = get(&gateway, &path, &[("if-none-match", whole.header("etag"))]).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    let unchanged = get(&gateway, &path, &[("if-modified-since", whole.header("last-modified"))]).await;
    assert_eq!(unchanged.status, 304);
    let head = request(Method::HEAD, &path).body(Body::empty()).unwrap();
    let head = gateway.send(head).await;
    assert_eq!((head.status.as_u16(), head.header("content-length"), head.body.len()), (200, "9", 0));

    let (code, text) = run(gateway.folder.path(), "check", &[]).await;
    assert!(text.contains(&format!("attachments: ok  s3://{BUCKET}/support can be written")), "{code} {text}");
    let (code, text) =
        run(gateway.folder.path(), "export", &["--ticket", sent["reference"].as_str().unwrap(), "--out", "out"]).await;
    assert!(code == 0 && text.contains("1 tickets and 1 files"), "{text}");
    let (code, text) =
        run(gateway.folder.path(), "erase", &["--ticket", sent["reference"].as_str().unwrap(), "--yes"]).await;
    assert!(code == 0 && text.contains("1 files"), "{text}");
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_removes_what_a_crash_has_left_in_the_bucket_and_nothing_that_has_a_row() {
    let Some(server) = S3::start() else { return };
    let gateway = gateway(&server).await;
    assert_eq!(gateway.send(put(ONE, "sent")).await.status, 201);
    submit(&gateway, &[ONE]).await;
    assert_eq!(gateway.send(put(TWO, "not sent so far")).await.status, 201);
    let with_rows = server.keys();
    // What a gateway leaves that is killed after it has kept a file and before it has written the row.
    let mut orphan = gateway.app.files.create().unwrap();
    orphan.append(b"orphan").await.unwrap();
    orphan.complete().await.unwrap();
    orphan.keep().await.unwrap();
    // What a gateway with another database keeps in the same bucket.
    let foreign = "support/2026-11-28/019ac9a0-0000-7000-8000-000000000001";
    server.put(foreign, b"x");
    let sweep = async |later: Duration| {
        gateway.app.workers.sweep.sweep(clock::now() + later).await.unwrap();
        let (foreign, own): (Vec<_>, Vec<_>) = server.keys().into_iter().partition(|key| key == foreign);
        assert_eq!(foreign.len(), 1);
        own
    };
    assert_eq!(sweep(HOUR / 2).await.len(), 3, "somebody may be about to write its row");
    assert_eq!(sweep(HOUR * 2).await, with_rows);
    // A file that was never sent goes with its row, a sent one stays.
    assert_eq!(sweep(HOUR * 25).await, with_rows[..1]);
    assert_eq!(sweep(HOUR * 24 * 400).await, with_rows[..1]);
    // What was replaced goes at once.
    assert_eq!(gateway.send(put(TWO, "a")).await.status, 201);
    assert_eq!(gateway.send(put(TWO, "b")).await.status, 201);
    assert_eq!(server.keys().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_refused_while_the_bucket_is_away_and_succeed_afterwards() {
    let Some(mut server) = S3::start() else { return };
    let gateway = gateway(&server).await;
    assert_eq!(gateway.send(put(ONE, "one line\n")).await.status, 201);
    let (_, path) = submit(&gateway, &[ONE]).await;
    let (key, bytes) = (server.keys().remove(0), b"one line\n");
    server.stop();
    for refused in [gateway.send(put(TWO, "two")).await, get(&gateway, &path, &[]).await] {
        assert_eq!(refused.problem(), (503, "storage_unavailable".into()));
        assert_eq!(refused.header("retry-after"), "30");
    }
    let (code, text) = run(gateway.folder.path(), "check", &[]).await;
    assert!(code == 1 && text.contains("attachments: BAD  s3://"), "{text}");
    server.restart();
    server.put(&key, bytes);
    assert_eq!(gateway.send(put(TWO, "two")).await.status, 201);
    assert_eq!(get(&gateway, &path, &[]).await.text(), "one line\n");
    assert_eq!(server.keys().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_size_than_its_row_is_never_served_in_part() {
    let Some(server) = S3::start() else { return };
    let gateway = gateway(&server).await;
    assert_eq!(gateway.send(put(ONE, "one line\n")).await.status, 201);
    let (_, path) = submit(&gateway, &[ONE]).await;
    server.put(&server.keys()[0], b"one");
    assert_eq!(get(&gateway, &path, &[]).await.problem(), (500, "internal".into()));
}

#[tokio::test]
async fn a_delivery_waits_until_its_file_can_be_read() {
    on_sqlite();
    let Some(mut server) = S3::start() else { return };
    let zendesk = Zendesk::start().await;
    let lines = format!("{}{}", configured(&server), desk::site(&zendesk, ""));
    let desk = desk::open(zendesk, &lines).await;
    desk.file(ONE, "log.txt", b"one line\n").await;
    let key = server.keys().remove(0);
    server.stop();
    let mut new = full("One");
    new["attachments"] = json!([ONE]);
    let sent = desk.post("key", &new).await;
    assert_eq!(sent.status, 202, "{}", sent.text());
    let id = TicketId::new(sent.json()["id"].as_str().unwrap());
    let delivery = async || desk.gateway.app.store.deliveries(&id).await.unwrap().remove(0);
    desk::until(async || delivery().await.failures > 0).await;
    let failed = delivery().await;
    assert!(failed.reason.contains("\"log.txt\" cannot be read by the gateway"), "{}", failed.reason);
    assert!(desk.zendesk.state().tickets.is_empty());
    server.restart();
    server.put(&key, b"one line\n");
    let again = "UPDATE deliveries SET due_at = '2026-01-01T00:00:00.000Z'";
    sqlx::query(again).execute(&mut desk.gateway.connection().await).await.unwrap();
    desk::until(async || delivery().await.state == DeliveryState::Delivered).await;
    let names = desk.only()["comments"][0]["attachments"].clone();
    let names: Vec<&str> = names.as_array().unwrap().iter().map(|file| file["file_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["log.txt", "deskbell-context.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_leaves_files_in_the_bucket_and_a_restore_brings_those_of_a_folder_there() {
    let Some(server) = S3::start() else { return };
    let gateway = gateway(&server).await;
    assert_eq!(gateway.send(put(ONE, "one line\n")).await.status, 201);
    submit(&gateway, &[ONE]).await;
    let keys = server.keys();
    let (code, text) = run(gateway.folder.path(), "backup", &["backup"]).await;
    assert!(code == 0 && text.contains(&format!("which are in s3://{BUCKET}/support,")), "{text}");
    let backup = gateway.folder.path().join("backup");
    let verified = backup::restore::verify(&backup).await.unwrap().to_string();
    assert!(verified.ends_with(&format!("its attachments are in s3://{BUCKET}/support")), "{verified}");
    let Gateway { app, router, folder } = gateway;
    app.store.close().await;
    drop((app, router));
    let (code, text) = run(folder.path(), "restore", &["--replace", "backup"]).await;
    assert!(code == 0 && text.contains("the backup has no attachments"), "{text}");
    assert!(!text.contains("copy them there"), "{text}");
    assert_eq!(server.keys(), keys);
    let file = folder.path().join("deskbell.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, settings.replace(&format!("s3://{BUCKET}/support"), &format!("s3://{BUCKET}/copy"))).unwrap();
    let (code, text) = run(folder.path(), "restore", &["--replace", "backup"]).await;
    assert!(code == 0 && text.contains(&format!("has s3://{BUCKET}/copy: copy them there")), "{text}");
    std::fs::write(&file, settings).unwrap();

    // From a folder to a bucket.
    let with_folder = gateway_with("", Overrides::default()).await;
    assert_eq!(with_folder.send(put(ONE, "in a folder")).await.status, 201);
    let (code, text) = run(with_folder.folder.path(), "backup", &["backup"]).await;
    assert_eq!(code, 0, "{text}");
    let source = with_folder.folder.path().join("backup");
    let (code, text) = run(folder.path(), "restore", &["--replace", source.to_str().unwrap()]).await;
    assert!(code == 0 && text.contains("1 files restored"), "{text}");
    let added: Vec<String> = server.keys().into_iter().filter(|key| !keys.contains(key)).collect();
    assert_eq!((added.len(), server.object(&added[0])), (1, b"in a folder".to_vec()));
}

#[tokio::test]
async fn the_inbox_shows_pictures_from_the_address_of_files() {
    let lines = format!("attachments_url = {FILES:?}\ninbox_token = \"0123456789abcdef0123\"");
    let gateway = gateway_with(&lines, Overrides::default()).await;
    let page = gateway.get("/inbox/login").await;
    assert!(page.header("content-security-policy").contains("img-src 'self' data: https://files.example.com;"));
}
