//! Whether what a question has of a query is enough to show it, or a coincidence.

use super::query::Term;
use super::score;

/// How much evidence a hit needs; less is junk. This and the other figures are measured with `make bench-search`.
const NEEDED: f32 = 0.18;
/// How much of its strongest word a hit loses, because one word alone is a coincidence more often than two.
const STRONGEST: f32 = 0.36;
/// How much even an empty query asks for, in words that a single question has.
const ASKED: f32 = 0.4;

/// What a question has of a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// How much the words come to that both have, by their rarity and by where they stand.
    sum: f32,
    /// How much the strongest of them comes to.
    strongest: f32,
    /// How many words both have, letter by letter or by their stem.
    shared: u16,
}

impl Evidence {
    /// Adds a word of the query that the question has: what it comes to, and how like the question's word it is.
    pub fn add(&mut self, score: f32, likeness: f32) {
        self.sum += score;
        self.strongest = self.strongest.max(score);
        self.shared += u16::from(likeness == 1.0);
    }
}

/// How much a query asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    needed: f32,
    /// How many words a question has to share to be meant whatever they come to; none where no word is rare.
    all: Option<u16>,
}

impl Asked {
    /// What somebody asks of so many questions.
    pub fn new(terms: &[Term], questions: usize) -> Asked {
        // So that the same words need the same evidence however many questions there are.
        let rarest = score::rarity(1, questions);
        let telling = || terms.iter().filter(|term| term.telling);
        let asked: f32 = telling().map(|term| term.rarity / rarest).sum();
        let known: f32 =
            telling().map(|term| term.stems.iter().fold(0.0, |most, (_, likeness)| likeness.max(most))).sum();
        let count = telling().count();
        Asked {
            // The less of the query any question knows, the less sure is what one has of it.
            needed: NEEDED * rarest * (ASKED + asked).sqrt() * count as f32 / known,
            all: telling().any(|term| term.rare).then_some(count as u16),
        }
    }

    /// Whether the evidence is enough. It never is where a query only says that something is wrong.
    pub fn answered_by(&self, evidence: &Evidence) -> bool {
        self.all == Some(evidence.shared) || evidence.sum - STRONGEST * evidence.strongest >= self.needed
    }
}
