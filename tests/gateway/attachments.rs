//! Attachments of tickets and replies: their owners, their types, and that none is lost or left behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use deskbell_core::clock;
use gateway::config::Overrides;
use http_body_util::channel::Channel;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, on_sqlite, request, send, ticket, token};

const MINE: &str = "000102030405060708090a0b0c0d0e0f";
const OTHER: &str = "100102030405060708090a0b0c0d0e0f";
const ONE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const TWO: &str = "1a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
/// A location that must not remain in a picture.
const PLACE: &[u8] = b"48 deg 51' 30.2\" N, 2 deg 17' 40.2\" E";

async fn gateway() -> Gateway {
    let sites = format!(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n\
         [sites.signed]\norigins = [{ORIGIN:?}]\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n\
         [sites.small]\norigins = [\"*\"]\nattachments = {{ max_bytes = 1000, max_count = 2, types = [\"image/png\", \"text/plain\"] }}\n\
         [sites.none]\norigins = [\"*\"]\nattachments = {{ max_count = 0 }}\n"
    );
    gateway_with(&sites, Overrides::default()).await
}

fn put(site: &str, id: &str, session: Option<&str>, name: &str, body: impl Into<Body>) -> Request<Body> {
    let path = format!("/v1/sites/{site}/attachments/{id}?name={name}");
    let mut request = request(Method::PUT, &path).header("origin", ORIGIN).header("content-type", "image/png");
    if let Some(session) = session {
        request = request.header("deskbell-session", session);
    }
    request.body(body.into()).unwrap()
}

fn post(path: &str, key: &str, session: &str, body: &Value) -> Request<Body> {
    request(Method::POST, &format!("/v1/sites/{path}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .header("deskbell-session", session)
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A ticket with attachments.
fn with(ids: &[&str]) -> Value {
    let mut ticket = ticket("It broke");
    ticket["attachments"] = json!(ids);
    ticket
}

async fn messages(gateway: &Gateway, site: &str, id: &str, session: &str) -> Value {
    let path = format!("/v1/sites/{site}/tickets/{id}/messages");
    let request = request(Method::GET, &path).header("deskbell-session", session).body(Body::empty()).unwrap();
    gateway.send(request).await.json()["messages"].clone()
}

/// Sends a ticket with an attachment at `acme`; returns the address of the attachment.
async fn submit_with_file(gateway: &Gateway, name: &str, bytes: &[u8]) -> String {
    let answer = gateway.send(put("acme", ONE, Some(MINE), name, bytes.to_vec())).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = gateway.send(post("acme/tickets", "k", MINE, &with(&[ONE]))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let messages = messages(gateway, "acme", answer.json()["id"].as_str().unwrap(), MINE).await;
    messages[0]["attachments"][0]["url"].as_str().unwrap().to_string()
}

/// The files in the folder and its subfolders.
fn files(gateway: &Gateway) -> BTreeSet<String> {
    paths(&gateway.folder.path().join("test-attachments"))
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_string())
        .collect()
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { paths(&path) } else { vec![path] }).collect()
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, marker], &(data.len() as u16 + 2).to_be_bytes()[..], data].concat()
}

/// A rotated photo with a GPS location.
fn photograph() -> Vec<u8> {
    let turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let exif = [b"Exif\0\0", &turned[..], PLACE].concat();
    [
        &b"\xff\xd8"[..],
        &segment(0xe1, &exif),
        &segment(0xdb, &[1; 65]),
        &segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0"),
        &segment(0xda, b"\x01\x01\0\0\x3f\0"),
        b"picture\xff\xd9",
    ]
    .concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn pictures_are_attached_and_served_without_their_location() {
    let gateway = gateway().await;
    let photograph = photograph();
    let answer = gateway.send(put("acme", ONE, Some(MINE), "C:%5CTemp%5Cphoto.jpg", photograph.clone())).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (201, ORIGIN));
    let ticket_json = answer.json();
    let size = ticket_json["size"].as_u64().unwrap();
    assert!(size < photograph.len() as u64);
    assert_eq!(ticket_json, json!({ "id": ONE, "name": "photo.jpg", "type": "image/jpeg", "size": size }));

    let receipt = gateway.send(post("acme/tickets", "k", MINE, &with(&[ONE]))).await;
    assert_eq!(receipt.status, 201, "{}", receipt.text());
    let id = receipt.json()["id"].as_str().unwrap().to_string();
    let text = gateway.send(put("acme", TWO, Some(MINE), "app.log", "line\n")).await;
    assert_eq!(text.json()["type"], "text/plain");
    let reply = json!({ "message": "And a log", "attachments": [TWO] });
    let reply_json = gateway.send(post(&format!("acme/tickets/{id}/messages"), "r", MINE, &reply)).await.json();
    assert_eq!(reply_json["attachments"][0]["name"], "app.log");

    let messages = messages(&gateway, "acme", &id, MINE).await;
    assert_eq!(messages[1], reply_json);
    let shown = &messages[0]["attachments"];
    assert_eq!((shown.as_array().unwrap().len(), &shown[0]["type"]), (1, &ticket_json["type"]));
    let url = shown[0]["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("/v1/sites/acme/attachments/{ONE}?until=")), "{url}");

    let request = request(Method::GET, url).header("origin", ORIGIN).body(Body::empty()).unwrap();
    let read = gateway.send(request).await;
    assert_eq!((read.status.as_u16(), read.body.len() as u64), (200, size));
    assert!(
        !holds(&read.body, PLACE)
            && holds(&read.body, b"picture")
            && holds(&read.body, b"\x01\x12\0\x03\0\0\0\x01\0\x06")
    );
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-disposition", "attachment; filename=\"photo.jpg\"; filename*=UTF-8''photo.jpg"),
    ] {
        assert_eq!(read.header(name), value, "{name}");
    }
    // Only the stripped files remain.
    assert_eq!(files(&gateway).len(), 2);
    let stored_paths = paths(&gateway.folder.path().join("test-attachments"));
    assert!(stored_paths.iter().map(|path| std::fs::read(path).unwrap()).all(|bytes| !holds(&bytes, PLACE)));
}

