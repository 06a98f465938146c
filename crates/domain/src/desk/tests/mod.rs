//! The desk in a simulated world, and what it must hold.

mod cases;
mod check;
mod device;
mod gateway;
mod interleavings;
mod play;
mod texts;
mod world;

use super::ids::Random;

/// Numbers that only look random (SplitMix64), the same for the same seed.
#[derive(Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }
}

impl Random for Seeded {
    fn id(&mut self) -> String {
        format!("{:016x}", self.next())
    }

    fn number(&mut self) -> u64 {
        self.next() >> 11
    }
}

/// A line that can be read, of what is printed to understand a violation.
fn cut(line: &str) -> String {
    let noise = [
        "kind: None, topic: None, severity: None, contact: Contact { name: \"Ada\", email: \"ada@host.example\" }, ",
        "fields: Pairs([]), ",
        "via: \"\", ",
        "questions: [], snapshot: \"\"",
        "IdempotencyKey",
    ];
    let short = noise.iter().fold(line.to_string(), |line, noise| line.replace(noise, ""));
    short.chars().take(900).collect()
}
