//! The command `deskbell`, as a person runs it.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::ticket;

pub fn deskbell(folder: &Path, arguments: &[&str]) -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_deskbell")), folder, arguments)
}

/// The same of another version.
pub fn program(file: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(file);
    command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for name in ["CONFIG", "LISTEN", "DATABASE", "ASSETS", "INBOX_TOKEN"] {
        command.env_remove(format!("DESKBELL_{name}"));
    }
    command
}

async fn run(folder: &Path, arguments: &[&str]) -> Output {
    tokio::time::timeout(Duration::from_secs(20), deskbell(folder, arguments).output()).await.unwrap().unwrap()
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Starts a gateway and waits for its first line; returns the address and the rest of its standard output.
pub async fn start(command: &mut Command) -> (Child, String, BufReader<tokio::process::ChildStdout>) {
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    tokio::time::timeout(Duration::from_secs(20), out.read_line(&mut line)).await.unwrap().unwrap();
    let address = line.strip_prefix("Deskbell is ready at http://").and_then(|rest| rest.strip_suffix("/\n"));
    let address = address.unwrap_or_else(|| panic!("not the line of a ready gateway: {line:?}")).to_string();
    (child, address, out)
}

/// Asks a gateway to end.
pub async fn stop(child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
}

fn site(folder: &TempDir) {
    std::fs::write(folder.path().join("deskbell.toml"), "[sites.acme]\norigins = [\"*\"]").unwrap();
}

#[tokio::test]
async fn shutdown_waits_for_running_requests() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let (mut child, address, mut out) = start(&mut deskbell(folder.path(), &arguments)).await;
    let body = ticket("One").to_string();
    let (begin, end) = body.split_at(body.len() / 2);
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /v1/sites/acme/tickets HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         idempotency-key: key\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The gateway sends 100 Continue only when it has started on the request.
    let mut buffer = [0; 25];
    connection.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"HTTP/1.1 100 Continue\r\n\r\n");
    connection.write_all(begin.as_bytes()).await.unwrap();
    // A spare connection as browsers keep them: it sends nothing and must not delay the shutdown.
    let _spare = TcpStream::connect(&address).await.unwrap();
    stop(&child).await;
    let refused = async { while TcpStream::connect(&address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("nobody new is let in");
    connection.write_all(end.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "", "one line on standard output is all");
}

#[tokio::test]
async fn shutdown_lets_downloads_finish() {
    outbound_http::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let (mut child, address, _out) = start(&mut deskbell(folder.path(), &arguments)).await;
    let (client, session) = (reqwest::Client::new(), "000102030405060708090a0b0c0d0e0f");
    let url = |path: &str| format!("http://{address}/v1/sites/acme/{path}");
    // More than the buffers of both ends hold.
    let file = "a line of a log\n".repeat(9_000_000 / 16);
    let id = "01234567-89ab-4def-8123-456789abcdef";
    let stored = client.put(url(&format!("attachments/{id}?name=app.log"))).header("deskbell-session", session);
    assert_eq!(stored.body(file.clone()).send().await.unwrap().status(), 201);
    let mut sent = ticket("One");
    sent["attachments"] = json!([id]);
    let sent = client.post(url("tickets")).header("content-type", "application/json").body(sent.to_string());
    let sent = sent.header("idempotency-key", "1").header("deskbell-session", session).send().await.unwrap();
    let sent: serde_json::Value = sent.json().await.unwrap();
    let messages = client.get(url(&format!("tickets/{}/messages", sent["id"].as_str().unwrap())));
    let messages = messages.header("deskbell-session", session).send().await.unwrap();
    let messages: serde_json::Value = messages.json().await.unwrap();
    let path = messages["messages"][0]["attachments"][0]["url"].as_str().unwrap();

    let mut connection = TcpStream::connect(&address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 1000];
    connection.read_exact(&mut answer).await.unwrap();
    stop(&child).await;
    let refused = async { while TcpStream::connect(&address).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("nobody new is let in");
    // A customer with a slow network: longer than connections without a response are waited for.
    tokio::time::sleep(Duration::from_secs(2)).await;
    connection.read_to_end(&mut answer).await.unwrap();
    let body = answer.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    assert!(answer[body..] == *file.as_bytes(), "{} of {} bytes", answer.len() - body, file.len());
    let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.unwrap().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_used_port_is_reported_and_the_demo_picks_another() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let output = run(folder.path(), &["serve", "--config", "deskbell.toml", "--listen", &address]).await;
    assert_eq!((output.status.code(), text_of(&output.stdout)), (Some(1), String::new()));
    assert!(
        text_of(&output.stderr).contains(&format!("{address} is in use by another process")),
        "{}",
        text_of(&output.stderr)
    );

    for table in ["inbox", "metrics"] {
        let config = format!("[{table}]\nlisten = \"{address}\"\n[sites.acme]\norigins = [\"*\"]");
        std::fs::write(folder.path().join("deskbell.toml"), config).unwrap();
        let output = run(folder.path(), &["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"]).await;
        let text = text_of(&output.stderr);
        assert!(text.contains(&format!("use another address with [{table}] listen")), "{text}");
    }

    let (mut child, other, _out) =
        start(&mut deskbell(folder.path(), &["serve", "--demo", "--listen", &address])).await;
    assert_ne!(other, address);
    stop(&child).await;
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    assert!(log.contains(&format!("{address} is in use")), "{log}");
    assert!(folder.path().join("data/demo.db").exists());
}

#[tokio::test]
async fn texts_of_customers_are_never_logged() {
    let folder = tempfile::tempdir().unwrap();
    // To a file, because it is more than a pipe holds that nobody reads.
    let log = folder.path().join("log");
    let mut command = deskbell(folder.path(), &["serve", "--demo", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "debug").stderr(std::fs::File::create(&log).unwrap());
    let (mut child, address, _out) = start(&mut command).await;
    let mut sent = ticket("the secret message");
    sent["contact"] = json!({ "name": "Secretary", "email": "secret@example.com" });
    let body = sent.to_string();
    for request in [
        "GET /v1/sites/demo/search?q=secret+words HTTP/1.1\r\n".to_string(),
        format!(
            "POST /v1/sites/demo/tickets HTTP/1.1\r\ncontent-type: application/json\r\nidempotency-key: k\r\ncontent-length: {}\r\n",
            body.len()
        ),
    ] {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let body = if request.starts_with("POST") { body.as_str() } else { "" };
        let text = format!("{request}host: {address}\r\nconnection: close\r\n\r\n{body}");
        connection.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
    stop(&child).await;
    child.wait().await.unwrap();
    let log_text = std::fs::read_to_string(log).unwrap();
    let answered = r#"method=POST route="/v1/sites/{site}/tickets"}: request answered status=201"#;
    assert!(log_text.contains(answered), "{log_text}");
    assert!(!log_text.to_ascii_lowercase().contains("secret"), "{log_text}");
}

#[tokio::test]
async fn invalid_settings_are_reported_and_prevent_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), "[sites.acme]\norigins = [\"*\"]\npanel.kinds = [\"wish\"]")
        .unwrap();
    std::fs::write(folder.path().join("empty.toml"), "").unwrap();
    for (arguments, reason) in [
        (
            &["serve", "--config", "deskbell.toml"][..],
            "deskbell.toml:3: sites.acme.panel.kinds[0]: unknown variant `wish`",
        ),
        (&["serve", "--config", "none.toml"], "none.toml: No such file"),
        (&["serve", "--listen", "x"], "--listen (DESKBELL_LISTEN): \"x\" is not ADDRESS:PORT"),
        (&["serve", "--config", "empty.toml"], "no site is configured; add a table [sites.NAME]"),
        (&["serve", "--demo", "--database", "sqlite:deskbell.toml/x.db"], "deskbell.toml/x.db: "),
    ] {
        let output = run(folder.path(), arguments).await;
        assert_eq!((output.status.code(), text_of(&output.stdout)), (Some(1), String::new()), "{arguments:?}");
        assert!(text_of(&output.stderr).contains(reason), "{arguments:?} says {}", text_of(&output.stderr));
    }
}

#[tokio::test]
async fn options_can_be_environment_variables() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    let mut command = deskbell(folder.path(), &["serve"]);
    command.env("DESKBELL_CONFIG", "deskbell.toml").env("DESKBELL_LISTEN", "127.0.0.1:0");
    command.env("DESKBELL_DATABASE", "sqlite:elsewhere.db").env("DESKBELL_INBOX_TOKEN", "");
    let (child, _, _out) = start(&mut command).await;
    assert!(folder.path().join("elsewhere.db").exists());
    stop(&child).await;
}

