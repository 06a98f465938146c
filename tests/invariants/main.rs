//! Invariants 1 to 3 of the architecture, the HTTP layer, the rule for texts, and imports, checked in the source text.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod imports;
mod layers;

use std::fs;
use std::path::{Path, PathBuf};

/// A line that breaks a rule.
type Broken = String;

/// The crates that widget and gateway share.
const SHARED: [&str; 5] =
    ["crates/domain/src", "crates/markdown/src", "crates/ranking/src", "crates/redaction/src", "crates/wire/src"];

/// Crates and items through which code would depend on HTTP.
const HTTP_NAMES: [&str; 6] = ["axum", "hyper", "tower_http", "http_body_util", "http", "Refusal"];

/// The crates that write to the log.
const LOGGING: [&str; 11] = [
    "crates/core/src",
    "crates/files/src",
    "crates/gateway/src",
    "crates/identity/src",
    "crates/mail/src",
    "crates/outbound-http/src",
    "crates/sources/src",
    "crates/store-postgres/src",
    "crates/store-sqlite/src",
    "crates/webhook/src",
    "crates/zendesk/src",
];
/// The crates that query databases.
const STORES: [&str; 2] = ["crates/store-postgres/src", "crates/store-sqlite/src"];
/// The names of durations.
const DURATIONS: [&str; 6] = ["pause", "duration", "retry_in", "after", "wait", "RETRY"];

/// The documents that name places in the repository.
const DOCUMENTS: [&str; 3] = ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"];

#[test]
fn the_shared_crates_do_no_io() {
    let foreign = ["std::fs", "std::net", "std::process", "std::thread", "SystemTime", "Timestamp::now"];
    for crate_ in SHARED {
        let broken = lines_with(&sources(crate_, "rs"), &foreign);
        assert!(broken.is_empty(), "{broken:#?}");
    }
}

