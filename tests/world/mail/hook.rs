//! Mails as a mail service posts them, and their effects: in the conversation, in the inbox, in a mail to the agent.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use deskbell_core::ids::TicketId;
use domain::conversation::Turn;
use gateway::config::Overrides;
use ring::hmac;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::{Answer, Gateway, gateway_with, post, request, ticket};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";
const SESSION: &str = "00112233445566778899aabbccddeeff";

/// A gateway whose destination is a mailbox at the test's mail server.
async fn desk(listener: &TcpListener) -> Gateway {
    let lines = format!(
        "[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\nmailbox = \"desk@desk.example\"\n\
         from = \"help@acme.example\"\nsmtp = \"smtp://{}\"\nreply_address = \"reply@in.acme.example\"\nwebhook_secret = \"whsec_{}\"\n",
        listener.local_addr().unwrap(),
        BASE64_STANDARD.encode(KEY)
    );
    gateway_with(&lines, Overrides { demo: true, ..Overrides::default() }).await
}

/// The address for mails about a ticket.
pub fn reply_address(id: &str) -> String {
    let id: uuid::Uuid = id.parse().unwrap();
    let digits = |number: u128, length: u32| -> String {
        let digit = |index: u32| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[(number >> (5 * index) & 31) as usize]);
        (0..length).rev().map(digit).collect()
    };
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), format!("reply address of {id}").as_bytes());
    let tag = tag.as_ref()[..10].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("reply+{}{}@in.acme.example", digits(id.as_u128(), 26), digits(tag, 16))
}

/// Posts a signed mail, like the mail service.
pub async fn post_signed(gateway: &Gateway, mail: &Value) -> Answer {
    let (timestamp, body) = (clock::now().as_seconds(), mail.to_string());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, KEY), format!("m.{timestamp}.{body}").as_bytes());
    let request = request(Method::POST, "/v1/sites/desk/hooks/there")
        .header("webhook-id", "m")
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag)));
    gateway.send(request.body(Body::from(body)).unwrap()).await
}

async fn file(gateway: &Gateway, key: &str) -> String {
    let mut new = ticket("The export stops.\nEvery time.");
    new["context"]["user"] = json!({"id": "u-7", "name": "Ada", "plan": "scale"});
    new["context"]["links"] = json!([{"label": "Admin", "url": "https://admin.acme.example/orgs/7"}]);
    let answer = gateway.send(post("desk", key, Some(SESSION), &new)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_string()
}

/// The messages after the ticket.
async fn messages(gateway: &Gateway, id: &str) -> Vec<String> {
    gateway.app.store.messages(&TicketId::new(id), 0).await.unwrap().into_iter().map(|message| message.body).collect()
}

async fn notes(gateway: &Gateway, id: &str) -> Vec<String> {
    gateway.app.store.activities(&TicketId::new(id)).await.unwrap().into_iter().map(|activity| activity.text).collect()
}

/// The lines of the next mail at the test's server.
async fn take(listener: &TcpListener) -> Vec<String> {
    let take = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 mail.example\r\n").await.unwrap();
        let (mut lines, mut inside) = (Vec::new(), false);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let line = line.trim_end().to_string();
            let answer = match line.as_str() {
                "." => "250 taken",
                "DATA" => "354 go on",
                "QUIT" | "" if !inside => return lines,
                _ => {
                    lines.push(line);
                    if inside { continue } else { "250 yes" }
                }
            };
            inside = answer.starts_with("354");
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), take).await.expect("a mail is sent")
}

#[tokio::test]
async fn outlook_replies_are_shown_without_the_quotation_and_the_inbox_has_the_whole_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let reference = gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().reference;
    let raw = format!(
        "From: =?utf-8?Q?Jos=C3=A9_Ruiz?= <jose@desk.example>\r\nTo: reply@in.acme.example\r\nSubject: RE: x\r\nMessage-ID: <o1@desk.example>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nFixed, please reload.\r\n\r\nJosé\r\n\r\nVon: Acme <help@acme.example>\r\nGesendet: Freitag, 27. November 2026 10:00\r\n\
         An: Desk\r\nBetreff: [{reference}] The export stops.\r\n\r\nThe export stops.\r\n\r\n----------------------------------------\r\n\
         Reference: {reference}\r\nPlan: scale\r\nLink: Admin, https://admin.acme.example/orgs/7\r\n"
    );
    let mail = json!({"to": reply_address(&id), "authenticated": true, "raw": BASE64_STANDARD.encode(raw)});
    for _ in 0..2 {
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    }
    assert_eq!(messages(&gateway, &id).await, ["Fixed, please reload.\n\nJosé"]);
    assert_eq!(gateway.app.store.messages(&TicketId::new(&id), 0).await.unwrap()[0].name, "José Ruiz");
    let notes = notes(&gateway, &id).await;
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("The complete mail") && notes[0].contains("Plan: scale"), "{notes:?}");
    let page = gateway.get(&format!("/inbox/tickets/{reference}")).await.text();
    assert!(page.contains("<details class=\"noted\"><summary"), "the whole mail is folded");
}

