//! Decides whether what a question shares with a query is enough to show it, or a coincidence.

use super::query::Term;
use super::score;

/// The evidence that a hit needs; with less it is junk. This and the other constants are measured with `make bench-search`.
const EVIDENCE_NEEDED: f32 = 0.155;
/// The share of its strongest word that a hit loses, because a single word is a coincidence more often than two.
const STRONGEST: f32 = 0.47;
/// The factor on what a hit needs that shares nothing of the query in its title or topics.
const UNTITLED: f32 = 1.2;
/// What even an empty query asks for, in words that a single question has.
const EMPTY_QUERY_DEMAND: f32 = 0.4;
/// The least that a word in a title or topic counts, as a share of the most.
const TITLED: f32 = 0.6;
/// The likeness from which a word certainly means another: one that is still typed, or a long one with a mistake.
const SURE: f32 = 0.85;

/// What a question shares with a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// The sum over the shared words, by their rarity and their place.
    sum: f32,
    /// The largest part of the sum.
    strongest: f32,
    /// How many words are shared, by their letters or by their stem.
    shared: u16,
    /// How many words of the query certainly mean words of the title or the topics.
    titled: u16,
    /// Whether any word of the query, or one like it, is in the title or the topics.
    in_title: bool,
}

impl Evidence {
    /// Adds a word of the query that the question has: its score, its weight in the question (0 to 1), and the likeness of the question's word
    /// (0 to 1).
    pub fn add(&mut self, score: f32, share: f32, likeness: f32) {
        self.sum += score;
        self.strongest = self.strongest.max(score);
        self.shared += u16::from(likeness == 1.0);
        self.titled += u16::from(likeness >= SURE && share >= TITLED);
        self.in_title |= share >= TITLED;
    }
}

/// What a query asks for.
#[derive(Clone, Copy, Debug)]
pub struct QueryDemand {
    evidence_needed: f32,
    /// How many words say what is asked.
    words: u16,
    /// Whether one of them is rare.
    rare: bool,
}

impl QueryDemand {
    /// What a query asks for, in an index of this many questions.
    pub fn new(terms: &[Term], questions: usize) -> QueryDemand {
        // Makes the evidence that the same words need independent of the number of questions.
        let rarest = score::rarity(1, questions);
        let significant = || terms.iter().filter(|term| term.is_significant);
        let demand: f32 = significant().map(|term| term.rarity / rarest).sum();
        let known_share: f32 =
            significant().map(|term| term.stems.iter().fold(0.0, |best, (_, likeness)| likeness.max(best))).sum();
        let words = significant().count() as u16;
        QueryDemand {
            // The less of the query any question knows, the weaker is what one shares with it.
            evidence_needed: EVIDENCE_NEEDED * rarest * (EMPTY_QUERY_DEMAND + demand).sqrt() * f32::from(words)
                / known_share,
            words,
            rare: significant().any(|term| term.rare),
        }
    }

    /// The share of the needed evidence, 1 if it is enough. It never is if a query only says that something is wrong.
    pub fn share_of(&self, evidence: &Evidence) -> f32 {
        if self.words == 0 {
            return 0.0;
        }
        // A rare word is meant wherever it occurs, and a title or topic with all words is about them.
        if self.rare && evidence.shared == self.words || evidence.titled == self.words {
            return 1.0;
        }
        let evidence_needed = if evidence.in_title { self.evidence_needed } else { self.evidence_needed * UNTITLED };
        ((evidence.sum - STRONGEST * evidence.strongest) / evidence_needed).min(1.0)
    }
}