#[tokio::test]
async fn files_are_never_served_as_pages() {
    for (name, bytes, stored_name) in [
        ("page.html", &b"<!doctype html><script>alert(1)</script>"[..], "page.html.txt"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "drawing.svg.txt"),
    ] {
        let gateway = gateway().await;
        let url = submit_with_file(&gateway, name, bytes).await;
        let read = gateway.get(&url).await;
        assert_eq!((read.status.as_u16(), &read.body[..]), (200, bytes));
        assert_eq!(read.header("content-type"), "text/plain; charset=utf-8");
        assert!(read.header("content-disposition").starts_with(&format!("attachment; filename=\"{stored_name}\"")));
        assert_eq!(read.header("content-security-policy"), "sandbox; default-src 'none'");
        assert_eq!(read.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn sites_limit_size_count_and_types_of_files() {
    let gateway = gateway().await;
    let chunked = |size: usize| {
        let chunks = (0..size / 100).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 100])));
        Body::from_stream(futures_util::stream::iter(chunks))
    };
    assert_eq!(gateway.send(put("small", ONE, Some(MINE), "a.txt", chunked(1000))).await.status, 201);
    let sized = put("small", TWO, Some(MINE), "a.txt", vec![b'x'; 1001]);
    let (mut parts, body) = sized.into_parts();
    parts.headers.insert("content-length", "1001".parse().unwrap());
    for request in [put("small", TWO, Some(MINE), "a.txt", chunked(1100)), Request::from_parts(parts, body)] {
        let answer = gateway.send(request).await;
        assert_eq!(answer.problem(), (413, "too_large".into()));
        assert!(answer.json()["title"].as_str().unwrap().contains("1000 bytes"));
    }
    for (site, bytes, code, expected) in [
        ("small", &b"GIF89a"[..], "unsupported_type", "it accepts image/png, text/plain"),
        ("small", b"MZ\x90\0\x03", "unsupported_type", "image/png, text/plain"),
        ("small", b"", "empty_file", "the file is empty"),
        ("small", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIH", "unsupported_type", "it ends too early"),
        ("none", b"text", "unsupported_type", "this site does not accept files"),
    ] {
        let answer = gateway.send(put(site, TWO, Some(MINE), "a.png", bytes.to_vec())).await;
        assert_eq!(answer.problem(), (415, code.into()));
        assert!(answer.json()["title"].as_str().unwrap().contains(expected), "{}", answer.text());
    }
    // Browsers call a program by the media type of downloads.
    let program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    let refused = gateway.send(put("acme", TWO, Some(MINE), "a.out", program)).await.json();
    let title = refused["title"].as_str().unwrap();
    assert!(title.contains("but no programs; put the file into a ZIP") && !title.contains("octet-stream"), "{title}");
    // JSON is accepted as text where only text is.
    let json = gateway.send(put("small", TWO, Some(MINE), "a.json", "{}")).await.json();
    assert_eq!((&json["type"], &json["name"]), (&json!("text/plain"), &json!("a.json")));

    let three = gateway.send(post("small/tickets", "k", MINE, &with(&[ONE, TWO, "x"]))).await;
    assert_eq!(three.problem(), (422, "invalid".into()));
    assert_eq!(three.json()["errors"][0]["pointer"], "/attachments");
    let twice = gateway.send(post("small/tickets", "k", MINE, &with(&[ONE, ONE]))).await;
    assert_eq!(twice.problem(), (422, "invalid".into()));
    assert_eq!(gateway.send(post("small/tickets", "k", MINE, &with(&[ONE, TWO]))).await.status, 201);
    assert_eq!(files(&gateway).len(), 2);

    let public = gateway.get("/v1/sites/small/config").await.json();
    let types = json!(["image/png", "text/plain"]);
    assert_eq!(public["attachments"], json!({ "max_bytes": 1000, "max_count": 2, "types": types }));
}