#[tokio::test]
async fn imports_print_a_summary_and_list_bad_lines() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("questions.jsonl");
    let import = async |more: &[&str]| {
        let arguments =
            [&["import", "--database", "sqlite:test.db", "--site", "acme"], more, &["questions.jsonl"]].concat();
        let output = run(folder.path(), &arguments).await;
        (output.status.code().unwrap(), text_of(&output.stdout), text_of(&output.stderr))
    };
    std::fs::write(&source, "{\"id\":\"a\",\"title\":\"One\"}\n{\"id\":\"b\",\"title\":\"Two\"}\n").unwrap();
    assert_eq!(import(&[]).await.1, "2 new, 0 changed, 0 unchanged, 0 removed, 0 bad\n");
    assert_eq!(import(&["--prune"]).await.1, "0 new, 0 changed, 2 unchanged, 0 removed, 0 bad\n");

    std::fs::write(
        &source,
        "{\"id\":\"a\",\"title\":\"Changed\"}\n{\"id\":\"b\"\n{\"id\":\"c\",\"title\":\"Three\"}\n",
    )
    .unwrap();
    let (code, out, err) = import(&["--prune"]).await;
    assert_eq!(code, 1);
    assert!(out.starts_with("1 new, 1 changed, 0 unchanged, 0 removed, 1 bad; nothing was removed"), "{out}");
    assert!(err.contains("questions.jsonl: line 2: "), "{err}");

    std::fs::write(&source, "{\"id\":\"a\",\"title\":\"Changed\"}\n").unwrap();
    let (code, out, err) = import(&["--prune"]).await;
    assert_eq!((code, out.as_str(), err.as_str()), (0, "0 new, 0 changed, 1 unchanged, 2 removed, 0 bad\n", ""));
}