#[tokio::test]
async fn rejected_files_are_listed_beside_a_reply_of_maximum_length() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let program = json!([{"name": "fix.exe", "content": BASE64_STANDARD.encode(b"MZ\x90\0\x03")}]);
    for (number, length) in [9_000, 9_990].into_iter().enumerate() {
        let text = "words ".repeat(length / 6);
        let mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": text.trim_end(), "message_id": format!("<{number}>"), "attachments": program});
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    }
    let messages = messages(&gateway, &id).await;
    assert!(messages[0].ends_with("(Files that were not stored: fix.exe)"), "{}", &messages[0][8_900..]);
    assert!(messages[1].ends_with("words") && messages[1].chars().count() <= 10_000);
    assert_eq!(notes(&gateway, &id).await, ["Files that were not stored: fix.exe"]);
}

#[tokio::test]
async fn texts_for_agents_do_not_reach_customers_as_files() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let attached = |name: &str, text: &str| json!({"name": name, "content": BASE64_STANDARD.encode(text)});
    let files = [
        attached(
            "deskbell-context.json",
            "{\n  \"frozen_at\": \"2026-11-28T10:00:00Z\", \"user\": {\"plan\": \"scale\"}}",
        ),
        attached("ATT00001.txt", "----------------------------------------\nReference: DB-4K7Q9\nPlan: scale"),
        attached("original.eml", "Subject: x\n\nThe export stops."),
        attached("steps.txt", "1. Open Settings"),
    ];
    let mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "See the file.", "message_id": "<f>", "attachments": files});
    assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    assert_eq!(messages(&gateway, &id).await, ["See the file."]);
    let files = gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["steps.txt"]);
}

#[tokio::test]
async fn attached_mails_are_withheld_from_customers_and_listed_for_agents() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let letter = "----------------------------------------\nReference: DB-4K7Q9\nPlan: scale";
    let web_archive = "From: <Saved by Blink>\nSnapshot-Content-Location: https://mail.example/\nSubject: x\nMIME-Version: 1.0\n\nPl=\nan: sca=\nle";
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let archive = |name: &str, text: &str| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        let content = encoder.finish().unwrap();
        let mut out = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
        out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        out.extend([u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        [out, name.as_bytes().to_vec(), content].concat()
    };
    let attached = |name: &str, kind: &str, bytes: &[u8]| json!({"name": name, "content_type": kind, "content": BASE64_STANDARD.encode(bytes)});
    let files = [
        attached("The export stops", "message/rfc822", b"words"),
        attached("saved.txt", "text/plain", web_archive.as_bytes()),
        attached(
            "box.txt",
            "text/plain",
            b"From ana@desk.example Sat Nov 28\nFrom: Ana <ana@desk.example>\nSubject: x\n\nx",
        ),
        attached("page.txt", "text/plain", b"<table><tr><td><b>Reference</b>:</td><td>DB-4K7Q9</td></tr></table>"),
        attached("end.txt", "text/plain", b"<p>See:</p><b>Reference</b>: DB-4K7Q9"),
        attached("letter.txt.gz", "application/gzip", &packed(letter)),
        attached("letters.zip", "application/zip", &archive("letter.txt", letter)),
        attached("mails.zip", "application/zip", &archive("a.eml", "x")),
        attached("reply.txt", "text/plain", b"Subject: how to write one\n\nDear customer"),
        attached("range.txt", "text/plain", b"from: 2026-01-01\nto: 2026-02-01\n"),
    ];
    let mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "See the files.", "message_id": "<f>", "attachments": files});
    assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    let files = gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap();
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["reply.txt", "range.txt"]);
    let notes = notes(&gateway, &id).await;
    assert!(notes.len() == 1 && notes[0].starts_with("Files withheld from the customer"), "{notes:?}");
    assert!(
        notes[0].contains(
            "The export stops.eml, saved.txt, box.txt, page.txt, end.txt, letter.txt.gz, letters.zip, mails.zip"
        ),
        "{notes:?}"
    );

    let inner = BASE64_STANDARD.encode("Plan: scale");
    let raw = format!(
        "From: ana@desk.example\r\nMessage-ID: <r@desk.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSee there.\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"The export stops\"\r\n\r\n\
         X-A: b\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}\r\n--b--\r\n"
    );
    let mail = json!({"to": reply_address(&id), "authenticated": true, "raw": raw});
    assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    assert_eq!(messages(&gateway, &id).await, ["See the files.", "See there."]);
    assert_eq!(gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn agents_are_notified_that_an_attached_mail_is_not_read() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let attached = json!([{"name": "proof.eml", "content": BASE64_STANDARD.encode("Subject: x\n\nThe export stops.")}]);
    let mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "", "message_id": "<e>", "attachments": attached});
    let (answer, response) = tokio::join!(take(&listener), post_signed(&gateway, &mail));
    assert_eq!(response.status, 204);
    assert!(answer.iter().any(|line| line == "RCPT TO:<ana@desk.example>"), "{answer:?}");
    let notes = notes(&gateway, &id).await;
    assert!(
        notes.len() == 1 && notes[0].contains("Files withheld from the customer") && notes[0].contains("proof.eml"),
        "{notes:?}"
    );
    assert!(messages(&gateway, &id).await.is_empty());
}

