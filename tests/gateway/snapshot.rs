//! Responses and bodies compared with files beside the tests, without parts that always differ.

use serde_json::Value;

use crate::support::Answer;

/// Headers that say nothing about a response, or have a test of their own.
const LEFT_OUT: [&str; 3] = ["content-length", "deskbell-version", "x-request-id"];

/// Regular expressions for parts that always differ, and their replacements.
const FILTERS: [(&str, &str); 7] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
    (r"DB-[0-9A-HJKMNP-TV-Z]{5,8}", "[reference]"),
    (r"until=\d+&signature=[\w-]+", "until=[time]&signature=[signature]"),
    (r#""version": "\d+\.\d+\.\d+""#, r#""version": "[version]""#),
    (r#"etag: "[^"]+""#, r#"etag: "[tag]""#),
    (r"last-modified: .+", "last-modified: [date]"),
];

/// The filter of headers that depend on the time.
const RETRY_AFTER: (&str, &str) = (r"retry-after: \d+", "retry-after: [seconds]");

/// Compares a text with the stored one. `INSTA_UPDATE=always cargo test` stores the current text.
pub fn check(name: &str, text: &str) {
    check_filtered(name, text, &[&FILTERS[..], &[RETRY_AFTER]].concat());
}

/// Compares a text in which every `retry-after` is fixed.
pub fn check_fixed(name: &str, text: &str) {
    check_filtered(name, text, &FILTERS);
}

fn check_filtered(name: &str, text: &str, filters: &[(&str, &str)]) {
    insta::with_settings!({ filters => filters.to_vec(), prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// Compares a body.
pub fn check_json(name: &str, body: &Value) {
    check(name, &serde_json::to_string_pretty(body).unwrap());
}

/// A response as text: its status, its headers, its body.
pub fn written(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let body = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) => serde_json::to_string_pretty(&body).unwrap(),
        Err(_) => answer.text(),
    };
    format!("{}\n{}\n{body}", answer.status, headers.concat())
}