#[tokio::test]
async fn static_indexes_from_a_file_and_from_the_database_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let index = async |more: &[&str]| {
        let output = run(folder.path(), &[&["index"], more].concat()).await;
        (output.status.code().unwrap(), text_of(&output.stdout), text_of(&output.stderr))
    };
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    std::fs::write(
        folder.path().join("questions.jsonl"),
        "{\"id\":\"b\",\"title\":\"Exporting charts\"}\n{\"id\":\"a\",\"title\":\"One\",\"answers\":[\"Yes.\"]}\n",
    )
    .unwrap();
    let (code, out, err) = index(&["questions.jsonl"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("2 questions, ") && out.ends_with(" bytes, in help-index.json; 0 bad\n"), "{out}");
    let file: serde_json::Value = serde_json::from_str(&read("help-index.json")).unwrap();
    assert_eq!(file["version"], 1);
    assert_eq!(file["questions"][0]["answers"][0]["body"], "Yes.");
    assert_eq!(file["stems"]["charts"], "chart");

    let database = ["--database", "sqlite:test.db", "--site", "acme"];
    run(folder.path(), &[&["import"], &database[..], &["questions.jsonl"]].concat()).await;
    assert_eq!(index(&[&database[..], &["--out", "again.json"]].concat()).await.0, 0);
    assert_eq!(read("again.json"), read("help-index.json"));
}

