//! Reading the configuration again while the gateway runs, as a person or a script makes the real gateway do it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use deskbell_core::ports::{AuditLog, ReloadReport, SiteTables, Store};
use reqwest::{Client, Response};
use serde_json::json;
use store_sqlite::SqliteStore;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use crate::command::{deskbell, start};
use crate::support::{SECRET, on_sqlite, signed_with, ticket};

const PATIENCE: Duration = Duration::from_secs(30);
const MINE: &str = "000102030405060708090a0b0c0d0e0f";
const ACME: &str = "[sites.acme]\norigins = [\"https://acme.example\"]\n";

/// A running gateway with a configuration file.
struct Running {
    folder: Arc<TempDir>,
    child: Child,
    address: String,
    log: String,
    _out: tokio::io::BufReader<tokio::process::ChildStdout>,
}

impl Running {
    async fn start(config: &str) -> Running {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        write(&folder, config);
        Running::in_folder(folder, "log", &[]).await
    }

    /// Another gateway on the same file and database.
    async fn beside(&self) -> Running {
        Running::in_folder(self.folder.clone(), "other-log", &[]).await
    }

    async fn in_folder(folder: Arc<TempDir>, log: &str, variables: &[(&str, &str)]) -> Running {
        outbound_http::install_crypto();
        let arguments =
            ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
        let mut command = deskbell(folder.path(), &arguments);
        command.stderr(Stdio::from(std::fs::File::create(folder.path().join(log)).unwrap()));
        command.envs(variables.iter().copied());
        let (child, address, out) = start(&mut command).await;
        Running { folder, child, address, log: log.into(), _out: out }
    }

    async fn hang_up(&self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().await.unwrap().success());
    }

    /// Writes the file and makes the gateway read it. Returns when its log says what became of that.
    async fn reload(&self, config: &str) -> String {
        let before = self.outcomes().len();
        write(&self.folder, config);
        self.hang_up().await;
        self.outcome(before).await
    }

    /// The lines of the log about reloads.
    fn outcomes(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join(&self.log)).unwrap();
        let is_outcome =
            |line: &&str| line.contains("configuration reloaded") || line.contains("configuration not reloaded");
        log.lines().filter(is_outcome).map(String::from).collect()
    }

    async fn outcome(&self, number: usize) -> String {
        let found = async {
            loop {
                match self.outcomes().get(number) {
                    Some(line) => return line.clone(),
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("the reload is logged")
    }

    async fn config_of(&self, site: &str, origin: &str) -> Response {
        let url = format!("http://{}/v1/sites/{site}/config", self.address);
        Client::new().get(url).header("origin", origin).send().await.unwrap()
    }

    async fn status(&self, site: &str) -> u16 {
        self.config_of(site, "https://acme.example").await.status().as_u16()
    }

    async fn send_ticket(&self, key: &str) -> u16 {
        let url = format!("http://{}/v1/sites/acme/tickets", self.address);
        let request = Client::new().post(url).header("idempotency-key", key).header("deskbell-session", MINE);
        request.json(&ticket(key)).send().await.unwrap().status().as_u16()
    }

    fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("test.db")
    }
}

fn write(folder: &TempDir, config: &str) {
    std::fs::write(folder.path().join("deskbell.toml"), config).unwrap();
}

fn log_of(folder: &Path, log: &str) -> String {
    std::fs::read_to_string(folder.join(log)).unwrap()
}

#[tokio::test]
async fn sites_are_added_changed_and_removed_without_a_restart() {
    let gateway = Running::start(ACME).await;
    assert_eq!((gateway.status("acme").await, gateway.status("other").await), (200, 404));
    let both = format!("{}[sites.other]\norigins = [\"*\"]\n", ACME.replace("acme.example", "new.example"));
    let outcome = gateway.reload(&both).await;
    assert!(outcome.contains("configuration reloaded"), "{outcome}");
    assert!(outcome.contains("added=\"other\"") && outcome.contains("changed=\"acme\""), "{outcome}");
    assert_eq!(gateway.status("other").await, 200);
    for (origin, is_allowed) in [("https://new.example", true), ("https://acme.example", false)] {
        let answer = gateway.config_of("acme", origin).await;
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), is_allowed, "{origin}");
    }
    let outcome = gateway.reload(ACME).await;
    assert!(outcome.contains("removed=\"other\""), "{outcome}");
    let agents = "[[inbox.agents]]\nid = \"ana\"\nname = \"Ana\"\nrole = \"agent\"\ntoken_sha256 = \"";
    let outcome = gateway.reload(&format!("{ACME}{agents}{}\"\n", "a".repeat(64))).await;
    assert!(outcome.contains("changed=\"\" fields=\"inbox.agents\""), "{outcome}");
    assert_eq!((gateway.status("acme").await, gateway.status("other").await), (200, 404));
}