#[tokio::test]
async fn agents_get_the_whole_mail_if_more_than_a_signature_was_removed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let signatures =
        ["Sent from my iPhone", "-- \nAna Ruiz\nAcme Desk\n+49 30 1234567", "--\nPlease restart the server as well."];
    for (number, signature) in signatures.into_iter().enumerate() {
        let mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": format!("Fixed {number}.\n\n{signature}"), "message_id": format!("<s{number}>")});
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
        assert_eq!(notes(&gateway, &id).await.len(), usize::from(number == 2), "{signature:?}");
    }
    assert_eq!(messages(&gateway, &id).await, ["Fixed 0.", "Fixed 1.", "Fixed 2."]);
}

#[tokio::test]
async fn a_file_without_text_is_a_reply() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let quotation = "On Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\n> The export stops.";
    let texts =
        [("ada@example.com", "Sent from my iPhone"), ("ada@example.com", quotation), ("ana@desk.example", quotation)];
    for (number, (from, text)) in texts.into_iter().enumerate() {
        let attached = json!([{"name": format!("steps {number}.txt"), "content": BASE64_STANDARD.encode(format!("{number}. Open Settings"))}]);
        let mail = json!({"to": reply_address(&id), "from": from, "authenticated": true, "text": text, "message_id": format!("<p{number}>"), "attachments": attached});
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    }
    let files = gateway.app.store.attachments(&TicketId::new(&id)).await.unwrap();
    assert_eq!(
        files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["steps 0.txt", "steps 1.txt", "steps 2.txt"]
    );
    assert_eq!(messages(&gateway, &id).await, ["", "", ""]);
}

#[tokio::test]
async fn repeated_from_headers_authenticate_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let to = reply_address(&id);
    let (ana, eve) = ("Ana <ana@desk.example>", "Eve <eve@evil.example>");
    let raw = |headers: &str| json!({"to": to, "authenticated": true, "raw": format!("Message-ID: <{}>\r\n{headers}\r\n\r\nForged.", headers.len())});
    let many = vec![ana; 20].join(",\r\n ");
    for mail in [
        raw(&format!("From: {ana}\r\nFrom: {eve}")),
        raw(&format!("From: {ana}\r\nSubject: x\r\nfrom : {eve}")),
        raw(&format!("From: {ana}\r\nSubject: x\rFrom: {eve}")),
        raw(&format!("From: {many},\r\n {eve}")),
        raw(&format!("From: {ana} ({}\r\n ), {eve}", "x".repeat(8_200))),
        raw(&format!("From: {ana}\r\n{}From: {eve}", "X-A: b\r\n".repeat(1_000))),
        raw(&format!("From: {ana}\r\nX-A: {}\r\nFrom: {eve}", "b".repeat(256 << 10))),
        json!({"to": to, "authenticated": true, "from": ana, "headers": [["From", ana], ["From", eve]], "text": "Forged.", "message_id": "<j1>"}),
        json!({"to": to, "authenticated": true, "from": ana, "headers": {"From": eve}, "text": "Forged.", "message_id": "<j2>"}),
    ] {
        let before = notes(&gateway, &id).await.len();
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
        assert_eq!(notes(&gateway, &id).await.len(), before + 1);
        assert!(messages(&gateway, &id).await.is_empty(), "{:.200}", mail.to_string());
    }
    let mail = raw(&format!("From: {ana},\r\n Ben <ben@desk.example>\r\nX-Long: {}", "b".repeat(20 << 10)));
    assert_eq!(post_signed(&gateway, &mail).await.status, 204);
    assert_eq!(messages(&gateway, &id).await, ["Forged."]);
}