#[test]
fn use_cases_and_rules_use_files_and_networks_through_ports() {
    let foreign = [
        "std::fs",
        "std::process",
        "std::thread",
        "TcpStream",
        "TcpListener",
        "UdpSocket",
        "tokio::fs",
        "tokio::net",
        "tokio::io",
        "tokio::process",
    ];
    let broken = lines_with(&sources("crates/core/src", "rs"), &foreign);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn only_the_browser_folder_names_the_browser() {
    let outside: Vec<Source> =
        sources("src", "rs").into_iter().filter(|source| !source.is_under("src/browser")).collect();
    let broken = lines_with(&outside, &["web_sys", "js_sys"]);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn only_the_http_folder_of_the_gateway_uses_http_crates() {
    let entries = ["lib.rs", "serve.rs", "wire_up.rs"].map(|name| format!("crates/gateway/src/{name}"));
    let mut below: Vec<Source> = sources("crates/gateway/src", "rs");
    below.retain(|source| {
        let is_test = source.name.ends_with("tests.rs");
        !is_test && !source.is_under("crates/gateway/src/http") && !entries.contains(&source.name)
    });
    let broken = lines_naming(&below, &HTTP_NAMES);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn rules_do_not_read_the_clock() {
    let clocks = ["clock::now", "clock::left", "clock::week", "Timestamp::now", "SystemTime", "Instant::now"];
    let broken = lines_with(&sources("crates/core/src/rules", "rs"), &clocks);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn no_string_is_turned_into_nodes() {
    let html = ["innerHTML", "inner_html", "outerHTML", "outer_html", "insertAdjacentHTML", "insert_adjacent_html"];
    let more =
        ["document.write", "createContextualFragment", "DOMParser", "setHTML", "srcdoc", "eval(", "new Function"];
    let mut shown = sources("src", "rs");
    shown.extend(sources("loader", "js"));
    let broken = lines_with(&shown, &[&html[..], &more[..]].concat());
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn there_are_no_inline_or_element_styles() {
    let mut shown = sources("src", "rs");
    shown.extend(sources("loader", "js"));
    shown.push(Source::read("index.html"));
    shown.extend(sources("crates/gateway/src/demo", "js"));
    let styles = ["style=", "<style", "\"style\"", "'style'", "cssText", "css_text", "set_style"];
    let broken = lines_with(&shown, &styles);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_text_is_in_the_language_tables() {
    let shows = ["text(", "paragraph(", "live_text(", "set_text(", "set_label(", "announce(", "set_placeholder("];
    let mut broken: Vec<Broken> = Vec::new();
    for source in sources("src/screens", "rs") {
        for (number, line) in source.lines() {
            let shown = shows.iter().any(|call| line.contains(call)) || line.contains("\"aria-label\"");
            if shown && literals(line).iter().any(|text| is_said(text)) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    for source in sources("loader", "js") {
        for (number, line) in source.lines() {
            // A title beside a code is that of a problem (RFC 9457), which the host's developer reads.
            let is_problem = line.contains("code: \"");
            let shown = ["textContent:", "ariaLabel:", "placeholder:", "title:", "alert("];
            let shown = shown.iter().filter(|name| !(is_problem && **name == "title:"));
            let wrong = shown.filter_map(|name| line.split_once(name)).any(|(_, value)| {
                let value = value.trim_start();
                value.starts_with(['"', '\'', '`']) && value.chars().nth(2).is_some_and(char::is_alphabetic)
            });
            if wrong {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn documents_name_existing_paths() {
    let mut missing: Vec<Broken> = Vec::new();
    for document in DOCUMENTS {
        let source = Source::read(document);
        for (index, line) in source.text.lines().enumerate() {
            for path in paths_in(line).filter(|path| !root().join(path).exists()) {
                missing.push(format!("{document}:{}: {path}", index + 1));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_map_lists_every_crate() {
    let map = Source::read("ARCHITECTURE.md").text;
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    let missing: Vec<String> = crates
        .map(|name| format!("crates/{}/", name.to_str().unwrap()))
        .filter(|path| !map.contains(path.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// `?name` writes a value into the log as Rust writes it. Durations are as people write them, such as `40s`.
#[test]
fn log_lines_have_no_values_in_the_notation_of_rust() {
    let broken: Vec<Broken> = LOGGING.iter().flat_map(|folder| debug_fields(&sources(folder, "rs"))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A prepared statement with `*` fails, or reads the wrong columns, as soon as a newer program adds a column beside it.
#[test]
fn queries_name_their_columns() {
    let broken: Vec<Broken> = STORES.iter().flat_map(|folder| star_queries(&sources(folder, "rs"))).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The rules above would also hold if no file was found or read.
#[test]
fn every_rule_reports_violations() {
    assert!(sources("crates/domain/src", "rs").len() > 10);
    assert!(SHARED.iter().all(|folder| !sources(folder, "rs").is_empty()));
    assert!(sources("src", "rs").iter().any(|source| source.name == "src/screens/mod.rs"));
    assert!(sources("loader", "js").len() > 5);
    assert!(!sources("loader", "js").iter().any(|source| source.name.contains("node_modules")));
    let browser: Vec<Source> =
        sources("src", "rs").into_iter().filter(|source| source.is_under("src/browser")).collect();
    assert!(!lines_with(&browser, &["web_sys"]).is_empty());

    assert_eq!(
        paths_in("`src/lib.rs`, [x](docs/sign/) and `src/*.rs`").collect::<Vec<_>>(),
        ["src/lib.rs", "src/", "docs/sign/"]
    );

    let http: Vec<Source> = sources("crates/gateway/src/http", "rs");
    for name in ["axum", "Refusal", "http"] {
        assert!(!lines_naming(&http, &[name]).is_empty(), "{name}");
    }

    let bad = |text: &str| Source { name: "bad.rs".into(), text: text.into() };
    assert_eq!(lines_with(&[bad("a\nuse web_sys::Node;")], &["web_sys"]), ["bad.rs:2: use web_sys::Node;"]);
    assert!(lines_with(&[bad("// of web_sys\n//! of `web_sys`\nx // web_sys")], &["web_sys"]).is_empty());
    assert!(lines_with(&[bad("\"https://x\", web_sys")], &["web_sys"]).len() == 1);

    for line in ["use crate::http::problem::Refusal;", "fn f(body: axum::body::Body) {}", "use super::{app, http};"] {
        assert_eq!(lines_naming(&[bad(line)], &HTTP_NAMES), [format!("bad.rs:1: {line}")]);
    }
    assert!(lines_naming(&[bad("SmtpRefusal { fix: \"over http or axum\" }")], &HTTP_NAMES).is_empty());
    let test_only = "#[cfg(test)]\npub use a::b;\nuse axum::Router;\n#[cfg(test)]\nmod tests {\n    use axum::Json;";
    assert_eq!(lines_naming(&[bad(test_only)], &["axum"]), ["bad.rs:3: use axum::Router;"]);

    let logged =
        "tracing::warn!(\n    site,\n    retry_in = ?pause,\n    ?limit,\n    \"what?\"\n);\nlet one = read()?;";
    assert_eq!(debug_fields(&[bad(logged)]), ["bad.rs:4: ?limit,"]);
    assert_eq!(debug_fields(&[bad("tracing::info!(quota = ?exceeded.scope, \"x\");")]).len(), 1);
    assert!(debug_fields(&[bad("tracing::info!(?duration, \"is it?\");")]).is_empty());

    for query in ["\"SELECT * FROM tickets\"", "\"SELECT tickets.*, 1\"", "\" RETURNING *\""] {
        assert_eq!(star_queries(&[bad(query)]).len(), 1, "{query}");
    }
    assert!(star_queries(&[bad("\"SELECT * FROM (SELECT id FROM tickets)\"\n\"SELECT count(*)\"")]).is_empty());

    assert!(literals(r#"el("p").text("Something went wrong".into())"#).iter().any(|text| is_said(text)));
    assert!(!literals(r#"button("button main", go).text(panel.t(Text::Send))"#).iter().any(|text| is_said(text)));
}

/// A file of the package.
struct Source {
    name: String,
    text: String,
}

impl Source {
    fn read(name: &str) -> Source {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Source { name: name.into(), text }
    }

    fn is_under(&self, folder: &str) -> bool {
        self.name.starts_with(&format!("{folder}/"))
    }

    /// Its lines of code with their numbers, up to its tests.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let is_module = |line: &str| line.trim_start().trim_start_matches("pub ").starts_with("mod ");
        let begins_tests =
            |pair: &[&str]| matches!(pair, [gate, item] if gate.trim() == "#[cfg(test)]" && is_module(item));
        let end = lines.windows(2).position(begins_tests).unwrap_or(lines.len());
        lines
            .into_iter()
            .take(end)
            .enumerate()
            .map(|(index, line)| (index + 1, code(line)))
            .filter(|(_, line)| !line.trim().is_empty())
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files with an extension below a folder.
fn sources(folder: &str, extension: &str) -> Vec<Source> {
    fn collect(folder: &Path, extension: &str, found: &mut Vec<Source>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() && path.file_name().is_none_or(|name| name != "node_modules") {
                collect(&path, extension, found);
            } else if path.extension().is_some_and(|kind| kind == extension) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
                found.push(Source::read(&name));
            }
        }
    }
    let mut found = Vec::new();
    collect(&root().join(folder), extension, &mut found);
    assert!(!found.is_empty(), "{folder} has no .{extension}");
    found
}

/// The lines of code that contain one of the words.
fn lines_with(sources: &[Source], words: &[&str]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for source in sources {
        for (number, line) in source.lines() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    broken
}

/// The lines of calls of `tracing` with a field that is written with `Debug` and is not a duration.
fn debug_fields(sources: &[Source]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for source in sources {
        let mut is_call = false;
        for (number, line) in source.lines() {
            is_call |= line.contains("tracing::");
            let plain: String = line.split('"').step_by(2).collect();
            let fields = plain.split_inclusive([',', '(', '=', ' ']).filter_map(|part| part.strip_prefix('?'));
            let mut names = fields.map(|name| name.trim_end_matches([',', ')', '(', ';', ' ']));
            if is_call && names.any(|name| !DURATIONS.contains(&name)) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
            is_call &= !line.trim_end().ends_with(';') && !line.trim_end().ends_with('}');
        }
    }
    broken
}

/// The lines with a query for every column of a table. A subquery has the columns that it names.
fn star_queries(sources: &[Source]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for source in sources {
        for (number, line) in source.lines() {
            let line_without_subqueries = line.replace("(SELECT * FROM ", "").replace("SELECT * FROM (", "");
            if ["SELECT * FROM ", "RETURNING *", ".*, ", ".* FROM"]
                .iter()
                .any(|star| line_without_subqueries.contains(star))
            {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    broken
}

/// The files and folders of the repository that a line of a document names in backticks or links to. A `*` stands for any name and ends the
/// path.
fn paths_in(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let linked = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let tops = ["crates/", "docs/", "loader/", "src/", "style/", "tests/", "deploy/"];
    quoted.chain(linked).filter(move |text| tops.iter().any(|top| text.starts_with(top))).filter_map(|text| {
        let path = text.split('*').next()?;
        path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter)).then_some(path)
    })
}

/// The lines of code that contain one of the words as a name, outside of literals.
fn lines_naming(sources: &[Source], words: &[&str]) -> Vec<Broken> {
    let is_in_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut broken = Vec::new();
    for source in sources {
        for (number, line) in source.lines() {
            let (before, raw) = line.split_once("r#\"").unwrap_or((line, ""));
            let after = raw.split_once("\"#").map_or("", |(_, after)| after);
            let plain = [before, after].concat().replace("\\\"", "");
            let mut outside = plain.split('"').step_by(2);
            if outside.any(|part| part.split(|c| !is_in_name(c)).any(|name| words.contains(&name))) {
                broken.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    broken
}

/// A line without its comment. A double slash within an address begins none.
fn code(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with("//") || trimmed.starts_with("/*") || trimmed.starts_with("* ") {
        return "";
    }
    line.split(" // ").next().unwrap_or_default()
}

/// The string literals of a line, approximately.
fn literals(line: &str) -> Vec<&str> {
    line.split('"').skip(1).step_by(2).collect()
}

/// Whether a literal is a text for people, and no name, class or address: words with a space and a capital letter.
fn is_said(literal: &str) -> bool {
    literal.contains(' ') && literal.chars().next().is_some_and(char::is_uppercase)
}
