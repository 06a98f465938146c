//! The ranker: an index of questions in memory, the same in the gateway whatever its store.
//!
//! BM25 over stems (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) with weighted
//! fields, title over question over answers. The last word of a query counts as a beginning too, because it may still be
//! typed.

use std::collections::HashMap;

use super::markdown::{self, Block, Inline};
use super::question::{Hit, Question, Run};
use super::stem;

/// The longest query that is read, in characters.
pub const QUERY_MAX: usize = 300;
/// The most hits that one search gives.
pub const LIMIT_MAX: usize = 20;

const TITLE_WEIGHT: f32 = 5.0;
const BODY_WEIGHT: f32 = 1.0;
const ANSWER_WEIGHT: f32 = 0.6;
/// How fast more of the same word stops counting.
const K1: f32 = 1.2;
/// How much long documents are held back.
const B: f32 = 0.6;
/// How much of a query, by the weight of its words, a hit has to cover; anything less is junk.
const COVERAGE_MIN: f32 = 0.34;
/// A word that is still typed counts less than a whole one.
const BEGINNING_WEIGHT: f32 = 0.7;
const SOLVED_BONUS: f32 = 1.05;
const PREVIEW_MAX: usize = 600;
const EXCERPT_MAX: usize = 160;

/// Questions, ready to be searched.
#[derive(Debug, Default)]
pub struct Index {
    documents: Vec<Document>,
    /// Every word with the number of its stem, sorted, so that beginnings are ranges.
    words: Vec<(String, u32)>,
    stems: HashMap<String, u32>,
    /// For every stem, where it occurs.
    postings: Vec<Vec<Posting>>,
    average_length: f32,
}

#[derive(Debug)]
struct Document {
    hit: Hit,
    title: String,
    preview: String,
    length: f32,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    document: u32,
    weight: f32,
}

/// A word of a query and what it stands for.
struct Term {
    /// The stems it matches, each with how much a match counts.
    stems: Vec<(u32, f32)>,
    /// How rare it is.
    rarity: f32,
}

impl Index {
    /// Indexes questions.
    pub fn build(questions: &[Question]) -> Index {
        let mut index = Index::default();
        let mut known = HashMap::new();
        for question in questions {
            index.add(question, &mut known);
        }
        index.words = known.into_iter().collect();
        index.words.sort_unstable();
        let total: f32 = index.documents.iter().map(|document| document.length).sum();
        index.average_length = total / index.documents.len().max(1) as f32;
        index
    }

