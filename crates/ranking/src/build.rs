//! Builds an index from questions: their words, the languages of these, their stems, and where each stem occurs.
//!
//! Reading a question depends on no other question, so if few of them change, only those are read again. What depends on all questions
//! (languages, stems, average lengths) is recomputed each time, from numbers.

use std::collections::HashMap;
use std::sync::Arc;

use super::folding::fold;
use super::languages::{self, LANGUAGES, Language};
use super::packed;
use super::plain::plain_text;
use super::score::{self, Counts};
use super::stems::Stems;
use super::stored::Stored;
use super::vocabulary::Vocabulary;
use super::words::words;
use super::{Index, Posting};
use domain::question::Question;

/// The fewest stop words of another language that show that a question is not in English.
const STOPS_MIN: u32 = 3;
/// The most questions that a posting can number.
const QUESTIONS_MAX: usize = 1 << 24;

/// Indexes questions. `stems` stems their words, and later those of queries.
pub fn build(questions: &[Question], stems: Box<dyn Stems>) -> Index {
    let mut forms = Forms::default();
    let entries: Vec<Entry> = questions.iter().map(|question| forms.read(question)).collect();
    assemble(&forms, entries.iter().collect(), stems)
}

/// The words of questions that differ from their stem, with their stems: the content of a `Table`.
pub fn table(questions: &[Question], stems: &dyn Stems) -> Vec<(String, String)> {
    let mut forms = Forms::default();
    let entries: Vec<Entry> = questions.iter().map(|question| forms.read(question)).collect();
    let analysis = WordAnalysis::new(&forms, &entries.iter().collect::<Vec<_>>());
    let mut table: Vec<(String, String)> = Vec::new();
    for (number, _) in forms.list.iter().enumerate() {
        if let Some((spelled, stem)) = analysis.stem(&forms, number, stems)
            && spelled != stem
        {
            table.push((spelled.to_string(), stem));
        }
    }
    table.sort_unstable();
    table
}

/// Builds an index of questions that have been read.
pub fn assemble(forms: &Forms, mut entries: Vec<&Entry>, stems: Box<dyn Stems>) -> Index {
    entries.truncate(QUESTIONS_MAX);
    let analysis = WordAnalysis::new(forms, &entries);
    let (vocabulary, numbers) = analysis.vocabulary(forms, stems.as_ref());
    let mut texts = Texts::default();
    for entry in &entries {
        let stem = |occurrence: Occurrence| {
            let word = numbers.get(occurrence.word as usize).copied().flatten()?;
            Some(Occurrence { word, counts: occurrence.counts })
        };
        texts.push(packed::unpack(&entry.words).filter_map(stem).collect());
    }
    let (starts, postings) = postings(&texts);
    let newest = entries.iter().filter_map(|entry| entry.year).fold(0.0, f32::max);
    let prior = |entry: &&Entry| score::prior(entry.solved, entry.year.map_or(0.0, |year| newest - year));
    Index {
        priors: entries.iter().map(prior).collect(),
        questions: entries.iter().map(|entry| entry.stored.clone()).collect(),
        languages: analysis.languages(),
        vocabulary,
        starts,
        postings,
        stems,
    }
}

/// A question that has been read.
pub struct Entry {
    /// Its folded words, packed; each once.
    words: Box<[u8]>,
    /// The words whose spelling differs from their folded form.
    variants: Box<[u32]>,
    stored: Arc<Stored>,
    solved: bool,
    year: Option<f32>,
}

/// The spellings of all words of questions, numbered.
#[derive(Default)]
pub struct Forms {
    numbers: HashMap<Arc<str>, u32>,
    list: Vec<Form>,
}

/// A spelling of a word: in lower case, with its accents.
struct Form {
    spelled: Arc<str>,
    /// The number of the folded spelling, its own if they are equal; none until a question has it.
    folded: Option<u32>,
    /// The languages in which it is a stop word.
    stops: [bool; 5],
}

/// A word in a question, or a stem, once the stems are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its number.
    pub word: u32,
    /// How often it occurs.
    pub counts: Counts,
}

