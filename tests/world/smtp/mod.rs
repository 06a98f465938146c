//! Mail servers of companies: self-signed certificates, only XOAUTH2, and refusals in each server's own words.

mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::mail::{MailServer, SendError};
use axum::Router;
use axum::routing::post;
use gateway::commands::check;
use gateway::config::Overrides;
use gateway::wire_up::{self, SiteMail};
use lettre::Message;
use mail_in::smtp_refusal::{Fault, explain};
use serde::Deserialize;
use serde_json::json;
use tempfile::TempDir;

use crate::rows::{check_all, read};
use server::{Accepts, Server};

#[derive(Debug, Deserialize)]
struct Reply {
    code: u16,
    text: String,
    fault: String,
    fix: String,
}

#[test]
fn refusals_of_servers_are_classified() {
    let rows = read::<Reply>(include_str!("table.toml"));
    assert!(rows.len() >= 60);
    check_all(&rows, |row| {
        let known = explain(row.code, &row.text);
        let fault = known.map_or("", |known| match known.fault {
            Fault::Login => "login",
            Fault::Sender => "sender",
            Fault::Relay => "relay",
            Fault::Encryption => "encryption",
            Fault::Recipient => "recipient",
            Fault::Size => "size",
            Fault::Message => "message",
        });
        let fix = known.map_or("", |known| known.fix);
        let is_right = fault == row.fault && fix.contains(&row.fix);
        if is_right { Ok(()) } else { Err(format!("{fault:?}: {fix}")) }
    });
}

/// The configuration of a site that sends mail, with a mailbox as destination.
fn configuration(folder: &TempDir, lines: &str) -> Overrides {
    let file = folder.path().join("deskbell.toml");
    let text = format!(
        "[sites.acme]\norigins = [\"*\"]\n[sites.acme.mail]\nfrom = \"Acme <help@acme.example>\"\n{lines}\n\
         [sites.acme.destinations.desk]\nto = \"email\"\nmailbox = \"desk@desk.example\"\nfrom = \"Acme <help@acme.example>\"\n{}",
        lines.replace("[sites.acme.mail.oauth]", "[sites.acme.destinations.desk.oauth]")
    );
    std::fs::write(&file, text).unwrap();
    let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
    Overrides { config: Some(file), database, ..Overrides::default() }
}

fn mailer(lines: &str) -> Result<SiteMail, String> {
    let folder = tempfile::tempdir().unwrap();
    let setup = wire_up::load(&configuration(&folder, lines)).map_err(|error| error.to_string())?;
    Ok(setup.parts.mails["acme"].clone())
}

/// The output of `deskbell check` for such a site, about receipts and mailbox.
async fn check(lines: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let setup = wire_up::load(&configuration(&folder, lines)).unwrap();
    let parts = &setup.parts;
    check::check(&parts.sites, &parts.mails, &parts.destinations, false).await.to_string()
}

async fn send(server: &MailServer) -> Result<(), SendError> {
    let message = Message::builder()
        .from("help@acme.example".parse().unwrap())
        .to("ada@example.com".parse().unwrap())
        .subject("A test");
    server.send(&message.body("Hello".to_string()).unwrap()).await
}

fn pem(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/world/smtp").join(name).display().to_string()
}

#[tokio::test]
async fn unknown_certificates_are_accepted_without_a_login() {
    let relay = Server::start("snakeoil", Accepts::Anybody).await;
    let lines = format!("smtp = \"smtp://127.0.0.1:{}\"\ntls = \"opportunistic\"", relay.port);
    send(&mailer(&lines).unwrap().smtp.server).await.unwrap();
    assert_eq!(relay.mails(), [(true, "ada@example.com".to_string())]);
    let report = check(&lines).await;
    assert_eq!(report.matches("good the mail server 127.0.0.1").count(), 2, "{report}");
    assert!(relay.mails().len() == 1, "a check sends nothing");
}

#[tokio::test]
async fn failed_tls_falls_back_to_plain_text_without_a_login() {
    let relay = Server::start("broken", Accepts::Anybody).await;
    let lines = format!("smtp = \"smtp://127.0.0.1:{}\"\ntls = \"opportunistic\"", relay.port);
    send(&mailer(&lines).unwrap().smtp.server).await.unwrap();
    assert_eq!(relay.mails(), [(false, "ada@example.com".to_string())]);
}