#[tokio::test]
async fn an_invalid_file_changes_nothing_and_is_logged_with_its_place() {
    let gateway = Running::start(ACME).await;
    for (config, expected) in [
        (format!("{ACME}[sites.other]\norigin = 1\n"), "deskbell.toml:4: sites.other.origin: unknown field"),
        (ACME.replace("https://acme.example", "acme"), "deskbell.toml:2: sites.acme.origins"),
        (String::new(), "no site is configured"),
    ] {
        let outcome = gateway.reload(&config).await;
        assert!(outcome.contains("configuration not reloaded") && outcome.contains(expected), "{outcome}");
        assert_eq!((gateway.status("acme").await, gateway.status("other").await), (200, 404));
    }
    let outcome = gateway.reload(&format!("listen = \"127.0.0.1:1\"\n[limits]\nsite = 1\n{ACME}")).await;
    assert!(outcome.contains("configuration reloaded"), "{outcome}");
    let log = async {
        while !log_of(gateway.folder.path(), "log").contains("need a restart fields=\"limits\"") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, log).await.expect("what needs a restart is logged");
}

#[tokio::test]
async fn requests_and_streams_that_have_begun_survive_a_reload() {
    let gateway = Running::start(&format!("{ACME}[sites.other]\norigins = [\"*\"]\n")).await;
    let stream = format!("http://{}/v1/sites/acme/tickets/stream", gateway.address);
    let mut stream = Client::new().get(stream).header("deskbell-session", MINE).send().await.unwrap();
    assert!(String::from_utf8_lossy(&stream.chunk().await.unwrap().unwrap()).contains("event: state"));

    let body = ticket("One").to_string();
    let (begin, end) = body.split_at(body.len() / 2);
    let mut connection = TcpStream::connect(&gateway.address).await.unwrap();
    let head = format!(
        "POST /v1/sites/other/tickets HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         idempotency-key: key\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        gateway.address,
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The gateway sends 100 Continue only when it has started on the request.
    let mut buffer = [0; 25];
    connection.read_exact(&mut buffer).await.unwrap();
    connection.write_all(begin.as_bytes()).await.unwrap();
    // The site of the running request is removed.
    gateway.reload(ACME).await;
    connection.write_all(end.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(gateway.status("other").await, 404);

    assert_eq!(gateway.send_ticket("two").await, 201);
    let event = tokio::time::timeout(PATIENCE, stream.chunk()).await.unwrap().unwrap().unwrap();
    assert!(String::from_utf8_lossy(&event).contains("event: ticket"), "the stream goes on");
    // The site of the stream changes, so that its client has to ask again.
    gateway.reload(&ACME.replace("acme.example", "new.example")).await;
    let rest = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, rest).await.expect("the stream ends");
}

#[tokio::test]
async fn deliveries_are_neither_lost_nor_doubled_by_reloads() {
    const TICKETS: usize = 30;
    let received = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let service = {
        let received = received.clone();
        Router::new().route(
            "/",
            post(async move |headers: HeaderMap| {
                // Reloads happen while deliveries are on their way.
                tokio::time::sleep(Duration::from_millis(30)).await;
                let id = headers["webhook-id"].to_str().unwrap().to_string();
                *received.lock().unwrap().entry(id).or_default() += 1;
                StatusCode::OK
            }),
        )
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let config = |version: usize| {
        format!(
            "{ACME}sensitive_topics = []\nkeep = \"{} days\"\n[sites.acme.destinations.own]\nto = \"webhook\"\n\
             url = \"{url}\"\nprivate = true\nsecret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"\n",
            version + 30
        )
    };
    let gateway = Running::start(&config(0)).await;
    let sending = async {
        for number in 0..TICKETS {
            let status = gateway.send_ticket(&format!("ticket-{number}")).await;
            assert!(matches!(status, 201 | 202), "{status}");
        }
    };
    let reloading = async {
        for version in 1..8 {
            let outcome = gateway.reload(&config(version)).await;
            assert!(outcome.contains("changed=\"acme\""), "{outcome}");
        }
    };
    tokio::join!(sending, reloading);
    let all = async {
        while received.lock().unwrap().len() < TICKETS {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("every ticket is delivered");
    assert!(received.lock().unwrap().values().all(|count| *count == 1), "{received:?}");
}

/// The reports of two gateways about a revision.
async fn reports_of(store: &SqliteStore, revision: i64) -> Vec<ReloadReport> {
    let find = async {
        loop {
            let reports = store.reload_reports(revision).await.unwrap();
            if reports.len() == 2 {
                return reports;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, find).await.expect("both gateways report")
}

#[tokio::test]
async fn sites_of_the_database_are_served_by_every_gateway_on_it() {
    on_sqlite();
    let one = Running::start(ACME).await;
    let two = one.beside().await;
    let store = SqliteStore::open(&one.database()).await.unwrap();
    let serves = async |gateway: &Running, site: &str, status: u16| {
        let served = async {
            while gateway.status(site).await != status {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, served).await.unwrap_or_else(|_| panic!("{site} is never answered by {status}"));
    };
    let globex = "[sites.globex]\norigins = [\"https://acme.example\"]\n";
    store.write_site_table(&"globex".into(), None, globex).await.unwrap().unwrap();
    tokio::join!(serves(&one, "globex", 200), serves(&two, "globex", 200));
    // An invalid one changes nothing else, and stays as it was.
    let invalid = "[sites.globex]\norigins = []\n";
    let revision = store.write_site_table(&"globex".into(), Some(globex), invalid).await.unwrap().unwrap();
    store.write_site_table(&"initech".into(), None, "[sites.initech]\norigins = [\"*\"]\n").await.unwrap().unwrap();
    tokio::join!(serves(&one, "initech", 200), serves(&two, "initech", 200));
    assert_eq!((one.status("globex").await, two.status("globex").await), (200, 200));
    let expected = "site globex in the database:2: sites.globex.origins: list the pages";
    let reports = reports_of(&store, revision).await;
    assert!(
        reports.iter().all(|report| report.error.as_ref().is_some_and(|error| error.contains(expected))),
        "{reports:?}"
    );
    store.remove_site_table(&"globex".into()).await.unwrap().unwrap();
    tokio::join!(serves(&one, "globex", 404), serves(&two, "globex", 404));
    // The file wins over the database.
    let acme = "[sites.acme]\norigins = [\"*\"]\n";
    let revision = store.write_site_table(&"acme".into(), None, acme).await.unwrap().unwrap();
    let reports = reports_of(&store, revision).await;
    assert!(reports.iter().all(|report| report.error.is_none()), "a warning stops nothing: {reports:?}");
    let answer = one.config_of("acme", "https://elsewhere.example").await;
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    // At a start they are served at once.
    let three = Running::in_folder(one.folder.clone(), "third-log", &[]).await;
    assert_eq!((three.status("initech").await, three.status("globex").await), (200, 404));
    store.close().await;
}

#[tokio::test]
async fn secrets_in_files_and_variables_are_used_and_files_are_read_again() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let site = |name: &str, source: &str| {
        format!(
            "[sites.{name}]\norigins = [\"*\"]\n[[sites.{name}.signers]]\nalgorithm = \"HS256\"\nsecret = {source}\n"
        )
    };
    let config = site("file", "{ file = \"secret\" }") + &site("variable", "{ env = \"DESKBELL_TEST_SIGNER\" }");
    write(&folder, &config);
    let of_variable = SECRET.replace('0', "x");
    let gateway = Running::in_folder(folder, "log", &[("DESKBELL_TEST_SIGNER", of_variable.as_str())]).await;
    let status = async |site: &str, secret: &str| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let token = signed_with(secret, json!({"alg": "HS256"}), json!({"sub": "u-7", "aud": site, "exp": now + 300}));
        let url = format!("http://{}/v1/sites/{site}/tickets", gateway.address);
        Client::new().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    assert_eq!((status("file", SECRET).await, status("variable", &of_variable).await), (200, 200));
    let rotated = SECRET.replace('0', "y");
    assert_eq!((status("file", &rotated).await, status("variable", SECRET).await), (401, 401));
    std::fs::write(&secret, &rotated).unwrap();
    let outcome = gateway.reload(&config).await;
    assert!(outcome.contains("changed=\"file\""), "{outcome}");
    assert_eq!((status("file", &rotated).await, status("file", SECRET).await), (200, 401));
    std::fs::remove_file(&secret).unwrap();
    let outcome = gateway.reload(&config).await;
    let expected = "deskbell.toml:5: sites.file.signers[0].secret: secret: No such file";
    assert!(outcome.contains(expected) && !outcome.contains(&rotated), "{outcome}");
    assert_eq!(status("file", &rotated).await, 200);
}

/// Runs `deskbell` with the file and the database of a gateway.
async fn command(gateway: &Running, arguments: &[&str], input: &str) -> (bool, String, String) {
    let place = ["--config", "deskbell.toml", "--database", "sqlite:test.db"];
    let mut command = deskbell(gateway.folder.path(), &[arguments, &place].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn commands_add_change_and_remove_sites_while_the_gateway_runs() {
    on_sqlite();
    let gateway = Running::start(ACME).await;
    let becomes = async |site: &str, status: u16| {
        let served = async {
            while gateway.status(site).await != status {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, served).await.unwrap_or_else(|_| panic!("{site} is never answered by {status}"));
    };
    let globex = "[sites.globex]\norigins = [\"https://globex.example\"]\n";
    let (is_good, out, _) = command(&gateway, &["site", "add", "globex", "-"], globex).await;
    assert!(is_good && out.contains("added site globex"), "{out}");
    becomes("globex", 200).await;
    for (arguments, input, expected) in [
        (vec!["site", "add", "globex", "-"], globex, "site globex is in the database already"),
        (vec!["site", "add", "acme", "-"], ACME, "site acme is in the configuration file, which wins"),
        (vec!["site", "add", "other", "-"], globex, "standard input: must have the table [sites.other]"),
        (vec!["site", "set", "globex", "origins=[]"], "", "site globex in the database"),
        (vec!["site", "set", "absent", "keep=1 year"], "", "site absent is not in the database"),
        (vec!["site", "show", "absent"], "", "site absent is not in the database"),
    ] {
        let (is_good, _, errors) = command(&gateway, &arguments, input).await;
        assert!(!is_good && errors.contains(expected), "{arguments:?}: {errors}");
    }
    let fields = ["site", "set", "globex", "origins=[\"https://acme.example\"]", "panel.theme.accent=#336699"];
    let (is_good, _, errors) = command(&gateway, &fields, "").await;
    assert!(is_good, "{errors}");
    let allows = async {
        while !gateway
            .config_of("globex", "https://acme.example")
            .await
            .headers()
            .contains_key("access-control-allow-origin")
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, allows).await.expect("the new origin takes effect");
    assert!(gateway.config_of("globex", "https://acme.example").await.text().await.unwrap().contains("#336699"));

    let (_, out, _) = command(&gateway, &["site", "list", "--json"], "").await;
    let sites: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&sites[0]["site"], &sites[0]["place"]), (&json!("acme"), &json!("file")));
    assert_eq!((&sites[1]["site"], &sites[1]["place"]), (&json!("globex"), &json!("database")));
    let (_, out, _) = command(&gateway, &["site", "show", "globex"], "").await;
    assert!(out.starts_with("[sites.globex]\n") && out.contains("#336699"), "{out}");

    let url = format!("http://{}/v1/sites/globex/tickets", gateway.address);
    let sent = Client::new().post(url).header("idempotency-key", "k").header("deskbell-session", MINE);
    assert_eq!(sent.json(&ticket("One")).send().await.unwrap().status(), 201);
    let (is_good, out, _) = command(&gateway, &["site", "remove", "globex"], "").await;
    assert!(
        is_good && out.contains("stays in the database (tickets: 1, questions: 0)") && out.contains("--yes"),
        "{out}"
    );
    assert_eq!(gateway.status("globex").await, 200);
    let (is_good, _, errors) = command(&gateway, &["site", "remove", "globex", "--yes"], "").await;
    assert!(is_good, "{errors}");
    becomes("globex", 404).await;

    let store = SqliteStore::open(&gateway.database()).await.unwrap();
    assert_eq!(store.site_contents(&"globex".into()).await.unwrap().tickets, 1);
    let entries = store.audit_entries(None, None, 10).await.unwrap();
    let done: Vec<(&str, &str)> = entries.iter().map(|one| (one.entry.kind.word(), one.entry.site.as_str())).collect();
    assert_eq!(done, [("site_removed", "globex"), ("site_changed", "globex"), ("site_added", "globex")]);
    store.close().await;
}

#[tokio::test]
async fn a_secret_in_the_database_is_warned_of_and_never_printed() {
    let gateway = Running::start(ACME).await;
    let site = |source: &str| {
        format!(
            "[sites.globex]\norigins = [\"*\"]\n[[sites.globex.signers]]\nalgorithm = \"HS256\"\nsecret = {source}\n"
        )
    };
    let (is_good, out, errors) =
        command(&gateway, &["site", "add", "globex", "-"], &site(&format!("\"{SECRET}\""))).await;
    assert!(is_good && errors.contains("sites.globex.signers[0].secret contains the secret itself"), "{errors}");
    assert!(!errors.contains(SECRET) && !out.contains(SECRET));
    // Only the gateway may be able to read it.
    let variable = site("{ env = \"DESKBELL_TEST_ELSEWHERE\" }");
    let (is_good, _, errors) = command(&gateway, &["site", "add", "globex", "-", "--replace"], &variable).await;
    assert!(is_good && errors.contains("the environment variable DESKBELL_TEST_ELSEWHERE is not set"), "{errors}");
}

#[tokio::test]
async fn a_reload_reports_what_each_gateway_has_done() {
    let one = Running::start(ACME).await;
    let two = one.beside().await;
    write(&one.folder, &format!("{ACME}[sites.other]\norigins = [\"*\"]\n"));
    let (is_good, out, _) = command(&one, &["reload"], "").await;
    assert!(is_good && out.lines().count() == 2 && out.lines().all(|line| line.ends_with(": good")), "{out}");
    assert_eq!((one.status("other").await, two.status("other").await), (200, 200));
    write(&one.folder, "[sites.acme]\norigins = []\n");
    let (is_good, _, errors) = command(&one, &["reload"], "").await;
    assert!(!is_good && errors.contains("deskbell.toml:2: sites.acme.origins"), "{errors}");
    assert_eq!(one.status("other").await, 200);
}
