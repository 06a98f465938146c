//! What the people and programs see who run a gateway: readiness, metrics, and the log.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use gateway::config::Overrides;
use gateway::http;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::command::{deskbell, start};
use crate::support::{
    Answer, Gateway, gateway, gateway_with, gateway_without_indexes, import, post, request, send, ticket,
};

/// The lines of the metrics.
async fn metrics(gateway: &Gateway) -> Vec<String> {
    let router = http::metrics_router(&gateway.app.metrics, &gateway.app.routers.readiness);
    let answer = send(router, request(Method::GET, "/metrics").body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    answer.text().lines().map(String::from).collect()
}

fn readiness(answer: &Answer) -> (u16, Value) {
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_gateway_is_ready_while_its_database_answers_and_says_whether_its_indexes_are_built() {
    let starting = gateway_without_indexes().await;
    let expected = json!({ "ready": true, "database": true, "indexes": false });
    assert_eq!(readiness(&starting.get("/readyz").await), (200, expected), "it takes tickets before it can search");

    let ready = gateway().await;
    let answer = ready.get("/readyz").await;
    assert_eq!(readiness(&answer), (200, json!({ "ready": true, "database": true, "indexes": true })));
    assert_eq!(answer.header("cache-control"), "no-store");

    let broken = gateway().await;
    broken.app.store.close().await;
    let expected = json!({ "ready": false, "database": false, "indexes": true });
    assert_eq!(readiness(&broken.get("/readyz").await), (503, expected));
    assert_eq!(broken.get("/healthz").await.status, 200, "the process lives all the same");
}

#[tokio::test]
async fn requests_are_counted_by_route_and_refusals_by_code_without_what_clients_have_sent() {
    let gateway = gateway().await;
    assert_eq!(gateway.post("one", &ticket("secret text")).await.status, 201);
    assert_eq!(gateway.post("two", &json!({ "kind": "secret" })).await.status, 422);
    gateway.get("/v1/sites/secret/config").await;
    gateway.get("/secret").await;
    let odd = Method::from_bytes(b"SECRET").unwrap();
    gateway.send(request(odd, "/v1/health").body(Body::empty()).unwrap()).await;
    let lines = metrics(&gateway).await;
    let tickets = "method=\"POST\",route=\"/v1/sites/{site}/tickets\"";
    for line in [
        format!("deskbell_http_requests_total{{{tickets},status=\"201\"}} 1"),
        format!("deskbell_http_requests_total{{{tickets},status=\"422\"}} 1"),
        format!("deskbell_http_request_duration_seconds_count{{{tickets}}} 2"),
        "deskbell_http_refusals_total{code=\"invalid\"} 1".into(),
        "deskbell_http_refusals_total{code=\"unknown_site\"} 1".into(),
        "deskbell_http_requests_total{method=\"other\",route=\"/v1/health\",status=\"405\"} 1".into(),
        "deskbell_database_up 1".into(),
        "deskbell_streams_open 0".into(),
        "# EOF".into(),
    ] {
        assert!(lines.contains(&line), "{line} is not in {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.to_lowercase().contains("secret")), "{lines:#?}");
}

#[tokio::test]
async fn waiting_mails_are_counted_by_site() {
    let mail = "mail = { smtp = \"smtp://127.0.0.1:9\", from = \"a@b.example\" }";
    let sites = format!("[sites.mailing]\norigins = [\"*\"]\n{mail}\n[sites.idle]\norigins = [\"*\"]\n{mail}\n");
    let gateway = gateway_with(&sites, Overrides::default()).await;
    let sent = gateway.send(post("mailing", "key", Some(&"0".repeat(32)), &ticket("It broke"))).await;
    assert_eq!(sent.status, 201);
    let lines = metrics(&gateway).await;
    for line in ["deskbell_mails_waiting{site=\"mailing\"} 1", "deskbell_mails_waiting{site=\"idle\"} 0"] {
        assert!(lines.iter().any(|one| one == line), "{line} is not in {lines:#?}");
    }
    let age = lines.iter().find_map(|line| line.strip_prefix("deskbell_mails_oldest_seconds{site=\"mailing\"} "));
    assert!((0.0..3600.0).contains(&age.unwrap().parse::<f64>().unwrap()), "{age:?}");
}

#[tokio::test]
async fn metrics_are_served_on_their_own_listener_only() {
    let gateway = gateway_with("[metrics]\nlisten = \"127.0.0.1:0\"\n", Overrides::default()).await;
    assert_eq!(gateway.get("/metrics").await.status, 404);
    let router = http::metrics_router(&gateway.app.metrics, &gateway.app.routers.readiness);
    for (path, status) in
        [("/metrics", 200), ("/readyz", 200), ("/healthz", 200), ("/inbox", 404), ("/deskbell.js", 404)]
    {
        let request = request(Method::GET, path).body(Body::empty()).unwrap();
        assert_eq!(send(router.clone(), request).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn an_unreachable_destination_shows_in_the_metrics_and_its_attempts_in_a_log_of_json() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on port 1.
    let settings = "[metrics]\nlisten = \"127.0.0.1:0\"\n[sites.acme]\norigins = [\"*\"]\n[sites.acme.destinations.crm]\n\
         to = \"webhook\"\nurl = \"http://127.0.0.1:1/hook\"\nprivate = true\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n";
    std::fs::write(folder.path().join("deskbell.toml"), settings).unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--log-format", "json"];
    let log = folder.path().join("log");
    let mut command = deskbell(folder.path(), &arguments);
    command.stderr(Stdio::from(std::fs::File::create(&log).unwrap()));
    let (_child, address, _out) = start(&mut command).await;
    let metrics_address = logged(&log, "metrics listening").await["address"].as_str().unwrap().to_string();

    let body = ticket("It broke").to_string();
    let head = format!(
        "POST /v1/sites/acme/tickets HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         idempotency-key: key\r\ndeskbell-session: {}\r\ncontent-length: {}\r\n\r\n{body}",
        "0".repeat(32),
        body.len()
    );
    assert!(exchange(&address, &head).await.starts_with("HTTP/1.1 202"), "the ticket is stored");
    let labels = "site=\"acme\",destination=\"crm\"";
    let mut text = String::new();
    for line in [
        format!("deskbell_destination_reachable{{{labels}}} 0"),
        format!("deskbell_deliveries_waiting{{{labels}}} 1"),
        format!("deskbell_dead_letters{{{labels}}} 0"),
    ] {
        let found = async {
            while !text.lines().any(|there| there == line) {
                text =
                    exchange(&metrics_address, "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(30), found).await.is_ok(), "{line} is not in {text}");
    }
    let retried = format!("deskbell_delivery_attempts_total{{{labels},result=\"retry\"}} 0");
    assert!(!text.contains(&retried), "an attempt is counted: {text}");

    let failed = logged(&log, "destination unreachable").await;
    assert_eq!(
        (&failed["level"], &failed["site"], &failed["destination"]),
        (&json!("WARN"), &json!("acme"), &json!("crm"))
    );
    let answered = logged(&log, "request answered").await;
    assert_eq!(answered["span"]["route"], "/v1/sites/{site}/tickets");
}

#[tokio::test]
async fn the_command_health_succeeds_while_the_gateway_can_serve_and_says_why_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), "[sites.acme]\norigins = [\"*\"]\n").unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let (mut child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    let health = async || deskbell(folder.path(), &["health", "--listen", &address]).output().await.unwrap();
    let ready = health().await;
    assert_eq!(ready.status.code(), Some(0));
    let text = String::from_utf8(ready.stdout).unwrap();
    assert!(text.starts_with("{\"ready\":true,\"database\":true,"), "{text}");

    child.kill().await.unwrap();
    let output = health().await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("no answer from {address}: ")) && text.contains("refused"), "{text}");
}

/// The first line of a log of JSON with this message.
async fn logged(log: &Path, message: &str) -> Value {
    let find = async {
        loop {
            let text = tokio::fs::read_to_string(log).await.unwrap();
            let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
            let found = complete.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(line) = found.into_iter().find(|line| line["message"] == message) {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), find).await.unwrap_or_else(|_| panic!("{message} was not logged"))
}

async fn exchange(address: &str, request: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

/// What the dashboard and the alerts ask for has to exist, or they stay empty and silent.
#[tokio::test]
async fn dashboard_and_alerts_name_only_metrics_that_the_gateway_has() {
    let gateway = gateway_with(
        "[sites.full]\norigins = [\"*\"]\n[sites.full.mail]\nsmtp = \"smtp://127.0.0.1:1\"\nfrom = \"a@example.com\"\n\
         [sites.full.destinations.crm]\nto = \"webhook\"\nurl = \"https://crm.example/\"\n\
         secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n",
        Overrides::default(),
    )
    .await;
    import(&gateway, "full", &[("1", "Why?")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    gateway.get("/v1/sites/none/config").await;
    let lines = metrics(&gateway).await;
    let described = lines.iter().filter_map(|line| line.strip_prefix("# TYPE ")?.split_whitespace().next());
    let known: BTreeSet<&str> = described.collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    for file in ["grafana/deskbell.json", "prometheus/alerts.yml"] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
        let named: BTreeSet<&str> = words.filter(|word| word.starts_with("deskbell_")).collect();
        assert!(named.len() >= 6, "{file} names metrics");
        let unknown: Vec<&&str> = named
            .iter()
            .filter(|name| {
                let bare = ["_total", "_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end));
                !known.contains(bare.unwrap_or(name))
            })
            .collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}, but there is only {known:?}");
    }
}
