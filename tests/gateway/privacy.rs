//! Erasure, export and retention of personal data: nothing remains, and nothing comes back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::clock;
use deskbell_core::ids::{QueueName, TicketId};
use deskbell_core::ports::{
    DeliveryKind, DeliveryOutcome, NewDelivery, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome,
    TicketHead,
};
use deskbell_core::timestamp::Timestamp;
use domain::ticket::Status;
use gateway::config::Overrides;
use jiff::ToSpan;
use serde_json::{Value, json};
use sqlx::{Row, SqliteConnection};

use crate::command::deskbell;
use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, on_sqlite, post, request, ticket, token};

pub const SESSION: &str = "000102030405060708090a0b0c0d0e0f";
pub const FILE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const UNSENT: &str = "1a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
const TOKEN: &str = "a token of some length";
/// Part of everything that one customer wrote, so that remains can be found.
pub const SECRET_WORD: &str = "zanzibarish";

/// The lines of the configuration.
pub fn lines(more: &str) -> String {
    format!(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\nuploads = 1000000\n\
         [sites.signed]\norigins = [{ORIGIN:?}]\n{more}\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    )
}

/// The options of the command line.
pub fn options() -> Overrides {
    Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }
}

async fn gateway(more: &str) -> Gateway {
    gateway_with(&lines(more), options()).await
}

pub fn person(mut request: Request<Body>) -> Request<Body> {
    let token =
        token(json!({ "sub": "u-7", "name": format!("Ada {SECRET_WORD}"), "email": "ada@zanzibarish.example" }));
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn put(id: &str, bytes: &str) -> Request<Body> {
    let path = format!("/v1/sites/signed/attachments/{id}?name={SECRET_WORD}.txt");
    request(Method::PUT, &path).body(Body::from(bytes.to_string())).unwrap()
}

fn secret_ticket(message: &str) -> Value {
    let mut ticket = ticket(&format!("{SECRET_WORD} {message}"));
    ticket["contact"] = json!({ "name": format!("Ada {SECRET_WORD}"), "email": "Ada@Zanzibarish.example" });
    ticket
}

/// A ticket of a verified customer with everything that can belong to one; returns its reference and id.
pub async fn full(gateway: &Gateway, key: &str) -> (String, String) {
    assert_eq!(gateway.send(person(put(FILE, &format!("{SECRET_WORD} file")))).await.status, 201);
    assert_eq!(gateway.send(person(put(UNSENT, &format!("{SECRET_WORD} unsent")))).await.status, 201);
    let mut sent = secret_ticket("broke");
    sent["attachments"] = json!([FILE]);
    let receipt = gateway.send(person(post("signed", key, Some(SESSION), &sent))).await;
    assert_eq!(receipt.status, 201, "{}", receipt.text());
    let receipt = receipt.json();
    let [reference, id] = ["reference", "id"].map(|name| receipt[name].as_str().unwrap().to_string());
    let reply = request(Method::POST, &format!("/v1/sites/signed/tickets/{id}/messages"))
        .header("content-type", "application/json")
        .header("idempotency-key", "reply")
        .body(Body::from(json!({ "message": format!("{SECRET_WORD} again") }).to_string()))
        .unwrap();
    assert_eq!(gateway.send(person(reply)).await.status, 201);
    for action in
        [format!("action=note&text={SECRET_WORD}+note"), format!("action=answer&key=a&text={SECRET_WORD}+answer")]
    {
        let answer = act(gateway, &format!("/inbox/tickets/{reference}"), &action).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
    }
    let affected = request(Method::POST, "/v1/sites/signed/incidents")
        .header("content-type", "application/json")
        .body(Body::from(json!({ "id": "i1" }).to_string()))
        .unwrap();
    gateway.send(person(affected)).await;
    (reference, id)
}

async fn act(gateway: &Gateway, path: &str, form: &str) -> Answer {
    let request = request(Method::POST, path)
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_string()))
        .unwrap();
    gateway.send(request).await
}

pub async fn open_page(gateway: &Gateway, path: &str) -> Answer {
    let request = request(Method::GET, path).header("authorization", format!("Bearer {TOKEN}"));
    gateway.send(request.body(Body::empty()).unwrap()).await
}

