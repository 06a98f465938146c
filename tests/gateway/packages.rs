//! The files in `deploy/`: what they name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::command::deskbell;

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

#[tokio::test]
async fn every_command_of_a_package_exists() {
    let commands = help(&["--help"]).await;
    let unit = std::fs::read_to_string(deploy().join("systemd/deskbell.service")).unwrap();
    let starts = unit.lines().filter_map(|line| line.split_once("=/usr/local/bin/deskbell ")).map(|(_, rest)| rest);
    let mut named: Vec<&str> = starts.filter_map(|rest| rest.split_whitespace().next()).collect();
    assert_eq!(named, ["serve", "check"]);
    let image = std::fs::read_to_string(deploy().join("docker/Dockerfile")).unwrap();
    assert!(image.contains("CMD [\"deskbell\", \"health\"]") && image.contains("CMD [\"serve\"]"));
    named.push("health");
    for command in named {
        assert!(commands.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn the_configuration_of_the_image_is_valid_and_fits_its_ports() {
    let text = std::fs::read_to_string(deploy().join("deskbell.toml")).unwrap();
    let file = gateway::config::parse(&text, "deskbell.toml").unwrap();
    let (listen, metrics) = (file.listen.clone().unwrap(), file.metrics.listen.clone().unwrap());
    assert_eq!(gateway::config::check_sites(file).unwrap().len(), 1);
    let image = std::fs::read_to_string(deploy().join("docker/Dockerfile")).unwrap();
    let pod = std::fs::read_to_string(deploy().join("kubernetes/deskbell.yaml")).unwrap();
    for port in [listen, metrics].map(|address| address.rsplit_once(':').unwrap().1.to_string()) {
        assert!(image.lines().any(|line| line.starts_with("EXPOSE") && line.contains(&port)), "{port}");
        assert!(pod.contains(&format!("containerPort: {port}")), "{port}");
    }
}
