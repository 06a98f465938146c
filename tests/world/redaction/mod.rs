//! Secrets of real issuers, in every carrier; and harmless text that surrounds them in logs.

#[path = "../../../crates/redaction/tests/redaction/carriers.rs"]
mod carriers;
#[path = "../../../crates/redaction/tests/redaction/encoding.rs"]
mod encoding;
#[path = "../../../crates/redaction/tests/redaction/random.rs"]
mod random;
#[path = "../../../crates/redaction/tests/redaction/secrets.rs"]
mod secrets;
#[path = "../../../crates/redaction/tests/redaction/survival.rs"]
mod survival;

use domain::config::Collected;
use domain::context::document::{Value, prepare};
use redaction::{Origin, Rules, redact};
use serde::Deserialize;
use serde_json::json;
use wire::Read;

use self::carriers::carriers;
use self::random::{BASE32, BASE62, BASE64, BASE64_URL, DIGITS, HEX, Random};
use self::secrets::{Half, Secret};
use self::survival::{NOTHING, survivor};
use super::rows::{Row, check_all, read};

/// A kind of secret.
#[derive(Deserialize)]
struct Kind {
    /// Its form; `{alphabet length}` is replaced by random characters.
    value: String,
    /// Whether it is an address or a phrase, which no tool continues after a line break.
    #[serde(default)]
    address: bool,
}

/// A line that must not change.
#[derive(Deserialize)]
struct Harmless {
    line: String,
}

/// How many values of each kind are tried.
const DRAWS: usize = 4;

fn kinds() -> Vec<Row<Kind>> {
    read(include_str!("table.toml"))
}

#[test]
fn secrets_of_known_issuers_are_redacted_in_every_carrier() {
    check_all(&kinds(), |kind| {
        for draw in 0..DRAWS {
            let secret = drawn(kind, draw);
            let carriers_of_secret = carriers(Half::HeldOut, &secret);
            assert!(carriers_of_secret.len() > 20, "{} goes into {} carriers", secret.text, carriers_of_secret.len());
            for carrier in carriers_of_secret {
                let text = carrier.carry(&secret);
                let shown = redact(&text, Origin::Collected, &Rules::default());
                let frame = carrier.carry_instead(&secret, NOTHING);
                if let Some(piece) = survivor(&secret, &shown, &frame) {
                    return Err(format!("{piece} stays in {}:\n    {text}\n    -> {shown}", carrier.name));
                }
                let twice = redact(&shown, Origin::Collected, &Rules::default());
                if twice != shown {
                    return Err(format!("a second time changes {}:\n    {shown}\n    -> {twice}", carrier.name));
                }
            }
        }
        Ok(())
    });
}

#[test]
fn secrets_leave_the_page_in_no_part_of_the_context() {
    check_all(&kinds(), |kind| {
        let secret = drawn(kind, DRAWS + 1);
        let text = &secret.text;
        let time = "2026-11-23T10:00:00.000Z";
        let address = format!("https://app.example.com/items/{text}/edit?from={text}");
        let line = format!("refused: {text}");
        let collected = json!({
            "frozen_at": time,
            "page": {"url": address, "title": line, "referrer": address, "canonical": address, "routes": [{"url": address, "at": time}]},
            "user": {"id": "7", "name": line, "attributes": {"note": text}},
            "application": {"release": line, "flags": {"beta": text}},
            "errors": [{"source": "error", "name": "Error", "message": line, "stack": format!("Error: {line}\n    at load ({address}:1:2)"), "location": address, "at": time}],
            "requests": [{"method": "GET", "url": address, "status": 500, "failure": line, "at": time, "headers": {"x-note": text}}],
            "breadcrumbs": [{"at": time, "kind": "click", "role": "button", "name": line, "path": line}],
            "page_values": {"note": text, "settings": json!({"note": text}).to_string()},
        });
        let document = prepare(Value::read(&collected), &Collected::default(), &Rules::default());
        let leaves = serde_json::to_string(&document).expect("a document is JSON");
        let parts = ["page", "user", "application", "errors", "requests", "breadcrumbs", "page_values"];
        if let Some(part) = parts.into_iter().find(|part| !leaves.contains(&format!("\"{part}\":"))) {
            return Err(format!("{part} is not in {leaves}"));
        }
        survivor(&secret, &leaves, "").map_or(Ok(()), |piece| Err(format!("{piece} stays in {leaves}")))
    });
}

#[test]
fn secrets_in_written_texts_are_redacted_without_context() {
    check_all(&kinds(), |kind| {
        let secret = drawn(kind, DRAWS);
        let text = format!("My key is {} and it stopped working, why?", secret.text);
        let shown = redact(&text, Origin::Written, &Rules::default());
        let keeps = shown.starts_with("My key is ") && shown.ends_with(" and it stopped working, why?");
        match survivor(&secret, &shown, "") {
            None if keeps => Ok(()),
            _ => Err(format!("{text}\n    -> {shown}")),
        }
    });
}

#[test]
fn names_of_things_stay_unchanged() {
    check_all(&read::<Harmless>(include_str!("harmless.toml")), |Harmless { line }| {
        [Origin::Collected, Origin::Written].into_iter().try_for_each(|origin| {
            let shown = redact(line, origin, &Rules::default());
            if shown == *line { Ok(()) } else { Err(format!("{line}\n    -> {shown}")) }
        })
    });
}

#[test]
fn the_table_has_its_minimum_of_kinds() {
    assert!(kinds().len() >= 150, "{}", kinds().len());
}

/// A value of a kind, the same for the same draw. Its random parts have to be redacted, unless they only name something.
fn drawn(kind: &Kind, draw: usize) -> Secret {
    let mut random = Random::new(&kind.value, draw);
    let (mut text, mut cores) = (String::new(), Vec::new());
    let mut rest = kind.value.as_str();
    while let Some((before, tail)) = rest.split_once('{') {
        let (part, after) = tail.split_once('}').expect("a brace closes");
        let (alphabet, length) = part.split_once(' ').unwrap_or((part, "36"));
        let drawn = match alphabet.trim_end_matches('!') {
            "uuid" => uuid(&mut random),
            name => random.text(alphabet_of(name), length.parse().expect("a length")),
        };
        text += before;
        text += &drawn;
        if !alphabet.ends_with('!') && drawn.len() > 5 {
            cores.push(drawn);
        }
        rest = after;
    }
    text += rest;
    Secret { kind: "issuer", name: None, text, cores, breaks: !kind.address }
}

fn uuid(random: &mut Random) -> String {
    [8, 4, 4, 4, 12].map(|length| random.text(HEX, length)).join("-")
}

fn alphabet_of(name: &str) -> &'static str {
    match name {
        "base62" => BASE62,
        "url" => BASE64_URL,
        "b64" => BASE64,
        "hex" => HEX,
        "HEX" => "0123456789ABCDEF",
        "upper" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "base32" => BASE32,
        "digits" => DIGITS,
        "lower" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "letters" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "bech" => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        _ => panic!("no alphabet is called {name}"),
    }
}