/// Runs the command beside the gateway.
pub async fn command(gateway: &Gateway, arguments: &[&str]) -> (i32, String) {
    let mut command = deskbell(gateway.folder.path(), arguments);
    let database = gateway.app.settings().database.url();
    let command = command.args(["--config", "deskbell.toml", "--database", &database]);
    let output = command.output().await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { paths(&path) } else { vec![path] }).collect()
}

/// Where a text occurs on the disk of a gateway, in any file, in any case.
fn found(gateway: &Gateway, text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap().to_ascii_lowercase();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    let ours = paths(gateway.folder.path()).into_iter().filter(|path| !path.ends_with("deskbell.toml"));
    ours.filter(holds).map(|path| path.display().to_string()).collect()
}

/// The tables that contain a value in any column.
async fn tables_with(read: &mut SqliteConnection, value: &[u8]) -> Vec<String> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .fetch_all(&mut *read)
            .await
            .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)")
            .bind(&table)
            .fetch_all(&mut *read)
            .await
            .unwrap();
        let holds: Vec<String> =
            columns.iter().map(|column| format!("instr(CAST(\"{column}\" AS BLOB), ?1) > 0")).collect();
        let count = format!("SELECT count(*) FROM \"{table}\" WHERE {}", holds.join(" OR "));
        let count: i64 =
            sqlx::query(sqlx::AssertSqlSafe(count)).bind(value).fetch_one(&mut *read).await.unwrap().get(0);
        if count > 0 {
            found.push(table);
        }
    }
    found
}

