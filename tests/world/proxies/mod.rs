//! Responses of proxies, firewalls and portals in place of a gateway, and what they mean for a ticket and its attachments. The rules are in
//! `loader/outcome.js`, which this runs in Node.

mod deployment;

use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::rows;

#[derive(Deserialize, Serialize)]
struct Case {
    status: u16,
    #[serde(default)]
    body: String,
    #[serde(default)]
    after: u32,
    #[serde(default)]
    late: bool,
    #[serde(default = "yes")]
    online: bool,
    #[serde(default = "yes")]
    passes: bool,
    #[serde(default)]
    sealed: String,
    text: String,
    again: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    file_again: String,
}

fn yes() -> bool {
    true
}

/// The output of a script for a value, as JSON.
fn run(script: &str, given: &Value) -> Value {
    let outcome = concat!(env!("CARGO_MANIFEST_DIR"), "/../../loader/outcome.js");
    let script = format!(
        "import {{ readFileSync }} from 'node:fs';\
         const source = readFileSync({outcome:?}, 'utf8');\
         const rules = await import('data:text/javascript,' + encodeURIComponent(source));\
         const given = JSON.parse(readFileSync(0, 'utf8'));\
         console.log(JSON.stringify(({script})(rules, given)));"
    );
    let mut node = Command::new("node")
        .args(["--input-type=module", "--eval", &script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, given.to_string().as_bytes()).unwrap();
    drop(input);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn responses_have_the_documented_meaning() {
    let rows = rows::read::<Case>(include_str!("table.toml"));
    let given = json!(rows.iter().map(|row| &row.case).collect::<Vec<_>>());
    let script = "({ outcome, fate }, rows) => rows.map(({ status, body, after, late, online, passes, sealed }) => {\
        const tried = { status, text: body, after, late, online, sealed, tries: 0 };\
        const again = { ...tried, tries: 1, passes };\
        return [outcome(tried), outcome(again), fate({ ...tried, passes }), fate(again)]; })";
    let found = run(script, &given);
    let failures: Vec<String> = rows
        .iter()
        .zip(found.as_array().unwrap())
        .flat_map(|(row, found)| {
            let case = &row.case;
            let expected = [&case.text, &case.again, &case.file, &case.file_again];
            let named = ["text", "again", "file", "file_again"].into_iter().zip(expected).enumerate();
            named
                .filter(|(nth, (_, expected))| !expected.is_empty() && found[nth] != expected.as_str())
                .map(|(nth, (field, expected))| format!("{}: {field} is {} and not {expected}", row.name, found[nth]))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn backoff_grows_and_respects_retry_after() {
    let script = "({ pause }, _) => [\
        [...Array(10).keys()].map((tries) => pause('fault', { status: 500, tries }, 1)),\
        [...Array(10).keys()].map((tries) => pause('missing', { status: 409, tries }, 1)),\
        pause('fault', { status: 500, tries: 3 }, 0), pause('fault', { status: 503, after: 60 }, 0),\
        pause('busy', { status: 429, after: 7, tries: 9 }, 0), pause('busy', { status: 429 }, 1), pause('busy', { status: 409 }, 0),\
        pause('sent', { status: 201 }, 1), pause('refused', { status: 422 }, 1), pause('unsure', { status: 0, tries: 3 }, 1)]";
    let seconds = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(|seconds| seconds * 1000);
    assert_eq!(run(script, &Value::Null), json!([seconds, seconds, 8000, 60_000, 7000, 31_000, 1000, 0, 0, 0]));
}