    /// How many questions there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The questions that match best, best first; none where nothing is good.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let query: String = query.chars().take(QUERY_MAX).collect();
        let terms = self.terms(&query);
        let total: f32 = terms.iter().map(|term| term.rarity).sum();
        let mut scores: HashMap<u32, (f32, f32)> = HashMap::new();
        for term in &terms {
            let mut best: HashMap<u32, f32> = HashMap::new();
            for (stem, weight) in &term.stems {
                for posting in self.postings.get(*stem as usize).into_iter().flatten() {
                    let score = weight * self.saturated(posting);
                    let entry = best.entry(posting.document).or_insert(0.0);
                    *entry = entry.max(score);
                }
            }
            for (document, score) in best {
                let entry = scores.entry(document).or_insert((0.0, 0.0));
                entry.0 += term.rarity * score;
                entry.1 += term.rarity;
            }
        }
        let mut ranked: Vec<(f32, u32)> = scores
            .into_iter()
            .filter(|(_, (_, covered))| *covered >= COVERAGE_MIN * total)
            .map(|(document, (score, covered))| {
                let solved = self.documents.get(document as usize).is_some_and(|document| document.hit.solved);
                (score * (covered / total) * if solved { SOLVED_BONUS } else { 1.0 }, document)
            })
            .collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        ranked
            .into_iter()
            .take(limit.min(LIMIT_MAX))
            .filter_map(|(score, document)| Some(self.hit(self.documents.get(document as usize)?, score, &terms)))
            .collect()
    }

    /// Adds a question. `known` are the words so far with the numbers of their stems.
    fn add(&mut self, question: &Question, known: &mut HashMap<String, u32>) {
        let number = self.documents.len() as u32;
        let body = plain_text(&question.body);
        let answers: Vec<String> = question.answers.iter().map(|answer| plain_text(&answer.body)).collect();
        let mut weights: HashMap<u32, f32> = HashMap::new();
        let mut length = 0.0;
        let fields = [(question.title.as_str(), TITLE_WEIGHT), (body.as_str(), BODY_WEIGHT)];
        let answer_fields = answers.iter().map(|answer| (answer.as_str(), ANSWER_WEIGHT));
        for (text, weight) in fields.into_iter().chain(answer_fields) {
            for word in words(text) {
                length += weight;
                let stem = self.learn(word, known);
                *weights.entry(stem).or_insert(0.0) += weight;
            }
        }
        for (stem, weight) in weights {
            if let Some(postings) = self.postings.get_mut(stem as usize) {
                postings.push(Posting { document: number, weight });
            }
        }
        let preview = if body.is_empty() { answers.concat() } else { body };
        self.documents.push(Document {
            hit: Hit {
                id: question.id.clone(),
                kind: question.kind.clone(),
                title: Vec::new(),
                excerpt: Vec::new(),
                url: question.url.clone(),
                solved: question.solved,
                answers: question.answers.len() as u32,
                created_at: question.created_at.clone(),
                score: 0.0,
                votes: 0,
                source: String::new(),
            },
            title: question.title.clone(),
            preview: preview.chars().take(PREVIEW_MAX).collect(),
            length,
        });
    }

    /// The number of a word's stem, new where the word is.
    fn learn(&mut self, word: String, known: &mut HashMap<String, u32>) -> u32 {
        if let Some(number) = known.get(&word) {
            return *number;
        }
        let next = self.postings.len() as u32;
        let number = *self.stems.entry(stem::english(&word)).or_insert(next);
        if number == next {
            self.postings.push(Vec::new());
        }
        known.insert(word, number);
        number
    }

    fn terms(&self, query: &str) -> Vec<Term> {
        let words: Vec<String> = words(query).collect();
        let typing = query.chars().next_back().is_some_and(char::is_alphanumeric);
        let last = words.len().saturating_sub(1);
        let meaningful = words.iter().any(|word| !is_stop_word(word));
        let mut terms: Vec<Term> = Vec::new();
        for (position, word) in words.iter().enumerate() {
            let beginning = typing && position == last;
            // A stop word at the end may be the beginning of another word, but says nothing while it stands alone.
            if meaningful && is_stop_word(word) {
                continue;
            }
            let mut stems: Vec<(u32, f32)> =
                self.stems.get(&stem::english(word)).map(|stem| (*stem, 1.0)).into_iter().collect();
            if beginning && word.chars().count() >= 2 {
                let from = self.words.partition_point(|(known, _)| known < word);
                let range = self.words.get(from..).unwrap_or_default();
                for (_, stem) in range.iter().take_while(|(known, _)| known.starts_with(word.as_str())) {
                    if !stems.iter().any(|(known, _)| known == stem) {
                        stems.push((*stem, BEGINNING_WEIGHT));
                    }
                }
            }
            let frequency = stems.iter().map(|(stem, _)| self.postings.get(*stem as usize).map_or(0, Vec::len)).max();
            terms.push(Term { stems, rarity: self.rarity(frequency.unwrap_or(0)) });
        }
        terms
    }

    /// The inverse document frequency of a word in so many documents.
    fn rarity(&self, frequency: usize) -> f32 {
        let (all, frequency) = (self.documents.len() as f32, frequency as f32);
        (1.0 + (all - frequency + 0.5).max(0.0) / (frequency + 0.5)).ln()
    }

    fn saturated(&self, posting: &Posting) -> f32 {
        let length = self.documents.get(posting.document as usize).map_or(0.0, |document| document.length);
        let norm = K1 * (1.0 - B + B * length / self.average_length.max(1.0));
        posting.weight * (K1 + 1.0) / (posting.weight + norm)
    }

    fn hit(&self, document: &Document, score: f32, terms: &[Term]) -> Hit {
        let matches = |word: &str| {
            let stem = self.stems.get(&stem::english(word));
            stem.is_some_and(|stem| terms.iter().any(|term| term.stems.iter().any(|(known, _)| known == stem)))
        };
        Hit {
            title: marked(&document.title, &matches),
            excerpt: marked(&passage(&document.preview, &matches), &matches),
            score,
            ..document.hit.clone()
        }
    }
}

/// The words of a text in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A text as runs, the matching words marked.
fn marked(text: &str, matches: &impl Fn(&str) -> bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let rest = piece.get(word.len()..).unwrap_or_default();
        let hit = !word.is_empty() && matches(&word.to_lowercase());
        for (part, hit) in [(word, hit), (rest, false)] {
            match runs.last_mut() {
                _ if part.is_empty() => {}
                Some(run) if run.hit == hit => run.text.push_str(part),
                _ => runs.push(Run { text: part.to_string(), hit }),
            }
        }
    }
    runs
}

/// The part of a text in which most words match, cut at words.
fn passage(text: &str, matches: &impl Fn(&str) -> bool) -> String {
    if text.chars().count() <= EXCERPT_MAX {
        return text.to_string();
    }
    let pieces: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
    let good: Vec<bool> = pieces.iter().map(|piece| words(piece).any(|word| matches(&word))).collect();
    let (mut best, mut best_count) = (0..0, 0);
    let (mut start, mut size, mut count) = (0, 0, 0);
    for (end, piece) in pieces.iter().enumerate() {
        size += piece.chars().count();
        count += usize::from(good.get(end) == Some(&true));
        while size > EXCERPT_MAX && start < end {
            size -= pieces.get(start).map_or(0, |piece| piece.chars().count());
            count -= usize::from(good.get(start) == Some(&true));
            start += 1;
        }
        if count > best_count || best.is_empty() || best.start == 0 && start == 0 {
            (best, best_count) = (start..end + 1, count);
        }
    }
    let before = if best.start > 0 { "…" } else { "" };
    let after = if best.end < pieces.len() { "…" } else { "" };
    let inner = pieces.get(best).unwrap_or_default().concat();
    format!("{before}{}{after}", inner.trim())
}

