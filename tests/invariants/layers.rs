//! The dependencies of each crate. Cargo ensures that nothing else is imported; this ensures that nobody adds a dependency across layers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::root;

/// Crates that reach the outside world: a server, a database, other people's servers, mail, and their runtime.
const WORLD: [&str; 6] = ["axum", "hyper", "lettre", "reqwest", "sqlx", "tokio"];

/// The features of tokio that reach neither files nor the network. Use cases wait, and run in parallel, with these.
const TOKIO_WITHOUT_IO: [&str; 4] = ["macros", "rt", "sync", "time"];

/// Crates with rules and use cases, and their building blocks. They reach nothing outside.
const PURE: [&str; 9] =
    ["core", "domain", "html-to-markdown", "mail-in", "markdown", "ranking", "redaction", "standard-webhooks", "wire"];

/// Crates that connect the gateway with the outside world, independent of each other. None of them serves requests or has a database.
const ADAPTERS: [&str; 7] = ["files", "identity", "mail", "outbound-http", "sources", "webhook", "zendesk"];

#[test]
fn the_core_depends_on_no_io_crates() {
    for name in PURE {
        let reached = reached(name);
        // `deskbell-core` has tokio for time and tasks, and so has what depends on it.
        let waits = name == "core" || reached.contains("deskbell-core");
        let is_world = |other: &String| WORLD.contains(&other.as_str()) && !(waits && other == "tokio");
        let broken: Vec<String> = reached.into_iter().filter(is_world).collect();
        assert!(broken.is_empty(), "crates/{name} depends on {broken:?}");
    }
}

#[test]
fn the_core_uses_no_io_features_of_tokio() {
    let manifest = fs::read_to_string(root().join("crates/core/Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let tokio = manifest["dependencies"]["tokio"].as_table().unwrap();
    let features = tokio["features"].as_array().unwrap().iter().map(|feature| feature.as_str().unwrap());
    let others: Vec<&str> = features.filter(|feature| !TOKIO_WITHOUT_IO.contains(feature)).collect();
    assert!(others.is_empty(), "crates/core takes {others:?} of tokio");
}

#[test]
fn adapters_depend_on_no_server_database_or_other_adapter() {
    for name in ADAPTERS {
        let others = ADAPTERS.into_iter().filter(|other| *other != name && *other != "outbound-http");
        let forbidden: Vec<&str> =
            others.chain(["axum", "sqlx", "gateway", "store-sqlite", "store-postgres"]).collect();
        let broken: Vec<String> =
            reached(name).into_iter().filter(|other| forbidden.contains(&other.as_str())).collect();
        assert!(broken.is_empty(), "crates/{name} depends on {broken:?}");
    }
}

#[test]
fn dependencies_are_followed_through_workspace_crates() {
    let direct = dependencies(
        "[package]\nname = \"a\"\n[dependencies]\n# why\nserde = \"1\"\nmail-in = { path = \"../mail-in\" }\nurl.workspace = true\n\n[dev-dependencies]\naxum = \"0.8\"\n",
    );
    assert_eq!(direct, ["mail-in", "serde", "url"].map(String::from).into());
    let gateway = reached("gateway");
    for name in ["axum", "sqlx", "lettre", "mail-parser", "html5gum"] {
        assert!(gateway.contains(name), "{name}");
    }
}

/// The crates of ours that a crate depends on, directly or indirectly.
fn reached(name: &str) -> BTreeSet<String> {
    let all: BTreeMap<String, BTreeSet<String>> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| {
            let folder = entry.unwrap();
            let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
            (folder.file_name().into_string().unwrap(), dependencies(&manifest))
        })
        .collect();
    let mut found = BTreeSet::new();
    let mut next = vec![name.to_string()];
    while let Some(name) = next.pop() {
        let folder = if name == "deskbell-core" { "core" } else { name.as_str() };
        for other in all.get(folder).into_iter().flatten() {
            if found.insert(other.clone()) {
                next.push(other.clone());
            }
        }
    }
    found
}

/// The packages that a manifest depends on, on any target, whatever it calls them.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let tables = targets.filter_map(toml::Value::as_table).chain([&manifest]);
    let entries = tables.filter_map(|table| table.get("dependencies")?.as_table()).flatten();
    let package = |(name, entry): (&String, &toml::Value)| {
        entry.get("package").and_then(toml::Value::as_str).unwrap_or(name).to_string()
    };
    entries.map(package).collect()
}
