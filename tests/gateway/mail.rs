//! The receipt by e-mail is finished once the server has accepted it. `tests/browser/plain/mail.spec.js` checks what a real mail server
//! receives.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::ActivityKind;
use gateway::config::Overrides;
use gateway::workers;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{gateway_with, post, request, ticket};

/// Accepts one mail like a mail server, and returns its lines.
pub async fn take(listener: &TcpListener) -> Vec<String> {
    take_but_say(listener, "250 taken").await
}

/// The same with another final response.
pub async fn take_but_say(listener: &TcpListener, end: &str) -> Vec<String> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await.unwrap();
    let (mut lines, mut inside) = (Vec::new(), false);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let answer = match line.trim_end() {
            "." => end,
            "DATA" => "354 go on",
            "QUIT" | "" if !inside => return lines,
            _ if inside => {
                lines.push(line.trim_end().to_string());
                continue;
            }
            _ => "250 yes",
        };
        inside = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

/// Rejects the recipient of one mail, like a mail server without that mailbox.
async fn refuse(listener: &TcpListener, answer: &str) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        let answer = if line.starts_with("RCPT") { answer } else { "250 yes" };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        if line.starts_with("QUIT") {
            return;
        }
    }
}

#[tokio::test]
async fn addresses_without_a_mailbox_get_no_further_code_and_agents_see_why() {
    for (answer, code, text) in [
        (
            "550 5.1.1 <ada@example.com>: User unknown",
            "address_bounced",
            "Mail to ada@example.com bounced: the server replied 550 5.1.1: the recipient's mailbox does not exist",
        ),
        ("552 5.2.2 <ada@example.com>: Mailbox full", "", ""),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = format!(
            "[sites.mailing]\norigins = [\"*\"]\nmail = {{ smtp = \"smtp://{}\", from = \"a@b.example\" }}",
            listener.local_addr().unwrap()
        );
        let gateway = gateway_with(&site, Overrides::default()).await;
        let session = "0".repeat(32);
        let receipt = gateway.send(post("mailing", "key", Some(&session), &ticket("It broke"))).await;
        let id = receipt.json()["id"].as_str().unwrap().to_string();
        let store = gateway.app.store.clone();
        let sending = workers::send_mail(gateway.app.workers.mail.clone(), CancellationToken::new());
        let done = async {
            refuse(&listener, answer).await;
            while store.next_mail(&"mailing".into()).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = sending => panic!("it sends as long as the gateway runs"),
            done = tokio::time::timeout(Duration::from_secs(60), done) => done.expect("it is given up"),
        }
        let path = format!("/v1/sites/mailing/tickets/{id}/confirmation/code");
        let again = request(Method::POST, &path).header("deskbell-session", &session).body(Body::empty()).unwrap();
        let again = gateway.send(again).await;
        if code.is_empty() {
            assert_eq!(again.status, 202, "{}", again.text());
        } else {
            assert_eq!(again.problem(), (409, code.to_string()));
        }
        let activities: Vec<(ActivityKind, String)> = store
            .activities(&TicketId::new(&id))
            .await
            .unwrap()
            .into_iter()
            .map(|activity| (activity.kind, activity.text))
            .collect();
        let expected = if text.is_empty() { Vec::new() } else { vec![(ActivityKind::Bounced, text.to_string())] };
        assert_eq!(activities, expected);
        // If the address is given again, mail is sent to it again.
        assert_eq!(gateway.send(post("mailing", "another", Some(&session), &ticket("Once more"))).await.status, 201);
        assert!(store.next_mail(&"mailing".into()).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn receipts_are_sent_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!(
        "[sites.mailing]\norigins = [\"*\"]\nmail = {{ smtp = \"smtp://{}\", from = \"a@b.example\" }}",
        listener.local_addr().unwrap()
    );
    let gateway = gateway_with(&site, Overrides::default()).await;
    let answer = gateway.send(post("mailing", "key", None, &ticket("It broke"))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    // A repetition is the same ticket, and sends no second receipt.
    assert_eq!(gateway.send(post("mailing", "key", None, &ticket("It broke"))).await.json(), answer.json());
    let store = gateway.app.store.clone();
    assert!(store.next_mail(&"mailing".into()).await.unwrap().is_some());
    let sending = workers::send_mail(gateway.app.workers.mail.clone(), CancellationToken::new());
    let done = async {
        let mail = take(&listener).await;
        assert!(
            mail.contains(&format!("Subject: We have your ticket {}", answer.json()["reference"].as_str().unwrap()))
        );
        while store.next_mail(&"mailing".into()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = sending => panic!("it sends as long as the gateway runs"),
        done = tokio::time::timeout(Duration::from_secs(20), done) => done.expect("it is done"),
    }
    assert_eq!(store.claim_mail(&"mailing".into(), Duration::from_secs(60)).await.unwrap(), None);
}