impl Forms {
    /// Reads a question.
    pub fn read(&mut self, question: &Question) -> Entry {
        let mut occurrences: Vec<Occurrence> = Vec::new();
        let mut variants: Vec<Occurrence> = Vec::new();
        self.field(&question.title, 0, &mut occurrences, &mut variants);
        self.field(&plain_text(&question.body), 1, &mut occurrences, &mut variants);
        for answer in &question.answers {
            self.field(&plain_text(&answer.body), 2, &mut occurrences, &mut variants);
        }
        for topic in &question.topics {
            self.field(topic, 3, &mut occurrences, &mut variants);
        }
        Entry {
            words: packed::pack(&merged(occurrences)),
            variants: merged(variants).iter().map(|variant| variant.word).collect(),
            stored: Arc::new(Stored::new(question)),
            solved: question.solved,
            year: score::year(&question.created_at),
        }
    }

    fn field(&mut self, text: &str, field: usize, occurrences: &mut Vec<Occurrence>, variants: &mut Vec<Occurrence>) {
        words(text, &mut |word| {
            let (form, folded) = self.numbers_of(word.spelled);
            if folded != form {
                variants.push(Occurrence { word: form, counts: Counts::default() });
            }
            occurrences
                .push(Occurrence { word: folded, counts: std::array::from_fn(|place| u8::from(place == field)) });
        });
    }

    /// The numbers of a word as spelled and as folded.
    fn numbers_of(&mut self, spelled: &str) -> (u32, u32) {
        let form = self.number(spelled);
        if let Some(folded) = self.list.get(form as usize).and_then(|existing| existing.folded) {
            return (form, folded);
        }
        let folded = fold(spelled);
        let folded = if folded == spelled { form } else { self.number(&folded) };
        if let Some(existing) = self.list.get_mut(form as usize) {
            existing.folded = Some(folded);
        }
        (form, folded)
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.list.len() as u32;
        let spelled: Arc<str> = word.into();
        self.list.push(Form { spelled: spelled.clone(), folded: None, stops: languages::stops(&spelled) });
        self.numbers.insert(spelled, number);
        number
    }
}

/// What is known of all questions together.
struct WordAnalysis {
    /// By the numbers of the words.
    words: Vec<WordInfo>,
    /// How many questions each language has.
    languages: [u32; 5],
}

/// A word of the questions.
#[derive(Clone, Copy, Default)]
struct WordInfo {
    /// The longest spelling that differs from the folded form.
    variant: Option<u32>,
    /// How many questions of each language have it.
    questions: [u32; 5],
}

impl WordAnalysis {
    fn new(forms: &Forms, entries: &[&Entry]) -> WordAnalysis {
        let mut analysis = WordAnalysis { words: vec![WordInfo::default(); forms.list.len()], languages: [0; 5] };
        for entry in entries {
            analysis.tell_language(forms, entry);
            for variant in &entry.variants {
                analysis.spell(forms, *variant);
            }
        }
        analysis
    }

    /// Detects the language of a question, and counts its words for it.
    fn tell_language(&mut self, forms: &Forms, entry: &Entry) {
        let mut stops = [0; 5];
        for occurrence in packed::unpack(&entry.words) {
            let Some(form) = forms.list.get(occurrence.word as usize) else { continue };
            for (count, stop) in stops.iter_mut().zip(form.stops) {
                *count += u32::from(stop);
            }
        }
        let [english, ..] = stops;
        let maximum = stops.into_iter().max().filter(|maximum| *maximum > english && *maximum >= STOPS_MIN);
        let language = maximum.and_then(|maximum| stops.iter().position(|count| *count == maximum)).unwrap_or_default();
        if let Some(count) = self.languages.get_mut(language) {
            *count += 1;
        }
        for occurrence in packed::unpack(&entry.words) {
            let word_info = self.words.get_mut(occurrence.word as usize);
            if let Some(count) = word_info.and_then(|word_info| word_info.questions.get_mut(language)) {
                *count += 1;
            }
        }
    }