#[tokio::test]
async fn clients_that_are_still_uploading_get_the_refusal_within_bounds() {
    let gateway = gateway().await;
    submit_with_file(&gateway, "a.txt", b"text").await;
    const MB: usize = 1_000_000;
    for (id, session, megabytes, expected, status, read) in [
        (ONE, Some(MINE), 9, false, 201, 9..=9),
        (ONE, Some(OTHER), 9, false, 404, 9..=9),
        (TWO, None, 9, false, 401, 9..=9),
        (TWO, Some(MINE), 13, true, 413, 13..=13),
        (TWO, Some(MINE), 13, false, 413, 13..=13),
        (TWO, Some(MINE), 90, true, 413, 14..=16),
        (TWO, Some(MINE), 90, false, 413, 14..=16),
    ] {
        let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = count.clone();
        let chunks = (0..megabytes).map(move |_| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; MB]))
        });
        let mut request = put("acme", id, session, "a.txt", Body::from_stream(futures_util::stream::iter(chunks)));
        if expected {
            request.headers_mut().insert("content-length", (megabytes * MB).into());
        }
        let answer = gateway.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
        let count = count.load(std::sync::atomic::Ordering::Relaxed);
        assert!(read.contains(&count), "{status}: {count} of {megabytes}");
    }
    assert_eq!(files(&gateway).len(), 1);
}

#[tokio::test]
async fn repeated_uploads_get_the_same_response_and_sent_files_stay_unchanged() {
    let gateway = gateway().await;
    let first = gateway.send(put("acme", ONE, Some(MINE), "a.txt", "one")).await;
    let again = gateway.send(put("acme", &ONE.to_uppercase(), Some(MINE), "a.txt", "one")).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    let other = gateway.send(put("acme", ONE, Some(MINE), "b.txt", "another")).await.json();
    assert_eq!((&other["name"], &other["size"]), (&json!("b.txt"), &json!(7)));
    assert_eq!(files(&gateway).len(), 1);

    let receipt = gateway.send(post("acme/tickets", "k", MINE, &with(&[ONE]))).await;
    let late = gateway.send(put("acme", ONE, Some(MINE), "c.txt", "third")).await;
    assert_eq!((late.status.as_u16(), late.json()), (201, other));
    assert_eq!(files(&gateway).len(), 1);
    // The same key gets the same response, although its attachment belongs to a message by now.
    let repeated = gateway.send(post("acme/tickets", "k", MINE, &with(&[ONE]))).await;
    assert_eq!((repeated.status.as_u16(), repeated.json()), (201, receipt.json()));
    let url = messages(&gateway, "acme", receipt.json()["id"].as_str().unwrap(), MINE).await;
    assert_eq!(gateway.get(url[0]["attachments"][0]["url"].as_str().unwrap()).await.text(), "another");
}

