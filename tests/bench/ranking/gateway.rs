//! Measures the gateway's response times for searches over HTTP, fifty at once.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::made::{Random, SEED, Words};
use super::{Outcome, micros};

const AT_ONCE: usize = 50;
const QUERIES_EACH: usize = 100;

/// Prints the response times of searches with this many questions, fifty at once.
pub fn print(size: usize) -> Outcome {
    let words = Words::of_the_demo()?;
    let mut random = Random(SEED);
    let lines: Result<Vec<String>, _> =
        (0..size).map(|number| serde_json::to_string(&words.question(number, &mut random))).collect();
    let queries: Vec<Vec<String>> = (0..AT_ONCE)
        .map(|_| (0..QUERIES_EACH).map(|number| words.query(number, number % 2 == 0, &mut random)).collect())
        .collect();

    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("questions.jsonl"), lines?.join("\n"))?;
    fs::write(folder.path().join("deskbell.toml"), "listen = \"127.0.0.1:0\"\n[sites.default]\norigins = [\"*\"]\n")?;
    let import = deskbell(folder.path(), &["import", "--config", "deskbell.toml", "questions.jsonl"]).output()?;
    if !import.status.success() {
        return Err(String::from_utf8_lossy(&import.stderr).into());
    }
    let mut serving = Serving(deskbell(folder.path(), &["serve", "--config", "deskbell.toml"]).spawn()?);
    let mut line = String::new();
    BufReader::new(serving.0.stdout.take().ok_or("nothing to read")?).read_line(&mut line)?;
    let address = line.trim_end().strip_prefix("Deskbell is ready at ").ok_or("the gateway did not start")?;

    let start = Instant::now();
    let (mut times, failed) = tokio::runtime::Runtime::new()?.block_on(search(address, queries))?;
    let seconds = start.elapsed().as_secs_f64();
    times.sort_unstable();
    println!(
        "\nThe gateway over {size} questions, {AT_ONCE} searches at once: p50 {}, p95 {}, longest {}, {:.0} a second, \
         {failed} failed",
        micros(&times, 0.5),
        micros(&times, 0.95),
        micros(&times, 1.0),
        times.len() as f64 / seconds
    );
    Ok(())
}

/// The time of each response, and how many searches failed.
async fn search(
    address: &str,
    queries: Vec<Vec<String>>,
) -> Result<(Vec<Duration>, usize), Box<dyn std::error::Error>> {
    // The HTTP client needs a provider, though nothing here is encrypted. It is no error if one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::new();
    let url = reqwest::Url::parse(&format!("{address}v1/sites/default/search"))?;
    let mut people = JoinSet::new();
    for queries in queries {
        let (client, url) = (client.clone(), url.clone());
        people.spawn(async move {
            let mut times = Vec::new();
            for query in queries {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("q", &query).append_pair("limit", "5");
                let start = Instant::now();
                let Ok(answer) = client.get(url).send().await else { continue };
                if answer.status().is_success() && answer.bytes().await.is_ok() {
                    times.push(start.elapsed());
                }
            }
            times
        });
    }
    let times: Vec<Duration> = people.join_all().await.into_iter().flatten().collect();
    let failed = AT_ONCE * QUERIES_EACH - times.len();
    Ok((times, failed))
}

fn deskbell(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deskbell"));
    command.args(arguments).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::null());
    for name in ["CONFIG", "LISTEN", "DATABASE", "ASSETS", "INBOX_TOKEN"] {
        command.env_remove(format!("DESKBELL_{name}"));
    }
    command
}

/// A gateway process that is stopped when it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // If it has stopped by itself, there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