    /// A spelling with accents is the better one, and its stem needs them. The longest one counts, in whatever order questions come.
    fn spell(&mut self, forms: &Forms, variant: u32) {
        let Some(form) = forms.list.get(variant as usize) else { return };
        let word = form.folded.and_then(|folded| self.words.get_mut(folded as usize));
        let Some(word_info) = word else { return };
        let length = |number: u32| forms.list.get(number as usize).map(|form| (form.spelled.len(), &form.spelled));
        if word_info.variant.is_none_or(|best| length(best) < length(variant)) {
            word_info.variant = Some(variant);
        }
    }

    fn languages(&self) -> Vec<Language> {
        let spoken = LANGUAGES.into_iter().zip(self.languages).filter(|(_, count)| *count > 0);
        spoken.map(|(language, _)| language).collect()
    }

    /// A word, as spelled, with its stem, if a question has it and it is no stop word.
    fn stem<'a>(&self, forms: &'a Forms, number: usize, stems: &dyn Stems) -> Option<(&'a str, String)> {
        let (word_info, form) = (self.words.get(number)?, forms.list.get(number)?);
        let is_stop = form.stops.iter().zip(self.languages).any(|(stop, count)| *stop && count > 0);
        if is_stop || word_info.questions == [0; 5] {
            return None;
        }
        let spelled = word_info.variant.and_then(|variant| forms.list.get(variant as usize)).unwrap_or(form);
        let maximum = LANGUAGES.into_iter().zip(word_info.questions).rev().max_by_key(|(_, count)| *count);
        let language = maximum.map_or(Language::English, |(language, _)| language);
        Some((&spelled.spelled, stems.stem(&spelled.spelled, language)))
    }

    /// The vocabulary of words and stems, and for every word the number of its stem.
    fn vocabulary(&self, forms: &Forms, stems: &dyn Stems) -> (Vocabulary, Vec<Option<u32>>) {
        let mut number_of: HashMap<String, u32> = HashMap::new();
        let mut numbers: Vec<Option<u32>> = Vec::with_capacity(forms.list.len());
        for number in 0..forms.list.len() {
            numbers.push(self.stem(forms, number, stems).map(|(_, stem)| {
                let next = number_of.len() as u32;
                *number_of.entry(fold(&stem).into_owned()).or_insert(next)
            }));
        }
        let of_word = |word: u32| numbers.get(word as usize).copied().flatten();
        // If a stem is spelled like another word, the word counts.
        number_of.retain(|stem, _| forms.numbers.get(stem.as_str()).copied().and_then(of_word).is_none());
        let words = forms.list.iter().zip(&numbers);
        number_of.extend(words.filter_map(|(form, number)| Some((form.spelled.to_string(), (*number)?))));
        (Vocabulary::new(number_of.into_iter().collect()), numbers)
    }
}

/// For every question its stems, each once. One list, because millions of small ones would need twice the memory.
#[derive(Default)]
struct Texts {
    occurrences: Vec<Occurrence>,
    /// The end of each question's stems.
    ends: Vec<usize>,
}

/// Words sorted by number, with equal ones merged.
fn merged(mut words: Vec<Occurrence>) -> Vec<Occurrence> {
    words.sort_unstable_by_key(|occurrence| occurrence.word);
    words.dedup_by(|next, last| {
        let is_same = next.word == last.word;
        if is_same {
            for (count, more) in last.counts.iter_mut().zip(next.counts) {
                *count = count.saturating_add(more);
            }
        }
        is_same
    });
    words
}

impl Texts {
    /// Adds the stems of a question.
    fn push(&mut self, words: Vec<Occurrence>) {
        self.occurrences.extend(merged(words));
        self.ends.push(self.occurrences.len());
    }

    /// The stems of every question.
    fn iter(&self) -> impl Iterator<Item = &[Occurrence]> {
        (0..self.ends.len()).map(|number| {
            let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
            let end = self.ends.get(number).copied().unwrap_or_default();
            self.occurrences.get(start..end).unwrap_or_default()
        })
    }
}

/// For every stem the start of its postings, and all postings.
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
