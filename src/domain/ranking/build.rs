//! From questions to an index: their words, which languages these are in, their stems, and where each stem occurs.

use std::collections::HashMap;

use super::folding::fold;
use super::languages::{self, LANGUAGES, Language};
use super::plain::plain_text;
use super::score::{self, Counts};
use super::stems::Stems;
use super::stored::Stored;
use super::vocabulary::Vocabulary;
use super::words::words;
use super::{Index, Posting};
use crate::domain::question::Question;

/// How many stop words a question has at least that is not in English.
const STOPS_MIN: u32 = 3;
/// As many questions as fit a posting.
const QUESTIONS_MAX: usize = 1 << 24;

/// Indexes questions; `stems` brings their words to stems, and those of the queries.
pub fn build(questions: &[Question], stems: Box<dyn Stems>) -> Index {
    let questions = questions.get(..QUESTIONS_MAX).unwrap_or(questions);
    let mut read = Read::default();
    for question in questions {
        read.add(question);
    }
    let (vocabulary, numbers) = read.vocabulary(stems.as_ref());
    let (starts, postings) = postings(&read.texts.by_stem(&numbers));
    let newest = questions.iter().filter_map(|question| score::year(&question.created_at)).fold(0.0, f32::max);
    let standing = |question: &Question| {
        let age = score::year(&question.created_at).map_or(0.0, |year| newest - year);
        score::standing(question.solved, age)
    };
    Index {
        questions: questions.iter().map(Stored::new).collect(),
        standings: questions.iter().map(standing).collect(),
        languages: read.languages(),
        vocabulary,
        starts,
        postings,
        stems,
    }
}

/// The words of questions that are not their own stem, with their stems: what a `Table` is made of.
pub fn table(questions: &[Question], stems: &dyn Stems) -> Vec<(String, String)> {
    let mut read = Read::default();
    for question in questions {
        read.add(question);
    }
    let mut table: Vec<(String, String)> = read.stems(stems).map(|(word, stem)| (word.to_string(), stem)).collect();
    table.retain(|(word, stem)| word != stem);
    table.sort_unstable();
    table
}

/// What was read of questions.
#[derive(Default)]
struct Read {
    numbers: HashMap<String, u32>,
    /// By their numbers.
    words: Vec<Known>,
    texts: Texts,
    /// How many questions are in each language.
    languages: [u32; 5],
}

/// A word of the questions.
struct Known {
    /// In lower case, with its accents where it has some.
    spelled: Box<str>,
    /// Of which languages it is a stop word.
    stops: [bool; 5],
    /// How many questions of each language have it.
    questions: [u32; 5],
}

/// For every question its words, each once; in one list, because millions of small ones would cost as much again.
#[derive(Default)]
struct Texts {
    occurrences: Vec<Occurrence>,
    /// Where each question's words end.
    ends: Vec<usize>,
}

/// A word in a question; or a stem, once the stems are known.
#[derive(Clone, Copy)]
struct Occurrence {
    word: u32,
    counts: Counts,
}

impl Read {
    fn add(&mut self, question: &Question) {
        let mut found: Vec<Occurrence> = Vec::new();
        self.field(&question.title, 0, &mut found);
        self.field(&plain_text(&question.body), 1, &mut found);
        for answer in &question.answers {
            self.field(&plain_text(&answer.body), 2, &mut found);
        }
        for topic in &question.topics {
            self.field(topic, 3, &mut found);
        }
        self.texts.push(found);
        let text = self.texts.iter().next_back().unwrap_or_default();
        tell_language(text, &mut self.words, &mut self.languages);
    }

    fn field(&mut self, text: &str, field: usize, found: &mut Vec<Occurrence>) {
        words(text, &mut |word| {
            let folded = fold(word.spelled);
            let number = match self.numbers.get(folded.as_ref()) {
                Some(number) => *number,
                None => {
                    let number = self.words.len() as u32;
                    let stops = languages::stops(&folded);
                    self.words.push(Known { spelled: word.spelled.into(), stops, questions: [0; 5] });
                    self.numbers.insert(folded.into_owned(), number);
                    number
                }
            };
            // Who writes the accents knows the word; its stem needs them.
            if let Some(known) =
                self.words.get_mut(number as usize).filter(|known| known.spelled.len() < word.spelled.len())
            {
                known.spelled = word.spelled.into();
            }
            found.push(Occurrence { word: number, counts: std::array::from_fn(|place| u8::from(place == field)) });
        });
    }

    fn languages(&self) -> Vec<Language> {
        LANGUAGES
            .into_iter()
            .zip(self.languages)
            .filter(|(_, count)| *count > 0)
            .map(|(language, _)| language)
            .collect()
    }

    fn is_stop(&self, word: &Known) -> bool {
        word.stops.iter().zip(self.languages).any(|(stop, count)| *stop && count > 0)
    }

