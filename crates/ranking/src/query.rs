//! Turns a query into the terms to search for.

use super::Index;
use super::best::keep;
use super::folding::fold;
use super::languages::{self, Language};
use super::score;
use super::synonyms::{LIKENESS, is_form};
use super::words::{Piece, has_hiragana, words};

/// The most words of a query that are used.
const TERMS_MAX: usize = 40;
/// The most stems of a prefix; the more frequent ones first.
const BEGINNINGS_MAX: usize = 12;
/// The most stems that are related to a word.
const RELATED_MAX: usize = 12;
/// The weight of a word that is still typed, relative to a whole one.
const BEGINNING: f32 = 0.98;
/// The weight of a prefix so short that it may become many words.
const BARELY_BEGUN: f32 = 0.8;
const BARELY_BEGUN_MAX: usize = 2;
/// The most frequent of the stems of a word tells how rare it is; the others count by this fraction.
const LESS_FREQUENT: usize = 3;
/// The weight of a word that only says that something is wrong.
const VAGUE: f32 = 0.3;
/// The most questions that have a rare word.
const RARE: usize = 2;
/// The shortest number that is a code.
const NUMBER_MIN: usize = 4;
/// The weight of a part of a code, relative to the whole.
const PART: f32 = 0.8;

/// A word of a query and the stems that it stands for.
#[derive(Debug)]
pub struct Term {
    /// The letter that all words it matches start with; none if they differ.
    pub first: Option<char>,
    /// The stems that it matches, each with a likeness of 0 to 1. Empty if nothing is like it.
    pub stems: Vec<(u32, f32)>,
    /// How rare it is, which is its weight.
    pub rarity: f32,
    /// Whether it says what is asked, and not only that something is wrong.
    pub is_significant: bool,
    /// Whether so few questions have it that it is certainly meant. A short number never is.
    pub rare: bool,
}

/// The terms of a query. Its last word may still be typed, unless a character that is no letter follows it.
pub fn terms(query: &str, index: &Index) -> Vec<Term> {
    let typing = query.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut wanted_words: Vec<(String, Piece, bool)> = Vec::new();
    words(query, &mut |word| {
        let unfinished = typing && word.range.end == query.len();
        wanted_words.push((word.spelled.to_string(), word.piece, unfinished));
    });
    let mut terms: Vec<Term> = Vec::new();
    let mut stems_seen: Vec<String> = Vec::new();
    // Backwards, so that the whole of a code comes before its parts.
    let mut whole_known = false;
    for (spelled, piece, unfinished) in wanted_words.into_iter().rev() {
        let folded = fold(&spelled).into_owned();
        if index.is_stop(&folded) || stems_seen.contains(&folded) {
            continue;
        }
        let is_unknown = piece == Piece::None && index.known_number(&spelled, &folded).is_none();
        let parts = if is_unknown { index.parts(&folded) } else { Vec::new() };
        if !parts.is_empty() {
            terms.extend(parts);
            continue;
        }
        let mut term = index.term(&spelled, &folded, piece, unfinished);
        match piece {
            Piece::Whole => {
                whole_known = !term.stems.is_empty();
                // The parts stand for an unknown whole.
                if !whole_known {
                    continue;
                }
            }
            Piece::Part if whole_known => term.rarity *= PART,
            _ => {}
        }
        // A word that is only begun may become any word.
        if term.stems.is_empty() && unfinished {
            continue;
        }
        stems_seen.push(folded);
        terms.push(term);
    }
    terms.truncate(TERMS_MAX);
    terms
}

impl Index {
    fn is_stop(&self, folded: &str) -> bool {
        let stops = languages::LANGUAGES.into_iter().zip(languages::stops(folded));
        stops.into_iter().any(|(language, stop)| stop && self.languages.contains(&language))
    }

