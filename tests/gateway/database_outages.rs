//! What an administrator sees while the PostgreSQL server of a gateway is away: the log, the metrics, the commands.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use tempfile::TempDir;
use test_postgres::Server;
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::command::{deskbell, start};
use crate::support::ticket;

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long Prometheus waits for metrics, unless it is configured.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(10);
const UNAVAILABLE: &str = "ERROR database unavailable: cannot connect to test_";
const AVAILABLE: &str = "INFO database available again duration=";

/// A gateway that is configured with a server of its own.
struct Installation {
    folder: TempDir,
    server: Server,
    url: String,
}

impl Installation {
    fn new() -> Installation {
        outbound_http::install_crypto();
        let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
        let config = "attachments = \"files\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n[sites.acme]\norigins = [\"*\"]\n";
        std::fs::write(folder.path().join("deskbell.toml"), config).unwrap();
        let url = server.create_database();
        Installation { folder, server, url }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self) -> tokio::process::Command {
        let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", &self.url];
        let mut command = deskbell(self.folder.path(), &arguments);
        command.stderr(Stdio::from(std::fs::File::create(self.log()).unwrap()));
        command
    }

    async fn serve(&self) -> (Child, String) {
        let (child, address, _out) = start(&mut self.command()).await;
        (child, address)
    }
}

fn lines(log: &Path) -> Vec<String> {
    std::fs::read_to_string(log).unwrap().lines().map(String::from).collect()
}

/// Waits for a line with a text.
async fn logged(log: &Path, text: &str) -> String {
    let find = async {
        loop {
            match lines(log).into_iter().find(|line| line.contains(text)) {
                Some(line) => return line,
                None => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, find).await;
    found.unwrap_or_else(|_| panic!("{text} is not in {:#?}", lines(log)))
}

#[tokio::test]
async fn an_outage_is_logged_once_with_its_reason_and_its_end_and_metrics_are_scraped_meanwhile() {
    let installation = Installation::new();
    let log = installation.log();
    let (_child, address) = installation.serve().await;
    let listening = logged(&log, "metrics listening").await;
    let metrics = format!("http://{}/metrics", listening.rsplit_once("address=").unwrap().1);
    installation.server.stop();
    let line = logged(&log, UNAVAILABLE).await;
    // A connection that it was about to accept is reset.
    let reasons = [": no such file or directory", ": connection reset by peer"];
    assert!(reasons.iter().any(|reason| line.ends_with(reason)), "{line}");

    let scrape = async {
        let response = Client::new().get(&metrics).send().await.unwrap();
        response.text().await.unwrap()
    };
    let text = tokio::time::timeout(SCRAPE_TIMEOUT, scrape).await.expect("Prometheus gets the metrics");
    assert!(text.contains("deskbell_database_up 0\n"), "{text}");
    for pool in ["connections", "shared"] {
        assert!(text.contains(&format!("deskbell_database_connections_open{{pool=\"{pool}\"}}")), "{text}");
    }
    // It waits for a connection as long as the workers do, so their first polls have failed by then.
    let post = Client::new().post(format!("http://{address}/v1/sites/acme/tickets"));
    let post = post.header("idempotency-key", "key").header("deskbell-session", "0".repeat(32)).json(&ticket("One"));
    assert_eq!(post.send().await.unwrap().status(), 503);

    installation.server.start_again();
    logged(&log, AVAILABLE).await;
    let ready = async {
        while Client::new().get(format!("http://{address}/readyz")).send().await.unwrap().status() != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ready).await.unwrap();
    let all = lines(&log);
    let first = all.iter().position(|line| line.contains(UNAVAILABLE)).unwrap();
    let last = all.iter().position(|line| line.contains(AVAILABLE)).unwrap();
    let echoes = all[first..last].iter().filter(|line| line.contains("did not answer in time"));
    assert_eq!(echoes.count(), 0, "{all:#?}");
    assert!(!all.iter().any(|line| line.contains("idle connection") || line.contains("time to acquire")), "{all:#?}");
}

#[tokio::test]
async fn a_gateway_that_starts_waits_for_the_server_of_its_database() {
    let installation = Installation::new();
    installation.server.stop();
    let mut command = installation.command();
    let log = installation.log();
    let starting = start(&mut command);
    let available = async {
        logged(&log, UNAVAILABLE).await;
        installation.server.start_again();
    };
    let ((_child, address, _out), ()) = tokio::join!(starting, available);
    assert_eq!(Client::new().get(format!("http://{address}/readyz")).send().await.unwrap().status(), 200);
    logged(&log, AVAILABLE).await;
    assert_eq!(lines(&log).iter().filter(|line| line.contains(UNAVAILABLE)).count(), 1);
}

#[tokio::test]
async fn a_command_says_that_it_waits_for_a_server_that_does_not_answer_and_gives_up() {
    // Connections are accepted by the system, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let database = format!("postgres://ada:hidden@{}/desk", silent.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 3] = [&["tickets", "list"], &["migrate", "--check"], &["move", "--from", "sqlite:old.db"]];
    std::fs::write(folder.path().join("old.db"), "").unwrap();
    let old = ["migrate", "--database", "sqlite:old.db"];
    assert!(deskbell(folder.path(), &old).output().await.unwrap().status.success());
    let runs = commands.map(|command| {
        let mut command = deskbell(folder.path(), &[command, &["--database", &database]].concat());
        async move { tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap() }
    });
    for output in futures_util::future::join_all(runs).await {
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.starts_with("note: waiting for the database postgres://ada@127.0.0.1"), "{text}");
        assert!(
            text.contains("cannot connect to desk on 127.0.0.1") && text.contains("no answer within 30 seconds"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_check_connects_to_the_database() {
    let installation = Installation::new();
    let config = installation.folder.path().join("deskbell.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("database = {:?}\n{text}", installation.url)).unwrap();
    let check = async |part: &[&str]| {
        let arguments = [&["check", "--config", "deskbell.toml"], part].concat();
        let output = deskbell(installation.folder.path(), &arguments).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = check(&["database"]).await;
    assert!(code == Some(0) && text.contains("database: ok  ") && text.contains("migrations"), "{text}");
    installation.server.stop();
    for part in [&["database"][..], &[]] {
        let (code, text) = check(part).await;
        assert!(code == Some(1) && text.contains("database: BAD  cannot connect to test_"), "{text}");
    }
    assert_eq!(
        check(&["config"]).await.0,
        Some(0),
        "it reads the file only, so that a service may run it at its start"
    );
}