#[tokio::test]
async fn concurrent_and_interrupted_uploads_leave_one_complete_file() {
    let gateway = gateway().await;
    let body = "x".repeat(300_000);
    let ask = || tokio::spawn(send(gateway.router.clone(), put("acme", ONE, Some(MINE), "a.txt", body.clone())));
    let (one, other) = (ask(), ask());
    let (one, other) = (one.await.unwrap(), other.await.unwrap());
    assert_eq!((one.status.as_u16(), one.json()), (201, other.json()));
    assert_eq!(files(&gateway).len(), 1);

    let (mut sender, torn) = Channel::<Bytes, std::io::Error>::new(1);
    let tearing = tokio::spawn(send(gateway.router.clone(), put("acme", TWO, Some(MINE), "a.txt", Body::new(torn))));
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    assert_eq!(files(&gateway).iter().filter(|name| name.ends_with(".part")).count(), 1);
    sender.abort(std::io::Error::other("gone"));
    assert_eq!(tearing.await.unwrap().problem(), (400, "torn".into()));
    assert_eq!(files(&gateway).len(), 1);
    // A disconnected client aborts the whole request.
    let (mut sender, remaining) = Channel::<Bytes>::new(1);
    let leaving =
        tokio::spawn(send(gateway.router.clone(), put("acme", TWO, Some(MINE), "a.txt", Body::new(remaining))));
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    leaving.abort();
    assert!(leaving.await.unwrap_err().is_cancelled());
    assert_eq!(files(&gateway).len(), 1);
    assert_eq!(gateway.send(put("acme", TWO, Some(MINE), "a.txt", "whole")).await.status, 201);
}

