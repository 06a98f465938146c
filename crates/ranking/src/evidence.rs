//! Whether what a question has of a query is enough to show it, or a coincidence.

use super::query::Term;
use super::score;

/// How much evidence a hit needs; less is junk. This and the other figures are measured with `make bench-search`.
const NEEDED: f32 = 0.155;
/// How much of its strongest word a hit loses, because one word alone is a coincidence more often than two.
const STRONGEST: f32 = 0.47;
/// How much more a hit needs that has nothing of the query in its title or topics.
const UNTITLED: f32 = 1.2;
/// How much even an empty query asks for, in words that a single question has.
const ASKED: f32 = 0.4;
/// How much a word of a title or a topic comes to at least, as a share of the most.
const TITLED: f32 = 0.6;
/// How like its word one is at least that was surely meant: one that is still typed, or a long one with a mistake.
const SURE: f32 = 0.85;

/// What a question has of a query.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// How much the words come to that both have, by their rarity and by where they stand.
    sum: f32,
    /// How much the strongest of them comes to.
    strongest: f32,
    /// How many words both have, letter by letter or by their stem.
    shared: u16,
    /// How many words of the query were surely meant by words of the title or the topics.
    titled: u16,
    /// Whether any word of the query is in the title or the topics, or one that is like it.
    in_title: bool,
}

impl Evidence {
    /// Adds a word of the query that the question has: what it comes to, how much it counts in the question (0 to 1), and how
    /// like the question's word it is (0 to 1).
    pub fn add(&mut self, score: f32, share: f32, likeness: f32) {
        self.sum += score;
        self.strongest = self.strongest.max(score);
        self.shared += u16::from(likeness == 1.0);
        self.titled += u16::from(likeness >= SURE && share >= TITLED);
        self.in_title |= share >= TITLED;
    }
}

/// How much a query asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    needed: f32,
    /// How many words say what is asked.
    words: u16,
    /// Whether one of them is rare.
    rare: bool,
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
        let words = telling().count() as u16;
        Asked {
            // The less of the query any question knows, the less sure is what one has of it.
            needed: NEEDED * rarest * (ASKED + asked).sqrt() * f32::from(words) / known,
            words,
            rare: telling().any(|term| term.rare),
        }
    }

    /// Which share of the evidence that is needed there is, 1 where it is enough. It never is where a query only says that
    /// something is wrong.
    pub fn share_of(&self, evidence: &Evidence) -> f32 {
        if self.words == 0 {
            return 0.0;
        }
        // Whoever writes a rare word means it, wherever it stands; and a title or topic with all words is about them.
        if self.rare && evidence.shared == self.words || evidence.titled == self.words {
            return 1.0;
        }
        let needed = if evidence.in_title { self.needed } else { self.needed * UNTITLED };
        ((evidence.sum - STRONGEST * evidence.strongest) / needed).min(1.0)
    }
}