/// What a markdown text says, without its marks.
pub fn plain_text(text: &str) -> String {
    fn of_line(parts: &[Inline], out: &mut String) {
        for part in parts {
            match part {
                Inline::Text(text) | Inline::Code(text) => out.push_str(text),
                Inline::Break => out.push(' '),
                Inline::Picture { alt, .. } => out.push_str(alt),
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { text: inner, .. } => {
                    of_line(inner, out)
                }
            }
        }
    }
    fn of_blocks(blocks: &[Block], out: &mut String) {
        for block in blocks {
            match block {
                Block::Paragraph(parts) | Block::Heading(parts) => of_line(parts, out),
                Block::Code(code) => out.push_str(code),
                Block::Quote(inner) => of_blocks(inner, out),
                Block::List { items, .. } => items.iter().for_each(|item| of_blocks(item, out)),
            }
            if !out.ends_with(' ') {
                out.push(' ');
            }
        }
    }
    let mut out = String::new();
    of_blocks(&markdown::parse(text), &mut out);
    out.trim_end().to_string()
}

/// English words that say nothing about what is asked.
fn is_stop_word(word: &str) -> bool {
    const STOP_WORDS: &[&str] = &[
        "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "but", "by", "can",
        "cannot", "could", "did", "do", "does", "don", "for", "from", "get", "had", "has", "have", "help", "hi", "how",
        "i", "if", "in", "into", "is", "it", "its", "just", "like", "m", "me", "my", "need", "no", "not", "of", "on",
        "or", "our", "please", "s", "should", "so", "some", "t", "than", "that", "the", "their", "them", "then",
        "there", "they", "this", "to", "try", "trying", "us", "ve", "want", "was", "way", "we", "were", "what", "when",
        "where", "which", "who", "why", "will", "with", "would", "you", "your",
    ];
    STOP_WORDS.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::question::Answer;
    use proptest::prelude::*;

    fn question(id: &str, title: &str, body: &str) -> Question {
        Question {
            id: id.into(),
            kind: "question".into(),
            title: title.into(),
            body: body.into(),
            ..Question::default()
        }
    }

    fn index() -> Index {
        let mut solved = question("e", "Alert fires twice", "The same alert arrives two times.");
        solved.solved = true;
        solved.answers.push(Answer { body: "Set a **cooldown**.".into(), ..Answer::default() });
        Index::build(&[
            question("a", "Events missing from a dashboard", "Since this morning nothing arrives."),
            question("b", "How to change the plan", "We want to upgrade our billing plan."),
            question("c", "Exporting a chart fails", "TypeError: Cannot read properties of undefined"),
            question("d", "Billing address on invoices", "Where do I put our address?"),
            solved,
        ])
    }

    fn ids(query: &str) -> Vec<String> {
        index().search(query, 5).into_iter().map(|hit| hit.id).collect()
    }

    #[test]
    fn words_match_by_stem_and_title_counts_more_than_body() {
        assert_eq!(ids("events stopped showing on dashboards")[..1], ["a"]);
        assert_eq!(ids("billing ")[..2], ["d", "b"]);
        assert_eq!(ids("export charts ")[..1], ["c"]);
    }

    #[test]
    fn the_last_word_counts_as_a_beginning_while_it_is_typed() {
        assert_eq!(ids("dash"), ["a"]);
        assert_eq!(ids("dash "), Vec::<String>::new());
        assert_eq!(ids("change the pl")[..1], ["b"]);
    }

    #[test]
    fn answers_are_searched_too() {
        assert_eq!(ids("cooldown "), ["e"]);
    }

    #[test]
    fn nothing_is_shown_for_junk() {
        for junk in ["", " ", "zzz qqq", "the and of", "recipe for a lemon cake", "!!!"] {
            assert_eq!(ids(junk), Vec::<String>::new(), "{junk}");
        }
    }

    #[test]
    fn what_matched_is_marked_and_the_runs_are_the_whole_title() {
        let hits = index().search("missing event", 1);
        let marks: Vec<(&str, bool)> = hits[0].title.iter().map(|run| (run.text.as_str(), run.hit)).collect();
        assert_eq!(marks, [("Events", true), (" ", false), ("missing", true), (" from a dashboard", false)]);
    }

    #[test]
    fn stop_words_are_sorted_as_the_look_up_needs_them() {
        for word in ["a", "help", "what", "your", "don", "trying"] {
            assert!(is_stop_word(word), "{word}");
        }
        assert!(!is_stop_word("dashboard"));
    }

    proptest! {
        #[test]
        fn any_query_over_any_text_gives_runs_that_add_up_to_the_title(title: String, body: String, query: String) {
            let index = Index::build(&[question("x", &title, &body)]);
            for hit in index.search(&query, 3) {
                let text: String = hit.title.iter().map(|run| run.text.as_str()).collect();
                prop_assert_eq!(text, title.clone());
            }
        }
    }
}