#[tokio::test]
async fn erased_data_is_in_no_table_and_no_byte_on_disk() {
    on_sqlite();
    let gateway = gateway("").await;
    let (reference, id) = full(&gateway, "key-of-the-ticket").await;
    // Another customer's ticket stays.
    let other = gateway.send(post("acme", "other", None, &ticket("Mine stays"))).await.json();
    let mut read = gateway.connection().await;
    assert!(tables_with(&mut read, SECRET_WORD.as_bytes()).await.len() >= 3);
    assert!(!found(&gateway, SECRET_WORD).is_empty());

    let (code, text) = command(&gateway, &["erase", "--person", "signed", "u-7"]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 tickets would be erased, with 2 messages") && text.contains("--yes"), "{text}");
    assert!(gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().is_some());

    let (code, text) = command(&gateway, &["erase", "--person", "signed", "u-7", "--yes"]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 tickets erased, with 2 messages") && text.contains("1 files"), "{text}");
    assert!(!text.to_lowercase().contains(SECRET_WORD) && !text.contains("u-7"), "{text}");
    assert!(!text.contains("write-ahead log"), "{text}");
    for erased in [SECRET_WORD, &id, &reference, "u-7", "key-of-the-ticket"] {
        assert_eq!(tables_with(&mut read, erased.as_bytes()).await, Vec::<String>::new(), "{erased}");
    }
    drop(read);
    for erased in [SECRET_WORD, &id, "key-of-the-ticket"] {
        assert_eq!(found(&gateway, erased), Vec::<String>::new(), "{erased}");
    }
    assert!(gateway.app.store.ticket(&TicketId::new(other["id"].as_str().unwrap())).await.unwrap().is_some());
    assert_eq!(paths(&gateway.folder.path().join("test-attachments")), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn repeated_submissions_do_not_restore_erased_tickets() {
    let gateway = gateway("").await;
    let ask = || post("acme", "k", Some(SESSION), &ticket("It broke"));
    let receipt = gateway.send(ask()).await.json();
    let (code, text) = command(&gateway, &["erase", "--ticket", receipt["reference"].as_str().unwrap(), "--yes"]).await;
    assert_eq!(code, 0, "{text}");
    assert_eq!(gateway.send(ask()).await.problem(), (410, "erased".into()));
    let path = format!("/v1/sites/acme/tickets/{}/messages", receipt["id"].as_str().unwrap());
    let reply = request(Method::POST, &path)
        .header("content-type", "application/json")
        .header("idempotency-key", "r")
        .header("deskbell-session", SESSION)
        .body(Body::from(r#"{"message":"Still there?"}"#))
        .unwrap();
    assert_eq!(gateway.send(reply).await.problem(), (404, "not_found".into()));
    assert_eq!(gateway.count().await, 0);
    // Another ticket under another key is accepted, and so is the same key at another site.
    assert_eq!(gateway.send(post("acme", "l", Some(SESSION), &ticket("Another"))).await.status, 201);
    assert_eq!(gateway.send(post("trusting", "k", Some(SESSION), &ticket("Another"))).await.status, 201);
}

#[tokio::test]
async fn addresses_match_in_any_case_and_exactly() {
    let gateway = gateway("").await;
    let write = |email: &str| {
        let mut ticket = ticket("It broke");
        ticket["contact"]["email"] = json!(email);
        ticket
    };
    for (key, email) in
        [("a", "Ada@Example.com"), ("b", "ada@example.com"), ("c", "ada@example.com.evil"), ("d", "b@x.example")]
    {
        assert_eq!(gateway.send(post("acme", key, None, &write(email))).await.status, 201);
    }
    assert_eq!(gateway.send(post("trusting", "e", None, &write("ada@example.com"))).await.status, 201);
    let (_, text) = command(&gateway, &["erase", "--email", " ADA@example.COM", "--site", "acme", "--yes"]).await;
    assert!(text.starts_with("2 tickets erased"), "{text}");
    let (_, text) = command(&gateway, &["erase", "--email", "ada@example.com", "--yes"]).await;
    assert!(text.starts_with("1 tickets erased"), "{text}");
    assert_eq!(gateway.count().await, 2);
}

#[tokio::test]
async fn commands_explain_missing_options() {
    let gateway = gateway("").await;
    for (arguments, expected) in [
        (&["erase"][..], "--ticket"),
        (&["erase", "--ticket", "DB-00000", "--email", "a@b.c"], "cannot be used with"),
        (&["erase", "--ticket", "DB-ZZZZZ"], "there is no ticket DB-ZZZZZ"),
        (&["erase", "--before", "last year"], "YYYY-MM-DD"),
        (&["erase", "--email", "a@b.c", "--with-open"], "cannot be used with"),
        (&["export"], "--ticket"),
    ] {
        let (code, text) = command(&gateway, arguments).await;
        assert!(code != 0 && text.contains(expected), "{arguments:?}: {code} {text}");
    }
    let mut none = deskbell(gateway.folder.path(), &["erase", "--email", "a@b.c", "--database", "sqlite:none.db"]);
    let output = none.output().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("database not found"));
    assert!(!gateway.folder.path().join("none.db").exists());
}

#[tokio::test]
async fn erasing_lists_external_tickets_and_pending_deliveries_restore_nothing() {
    on_sqlite();
    let gateway = gateway("").await;
    let store = &gateway.app.store;
    let sent = serde_json::from_value(secret_ticket("broke")).unwrap();
    let mut stored = StoredTicket::new("acme".into(), "DB-0000A".into(), sent, clock::now());
    stored.session = Some([7; 32].into());
    let submission_key = SubmissionKey { key: "k".into(), body: [0; 32], session: Some([7; 32].into()) };
    let deliveries = ["desk", "slow"].map(|to| NewDelivery { destination: to.into(), kind: DeliveryKind::Ticket });
    let extras = SubmissionExtras { deliveries: deliveries.into(), ..SubmissionExtras::default() };
    assert_eq!(store.submit(&stored, &submission_key, extras).await.unwrap(), SubmissionOutcome::Stored);
    let mut write = gateway.connection().await;
    sqlx::query(
        "INSERT INTO places (ticket, site, destination, remote, requester) VALUES (?, 'acme', 'desk', '4312', '9')",
    )
    .bind(stored.id.as_str())
    .execute(&mut write)
    .await
    .unwrap();
    let due = store
        .claim_deliveries(&QueueName::new(&"acme".into(), &"slow".into()), Duration::from_secs(30), &[], 10)
        .await
        .unwrap();
    assert_eq!(due.len(), 1);

    let (_, text) = command(&gateway, &["erase", "--ticket", "DB-0000A", "--yes"]).await;
    assert!(text.contains("not erased: DB-0000A in desk, where it is 4312"), "{text}");
    // Only now does the destination respond.
    let external =
        deskbell_core::ports::ExternalTicketRef { external_id: "99".into(), requester: "9".into(), merged_after: None };
    let tried =
        DeliveryOutcome::Delivered { external_id: "99".into(), external: Some(external), reason: String::new() };
    let lost_claims = store.record_attempts(&[(&due[0], &tried)]).await.unwrap();
    assert_eq!(lost_claims, [due[0].delivery.id], "its claim went with it");
    for table in ["tickets", "deliveries", "places", "seals", "messages"] {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&mut write)
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn agents_erase_tickets_and_see_what_remains_elsewhere() {
    on_sqlite();
    let gateway = gateway("").await;
    let (reference, id) = full(&gateway, "k").await;
    let mut write = gateway.connection().await;
    sqlx::query(
        "INSERT INTO places (ticket, site, destination, remote, requester) VALUES (?, 'signed', 'desk', '4312', '9')",
    )
    .bind(&id)
    .execute(&mut write)
    .await
    .unwrap();
    drop(write);
    let address = format!("/inbox/tickets/{reference}/erase");
    assert!(
        open_page(&gateway, &format!("/inbox/tickets/{reference}"))
            .await
            .text()
            .contains(&format!("href=\"{address}\""))
    );
    let question = open_page(&gateway, &address).await.text();
    assert!(question.contains("cannot be undone") && question.contains("2 messages"), "{question}");
    assert!(question.contains("the ticket in <bdi>desk</bdi>, <bdi>4312</bdi>") && question.contains("backups"));
    // Neither the question nor a form without its answer erases anything, and a login is required.
    assert_eq!(act(&gateway, &address, "").await.status, 422);
    assert_eq!(act(&gateway, &address, "confirm=DB-00000").await.status, 422);
    let stranger = request(Method::POST, &address).header("content-type", "application/x-www-form-urlencoded");
    let stranger = stranger.body(Body::from(format!("confirm={reference}"))).unwrap();
    assert!(!gateway.send(stranger).await.status.is_success());
    assert!(gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().is_some());

    let done = act(&gateway, &address, &format!("confirm={reference}")).await;
    assert_eq!(done.status, 200);
    assert!(done.text().contains(&format!("{reference} erased")) && done.text().contains("4312"), "{}", done.text());
    assert!(gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().is_none());
    assert_eq!(open_page(&gateway, &format!("/inbox/tickets/{reference}")).await.status, 404);
    assert_eq!(act(&gateway, &address, &format!("confirm={reference}")).await.status, 404);
    // An unsent upload does not belong to the ticket.
    assert_eq!(paths(&gateway.folder.path().join("test-attachments")).len(), 1);
}

#[tokio::test]
async fn exports_are_complete_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let gateway = gateway("").await;
    let (reference, _) = full(&gateway, "k").await;
    assert_eq!(gateway.send(post("acme", "other", None, &ticket("Not mine"))).await.status, 201);
    let (code, text) = command(&gateway, &["export", "--person", "signed", "u-7", "--out", "out"]).await;
    assert_eq!((code, text.trim()), (0, "exported 1 tickets and 2 files to out"));
    let out = gateway.folder.path().join("out");
    let export: Value = serde_json::from_slice(&std::fs::read(out.join("export.json")).unwrap()).unwrap();
    let tickets = export["tickets"].as_array().unwrap();
    assert_eq!((tickets.len(), &tickets[0]["reference"]), (1, &json!(reference)));
    let exported = &tickets[0];
    assert_eq!(
        (&exported["person"], &exported["ticket"]["message"]),
        (&json!("u-7"), &json!(format!("{SECRET_WORD} broke")))
    );
    let bodies: Vec<&str> =
        exported["messages"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, [format!("{SECRET_WORD} again"), format!("{SECRET_WORD} answer")]);
    assert_eq!(exported["activities"][0]["text"], format!("{SECRET_WORD} note"));
    let path = out.join(exported["files"][0]["path"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{SECRET_WORD} file"));
    let unsent = &export["unsent_files"];
    assert_eq!((unsent.as_array().unwrap().len(), &unsent[0]["site"]), (1, &json!("signed")));
    let exported = out.join(unsent[0]["path"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(&exported).unwrap(), format!("{SECRET_WORD} unsent"));
    for (path, mode) in [(&out, 0o700), (&exported, 0o600), (&out.join("export.json"), 0o600), (&path, 0o600)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
    }
    let (code, text) = command(&gateway, &["export", "--email", "nobody@x.example", "--out", "out"]).await;
    assert!(code != 0 && text.contains("the folder is not empty"), "{text}");
}

#[tokio::test]
async fn exports_contain_mailed_and_confirmed_addresses() {
    on_sqlite();
    let mail = "[sites.signed.mail]\nfrom = \"help@acme.example\"\nsmtp = \"smtp://127.0.0.1:1\"\n";
    let gateway = gateway(mail).await;
    let sent = gateway.send(post("signed", "k", Some(SESSION), &secret_ticket("broke"))).await.json();
    let id = sent["id"].as_str().unwrap();
    let mut write = gateway.connection().await;
    sqlx::query("UPDATE confirmations SET confirmed_at = '2026-11-28T10:00:00.000Z'")
        .execute(&mut write)
        .await
        .unwrap();
    let (code, text) = command(&gateway, &["export", "--ticket", id, "--out", "out"]).await;
    assert_eq!(code, 0, "{text}");
    let export = std::fs::read(gateway.folder.path().join("out/export.json")).unwrap();
    let export: Value = serde_json::from_slice(&export).unwrap();
    let ticket = &export["tickets"][0];
    assert_eq!(ticket["claimed_address"]["address"], "Ada@Zanzibarish.example");
    assert_eq!(ticket["claimed_address"]["confirmed_at"], "2026-11-28T10:00:00.000Z");
    assert_eq!(ticket["receipt"]["address"], "Ada@Zanzibarish.example");
}

#[tokio::test]
async fn unreadable_tickets_are_erased_by_name_and_left_out_of_exports() {
    on_sqlite();
    let gateway = gateway("").await;
    let mut references = Vec::new();
    for key in ["a", "b"] {
        let sent = gateway.send(post("acme", key, None, &ticket("It broke"))).await.json();
        references.push(sent["reference"].as_str().unwrap().to_string());
    }
    let mut write = gateway.connection().await;
    sqlx::query("UPDATE ticket_bodies SET body = '{'").execute(&mut write).await.unwrap();
    let [one, other] = [&references[0], &references[1]];
    assert!(gateway.app.store.ticket_by_name(one).await.is_err());
    let (code, text) = command(&gateway, &["export", "--ticket", one, "--out", "out"]).await;
    assert!(code == 1 && text.contains("1 tickets cannot be read"), "{text}");
    let (code, text) = command(&gateway, &["erase", "--ticket", one, "--yes"]).await;
    assert!(code == 0 && text.starts_with("1 tickets erased"), "{text}");
    let address = format!("/inbox/tickets/{other}/erase");
    let page = open_page(&gateway, &format!("/inbox/tickets/{other}")).await;
    assert!(page.status == 500 && page.text().contains(&format!("href=\"{address}\"")), "{}", page.text());
    assert!(open_page(&gateway, &address).await.text().contains("cannot be undone"));
    assert_eq!(act(&gateway, &address, &format!("confirm={other}")).await.status, 200);
    let remaining: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut write).await.unwrap();
    assert_eq!(remaining, 0);
}

#[tokio::test]
async fn files_of_others_in_the_same_session_are_not_erased() {
    on_sqlite();
    let gateway = gateway("").await;
    let by = |mut request: Request<Body>, person: Option<&str>| {
        request.headers_mut().insert("deskbell-session", SESSION.parse().unwrap());
        if let Some(person) = person {
            let bearer = format!("Bearer {}", token(json!({ "sub": person })));
            request.headers_mut().insert("authorization", bearer.parse().unwrap());
        }
        request
    };
    // Ada sends a ticket, and then Bob uploads a file on the same device.
    let sent = gateway.send(by(post("signed", "k", None, &ticket("It broke")), Some("u-7"))).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    assert_eq!(gateway.send(by(put(FILE, "Ada's"), Some("u-7"))).await.status, 201);
    assert_eq!(gateway.send(by(put(UNSENT, "Bob's"), Some("u-8"))).await.status, 201);
    let (code, text) = command(&gateway, &["erase", "--person", "signed", "u-7", "--yes"]).await;
    assert_eq!(code, 0, "{text}");
    let mut read = gateway.connection().await;
    let remaining: Vec<String> =
        sqlx::query_scalar("SELECT person FROM attachments").fetch_all(&mut read).await.unwrap();
    assert_eq!(remaining, ["u-8"]);
}

#[tokio::test]
async fn tickets_reopened_or_moved_since_selection_are_not_erased() {
    on_sqlite();
    let gateway = gateway("").await;
    let store = &gateway.app.store;
    let sent = gateway.send(post("acme", "k", Some(SESSION), &ticket("It broke"))).await.json();
    let ids = [TicketId::new(sent["id"].as_str().unwrap())];
    let mut write = gateway.connection().await;
    sqlx::query("UPDATE tickets SET status = 'solved', updated_at = '2020-01-01T00:00:00.000Z'")
        .execute(&mut write)
        .await
        .unwrap();
    let year_2021: Timestamp = "2021-01-01T00:00:00Z".parse().unwrap();
    let is_solved =
        |head: &TicketHead| head.status == Some(Status::Solved) && head.updated_at.is_some_and(|at| at < year_2021);
    let found = store.solved_before(&"acme".into(), year_2021, 10).await.unwrap();
    assert_eq!(found, ids);
    for change in [
        "UPDATE tickets SET status = 'open'",
        "UPDATE tickets SET status = 'solved', updated_at = '2026-11-28T00:00:00.000Z'",
    ] {
        sqlx::query(change).execute(&mut write).await.unwrap();
        assert_eq!(store.erase_tickets(&ids, &is_solved).await.unwrap().tickets, 0, "{change}");
    }
    sqlx::query("UPDATE tickets SET updated_at = '2020-01-01T00:00:00.000Z', person = 'u-8'")
        .execute(&mut write)
        .await
        .unwrap();
    let is_nobodys = |head: &TicketHead| head.person.is_none();
    assert_eq!(store.erase_tickets(&ids, &is_nobodys).await.unwrap().tickets, 0);
    assert_eq!(store.erase_tickets(&ids, &is_solved).await.unwrap().tickets, 1);
}

#[tokio::test]
async fn retention_erases_solved_tickets_and_spares_open_ones() {
    let gateway = gateway("keep = \"18 months\"").await;
    let mut references = Vec::new();
    for request in [
        person(post("signed", "a", None, &secret_ticket("solved"))),
        person(post("signed", "b", None, &secret_ticket("open"))),
        post("acme", "c", Some(SESSION), &ticket("For good")),
    ] {
        references.push(gateway.send(request).await.json()["reference"].as_str().unwrap().to_string());
    }
    for reference in [&references[0], &references[2]] {
        assert_eq!(act(&gateway, &format!("/inbox/tickets/{reference}"), "action=solve").await.status, 303);
    }
    let now = clock::now().to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let time = |months: i64, days: i64| now.checked_add(months.months().days(days)).unwrap().timestamp().into();
    assert_eq!(gateway.app.workers.retention.enforce(time(17, 20)).await.unwrap().tickets, 0);
    assert_eq!(gateway.app.workers.retention.enforce(time(18, 1)).await.unwrap().tickets, 1);
    for (reference, is_there) in references.iter().zip([false, true, true]) {
        assert_eq!(gateway.app.store.ticket_by_name(reference).await.unwrap().is_some(), is_there, "{reference}");
    }
}

#[tokio::test]
async fn erasing_before_a_day_spares_open_tickets_by_default() {
    on_sqlite();
    let gateway = gateway("").await;
    for key in ["a", "b"] {
        assert_eq!(gateway.send(post("acme", key, None, &ticket("Old"))).await.status, 201);
    }
    let mut write = gateway.connection().await;
    sqlx::query("UPDATE tickets SET updated_at = '2024-05-01T00:00:00.000Z'").execute(&mut write).await.unwrap();
    sqlx::query("UPDATE tickets SET status = 'solved' WHERE id = (SELECT min(id) FROM tickets)")
        .execute(&mut write)
        .await
        .unwrap();
    let erase = async |more: &[&str]| {
        let arguments = [&["erase", "--before", "2024-05-02", "--yes"], more].concat();
        command(&gateway, &arguments).await.1
    };
    assert!(erase(&["--site", "other"]).await.starts_with("0 tickets"));
    assert!(erase(&["--site", "acme"]).await.starts_with("1 tickets"));
    assert!(erase(&[]).await.starts_with("0 tickets"));
    assert!(erase(&["--with-open"]).await.starts_with("1 tickets"));
}
