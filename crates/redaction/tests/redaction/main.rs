//! Measures the redaction of secrets: secrets of every kind in the contexts in which they occur, and lines without secrets.
//!
//! One half of both may be used while the redaction is developed; the other half is held out, with forms, carriers and lines of its own. `cargo
//! test --package redaction --test redaction -- --nocapture` prints the figures of both.

#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod carriers;
mod encoding;
mod harmless;
mod random;
mod secrets;
mod survival;

use carriers::{Carrier, carriers};
use harmless::{DOTTED, Line, lines, pairs};
use redaction::{Origin, Rules, redact, redact_value};
use secrets::{Half, Secret, TOLD, rules, secrets};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use survival::{NOTHING, survivor};

/// How many failed cases an assertion prints.
const SHOWN: usize = 20;

static KNOWN: LazyLock<Findings> = LazyLock::new(|| Findings::new(Half::Known));
static HELD_OUT: LazyLock<Findings> = LazyLock::new(|| Findings::new(Half::HeldOut));

#[test]
fn known_secrets_are_redacted_in_every_carrier() {
    assert_none(&KNOWN.leaks);
}

#[test]
fn held_out_secrets_are_redacted_in_every_carrier() {
    assert_none(&HELD_OUT.leaks);
}

#[test]
fn known_ordinary_lines_stay_unchanged() {
    stays_small(&KNOWN);
}

#[test]
fn held_out_ordinary_lines_stay_unchanged() {
    stays_small(&HELD_OUT);
}

#[test]
fn redacting_twice_changes_nothing() {
    assert_none(&KNOWN.unstable);
    assert_none(&HELD_OUT.unstable);
}

#[test]
fn words_around_a_secret_stay() {
    assert_none(&KNOWN.ragged);
    assert_none(&HELD_OUT.ragged);
}

#[test]
fn redacted_values_are_replaced_by_their_kind() {
    for secret in secrets(Half::Known).iter().chain(&secrets(Half::HeldOut)) {
        if ["jwt", "card"].contains(&secret.kind) {
            let shown = redact(&format!("The server rejected {}", secret.text), Origin::Collected, &rules());
            assert_eq!(shown, format!("The server rejected [{}]", secret.kind), "{}", secret.text);
        }
    }
}

#[test]
fn corpus_values_are_redacted_by_name_or_shape() {
    let mut leaks = Vec::new();
    for secret in secrets(Half::Known).iter().chain(&secrets(Half::HeldOut)) {
        let name = secret.name.unwrap_or("detail");
        let shown = redact_value(name, &secret.text, &rules());
        if survivor(secret, &shown, "").is_some() {
            leaks.push(format!("{}: {name}: {}\n    -> {shown}", secret.kind, secret.text));
        }
    }
    assert_none(&leaks);
}

#[test]
fn ordinary_values_stay_unchanged() {
    for (name, value) in pairs() {
        assert_eq!(redact_value(name, value, &rules()), value, "{name}");
    }
}

#[test]
fn the_corpus_has_its_minimum_size() {
    let halves = [Half::Known, Half::HeldOut];
    for half in halves {
        assert!(secrets(half).len() >= 150, "{half:?}: {} secrets", secrets(half).len());
        assert!(lines(half).len() >= 2_500, "{half:?}: {} lines", lines(half).len());
        for secret in secrets(half) {
            let places = carriers(half, &secret).len();
            assert!(places >= 10, "{}: {} goes into {places} carriers", secret.kind, secret.text);
        }
    }
    assert!(halves.map(|half| secrets(half).len()).iter().sum::<usize>() >= 300);
    assert!(halves.map(|half| lines(half).len()).iter().sum::<usize>() >= 5_000);
}

/// A check that misses unredacted secrets would pass any redaction.
#[test]
fn unredacted_secrets_are_detected() {
    let mut overlooked = Vec::new();
    for half in [Half::Known, Half::HeldOut] {
        for secret in secrets(half) {
            for carrier in carriers(half, &secret) {
                let text = carrier.carry(&secret);
                if survivor(&secret, &text, &carrier.carry_instead(&secret, NOTHING)).is_none() {
                    overlooked.push(format!("{} in {}: {text}", secret.kind, carrier.name));
                }
                let hidden = carrier.carry_instead(&secret, "[hidden]");
                assert_eq!(survivor(&secret, &hidden, &carrier.carry_instead(&secret, NOTHING)), None, "{hidden}");
            }
        }
    }
    assert_none(&overlooked);
}

#[test]
fn partially_redacted_secrets_count_as_leaks() {
    for secret in secrets(Half::Known).iter().filter(|secret| secret.cores == [secret.text.as_str()]) {
        let half: String = secret.text.chars().take(secret.text.chars().count().div_ceil(2)).collect();
        assert!(survivor(secret, &format!("rejected {half}[hidden]"), "rejected ").is_some(), "{half}");
    }
}