#[tokio::test]
async fn required_certificates_are_verified_and_a_ca_can_be_configured() {
    for (certificate, ca, host, expected) in [
        ("signed", "", "localhost", "UnknownIssuer; the server's certificate is from an unknown issuer"),
        ("signed", "ca.pem", "localhost", ""),
        ("signed", "ca.pem", "127.0.0.1", ""),
        ("snakeoil", "snakeoil.pem", "localhost", "the server's certificate is for another name"),
        ("snakeoil", "ca.pem", "localhost", "an unknown issuer"),
    ] {
        let relay = Server::start(certificate, Accepts::Anybody).await;
        let ca = if ca.is_empty() { String::new() } else { format!("ca = {:?}", pem(ca)) };
        let lines = format!("smtp = \"smtp://{host}:{}\"\ntls = \"required\"\n{ca}", relay.port);
        let sent = send(&mailer(&lines).unwrap().smtp.server).await;
        let is_right = match &sent {
            Ok(()) => expected.is_empty() && relay.mails()[0].0,
            Err(SendError::Unreachable(reason)) => !expected.is_empty() && reason.contains(expected),
            Err(_) => false,
        };
        assert!(is_right, "{certificate} {ca} {host}: {sent:?}");
        let checked = check(&lines).await;
        assert!(
            expected.is_empty() == checked.contains("good the mail server") && checked.contains(expected),
            "{checked}"
        );
    }
}

#[tokio::test]
async fn insecure_settings_are_refused() {
    for (lines, expected) in [
        (
            "smtp = \"smtp://me:secret@relay.lan\"\ntls = \"opportunistic\"",
            "mail.tls: must be required if there is a login",
        ),
        ("smtp = \"smtp://relay.lan\"\nca = \"ca.pem\"", "mail.ca: requires tls = \"required\" or smtps://"),
        ("smtp = \"smtps://relay.lan\"\nca = \"/no/such.pem\"", "mail.ca: /no/such.pem"),
        (&format!("smtp = \"smtps://relay.lan\"\nca = {:?}", pem("signed.key")), "contains no certificate"),
        (
            "smtp = \"smtp://relay.lan\"\n[sites.acme.mail.oauth]\ntoken_url = \"https://t.example\"\nclient_id = \"c\"\nclient_secret = \"s\"",
            "mail.smtp: the user is missing; with oauth it is the mailbox",
        ),
        (
            "smtp = \"smtp://me:secret@relay.lan\"\n[sites.acme.mail.oauth]\ntoken_url = \"https://t.example\"\nclient_id = \"c\"\nclient_secret = \"s\"",
            "mail.oauth: cannot be combined with a password",
        ),
        (
            "smtp = \"smtp://me@relay.lan\"\n[sites.acme.mail.oauth]\ntoken_url = \"http://t.example\"\nclient_id = \"c\"\nclient_secret = \"s\"",
            "mail.oauth.token_url: not the address of a token endpoint",
        ),
        (
            "smtp = \"smtp://me@relay.lan\"\n[sites.acme.mail.oauth]\ntoken_url = \"https://t.example\"\nclient_id = \"c\"",
            "mail.oauth.client_secret: missing",
        ),
        (
            "smtp = \"smtp://me@relay.lan\"\n[sites.acme.mail.oauth]\ntoken_url = \"https://t.example\"\nclient_id = \"c\"\nclient_secret_file = \"/no/such\"",
            "mail.oauth.client_secret_file: /no/such",
        ),
        (
            "smtp = \"smtp://me@relay.lan\"\ntls = \"opportunistic\"\n[sites.acme.mail.oauth]\ntoken_url = \"https://t.example\"\nclient_id = \"c\"\nclient_secret = \"s\"",
            "mail.tls: must be required",
        ),
    ] {
        let refused = mailer(lines).err().unwrap_or_default();
        assert!(refused.contains(expected) && !refused.contains("secret@"), "{lines}: {refused}");
    }
}

/// A token endpoint that returns `token 1`, `token 2` … and records its requests.
#[derive(Clone, Default)]
struct Endpoint {
    asked: Arc<std::sync::Mutex<Vec<String>>>,
    count: Arc<AtomicUsize>,
}