    fn term(&self, spelled: &str, folded: &str, piece: Piece, unfinished: bool) -> Term {
        let is_significant = !languages::is_vague(folded) && !has_hiragana(spelled);
        let mut stems: Vec<(u32, f32)> =
            self.known_number(spelled, folded).into_iter().map(|stem| (stem, 1.0)).collect();
        let letters = folded.chars().count();
        if unfinished && (letters >= 2 || piece == Piece::Pair) {
            let mut beginnings: Vec<(usize, u32)> = Vec::new();
            for stem in self.vocabulary.beginning(folded) {
                let of_stem = (self.frequency(stem), stem);
                if !beginnings.contains(&of_stem) && !stems.iter().any(|(candidate, _)| *candidate == stem) {
                    keep(&mut beginnings, BEGINNINGS_MAX, of_stem, |a, second| a.0 > second.0);
                }
            }
            let likeness = if letters <= BARELY_BEGUN_MAX && piece != Piece::Pair { BARELY_BEGUN } else { BEGINNING };
            stems.extend(beginnings.into_iter().map(|(_, stem)| (stem, likeness)));
        }
        let correctable =
            piece != Piece::Pair && piece != Piece::Whole && !folded.chars().any(|c| c.is_numeric() || c == '.');
        if stems.is_empty() && correctable {
            let (intended, mistakes) = self.vocabulary.intended_words(folded, unfinished);
            let weight = 1.0 - mistakes as f32 / letters as f32;
            stems.extend(intended.into_iter().map(|stem| (stem, weight)));
        }
        if correctable && (stems.is_empty() || takes_affixes(folded)) {
            for related in self.vocabulary.related(folded, RELATED_MAX) {
                if !stems.iter().any(|(candidate, _)| *candidate == related.0) {
                    stems.push(related);
                }
            }
        }
        let own_stems = stems.len();
        // They are English, and prefixes of other words in other languages.
        if self.languages.first() == Some(&Language::English) {
            self.add_synonyms(folded, &mut stems);
        }
        let frequency = match stems.first() {
            Some((stem, 1.0)) => self.frequency(*stem),
            _ => {
                let frequencies = stems.iter().map(|(stem, _)| self.frequency(*stem));
                let (maximum, total) = frequencies.fold((0, 0), |(maximum, total), a| (a.max(maximum), total + a));
                maximum + (total - maximum) / LESS_FREQUENT
            }
        };
        // A word that no question has weighs against a hit as much as the rarest known one.
        let rare =
            (1..=RARE).contains(&frequency) && (letters >= NUMBER_MIN || folded.chars().any(char::is_alphabetic));
        let rarity = score::rarity(frequency.max(1), self.len()) * if is_significant { 1.0 } else { VAGUE };
        let first = folded.chars().next().filter(|_| stems.len() == own_stems);
        Term { first, stems, rarity, is_significant, rare }
    }

    /// Adds the stems of the synonyms of a word.
    fn add_synonyms(&self, folded: &str, stems: &mut Vec<(u32, f32)>) {
        let synonyms = self.stems.synonyms();
        for (_, meaning) in synonyms.iter().filter(|(beginning, _)| is_form(folded, beginning)) {
            for (beginning, _) in synonyms.iter().filter(|(_, meaning_of)| meaning_of == meaning) {
                for (word, stem) in self.vocabulary.words_beginning(beginning) {
                    if is_form(word, beginning) && !stems.iter().any(|(candidate, _)| *candidate == stem) {
                        stems.push((stem, LIKENESS));
                    }
                }
            }
        }
    }

    /// The terms of the known parts of an unknown compound, if they are most of it.
    fn parts(&self, folded: &str) -> Vec<Term> {
        let parts = self.vocabulary.parts(folded);
        let known_letters: usize = parts.iter().map(|part| part.len()).sum();
        if known_letters * 4 < folded.len() * 3 {
            return Vec::new();
        }
        let term = |part: &str| {
            let term = self.term(part, part, Piece::Part, true);
            Term { rarity: term.rarity * PART, ..term }
        };
        parts.into_iter().map(term).collect()
    }

    /// The stem of a word in any of the languages.
    fn known_number(&self, spelled: &str, folded: &str) -> Option<u32> {
        let mut stems = self.languages.iter().map(|language| self.stems.stem(spelled, *language));
        self.vocabulary.stem(folded).or_else(|| stems.find_map(|stem| self.vocabulary.stem(&fold(&stem))))
    }
}

/// Whether words of a script have so many prefixes and suffixes that words containing one are searched for even if the word itself is known:
/// scripts other than Latin, Greek and Cyrillic.
fn takes_affixes(folded: &str) -> bool {
    folded.chars().next().is_some_and(|c| c >= '\u{590}')
}