#[tokio::test]
async fn uploads_that_stall_are_ended() {
    let gateway = gateway().await;
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let waiting = tokio::spawn(send(gateway.router.clone(), put("acme", ONE, Some(MINE), "a.txt", Body::new(body))));
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let answer = waiting.await.unwrap();
    assert_eq!(answer.problem(), (408, "timeout".into()));
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    // Longer than any other request may take, and at most half a minute of silence.
    assert!((20..=31).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    assert_eq!(files(&gateway).len(), 0);
}

#[tokio::test]
async fn uploads_that_trickle_are_ended() {
    let gateway = gateway().await;
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let waiting = tokio::spawn(send(gateway.router.clone(), put("acme", ONE, Some(MINE), "a.txt", Body::new(body))));
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let trickle = tokio::spawn(async move {
        while sender.send_data(Bytes::from_static(b"x")).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    });
    assert_eq!(waiting.await.unwrap().problem(), (408, "timeout".into()));
    assert!(started.elapsed().as_secs() <= 31, "{:?}", started.elapsed());
    trickle.abort();
    assert_eq!(files(&gateway).len(), 0);
}

#[tokio::test]
async fn missing_files_are_listed_and_the_submission_can_be_repeated() {
    let gateway = gateway().await;
    assert_eq!(gateway.send(put("acme", TWO, Some(MINE), "a.txt", "there")).await.status, 201);
    let ask = || post("acme/tickets", "k", MINE, &with(&[TWO, ONE]));
    let answer = gateway.send(ask()).await;
    assert_eq!(answer.problem(), (409, "attachments_missing".into()));
    let errors = answer.json()["errors"].clone();
    assert_eq!((errors.as_array().unwrap().len(), &errors[0]["pointer"]), (1, &json!("/attachments/1")));
    assert_eq!(gateway.count().await, 0);

    assert_eq!(gateway.send(put("acme", ONE, Some(MINE), "b.txt", "now")).await.status, 201);
    let receipt = gateway.send(ask()).await;
    assert_eq!(receipt.status, 201, "{}", receipt.text());
    let id = receipt.json()["id"].as_str().unwrap().to_string();
    let names = |messages: &Value, of: usize| -> Vec<String> {
        let list = messages[of]["attachments"].as_array().unwrap();
        list.iter().map(|one| one["name"].as_str().unwrap().to_string()).collect()
    };
    // In the order in which they were listed.
    assert_eq!(names(&messages(&gateway, "acme", &id, MINE).await, 0), ["a.txt", "b.txt"]);

    let path = format!("acme/tickets/{id}/messages");
    let third = "2a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
    let reply = |attachments: Value| post(&path, "r", MINE, &json!({ "message": "More", "attachments": attachments }));
    // An attachment belongs to one message only.
    let answer = gateway.send(reply(json!([third, ONE]))).await;
    assert_eq!(answer.problem(), (409, "attachments_missing".into()));
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 2);
    assert_eq!(messages(&gateway, "acme", &id, MINE).await.as_array().unwrap().len(), 1);
    assert_eq!(gateway.send(reply(json!(vec![third; 11]))).await.problem(), (422, "invalid".into()));
    assert_eq!(gateway.send(put("acme", third, Some(MINE), "c.txt", "more")).await.status, 201);
    let answer = gateway.send(reply(json!([third]))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let again = gateway.send(reply(json!([third]))).await;
    assert_eq!((again.status.as_u16(), again.json()), (201, answer.json()));
    assert_eq!(names(&messages(&gateway, "acme", &id, MINE).await, 1), ["c.txt"]);
}

#[tokio::test]
async fn files_of_others_cannot_be_replaced_sent_or_found() {
    let gateway = gateway().await;
    let bearer = |mut request: Request<Body>, id: &str| {
        let token = format!("Bearer {}", token(json!({ "sub": id })));
        request.headers_mut().insert("authorization", token.parse().unwrap());
        request
    };
    assert_eq!(gateway.send(put("signed", ONE, Some(MINE), "a.txt", "mine")).await.status, 201);
    assert_eq!(gateway.send(put("signed", TWO, None, "a.txt", "x")).await.problem(), (401, "unidentified".into()));
    for request in [
        put("signed", ONE, Some(OTHER), "a.txt", "theirs"),
        bearer(put("signed", ONE, None, "a.txt", "theirs"), "u-8"),
        bearer(put("signed", ONE, Some(OTHER), "a.txt", "theirs"), "u-8"),
        put("signed", "7", Some(MINE), "a.txt", "x"),
    ] {
        assert_eq!(gateway.send(request).await.problem(), (404, "not_found".into()));
    }
    for request in [
        post("signed/tickets", "k", OTHER, &with(&[ONE])),
        post("acme/tickets", "k", MINE, &with(&[ONE])),
        bearer(post("signed/tickets", "l", OTHER, &with(&[ONE])), "u-8"),
    ] {
        assert_eq!(gateway.send(request).await.problem(), (409, "attachments_missing".into()));
    }
    // Another site does not know it, and the id is free there.
    assert_eq!(gateway.send(put("acme", ONE, Some(OTHER), "a.txt", "other")).await.status, 201);

    // A customer who signs in takes over the session's uploads, and the session loses them.
    let moved = bearer(post("signed/tickets", "m", MINE, &with(&[])), "u-7");
    assert_eq!(gateway.send(moved).await.status, 201);
    let session = gateway.send(post("signed/tickets", "n", MINE, &with(&[ONE]))).await;
    assert_eq!(session.problem(), (409, "attachments_missing".into()));
    assert_eq!(gateway.send(put("signed", ONE, Some(MINE), "a.txt", "x")).await.problem(), (404, "not_found".into()));
    let other_site = bearer(post("signed/tickets", "o", OTHER, &with(&[ONE])), "u-7");
    assert_eq!(gateway.send(other_site).await.status, 201);
}

#[tokio::test]
async fn forged_file_addresses_open_nothing() {
    let gateway = gateway().await;
    let url = submit_with_file(&gateway, "a.txt", b"text").await;
    let (path, query) = url.split_once('?').unwrap();
    let (until, signature) = query.split_once('&').unwrap();
    let later = format!("until={}", until.trim_start_matches("until=").parse::<u64>().unwrap() + 3600);
    for invalid in [
        path.to_string(),
        format!("{path}?{until}"),
        format!("{path}?{later}&{signature}"),
        format!("{path}?until=1000&{signature}"),
        format!("{path}?{until}&signature=AAAA"),
        url.replace("/acme/", "/trusting/"),
        url.replace(ONE, TWO),
    ] {
        let answer = gateway.get(&invalid).await;
        assert_eq!(answer.problem(), (403, "invalid_address".into()), "{invalid}");
    }
    assert_eq!(gateway.get(&url).await.text(), "text");
    // An unsent upload has no address, and the secret stays the same.
    let gateway = gateway.restarted().await;
    assert_eq!(gateway.get(&url).await.text(), "text");
    let part = request(Method::GET, &url).header("range", "bytes=1-2").body(Body::empty()).unwrap();
    let part = gateway.send(part).await;
    assert_eq!((part.status.as_u16(), part.text().as_str()), (206, "ex"));
}

#[tokio::test]
async fn files_are_synced_before_they_are_acknowledged_and_counted_after_a_disconnect() {
    on_sqlite();
    let gateway = gateway().await;
    let mut lock = SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
    let waiting = tokio::spawn(send(gateway.router.clone(), put("acme", ONE, Some(MINE), "a.txt", "text")));
    let is_stored = async {
        while !files(&gateway).iter().any(|name| !name.ends_with(".part")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_stored).await.unwrap();
    let count = "SELECT count(*) FROM attachments";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut lock).await.unwrap(), 0);
    // The client disconnects after the last byte; the upload is stored and counted all the same.
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
    let stored_files = async {
        while sqlx::query_scalar::<_, i64>(count).fetch_one(&mut lock).await.unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), stored_files).await.unwrap();
    assert_eq!(files(&gateway).len(), 1);
    let counted = "SELECT bytes FROM upload_usage WHERE scope = 'site'";
    assert_eq!(sqlx::query_scalar::<_, i64>(counted).fetch_one(&mut lock).await.unwrap(), 4);
    assert_eq!(gateway.send(put("acme", ONE, Some(MINE), "a.txt", "text")).await.status, 201);
    assert_eq!(files(&gateway).len(), 1);
}

