//! The sorted words of an index, so that prefixes are ranges. They are in one string, because there are hundreds of thousands.

use super::best::keep;
use super::typing;

/// Words with the numbers of their stems.
#[derive(Debug, Default)]
pub struct Vocabulary {
    letters: String,
    entries: Vec<VocabularyEntry>,
    /// The pairs of letters of each word, see `pairs_of`.
    pairs: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct VocabularyEntry {
    /// The end of the word in the string.
    end: u32,
    stem: u32,
}

impl Vocabulary {
    /// A vocabulary of folded words with the numbers of their stems, each word once.
    pub fn new(mut words: Vec<(String, u32)>) -> Vocabulary {
        // Each word is there once; comparing the numbers as well would only be more code.
        words.sort_unstable_by(|first, second| first.0.cmp(&second.0));
        let mut letters = String::with_capacity(words.iter().map(|(word, _)| word.len()).sum());
        let entries = words
            .iter()
            .map(|(word, stem)| {
                letters.push_str(word);
                VocabularyEntry { end: letters.len() as u32, stem: *stem }
            })
            .collect();
        let pairs = words.iter().map(|(word, _)| pairs_of(word.chars())).collect();
        Vocabulary { letters, entries, pairs }
    }

    /// The number of the stem of a word.
    pub fn stem(&self, word: &str) -> Option<u32> {
        let place = self.first_not_before(word);
        (self.word(place) == Some(word)).then(|| self.entries.get(place).map(|entry| entry.stem))?
    }

    /// The stems of the words with a prefix, once for each word.
    pub fn beginning(&self, letters: &str) -> impl Iterator<Item = u32> {
        self.words_beginning(letters).map(|(_, stem)| stem)
    }

    /// The words with a prefix, with their stems.
    pub fn words_beginning(&self, letters: &str) -> impl Iterator<Item = (&str, u32)> {
        let first = self.first_not_before(letters);
        let range = self.entries.get(first..).unwrap_or_default().iter().enumerate();
        let words = range.map_while(move |(place, entry)| Some((self.word(first + place)?, entry.stem)));
        words.take_while(move |(word, _)| word.starts_with(letters))
    }

    /// The stems of the words that a misspelled one may mean: those with the fewest mistakes, and how many. With `beginning` the word is still
    /// typed.
    pub fn intended_words(&self, word: &str, beginning: bool) -> (Vec<u32>, usize) {
        let letters: Vec<char> = word.chars().collect();
        // A word that is still typed has one letter less to compare.
        let mut minimum = typing::allowed(letters.len() - usize::from(beginning && !letters.is_empty()));
        let mut stems: Vec<u32> = Vec::new();
        let Some(first) = letters.first().filter(|_| minimum > 0) else { return (stems, minimum) };
        let range =
            self.first_not_before(&String::from(*first))..self.first_not_before(&format!("{first}{}", char::MAX));
        let mut start = self.start(range.start);
        for entry in self.entries.get(range).unwrap_or_default() {
            let bytes = std::mem::replace(&mut start, entry.end)..entry.end;
            let length = bytes.len();
            // In bytes, so that most words need not be read; a letter has at most four.
            let too_short = length + minimum < letters.len();
            let too_long = !beginning && length > word.len() + 4 * minimum;
            if too_short || too_long {
                continue;
            }
            let candidate = self.letters.get(bytes.start as usize..bytes.end as usize).unwrap_or_default();
            let Some(mistakes) = typing::mistakes(&letters, candidate, minimum, beginning) else { continue };
            if mistakes < minimum {
                stems.clear();
                minimum = mistakes;
            }
            if !stems.contains(&entry.stem) {
                stems.push(entry.stem);
            }
        }
        (stems, minimum)
    }

