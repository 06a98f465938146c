//! What is redacted and what is not. Tokens are assembled here, because scanners of pushes take whole ones for real.

use super::*;

mod harmless;
mod hidden;
mod properties;

fn collected(text: &str) -> String {
    redact(text, Origin::Collected, &Rules::default())
}

/// Bytes that look random, the same for the same seed.
fn drawn(seed: usize, length: usize, alphabet: &str) -> String {
    let mut state = seed as u64 * 2_654_435_761 + 12_345;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    (0..length).map(|_| alphabet.as_bytes()[next() % alphabet.len()] as char).collect()
}

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// One token of every shape, with its kind.
fn tokens(seed: usize) -> Vec<(String, &'static str)> {
    let random_token = |prefix: &str, length, alphabet| format!("{prefix}{}", drawn(seed + length, length, alphabet));
    let jwt = [
        encoded(r#"{"alg":"HS256"}"#),
        encoded(&format!(r#"{{"sub":"{}"}}"#, drawn(seed, 9, HEX))),
        drawn(seed, 43, LETTERS),
    ];
    let mut out = vec![
        (random_token("AKIA", 16, CAPITALS), "key"),
        (random_token("ASIA", 16, CAPITALS), "key"),
        (random_token("SK", 32, HEX), "key"),
        (jwt.join("."), "jwt"),
        (format!("{}.{}.", jwt[0], jwt[1]), "jwt"),
        (format!("{}..{}.{}.{}", jwt[0], drawn(seed, 16, LETTERS), jwt[2], drawn(seed, 22, LETTERS)), "jwt"),
    ];
    let prefixes = [
        ("ghp_", 36),
        ("gho_", 36),
        ("ghs_", 36),
        ("github_pat_", 82),
        ("glpat-", 20),
        ("gldt-", 20),
        ("xoxb-", 48),
        ("xoxp-", 48),
        ("xapp-", 60),
        ("sk_live_", 24),
        ("sk_test_", 24),
        ("rk_live_", 24),
        ("whsec_", 32),
        ("sk-", 48),
        ("sk-proj-", 64),
        ("sk-svcacct-", 64),
        ("sk-ant-api03-", 95),
        ("AIza", 35),
        ("GOCSPX-", 28),
        ("ya29.", 80),
        ("1//0", 50),
        ("phc_", 43),
        ("phx_", 43),
        ("npm_", 36),
        ("pypi-AgEI", 120),
        ("hooks.slack.com/services/T0/B0/", 24),
    ];
    out.extend(prefixes.map(|(prefix, length)| (random_token(prefix, length, LETTERS), "token")));
    out.push((format!("SG.{}.{}", drawn(seed, 22, LETTERS), drawn(seed + 1, 43, LETTERS)), "token"));
    out
}

/// Base64 with padding.
fn encoded(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
}

/// A card number with a valid check digit.
fn card(prefix: &str, length: usize, seed: usize) -> String {
    let body = format!("{prefix}{}", drawn(seed, length - 1 - prefix.len(), "0123456789"));
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| luhn(number)).unwrap()
}

fn luhn(number: &str) -> bool {
    let sum: u32 = number
        .chars()
        .rev()
        .enumerate()
        .map(|(n, c)| {
            let digit = c.to_digit(10).unwrap() * if n % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    sum.is_multiple_of(10)
}