#[tokio::test]
async fn unsent_files_expire_and_sent_files_stay() {
    let gateway = gateway().await;
    let url = submit_with_file(&gateway, "a.txt", b"sent").await;
    assert_eq!(gateway.send(put("acme", TWO, Some(MINE), "b.txt", "unsent")).await.status, 201);
    let folder = gateway.folder.path().join("test-attachments");
    std::fs::write(folder.join("notes.txt"), "not ours").unwrap();
    std::fs::write(folder.join(format!("{TWO}.part")), "torn by a crash").unwrap();
    let after = async |hours: u64| {
        gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * hours)).await.unwrap();
        files(&gateway).len()
    };
    assert_eq!(after(0).await, 4);
    assert_eq!(after(2).await, 3);
    assert_eq!(after(23).await, 3);
    assert_eq!(after(25).await, 2);
    assert_eq!(gateway.get(&url).await.text(), "sent");
    let answer = gateway.send(post("acme/tickets", "l", MINE, &with(&[TWO]))).await;
    assert_eq!(answer.problem(), (409, "attachments_missing".into()));
}

#[tokio::test]
async fn agents_see_files_under_their_message() {
    let overrides = Overrides { inbox_token: Some("0123456789abcdef".into()), ..Overrides::default() };
    let gateway = gateway_with("", overrides).await;
    let url = submit_with_file(&gateway, "%3Cb%3Ephoto.jpg", &photograph()).await;
    let reference = gateway.tickets().await[0].reference.clone();
    let page = request(Method::GET, &format!("/inbox/tickets/{reference}"))
        .header("authorization", "Bearer 0123456789abcdef")
        .body(Body::empty())
        .unwrap();
    let page: Answer = gateway.send(page).await;
    assert!(page.header("content-security-policy").contains("img-src 'self' data:;"));
    let html = page.text();
    let escaped = url.replace('&', "&amp;");
    assert!(
        html.contains(&format!("<a href=\"{escaped}\" download><img src=\"{escaped}\" alt=\"\" loading=\"lazy\">"))
    );
    assert!(html.contains("<bdi>&lt;b&gt;photo.jpg</bdi>") && html.contains("image/jpeg, "), "{html}");
}

#[tokio::test]
async fn pages_of_the_site_may_upload_files() {
    let gateway = gateway().await;
    let preflight = request(Method::OPTIONS, &format!("/v1/sites/acme/attachments/{ONE}"))
        .header("origin", ORIGIN)
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "authorization,content-type,deskbell-session");
    let answer = gateway.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, ORIGIN));
    assert!(answer.header("access-control-allow-methods").contains("PUT"));
}