    /// The stems of words that share a long run of letters with a word, with their likeness, most alike first: parts of compounds, words with
    /// prefixes or suffixes, and forms that no stemmer has united.
    pub fn related(&self, word: &str, limit: usize) -> Vec<(u32, f32)> {
        let letters: Vec<char> = word.chars().collect();
        let Some(min_letters) = MinLetters::new(&letters) else { return Vec::new() };
        let shortest = ((letters.len() as f32 * SHARE).ceil() as usize).max(min_letters.word_min).min(LONG);
        let pairs_wanted = pairs_of(letters.iter().copied());
        // A run this long contains the middle of the word wherever it starts.
        let middle = pairs_of(letters.iter().copied().take(shortest).skip(letters.len() - shortest));
        // A run of letters has one pair less than letters, and pairs may share a bit.
        let pairs_needed = (pairs_wanted.count_ones() as usize + shortest).saturating_sub(letters.len());
        let mut best: Vec<(u32, f32)> = Vec::new();
        for (place, pairs) in self.pairs.iter().enumerate() {
            if pairs & middle != middle || ((pairs & pairs_wanted).count_ones() as usize) < pairs_needed {
                continue;
            }
            let (Some(candidate), Some(entry)) = (self.word(place), self.entries.get(place)) else { continue };
            let known_letters = candidate.chars().count();
            let (run, start) = longest_run(&letters, candidate);
            let is_whole_word = run == letters.len().min(known_letters);
            let enough = match is_whole_word {
                true => min_letters.word_min,
                // Words with the same beginning and length are forms of one more often than others.
                false if start == 0 && run as f32 >= SHARE * known_letters as f32 => min_letters.run - 1,
                false => min_letters.run,
            };
            let share = run as f32 / letters.len() as f32;
            // In scripts without prefixes a different first letter makes a different word.
            let is_other = start == 1 && word.is_ascii() && run + 1 == known_letters && known_letters == letters.len();
            if is_other || run < enough || share < SHARE && run < LONG {
                continue;
            }
            // The rest of one of them may be an ending.
            let likeness = (share + if word.is_ascii() { 0.0 } else { ENDING }).min(1.0)
                * (APART + WHOLE * run as f32 / known_letters as f32);
            match best.iter_mut().find(|(stem, _)| *stem == entry.stem) {
                Some((_, candidate)) if *candidate >= likeness => continue,
                _ => best.retain(|(stem, _)| *stem != entry.stem),
            }
            keep(&mut best, limit, (entry.stem, likeness), |first, second| first.1 > second.1);
        }
        best
    }

    /// The end of the longest known word that a compound starts with, and the start of the one it ends with.
    pub fn parts<'a>(&self, word: &'a str) -> Vec<&'a str> {
        let letters: Vec<char> = word.chars().collect();
        let Some(min_letters) = MinLetters::new(&letters) else { return Vec::new() };
        // The compound may be the beginning of a longer word.
        if self.beginning(word).next().is_some() {
            return Vec::new();
        }
        let is_known = |part: &&str| {
            let letters = part.chars().count();
            // A longer part only has to be the prefix of a word, because the ending may differ.
            letters >= min_letters.word_min
                && (self.stem(part).is_some()
                    || letters >= min_letters.beginning_min && self.beginning(part).next().is_some())
        };
        let first = word.char_indices().rev().filter_map(|(index, _)| word.get(..index)).find(is_known);
        let last = word.char_indices().skip(1).filter_map(|(index, _)| word.get(index..)).find(is_known);
        // Letters that both words claim belong to the first.
        let rest = word.len() - first.map_or(0, str::len);
        first.into_iter().chain(last.filter(|last| last.len() <= rest)).collect()
    }

    fn first_not_before(&self, word: &str) -> usize {
        // Written out, because the words are not in the entries.
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.word(middle).is_some_and(|candidate| candidate < word) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn word(&self, place: usize) -> Option<&str> {
        self.letters.get(self.start(place) as usize..self.entries.get(place)?.end as usize)
    }

    fn start(&self, place: usize) -> u32 {
        place.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |entry| entry.end)
    }
}

/// The shortest runs of letters that two words have to share.
struct MinLetters {
    /// If the run is the whole of one.
    word_min: usize,
    /// If it is a part of both.
    run: usize,
    /// If words begin with it.
    beginning_min: usize,
}

