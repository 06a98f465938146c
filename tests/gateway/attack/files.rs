//! Uploads: how much of the disk a client can fill.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use deskbell_core::clock;
use gateway::config::Overrides;
use http_body_util::channel::Channel;
use serde_json::{Value, json};

use crate::support::{Gateway, ORIGIN, SECRET, gateway_with, on_sqlite, post, request, send, ticket, token};

const KB: usize = 1_000;

/// Quotas small enough for a test, without rate limits in the way.
async fn gateway(quotas: &str) -> Gateway {
    let lines = format!(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n[quotas]\n{quotas}\n\
         [sites.signed]\norigins = [{ORIGIN:?}]\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    gateway_with(&lines, Overrides::default()).await
}

fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn session(number: usize) -> String {
    format!("{number:032x}")
}

/// An upload to `site`, from an address that a proxy reports.
fn put(site: &str, number: usize, who: &str, address: &str, bytes: impl Into<Vec<u8>>) -> Request<Body> {
    let bytes = bytes.into();
    let length = bytes.len();
    let mut request = put_stream(site, number, who, address, bytes.into());
    request.headers_mut().insert("content-length", length.into());
    request
}

/// The same without a length.
fn put_stream(site: &str, number: usize, who: &str, address: &str, body: Body) -> Request<Body> {
    let path = format!("/v1/sites/{site}/attachments/{}?name=a.txt", uuid(number));
    let mut request = request(Method::PUT, &path);
    request = match who.strip_prefix("person ") {
        Some(person) => request.header("authorization", format!("Bearer {}", token(json!({ "sub": person })))),
        None => request.header("deskbell-session", who),
    };
    let mut request = request.body(body).unwrap();
    let peer: SocketAddr = format!("{address}:50000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

fn text(size: usize) -> Vec<u8> {
    vec![b'x'; size]
}

/// How many bytes are in a folder.
fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| if entry.path().is_dir() { bytes_in(&entry.path()) } else { entry.metadata().unwrap().len() })
        .sum()
}

fn stored_bytes(gateway: &Gateway) -> u64 {
    bytes_in(&gateway.folder.path().join("test-attachments"))
}

/// How many uploads are running.
fn under_way(gateway: &Gateway) -> usize {
    std::fs::read_dir(gateway.folder.path().join("test-attachments/incoming")).unwrap().count()
}

fn with_file(number: usize) -> Value {
    let mut ticket = ticket("It broke");
    ticket["attachments"] = json!([uuid(number)]);
    ticket
}

#[tokio::test]
async fn new_sessions_do_not_extend_the_file_quota_of_an_address() {
    let gateway = gateway("address_bytes_per_day = 200000").await;
    let mut accepted = 0;
    for number in 0..40 {
        let answer = gateway.send(put("acme", number, &session(number), "203.0.113.7", text(10 * KB))).await;
        if answer.status == 201 {
            accepted += 1;
            continue;
        }
        assert_eq!(answer.problem(), (429, "upload_quota".into()));
        let title = answer.json()["title"].as_str().unwrap().to_string();
        assert!(title.contains("files per network address and day") && title.contains("200000 bytes"), "{title}");
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=86_401).contains(&seconds), "{seconds}");
    }
    assert_eq!((accepted, stored_bytes(&gateway)), (20, 200_000));
    // Sending them frees nothing, because they stay.
    for number in 0..20 {
        let sent = post("acme", &format!("k{number}"), Some(&session(number)), &with_file(number));
        assert_eq!(gateway.send(sent).await.status, 201);
    }
    let more = || put("acme", 50, &session(50), "203.0.113.7", text(10 * KB));
    assert_eq!(gateway.send(more()).await.problem(), (429, "upload_quota".into()));
    // Other addresses and verified customers are not affected.
    assert_eq!(gateway.send(put("acme", 51, &session(51), "203.0.113.8", text(10 * KB))).await.status, 201);
    assert_eq!(gateway.send(put("signed", 52, "person u-7", "203.0.113.7", text(10 * KB))).await.status, 201);
    // It is stored in the database, not in this process.
    let gateway = gateway.restarted_with(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n[quotas]\naddress_bytes_per_day = 200000\n",
    );
    let gateway = gateway.await;
    assert_eq!(gateway.send(more()).await.problem(), (429, "upload_quota".into()));
}