#[tokio::test]
async fn empty_and_oversized_static_indexes_are_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let index = async |more: &[&str]| {
        let output = run(folder.path(), &[&["index"], more].concat()).await;
        (output.status.code().unwrap(), text_of(&output.stderr))
    };
    let (code, err) = index(&["--database", "sqlite:none.db"]).await;
    assert!(code == 1 && err.contains("import some first"), "{err}");
    assert!(!folder.path().join("none.db").exists());
    let many: String = (0..501).map(|id| format!("{{\"id\":\"{id}\",\"title\":\"x\"}}\n")).collect();
    std::fs::write(folder.path().join("many.jsonl"), many).unwrap();
    let (code, err) = index(&["many.jsonl"]).await;
    assert!(code == 1 && err.contains("501 questions are too many") && err.contains("500 at most"), "{err}");
    std::fs::write(folder.path().join("torn.jsonl"), "{\"id\":\"a\",\"title\":\"One\"}\nnot json\n").unwrap();
    let (code, err) = index(&["torn.jsonl"]).await;
    assert!(code == 1 && err.contains("torn.jsonl: line 2: "), "{err}");
    let (code, err) = index(&["--out", "no/such/folder.json", "torn.jsonl"]).await;
    assert!(code == 1 && err.contains("use a file in a writable folder"), "{err}");
}

#[tokio::test]
async fn init_writes_a_valid_starter_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let written = run(folder.path(), &["init"]).await;
    assert!(written.status.success(), "{}", text_of(&written.stderr));
    let out = text_of(&written.stdout);
    assert!(out.contains("deskbell serve --config deskbell.toml") && out.contains("/inbox"), "{out}");
    let file = folder.path().join("deskbell.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let token = text.split_whitespace().find(|word| word.starts_with("deskbell_agent_")).unwrap();
    assert!(token.len() == 58 && !out.contains(token), "a fresh token, which no terminal keeps");

    let again = run(folder.path(), &["init"]).await;
    assert_eq!(again.status.code(), Some(1));
    assert!(
        text_of(&again.stderr).contains("deskbell.toml already exists and was not changed"),
        "{}",
        text_of(&again.stderr)
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert!(run(folder.path(), &["init", "other.toml"]).await.status.success());
    let nowhere = run(folder.path(), &["init", "no/such/folder.toml"]).await;
    assert!(
        nowhere.status.code() == Some(1) && text_of(&nowhere.stderr).contains("no/such/folder.toml cannot be written")
    );

    let checked = run(folder.path(), &["check", "config", "--config", "deskbell.toml"]).await;
    assert!(checked.status.success(), "{}", text_of(&checked.stderr));
    let (child, ..) =
        start(&mut deskbell(folder.path(), &["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"])).await;
    stop(&child).await;
}

#[tokio::test]
async fn a_token_for_an_agent_is_printed_with_its_table() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["agents", "token", "ana", "--name", "Ana \"A\" Lima", "--role", "lead", "--site", "acme"];
    let made = run(folder.path(), &options).await;
    assert!(made.status.success(), "{}", text_of(&made.stderr));
    let (table, note) = (text_of(&made.stdout), text_of(&made.stderr));
    let token = note.split_whitespace().find(|word| word.starts_with("deskbell_agent_")).unwrap();
    assert!(!table.contains(token), "the configuration needs the digest only");
    std::fs::write(folder.path().join("deskbell.toml"), format!("{table}\n[sites.acme]\norigins = [\"*\"]\n")).unwrap();
    let file = Some(folder.path().join("deskbell.toml"));
    let settings = gateway::config::load(&gateway::config::Overrides { config: file, ..Default::default() }).unwrap();
    let [ana] = settings.logins.agents.as_slice() else { panic!("{table}") };
    assert!(ana.token.equals(token) && ana.agent.name == "Ana \"A\" Lima");
    let wrong = run(folder.path(), &["agents", "token", "ana", "--role", "boss"]).await;
    assert!(text_of(&wrong.stderr).contains("possible values: agent, lead, administrator"));
}