#[test]
fn figures() {
    println!("{}{}", KNOWN.table("known half"), HELD_OUT.table("held-out half"));
}

/// A number of cases, and how many of them failed.
#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    wrong: usize,
}

/// The effect of the redaction on a half of the corpus.
#[derive(Default)]
struct Findings {
    /// The planted secrets by kind.
    planted: BTreeMap<&'static str, Count>,
    /// The lines by class.
    lines: BTreeMap<&'static str, Count>,
    leaks: Vec<String>,
    changes: Vec<String>,
    /// Texts that a second redaction changed.
    unstable: Vec<String>,
    /// Texts that lost more than the secret.
    ragged: Vec<String>,
}

impl Findings {
    fn new(half: Half) -> Findings {
        let mut findings = Findings::default();
        for (number, secret) in secrets(half).iter().enumerate() {
            for (index, carrier) in carriers(half, secret).into_iter().enumerate() {
                let written = !TOLD.contains(&secret.kind) && (number + index) % 2 == 1;
                findings.plant(secret, carrier, if written { Origin::Written } else { Origin::Collected });
            }
        }
        for line in lines(half) {
            findings.leave(&line);
        }
        findings
    }

    fn plant(&mut self, secret: &Secret, carrier: &Carrier, origin: Origin) {
        let text = carrier.carry(secret);
        let shown = redact(&text, origin, &rules());
        let case = |piece: &str| format!("{} in {}:{piece}\n    {text}\n    -> {shown}", secret.kind, carrier.name);
        let frame = carrier.carry_instead(secret, NOTHING);
        let piece = survivor(secret, &shown, &frame);
        let count = self.planted.entry(secret.kind).or_default();
        count.all += 1;
        count.wrong += usize::from(piece.is_some());
        if let Some(piece) = piece {
            self.leaks.push(case(&format!(" {piece}")));
        }
        if carrier.is_framed() && !keeps(&frame, &shown) {
            self.ragged.push(case(""));
        }
        self.repeat(&shown, origin, &rules());
    }

    fn leave(&mut self, line: &Line) {
        let rules = if line.class == DOTTED {
            Rules { ip_addresses: false, social_security: false, ..rules() }
        } else {
            rules()
        };
        let origins = [Origin::Collected, Origin::Written];
        let changed = origins
            .map(|origin| redact(&line.text, origin, &rules))
            .into_iter()
            .find(|redacted| *redacted != line.text);
        let count = self.lines.entry(line.class).or_default();
        count.all += 1;
        if let Some(changed) = changed {
            count.wrong += 1;
            self.changes.push(format!("{}:\n    {}\n    -> {changed}", line.class, line.text));
            self.repeat(&changed, Origin::Collected, &rules);
        }
    }

    fn repeat(&mut self, once: &str, origin: Origin, rules: &Rules) {
        let twice = redact(once, origin, rules);
        if twice != once {
            self.unstable.push(format!("{once}\n    -> {twice}"));
        }
    }

    fn table(&self, title: &str) -> String {
        let mut out = format!("\n{title}\n");
        for (items, verb, counts) in [("plantings", "survived", &self.planted), ("lines", "changed", &self.lines)] {
            for (name, count) in counts {
                out += &format!("{name:>24} {:>6} {items}, {:>4} {verb}\n", count.all, count.wrong);
            }
            let Count { all, wrong } = sum(counts);
            let share = wrong as f64 * 100.0 / all as f64;
            out += &format!("{:>24} {all:>6} {items}, {wrong:>4} {verb} ({share:.2} %)\n", "all");
        }
        out
    }
}

fn sum(counts: &BTreeMap<&'static str, Count>) -> Count {
    counts
        .values()
        .fold(Count::default(), |sum, count| Count { all: sum.all + count.all, wrong: sum.wrong + count.wrong })
}

/// Whether the text before and after the secret is still there.
fn keeps(frame: &str, shown: &str) -> bool {
    frame.split_once(NOTHING).is_some_and(|(before, tail)| shown.starts_with(before) && shown.ends_with(tail))
}

/// At most one line in two hundred changes.
fn stays_small(findings: &Findings) {
    let Count { all, wrong } = sum(&findings.lines);
    assert!(wrong * 200 <= all, "{wrong} of {all} lines\n{}", first(&findings.changes));
}

fn assert_none(cases: &[String]) {
    assert!(cases.is_empty(), "{} cases\n{}", cases.len(), first(cases));
}

fn first(cases: &[String]) -> String {
    cases.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("\n")
}