#[tokio::test]
async fn small_files_count_towards_the_quota() {
    let gateway = gateway("address_files_per_day = 5").await;
    for number in 0..8 {
        let answer = gateway.send(put("acme", number, &session(number), "203.0.113.7", text(1))).await;
        assert_eq!(answer.status.as_u16(), if number < 5 { 201 } else { 429 });
    }
}

#[tokio::test]
async fn addresses_are_stored_as_keyed_hashes_for_a_day() {
    on_sqlite();
    let gateway = gateway("").await;
    assert_eq!(gateway.send(put("acme", 1, &session(1), "203.0.113.7", text(1))).await.status, 201);
    let mut read = gateway.connection().await;
    let keys: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT key FROM upload_usage WHERE scope = 'address'").fetch_all(&mut read).await.unwrap();
    assert_eq!(keys.iter().map(Vec::len).collect::<Vec<_>>(), [32]);
    gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * 48)).await.unwrap();
    let remaining: i64 = sqlx::query_scalar("SELECT count(*) FROM upload_usage").fetch_one(&mut read).await.unwrap();
    assert_eq!(remaining, 0);
}

#[tokio::test]
async fn sites_reserve_part_of_their_daily_quota_for_signed_customers() {
    let gateway = gateway("site_bytes_per_day = 100000").await;
    let mut accepted = 0;
    for number in 0..20 {
        let address = format!("203.0.113.{number}");
        let answer = gateway.send(put("signed", number, &session(number), &address, text(10 * KB))).await;
        accepted += u32::from(answer.status == 201);
    }
    assert_eq!(accepted, 8);
    let person = |number: usize| put("signed", number, &format!("person u-{number}"), "203.0.113.1", text(10 * KB));
    assert_eq!(gateway.send(person(31)).await.status, 201);
    assert_eq!(gateway.send(person(32)).await.status, 201);
    assert_eq!(gateway.send(person(33)).await.problem(), (429, "upload_quota".into()));
    // Another site has a quota of its own.
    assert_eq!(gateway.send(put("acme", 40, &session(40), "203.0.113.40", text(10 * KB))).await.status, 201);
}

#[tokio::test]
async fn unsent_files_have_a_quota_that_sending_frees() {
    let gateway = gateway("unsent_bytes = 30000\nunsent_files = 4").await;
    let mine = |number| put("acme", number, &session(1), "203.0.113.7", text(10 * KB));
    for number in 0..3 {
        assert_eq!(gateway.send(mine(number)).await.status, 201);
    }
    let refused = gateway.send(mine(3)).await;
    assert_eq!(refused.problem(), (429, "upload_quota".into()));
    assert!(refused.text().contains("unsent files per session or person"));
    // A repetition adds nothing, and neither does a replacement.
    assert_eq!(gateway.send(mine(2)).await.status, 201);
    assert_eq!(gateway.send(post("acme", "k", Some(&session(1)), &with_file(0))).await.status, 201);
    assert_eq!(gateway.send(mine(3)).await.status, 201);
    assert_eq!(gateway.send(mine(4)).await.problem(), (429, "upload_quota".into()));
}

#[tokio::test]
async fn concurrent_uploads_cannot_exceed_a_quota_together() {
    let gateway = gateway("address_bytes_per_day = 100000").await;
    let puts = (0..40).map(|number| {
        let request = put("acme", number, &session(number), "203.0.113.7", text(10 * KB));
        tokio::spawn(send(gateway.router.clone(), request))
    });
    let mut accepted = 0;
    for put in puts.collect::<Vec<_>>() {
        accepted += u32::from(put.await.unwrap().status == 201);
    }
    // Running uploads count with their full size.
    assert!((1..=10).contains(&accepted), "{accepted}");
    assert!(stored_bytes(&gateway) <= 100_000);
}

#[tokio::test]
async fn stalled_uploads_reserve_only_what_was_received() {
    let gateway = gateway("address_bytes_per_day = 11000000").await;
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    let slow = put_stream("acme", 1, &session(1), "203.0.113.7", Body::new(body));
    let slow = tokio::spawn(send(gateway.router.clone(), slow));
    // The third is accepted once the first is written.
    for _ in 0..3 {
        sender.send_data(Bytes::from_static(b"half")).await.unwrap();
    }
    // Without a length it may become as large as the site allows, 10 MB.
    let other = |number| put("acme", number, &session(2), "203.0.113.7", text(9_000 * KB));
    assert_eq!(gateway.send(other(2)).await.status, 201);
    // An upload that exceeds the quota while it arrives is refused then.
    let (mut more, mut sent) = (sender, 0);
    while more.send_data(Bytes::from(text(100 * KB))).await.is_ok() && sent < 60 {
        sent += 1;
    }
    drop(more);
    let refused = slow.await.unwrap();
    assert_eq!(refused.problem(), (429, "upload_quota".into()));
    assert_eq!(stored_bytes(&gateway), 9_000_000);
}