#[tokio::test]
async fn agents_are_notified_of_unread_mails_despite_earlier_customer_mails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let mail = |from: &str, id_of: &str| json!({"to": reply_address(&id), "from": from, "authenticated": true, "text": "Sent from my iPhone", "message_id": id_of});
    assert_eq!(post_signed(&gateway, &mail("ada@example.com", "<c>")).await.status, 204);
    assert!(notes(&gateway, &id).await[0].starts_with("This mail could not be read"));
    let (of_customer, of_agent) = (mail("ada@example.com", "<c>"), mail("ana@desk.example", "<a>"));
    assert_eq!(post_signed(&gateway, &of_customer).await.status, 204);
    let (answer, response) = tokio::join!(take(&listener), post_signed(&gateway, &of_agent));
    assert!(response.status == 204 && answer.iter().any(|line| line == "RCPT TO:<ana@desk.example>"), "{answer:?}");
}

#[tokio::test]
async fn automatic_mails_become_internal_notes_without_an_open_turn() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let answer = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "Fixed.", "message_id": "<a>"});
    assert_eq!(post_signed(&gateway, &answer).await.status, 204);
    for (number, more) in [
        json!({"headers": {"Precedence": "auto_reply"}}),
        json!({"headers": [["X-Autoreply", "yes"]]}),
        json!({"headers": "X-Auto-Response-Suppress: All\nReturn-Path: <ana@desk.example>"}),
        json!({"subject": "Automatic reply: [DB-4K7Q9] The export stops."}),
        json!({"from": "MAILER-DAEMON@mx.example"}),
        json!({"envelope_from": "<>"}),
        json!({"headers": {"Content-Type": "multipart/report; report-type=delivery-status; boundary=b"}}),
        json!({"auto_submitted": "auto-replied"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut mail = json!({"to": reply_address(&id), "from": "ana@desk.example", "authenticated": true, "text": "I am away.", "message_id": format!("<{number}>")});
        mail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(post_signed(&gateway, &mail).await.status, 204);
        assert_eq!(notes(&gateway, &id).await.len(), number + 1, "{mail}");
    }
    assert_eq!(messages(&gateway, &id).await, ["Fixed."]);
    assert_eq!(gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().handling.turn, Turn::Customer);
    assert!(notes(&gateway, &id).await[0].contains("Precedence shows that a program sent it"));
}

#[tokio::test]
async fn agents_are_notified_once_of_empty_mails_and_programs_never() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = desk(&listener).await;
    let id = file(&gateway, "k").await;
    let mail = |number: u32, from: &str, more: &str| json!({"to": reply_address(&id), "from": from, "authenticated": true, "text": "\n> The export stops.\n", "message_id": format!("<w{number}@desk.example>"), "auto_submitted": more});
    assert_eq!(post_signed(&gateway, &mail(1, "ana@desk.example", "auto-replied")).await.status, 204);
    let (response, answer) = (mail(2, "ana@desk.example", ""), take(&listener));
    let (response, answer) = tokio::join!(post_signed(&gateway, &response), answer);
    assert_eq!(response.status, 204);
    let has = |line: &str| answer.iter().any(|one| one == line);
    assert!(has("MAIL FROM:<>") && has("RCPT TO:<ana@desk.example>"), "{answer:?}");
    assert!(has("Auto-Submitted: auto-replied") && has("In-Reply-To: <w2@desk.example>"), "{answer:?}");
    assert!(answer.iter().any(|line| line.contains("could not be read as an answer")), "{answer:?}");
    // Only the next one is a note, so the mail after it belongs to another ticket.
    assert_eq!(post_signed(&gateway, &mail(3, "ana@desk.example", "")).await.status, 204);
    let other = file(&gateway, "k2").await;
    let about_other = json!({"to": reply_address(&other), "from": "ben@desk.example", "authenticated": true, "text": "", "message_id": "<w4@desk.example>"});
    let (answer, response) = tokio::join!(take(&listener), post_signed(&gateway, &about_other));
    assert!(response.status == 204 && answer.iter().any(|line| line == "RCPT TO:<ben@desk.example>"), "{answer:?}");
    assert!(messages(&gateway, &id).await.is_empty());
    let notes = notes(&gateway, &id).await;
    assert_eq!(notes.len(), 3);
    assert!(
        notes[1].starts_with("This mail could not be read as an answer.") && notes[1].contains("> The export stops."),
        "{notes:?}"
    );
    assert_eq!(gateway.app.store.ticket(&TicketId::new(&id)).await.unwrap().unwrap().handling.turn, Turn::Support);
}