#[tokio::test]
async fn without_a_file_local_pages_are_served_and_the_log_explains() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address, _out) = start(&mut deskbell(folder.path(), &["serve", "--listen", "127.0.0.1:0"])).await;
    let allowed = async |origin: &str| {
        let mut connection = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "GET /v1/sites/default/config HTTP/1.1\r\nhost: {address}\r\norigin: {origin}\r\nconnection: close\r\n\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.contains(&format!("access-control-allow-origin: {origin}\r\n"))
    };
    assert!(allowed("http://localhost:5173").await && allowed("http://127.0.0.1:3000").await);
    assert!(!allowed("https://app.example.com").await);
    assert!(!allowed("https://app.example.com").await, "and is reported once");
    stop(&child).await;
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    for (line, times) in [
        ("origin refused", 1),
        (
            "add under [sites.default]: origins = [\"http://localhost:*\", \"http://127.0.0.1:*\", \"https://app.example.com\"]",
            1,
        ),
        ("no configuration file: serving pages on this computer only", 1),
        ("the panel is not served, because no assets folder is set; run `make build` and set assets = ", 1),
    ] {
        assert_eq!(log.matches(line).count(), times, "{line} in {log}");
    }
}

#[tokio::test]
async fn check_accepts_a_selection() {
    let folder = tempfile::tempdir().unwrap();
    site(&folder);
    std::fs::write(folder.path().join("empty.toml"), "").unwrap();
    std::fs::write(folder.path().join("wrong.toml"), "[sites.acme]\norgins = [\"*\"]").unwrap();
    const NO_DESTINATION: &str = "no site has destinations";
    const SITES: &str = "deskbell.toml: good, with the site acme; the inbox is closed until agents can log in, see `deskbell agents token --help`";
    for (arguments, code, expected, unexpected) in [
        (&["--config", "deskbell.toml"][..], 0, &[SITES, NO_DESTINATION][..], &[][..]),
        (&["config", "--config", "deskbell.toml"], 0, &[SITES], &[NO_DESTINATION]),
        (&["destinations", "--config", "deskbell.toml"], 0, &[NO_DESTINATION], &[SITES]),
        (&["config", "--config", "empty.toml"], 1, &["empty.toml: BAD  no site; add a table [sites.NAME]"], &[]),
        (
            &["--config", "wrong.toml"],
            1,
            &["wrong.toml:2: sites.acme.orgins: unknown field `orgins`, did you mean `origins`?"],
            &[NO_DESTINATION],
        ),
        (&[], 2, &["--config <FILE>"], &[]),
        (&["config"], 2, &["--config FILE is required for this check"], &[]),
        (&["config", "--config", "deskbell.toml", "--send"], 2, &["--send can be used with destinations only"], &[]),
        (&["https://a.example", "--send"], 2, &["--send can be used with destinations only"], &[]),
        (&["destinations", "--config", "deskbell.toml", "--site", "a"], 2, &["require a URL"], &[]),
        (&["nonsense"], 1, &["nonsense"], &[]),
    ] {
        let output = run(folder.path(), &[&["check"], arguments].concat()).await;
        let printed = text_of(&output.stdout) + &text_of(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} says {printed}");
        assert!(expected.iter().all(|text| printed.contains(text)), "{arguments:?} says {printed}");
        assert!(!unexpected.iter().any(|text| printed.contains(text)), "{arguments:?} says {printed}");
    }
}

