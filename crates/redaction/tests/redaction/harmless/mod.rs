//! Lines without secrets, many of which resemble some. Redaction must not change them.

mod templates;

use super::random::Random;
use super::secrets::Half;
use std::collections::BTreeSet;

/// The most lines of each template.
const LINES_EACH: usize = 46;

/// Lines written by hand. Every other one of a pool is held out.
const POOLS: &[(&str, &str)] = &[
    ("English", include_str!("english.txt")),
    ("German", include_str!("german.txt")),
    ("French", include_str!("french.txt")),
    ("Spanish", include_str!("spanish.txt")),
    ("Arabic", include_str!("arabic.txt")),
    ("logs", include_str!("logs.txt")),
    ("stacks", include_str!("stacks.txt")),
    ("errors", include_str!("errors.txt")),
    ("URLs", include_str!("urls.txt")),
    ("code", include_str!("code.txt")),
    ("titles", include_str!("titles.txt")),
    (DOTTED, include_str!("dotted.txt")),
];

/// Numbers that may be an IP address or a version. They stay only if addresses are not redacted.
pub const DOTTED: &str = "dotted";

/// A line without secrets.
pub struct Line {
    pub class: &'static str,
    pub text: String,
}

/// The distinct lines of a half.
pub fn lines(half: Half) -> Vec<Line> {
    let is_ours = |index: usize| index.is_multiple_of(2) == (half == Half::Known);
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut add = |class, text: String| {
        if seen.insert(text.clone()) {
            out.push(Line { class, text });
        }
    };
    for (class, pool) in POOLS {
        pool.lines().enumerate().filter(|(index, _)| is_ours(*index)).for_each(|(_, line)| add(class, line.into()));
    }
    for (class, templates) in templates::ALL {
        for (index, template) in templates.iter().enumerate().filter(|(index, _)| is_ours(*index)) {
            (0..LINES_EACH).for_each(|line| add(class, template(&mut Random::new(class, index * 10_000 + line))));
        }
    }
    out
}

/// Names and values without secrets, as pairs from a form or a configuration.
pub fn pairs() -> Vec<(&'static str, &'static str)> {
    include_str!("pairs.txt").lines().filter_map(|line| line.split_once(": ")).collect()
}
