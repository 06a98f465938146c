//! The files in `deploy/`: what they name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::command::{deskbell, start};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy")
}

/// The texts of all files, by their names.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

async fn help(arguments: &[&str]) -> String {
    let output = deskbell(&deploy(), arguments).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn every_variable_of_a_package_is_one_that_the_gateway_reads() {
    let known = help(&["serve", "--help"]).await;
    let files = files(&deploy());
    let named: BTreeSet<(&str, &str)> = files
        .iter()
        .flat_map(|(name, text)| {
            let words = text.split(|char: char| !(char.is_ascii_uppercase() || char == '_'));
            words.filter(|word| word.starts_with("DESKBELL_")).map(move |word| (name.as_str(), word))
        })
        .collect();
    assert!(named.len() >= 2, "{named:?}");
    let unknown: Vec<_> = named.iter().filter(|(_, variable)| !known.contains(&format!("{variable}="))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The commands that consist of others.
const FAMILIES: [&str; 5] = ["agents", "deliveries", "sessions", "site", "tickets"];

/// The commands in a text: those of the service, and the lines of code in the documentation.
fn commands(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().filter_map(|line| {
        let line = line.strip_prefix("sudo ").unwrap_or(line);
        let line = line.split_once("/usr/local/bin/").map_or(line, |(_, command)| command);
        line.strip_prefix("deskbell ")
    });
    lines.map(|line| line.split("   #").next().unwrap_or(line).split_whitespace().collect()).collect()
}

#[tokio::test]
async fn every_command_of_a_package_and_its_documentation_has_these_options() {
    let unit = std::fs::read_to_string(deploy().join("systemd/deskbell.service")).unwrap();
    let page = std::fs::read_to_string(deploy().join("../docs/production.md")).unwrap();
    let mut named = [commands(&unit), commands(&page)].concat();
    let image = std::fs::read_to_string(deploy().join("docker/Dockerfile")).unwrap();
    assert!(image.contains("CMD [\"deskbell\", \"health\"]") && image.contains("CMD [\"serve\"]"));
    named.extend([vec!["health"], vec!["serve"]]);
    assert!(named.len() >= 9, "{named:?}");
    for command in named {
        let name = &command[..if FAMILIES.contains(&command[0]) { 2 } else { 1 }];
        let text = help(&[name, &["--help"]].concat()).await;
        assert!(text.contains(&format!("Usage: deskbell {}", name.join(" "))), "{command:?}");
        for option in command.iter().filter(|word| word.starts_with("--")) {
            assert!(
                text.contains(&format!("{option} ")) || text.contains(&format!("{option}\n")),
                "{option} of {command:?}"
            );
        }
        if command[0] == "check" && ["config", "database", "destinations"].contains(&command[1]) {
            assert!(command.contains(&"--config"), "{command:?} needs --config");
        }
    }
}

#[tokio::test]
async fn the_documented_request_sends_a_ticket() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), "[sites.acme]\norigins = [\"*\"]\n").unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let (_child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    let page = std::fs::read_to_string(deploy().join("../docs/production.md")).unwrap();
    let script = page.split("```").find(|block| block.starts_with("sh\ncurl https://")).unwrap();
    let script =
        script.strip_prefix("sh\n").unwrap().replace("https://support.example.com", &format!("http://{address}"));
    let output = tokio::process::Command::new("sh").args(["-c", &script]).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    assert!(answer["reference"].as_str().is_some_and(|reference| reference.starts_with("DB-")), "{text}");
}

#[test]
fn the_configuration_of_the_image_is_valid_and_fits_its_ports() {
    let text = std::fs::read_to_string(deploy().join("deskbell.toml")).unwrap();
    let file = gateway::config::parse(&text, "deskbell.toml").unwrap();
    let (listen, metrics) = (file.listen.clone().unwrap(), file.metrics.listen.clone().unwrap());
    assert_eq!(gateway::config::check_sites(file).unwrap().len(), 1);
    // Everything else in it, with the agent that an administrator adds.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("deskbell.toml");
    let (_, agent) = gateway::config::starter::agent("ana", "Ana Lima", "administrator", &[]).unwrap();
    std::fs::write(&config, text.replace("# [[inbox.agents]]", &agent)).unwrap();
    let overrides = gateway::config::Overrides { config: Some(config), ..Default::default() };
    let settings = gateway::config::load(&overrides).unwrap();
    assert!(settings.logins.agents.len() == 1 && settings.metrics_listen.is_some());
    let notices = gateway::config::notices(&settings, deskbell_core::clock::now());
    assert!(notices.iter().all(|notice| notice.starts_with("the panel is not served")), "{notices:?}");
    let image = std::fs::read_to_string(deploy().join("docker/Dockerfile")).unwrap();
    let pod = std::fs::read_to_string(deploy().join("kubernetes/deskbell.yaml")).unwrap();
    for port in [listen, metrics].map(|address| address.rsplit_once(':').unwrap().1.to_string()) {
        assert!(image.lines().any(|line| line.starts_with("EXPOSE") && line.contains(&port)), "{port}");
        assert!(pod.contains(&format!("containerPort: {port}")), "{port}");
    }
}