impl Endpoint {
    async fn start(&self, life: serde_json::Value) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let endpoint = self.clone();
        let give = move |body: String| async move {
            let denied = body.contains("client_id=denied");
            endpoint.asked.lock().unwrap().push(body);
            let number = endpoint.count.fetch_add(1, Ordering::SeqCst) + 1;
            let token = json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": life, "refresh_token": "newer"});
            let refused = json!({"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret of ada@example.com"});
            let status = if denied { axum::http::StatusCode::UNAUTHORIZED } else { axum::http::StatusCode::OK };
            (status, axum::Json(if denied { refused } else { token }))
        };
        let router = Router::new().route("/token", post(give));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

fn oauth(port: u16, token_url: &str, client: &str, more: &str) -> String {
    format!(
        "smtp = \"smtp://help%40acme.example@localhost:{port}\"\nca = {:?}\ntls = \"required\"\n[sites.acme.mail.oauth]\n\
         token_url = \"{token_url}\"\nclient_id = \"{client}\"\nscope = \"https://outlook.office365.com/.default\"\n{more}",
        pem("ca.pem")
    )
}

#[tokio::test]
async fn xoauth2_tokens_are_cached_and_renewed_after_a_refusal() {
    let (endpoint, relay) = (Endpoint::default(), Server::start("signed", Accepts::Token("token-1")).await);
    let url = endpoint.start(json!("3599")).await;
    let server = mailer(&oauth(relay.port, &url, "app", "client_secret = \"a+b c\"")).unwrap().smtp.server;
    for _ in 0..3 {
        send(&server).await.unwrap();
    }
    assert_eq!(relay.mails().len(), 3);
    assert_eq!(
        *endpoint.asked.lock().unwrap(),
        [
            "grant_type=client_credentials&client_id=app&client_secret=a%2Bb+c&scope=https%3A%2F%2Foutlook.office365.com%2F.default"
        ]
    );
    // The server accepts another token from here on, as after a change of permissions; it sends 334 with the reason first, then 535.
    for accepts in [Accepts::Token("token-2"), Accepts::TokenAtOnce("token-3")] {
        relay.accept(accepts);
        send(&server).await.unwrap();
    }
    assert_eq!(endpoint.asked.lock().unwrap().len(), 3);
    relay.accept(Accepts::Token("never"));
    let refused = send(&server).await;
    assert!(
        matches!(&refused, Err(SendError::Unreachable(reason)) if reason.contains("does not accept the token")),
        "{refused:?}"
    );
    assert_eq!(endpoint.asked.lock().unwrap().len(), 4, "once more for each message, and not for ever");
}

#[tokio::test]
async fn tokens_are_renewed_before_expiry_with_the_newest_refresh_token() {
    let (endpoint, relay) = (Endpoint::default(), Server::start("signed", Accepts::Token("token-1")).await);
    let url = endpoint.start(json!(0)).await;
    let server = mailer(&oauth(relay.port, &url, "app", "refresh_token = \"first\"")).unwrap().smtp.server;
    send(&server).await.unwrap();
    relay.accept(Accepts::Token("token-2"));
    send(&server).await.unwrap();
    let requests = endpoint.asked.lock().unwrap().clone();
    assert!(
        requests[0].starts_with("grant_type=refresh_token&refresh_token=first&client_id=app&scope="),
        "{requests:?}"
    );
    assert!(
        requests.len() == 2 && requests[1].starts_with("grant_type=refresh_token&refresh_token=newer&"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn login_failures_are_reported_with_advice() {
    let endpoint = Endpoint::default();
    let url = endpoint.start(json!(3600)).await;
    for (accepts, lines, expected) in [
        (Accepts::Token("token-9"), "password", "set oauth if it accepts XOAUTH2 only"),
        (
            Accepts::Refuse("AUTH", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled."),
            "password",
            "535 5.7.139: Exchange Online does not accept passwords: set oauth",
        ),
        (
            Accepts::Refuse("MAIL", "530 5.7.57 Client not authenticated to send mail."),
            "nobody",
            "530 5.7.57: the server requires a login",
        ),
        (
            Accepts::Refuse("RCPT", "554 5.7.1 <deskbell-check@example.com>: Relay access denied"),
            "nobody",
            "554 5.7.1: the server does not relay for the gateway",
        ),
        (
            Accepts::Refuse("MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
            "password",
            "550 5.7.60: the user may not send as from",
        ),
        (
            Accepts::Anybody,
            "denied",
            "127.0.0.1 refused to issue a token: 401 invalid_client; check oauth.client_id and oauth.client_secret",
        ),
    ] {
        let relay = Server::start("signed", accepts).await;
        let required = format!("tls = \"required\"\nca = {:?}", pem("ca.pem"));
        let lines = match lines {
            "password" => format!("smtp = \"smtp://me:hidden@localhost:{}\"\n{required}", relay.port),
            "nobody" => format!("smtp = \"smtp://localhost:{}\"\n{required}", relay.port),
            _ => oauth(relay.port, &url, "denied", "client_secret = \"hidden\""),
        };
        let sent = send(&mailer(&lines).unwrap().smtp.server).await;
        assert!(
            matches!(&sent, Err(SendError::Unreachable(reason)) if reason.contains(expected)),
            "{expected}: {sent:?}"
        );
        let checked = check(&lines).await;
        assert_eq!(checked.matches(expected).count(), 2, "{checked}");
        assert!(!checked.contains("hidden") && !checked.contains("ada@"), "{checked}");
        assert!(!checked.contains("good the mail server"), "{checked}");
    }
}

#[tokio::test]
async fn unknown_mailboxes_differ_from_fixable_failures() {
    let relay = Server::start("signed", Accepts::Refuse("RCPT", "550 5.1.1 <ada@example.com>: User unknown")).await;
    let lines = format!("smtp = \"smtp://localhost:{}\"\ntls = \"required\"\nca = {:?}", relay.port, pem("ca.pem"));
    let sent = send(&mailer(&lines).unwrap().smtp.server).await;
    let expected = "the server replied 550 5.1.1: the recipient's mailbox does not exist";
    assert_eq!(sent, Err(SendError::UnknownRecipient(expected.into())));
    assert!(check(&lines).await.contains("good the mail server"), "that says nothing about others");
}