#[tokio::test]
async fn idle_uploads_of_one_address_are_limited_and_release_their_reservation() {
    let gateway = gateway("").await;
    let mut idle = Vec::new();
    for number in 0..50 {
        let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
        let mut request = put_stream("acme", number, &session(number), "203.0.113.7", Body::new(body));
        // It announces the largest size.
        request.headers_mut().insert("content-length", 10_000_000.into());
        idle.push((sender, tokio::spawn(send(gateway.router.clone(), request))));
    }
    while under_way(&gateway) < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let more = gateway.send(put("acme", 98, &session(98), "203.0.113.7", text(1))).await;
    assert_eq!((more.problem(), more.header("retry-after")), ((429, "too_many_uploads".into()), "10"));
    assert_eq!(gateway.send(put("acme", 97, &session(97), "203.0.113.8", text(1))).await.status, 201);
    for (sender, upload) in idle {
        sender.abort(std::io::Error::other("gone"));
        assert_eq!(upload.await.unwrap().problem(), (400, "torn".into()));
    }
    assert_eq!(stored_bytes(&gateway), 1, "nothing is left behind, neither on disk nor reserved");
    let other = put("acme", 99, &session(99), "203.0.113.7", text(10 * KB));
    assert_eq!(gateway.send(other).await.status, 201);
}

#[tokio::test]
async fn a_nearly_full_disk_accepts_tickets_and_no_files() {
    let gateway = gateway("disk_reserve_bytes = 9000000000000000000").await;
    let refused = gateway.send(put("acme", 1, &session(1), "203.0.113.7", text(1))).await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((507, "storage_full".into()), "600"));
    assert_eq!(gateway.send(put("signed", 2, "person u-7", "203.0.113.7", text(1))).await.problem().0, 507);
    assert_eq!(stored_bytes(&gateway), 0);
    let sent = gateway.send(post("acme", "k", Some(&session(1)), &ticket("It broke"))).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
}

#[tokio::test]
async fn unsent_anonymous_files_expire_after_a_day_and_can_be_uploaded_again() {
    let gateway = gateway("").await;
    assert_eq!(gateway.send(put("signed", 1, &session(1), "203.0.113.7", "anonymous")).await.status, 201);
    assert_eq!(gateway.send(put("signed", 2, "person u-7", "203.0.113.7", "signed")).await.status, 201);
    let after = async |hours: u64| {
        gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * hours)).await.unwrap();
        stored_bytes(&gateway)
    };
    assert_eq!(after(23).await, 15);
    assert_eq!(after(25).await, 6);
    assert_eq!(after(8 * 24 + 1).await, 0);
    // An upload is reported as missing, uploaded again, and sent under the same key.
    let ask = || post("signed", "k", Some(&session(1)), &with_file(1));
    assert_eq!(gateway.send(ask()).await.problem(), (409, "attachments_missing".into()));
    assert_eq!(gateway.send(put("signed", 1, &session(1), "203.0.113.7", "anonymous")).await.status, 201);
    assert_eq!(gateway.send(ask()).await.status, 201);
}

#[tokio::test]
async fn stored_files_are_private() {
    let gateway = gateway("").await;
    assert_eq!(gateway.send(put("acme", 1, &session(1), "203.0.113.7", "text")).await.status, 201);
    fn check(path: &Path) {
        let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            std::fs::read_dir(path).unwrap().for_each(|entry| check(&entry.unwrap().path()));
        }
    }
    check(&gateway.folder.path().join("test-attachments"));
}