    /// The words that are not stop words, with their stems.
    fn stems<'a>(&'a self, stems: &'a dyn Stems) -> impl Iterator<Item = (&'a str, String)> {
        self.words.iter().filter(|word| !self.is_stop(word)).map(|word| {
            let most = LANGUAGES.into_iter().zip(word.questions).rev().max_by_key(|(_, count)| *count);
            let language = most.map_or(Language::English, |(language, _)| language);
            (word.spelled.as_ref(), stems.stem(&word.spelled, language))
        })
    }

    /// The words and stems as they can be looked up, and for every word the number of its stem.
    fn vocabulary(&mut self, stems: &dyn Stems) -> (Vocabulary, Vec<Option<u32>>) {
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut numbers: Vec<Option<u32>> = Vec::with_capacity(self.words.len());
        let mut stemmed = self.stems(stems);
        for word in &self.words {
            numbers.push(if self.is_stop(word) {
                None
            } else {
                stemmed.next().map(|(_, stem)| {
                    let next = known.len() as u32;
                    *known.entry(fold(&stem).into_owned()).or_insert(next)
                })
            });
        }
        drop(stemmed);
        let words = std::mem::take(&mut self.numbers);
        let of_word = |word: u32| numbers.get(word as usize).copied().flatten();
        // Where a stem is spelled as another word is, the word counts.
        known.retain(|stem, _| words.get(stem).copied().and_then(of_word).is_none());
        known.extend(words.into_iter().filter_map(|(word, number)| Some((word, of_word(number)?))));
        let all = known.into_iter().collect();
        (Vocabulary::new(all), numbers)
    }
}

/// Finds out which language a question is in, and that its words occur in it.
fn tell_language(text: &[Occurrence], words: &mut [Known], languages: &mut [u32; 5]) {
    let mut stops = [0; 5];
    for occurrence in text {
        let Some(known) = words.get(occurrence.word as usize) else { continue };
        for (count, stop) in stops.iter_mut().zip(known.stops) {
            *count += u32::from(stop);
        }
    }
    let [english, ..] = stops;
    let most = stops.into_iter().max().filter(|most| *most > english && *most >= STOPS_MIN);
    let language = most.and_then(|most| stops.iter().position(|count| *count == most)).unwrap_or_default();
    if let Some(count) = languages.get_mut(language) {
        *count += 1;
    }
    for occurrence in text {
        let known = words.get_mut(occurrence.word as usize);
        if let Some(count) = known.and_then(|known| known.questions.get_mut(language)) {
            *count += 1;
        }
    }
}

impl Texts {
    /// Adds the words of a question; those that are alike become one.
    fn push(&mut self, mut words: Vec<Occurrence>) {
        words.sort_unstable_by_key(|one| one.word);
        let start = self.occurrences.len();
        for next in words {
            match self.occurrences.get_mut(start..).and_then(<[Occurrence]>::last_mut) {
                Some(last) if last.word == next.word => {
                    for (count, more) in last.counts.iter_mut().zip(next.counts) {
                        *count = count.saturating_add(more);
                    }
                }
                _ => self.occurrences.push(next),
            }
        }
        self.ends.push(self.occurrences.len());
    }

    /// The words of every question.
    fn iter(&self) -> impl DoubleEndedIterator<Item = &[Occurrence]> {
        (0..self.ends.len()).map(|number| {
            let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
            let end = self.ends.get(number).copied().unwrap_or_default();
            self.occurrences.get(start..end).unwrap_or_default()
        })
    }

    /// The stems of every question; `numbers` has them by the numbers of the words, none for stop words.
    fn by_stem(&self, numbers: &[Option<u32>]) -> Texts {
        let mut texts = Texts::default();
        for text in self.iter() {
            let stem = |one: &Occurrence| {
                let word = numbers.get(one.word as usize).copied().flatten()?;
                Some(Occurrence { word, counts: one.counts })
            };
            texts.push(text.iter().filter_map(stem).collect());
        }
        texts
    }
}

/// For every stem where its postings start, and all postings.
fn postings(texts: &Texts) -> (Vec<u32>, Vec<Posting>) {
    let lengths = |text: &[Occurrence]| {
        text.iter().fold([0.0; 4], |mut lengths, occurrence| {
            for (length, count) in lengths.iter_mut().zip(occurrence.counts) {
                *length += f32::from(count);
            }
            lengths
        })
    };
    let mut usual = [0.0; 4];
    let mut sizes: Vec<u32> = Vec::new();
    for text in texts.iter() {
        for (sum, length) in usual.iter_mut().zip(lengths(text)) {
            *sum += length / texts.ends.len() as f32;
        }
        for occurrence in text {
            let stem = occurrence.word as usize;
            if sizes.len() <= stem {
                sizes.resize(stem + 1, 0);
            }
            if let Some(size) = sizes.get_mut(stem) {
                *size += 1;
            }
        }
    }
    let mut next: Vec<u32> = Vec::with_capacity(sizes.len() + 1);
    let mut total = 0;
    for size in sizes {
        next.push(total);
        total += size;
    }
    let mut starts = next.clone();
    starts.push(total);
    let mut postings = vec![Posting::default(); total as usize];
    for (question, text) in texts.iter().enumerate() {
        let mut relative = lengths(text);
        for (length, usual) in relative.iter_mut().zip(usual) {
            *length /= usual.max(f32::MIN_POSITIVE);
        }
        for occurrence in text {
            let Some(place) = next.get_mut(occurrence.word as usize) else { continue };
            if let Some(posting) = postings.get_mut(*place as usize) {
                *posting = Posting::new(question as u32, score::impact(occurrence.counts, relative));
            }
            *place += 1;
        }
    }
    (starts, postings)
}