#[tokio::test]
async fn check_finds_sites_that_are_in_the_database_only_and_checks_their_destinations() {
    let folder = tempfile::tempdir().unwrap();
    let database = "database = \"sqlite:sites.db\"\n";
    std::fs::write(folder.path().join("deskbell.toml"), database).unwrap();
    let check = async |part: &[&str]| {
        let output = run(folder.path(), &[&["check", "--config", "deskbell.toml"], part].concat()).await;
        (output.status.code(), text_of(&output.stdout) + &text_of(&output.stderr))
    };
    let add = async |site: &str, table: &str| {
        std::fs::write(folder.path().join("site.toml"), table).unwrap();
        let output = run(folder.path(), &["site", "add", site, "site.toml", "--config", "deskbell.toml"]).await;
        assert!(output.status.success(), "{}", text_of(&output.stderr));
    };
    let (code, text) = check(&["config"]).await;
    assert!(code == Some(1) && text.contains("BAD  no site;") && text.contains("`deskbell site add`"), "{text}");
    assert!(!folder.path().join("sites.db").exists(), "a check creates nothing");

    let unreachable = "database = \"postgres://ada@127.0.0.1:1/desk\"\nattachments = \"files\"\n";
    std::fs::write(folder.path().join("deskbell.toml"), unreachable).unwrap();
    let (code, text) = check(&["config"]).await;
    assert!(code == Some(0) && text.contains("cannot connect to desk"), "a service may check it at its start: {text}");
    assert!(text.contains("good, without a site; whether the database"), "{text}");
    std::fs::write(folder.path().join("deskbell.toml"), database).unwrap();

    add("globex", "[sites.globex]\norigins = [\"*\"]").await;
    let (code, text) = check(&["config"]).await;
    let found = "deskbell.toml: good, with the site globex in the database sites.db";
    assert!(code == Some(0) && text.contains(found), "{text}");
    assert_eq!(check(&[]).await.0, Some(0));
    let of_file = format!("{database}[sites.acme]\norigins = [\"*\"]");
    std::fs::write(folder.path().join("deskbell.toml"), of_file).unwrap();
    let (code, text) = check(&[]).await;
    let found = "good, with the site acme, and the site globex in the database sites.db";
    assert!(code == Some(0) && text.contains(found), "{text}");
    assert!(check(&["config"]).await.1.contains("good, with the site acme;"), "it needs the file only");

    let hook = "[sites.hooli]\norigins = [\"*\"]\n[sites.hooli.destinations.hook]\nto = \"webhook\"\n\
                url = \"http://127.0.0.1:9/\"\nprivate = true\nsecret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n";
    add("hooli", hook).await;
    let (code, text) = check(&["destinations"]).await;
    assert!(code == Some(1) && text.contains("hooli, hook:") && text.contains("BAD"), "{text}");
}

#[tokio::test]
async fn imports_into_another_database_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let text = "database = \"sqlite:served.db\"\n[sites.acme]\norigins = [\"*\"]";
    std::fs::write(folder.path().join("deskbell.toml"), text).unwrap();
    std::fs::write(folder.path().join("questions.jsonl"), "{\"id\":\"a\",\"title\":\"One\"}\n").unwrap();
    let import = async |arguments: &[&str]| {
        let output = run(folder.path(), &[&["import"], arguments, &["questions.jsonl"]].concat()).await;
        assert!(output.status.success(), "{}", text_of(&output.stderr));
        text_of(&output.stderr)
    };
    let other = "note: the database is sqlite:data/deskbell.db, but deskbell.toml has sqlite:served.db; to use that one, pass --config deskbell.toml instead of --database\n";
    assert_eq!(import(&["--site", "acme"]).await, other);
    assert_eq!(import(&["--site", "acme", "--database", "sqlite:served.db"]).await, "");
    assert_eq!(import(&["--site", "acme", "--config", "deskbell.toml"]).await, "");
    // A gateway with this environment uses it as well.
    let mut command = deskbell(folder.path(), &["import", "--site", "acme", "questions.jsonl"]);
    let output = command.env("DESKBELL_DATABASE", "sqlite:elsewhere.db").output().await.unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text_of(&output.stderr));
}