#[tokio::test]
async fn files_of_an_older_version_are_read_and_moved() {
    on_sqlite();
    let gateway = gateway("").await;
    assert_eq!(gateway.send(put("acme", 1, &session(1), "203.0.113.7", "text")).await.status, 201);
    let receipt = gateway.send(post("acme", "k", Some(&session(1)), &with_file(1))).await.json();
    let path = format!("/v1/sites/acme/tickets/{}/messages", receipt["id"].as_str().unwrap());
    let messages = request(Method::GET, &path).header("deskbell-session", session(1)).body(Body::empty()).unwrap();
    let messages = gateway.send(messages).await.json();
    let url = messages["messages"][0]["attachments"][0]["url"].as_str().unwrap().to_string();
    // In the old layout: in the folder itself, readable for everybody.
    let folder = gateway.folder.path().join("test-attachments");
    let mut read = gateway.connection().await;
    let file: String = sqlx::query_scalar("SELECT file FROM attachments").fetch_one(&mut read).await.unwrap();
    let settled = folder.join(&file[..2]).join(&file);
    std::fs::rename(&settled, folder.join(&file)).unwrap();
    std::fs::set_permissions(folder.join(&file), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(gateway.get(&url).await.text(), "text");
    gateway.app.workers.sweep.sweep(clock::now()).await.unwrap();
    assert!(settled.is_file() && !folder.join(&file).exists());
    assert_eq!(std::fs::metadata(&settled).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(gateway.get(&url).await.text(), "text");
}

#[tokio::test]
async fn sweeps_continue_past_files_that_are_missing_or_cannot_be_removed() {
    on_sqlite();
    let gateway = gateway("").await;
    for number in 0..6 {
        assert_eq!(gateway.send(put("acme", number, &session(1), "203.0.113.7", "text")).await.status, 201);
    }
    let folder = gateway.folder.path().join("test-attachments");
    let mut read = gateway.connection().await;
    let files: Vec<String> =
        sqlx::query_scalar("SELECT file FROM attachments ORDER BY file").fetch_all(&mut read).await.unwrap();
    let settled = |file: &str| folder.join(&file[..2]).join(file);
    // One is gone already, and another is replaced by something that cannot be removed as a file.
    std::fs::remove_file(settled(&files[0])).unwrap();
    std::fs::remove_file(settled(&files[1])).unwrap();
    std::fs::create_dir(settled(&files[1])).unwrap();
    gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * 25)).await.unwrap();
    assert_eq!(stored_bytes(&gateway), 0);
    let remaining: Vec<String> =
        sqlx::query_scalar("SELECT file FROM removed_files").fetch_all(&mut read).await.unwrap();
    assert_eq!(remaining, [files[1].clone()], "it is tried again by the next sweep");
    std::fs::remove_dir(settled(&files[1])).unwrap();
    gateway.app.workers.sweep.sweep(clock::now()).await.unwrap();
    let remaining: i64 = sqlx::query_scalar("SELECT count(*) FROM removed_files").fetch_one(&mut read).await.unwrap();
    assert_eq!(remaining, 0);
}

#[tokio::test]
async fn unsettled_files_after_a_crash_are_read_and_settled_by_the_sweep() {
    on_sqlite();
    let gateway = gateway("").await;
    assert_eq!(gateway.send(put("acme", 1, &session(1), "203.0.113.7", "text")).await.status, 201);
    let folder = gateway.folder.path().join("test-attachments");
    let mut read = gateway.connection().await;
    let file: String = sqlx::query_scalar("SELECT file FROM attachments").fetch_one(&mut read).await.unwrap();
    let settled = folder.join(&file[..2]).join(&file);
    std::fs::rename(&settled, folder.join("incoming").join(&file)).unwrap();
    // A file without a row beside it.
    let orphan = folder.join("incoming").join(uuid(9));
    std::fs::write(&orphan, "orphan").unwrap();
    gateway.app.workers.sweep.sweep(clock::now()).await.unwrap();
    assert!(settled.is_file() && orphan.is_file(), "somebody may be about to write its row");
    gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * 2)).await.unwrap();
    assert!(settled.is_file() && !orphan.exists());
}

#[tokio::test]
async fn replacing_a_file_removes_the_old_one() {
    on_sqlite();
    let gateway = gateway("").await;
    for size in [3, 5, 7] {
        assert_eq!(gateway.send(put("acme", 1, &session(1), "203.0.113.7", text(size))).await.status, 201);
        assert_eq!(stored_bytes(&gateway), size as u64);
    }
    gateway.app.workers.sweep.sweep(clock::now()).await.unwrap();
    let mut read = gateway.connection().await;
    let remaining: i64 = sqlx::query_scalar("SELECT count(*) FROM removed_files").fetch_one(&mut read).await.unwrap();
    assert_eq!((remaining, stored_bytes(&gateway)), (0, 7));
}