impl MinLetters {
    /// Depends on the script: a letter says more in one that writes no vowels, or syllables. `None` if the word is too short.
    fn new(word: &[char]) -> Option<MinLetters> {
        let (word_min, run, beginning) = match word.first()? {
            '\u{590}'..='\u{8ff}' | '\u{1200}'..='\u{139f}' => (3, 4, 3),
            '\u{1100}'..='\u{11ff}' => (4, 6, 4),
            '\u{30a1}'..='\u{30ff}' => (2, 4, 2),
            _ => (5, 6, 6),
        };
        (word.len() >= word_min).then_some(MinLetters { word_min, run, beginning_min: beginning })
    }
}

/// The least share of a word that a run of letters has to be.
const SHARE: f32 = 0.6;
/// The number of letters that is no coincidence, however long the word is.
const LONG: usize = 8;
/// The share of a word that its ending is.
const ENDING: f32 = 0.2;
/// The likeness of a word that has all letters and many others.
const APART: f32 = 0.7;
/// The bonus if it has few others.
const WHOLE: f32 = 0.2;

/// A set of the word's pairs of letters in 64 bits, to see quickly which words may share letters.
fn pairs_of(word: impl Iterator<Item = char> + Clone) -> u64 {
    word.clone().zip(word.skip(1)).fold(0, |bits, (first, second)| {
        let mixed = (first as u32).wrapping_mul(31).wrapping_add(second as u32).wrapping_mul(0x9e37_79b1);
        bits | 1 << (mixed >> 26)
    })
}

/// The length of the longest run of letters that two words share, and where it starts in the second.
fn longest_run(word: &[char], candidate: &str) -> (usize, usize) {
    let mut rows = vec![0_usize; word.len() + 1];
    let (mut longest, mut start) = (0, 0);
    for (place, letter) in candidate.chars().enumerate() {
        let mut before = 0;
        for (row, opposite) in rows.iter_mut().skip(1).zip(word) {
            let length = *row;
            *row = if *opposite == letter { before + 1 } else { 0 };
            if *row > longest {
                (longest, start) = (*row, place + 1 - *row);
            }
            before = length;
        }
    }
    (longest, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = ["dash", "dashboard", "dashboards", "export", "exporter", "invoice"];
        Vocabulary::new(words.iter().zip([0, 1, 1, 2, 3, 4]).map(|(word, stem)| (word.to_string(), stem)).collect())
    }

    #[test]
    fn words_are_found_whole_and_by_prefix() {
        assert_eq!(vocabulary().stem("dashboards"), Some(1));
        assert_eq!(vocabulary().stem("dashb"), None);
        assert_eq!(vocabulary().stem(""), None);
        assert_eq!(vocabulary().beginning("dashb").collect::<Vec<_>>(), [1, 1]);
        assert_eq!(vocabulary().beginning("x").count(), 0);
    }

    #[test]
    fn words_with_the_fewest_mistakes_win() {
        assert_eq!(vocabulary().intended_words("exprot", false), (vec![2], 1));
        assert_eq!(vocabulary().intended_words("dahsboadr", false), (vec![1], 2));
        assert_eq!(vocabulary().intended_words("nvoice", false).0, Vec::<u32>::new());
        assert_eq!(vocabulary().intended_words("dahsb", true), (vec![1], 1));
    }

    #[test]
    fn words_with_a_long_common_part_are_related() {
        let stems = |word: &str| vocabulary().related(word, 4).into_iter().map(|(stem, _)| stem).collect::<Vec<_>>();
        assert_eq!(stems("invoiced"), [4]);
        assert_eq!(stems("board"), [1]);
        assert_eq!(stems("invalid"), Vec::<u32>::new());
        assert_eq!(stems("exp"), Vec::<u32>::new());
    }

    #[test]
    fn compounds_are_split_into_known_parts() {
        assert_eq!(vocabulary().parts("exportinvoice"), ["export", "invoice"]);
        assert_eq!(vocabulary().parts("exportsinvoice"), ["export", "invoice"]);
        assert_eq!(vocabulary().parts("exporterror"), ["exporter"]);
        assert_eq!(vocabulary().parts("reinvoice"), ["invoice"]);
        assert_eq!(vocabulary().parts("nothing"), Vec::<&str>::new());
    }
}
