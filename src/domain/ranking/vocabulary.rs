//! The words of an index, sorted, so that beginnings are ranges; in one text, because there are hundreds of thousands.

use super::typing;

/// Words and the numbers of their stems.
#[derive(Debug, Default)]
pub struct Vocabulary {
    letters: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the word ends in the letters.
    end: u32,
    stem: u32,
}

impl Vocabulary {
    /// Folded words with the numbers of their stems, each word once.
    pub fn new(mut words: Vec<(String, u32)>) -> Vocabulary {
        words.sort_unstable();
        let mut letters = String::with_capacity(words.iter().map(|(word, _)| word.len()).sum());
        let entries = words
            .iter()
            .map(|(word, stem)| {
                letters.push_str(word);
                Entry { end: letters.len() as u32, stem: *stem }
            })
            .collect();
        Vocabulary { letters, entries }
    }

    /// The number of the stem of a word.
    pub fn stem(&self, word: &str) -> Option<u32> {
        let place = self.first_not_before(word);
        (self.word(place) == Some(word)).then(|| self.entries.get(place).map(|entry| entry.stem))?
    }

    /// The stems of the words that begin with these letters, as often as there are such words.
    pub fn beginning(&self, letters: &str) -> impl Iterator<Item = u32> {
        let from = self.first_not_before(letters);
        let range = self.entries.get(from..).unwrap_or_default().iter().enumerate();
        let alike = move |place: usize| self.word(from + place).is_some_and(|word| word.starts_with(letters));
        range.take_while(move |(place, _)| alike(*place)).map(|(_, entry)| entry.stem)
    }

    /// The stems of the words that may have been meant by one with mistakes: those with the fewest, and how many.
    /// `beginning`: the word is still typed.
    pub fn meant(&self, word: &str, beginning: bool) -> (Vec<u32>, usize) {
        let letters: Vec<char> = word.chars().collect();
        // What is still typed has one letter less to go by.
        let mut least = typing::allowed(letters.len() - usize::from(beginning && !letters.is_empty()));
        let mut stems: Vec<u32> = Vec::new();
        let Some(first) = letters.first().filter(|_| least > 0) else { return (stems, least) };
        let range =
            self.first_not_before(&String::from(*first))..self.first_not_before(&format!("{first}{}", char::MAX));
        let mut start = self.start(range.start);
        for entry in self.entries.get(range).unwrap_or_default() {
            let bytes = std::mem::replace(&mut start, entry.end)..entry.end;
            let length = bytes.len();
            // In bytes, so that most words need not be read; a letter has four at most.
            let too_short = length + least < letters.len();
            let too_long = !beginning && length > word.len() + 4 * least;
            if too_short || too_long {
                continue;
            }
            let known = self.letters.get(bytes.start as usize..bytes.end as usize).unwrap_or_default();
            let Some(mistakes) = typing::mistakes(&letters, known, least, beginning) else { continue };
            if mistakes < least {
                stems.clear();
                least = mistakes;
            }
            if !stems.contains(&entry.stem) {
                stems.push(entry.stem);
            }
        }
        (stems, least)
    }

    /// The stems of the known words that share the longest beginning with a word, where that is most of both: forms that
    /// no stemmer has brought together; and the share of the letters that is shared.
    pub fn akin(&self, word: &str) -> (Vec<u32>, f32) {
        let at = self.first_not_before(word);
        let mut stems: Vec<u32> = Vec::new();
        let mut most = AKIN_SHARE;
        let around = at.saturating_sub(AKIN_LOOK)..at + AKIN_LOOK;
        for (place, entry) in self.entries.iter().enumerate().take(around.end).skip(around.start) {
            let known = self.word(place).unwrap_or_default();
            let shared = word.chars().zip(known.chars()).take_while(|(one, other)| one == other).count();
            let share = shared as f32 / word.chars().count().max(known.chars().count()) as f32;
            if shared < AKIN_MIN || share < most {
                continue;
            }
            if share > most {
                stems.clear();
                most = share;
            }
            if !stems.contains(&entry.stem) {
                stems.push(entry.stem);
            }
        }
        (stems, most)
    }

    fn first_not_before(&self, word: &str) -> usize {
        // By hand, because the words are not in the entries.
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.word(middle).is_some_and(|known| known < word) {
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

/// How many letters words share at least that are akin.
const AKIN_MIN: usize = 5;
/// And which share of the longer one.
const AKIN_SHARE: f32 = 0.6;
/// How far from a word its kin is looked for, in words.
const AKIN_LOOK: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = ["dash", "dashboard", "dashboards", "export", "exporter", "invoice"];
        Vocabulary::new(words.iter().zip([0, 1, 1, 2, 3, 4]).map(|(word, stem)| (word.to_string(), stem)).collect())
    }

    #[test]
    fn words_are_found_by_letters_and_by_beginning() {
        assert_eq!(vocabulary().stem("dashboards"), Some(1));
        assert_eq!(vocabulary().stem("dashb"), None);
        assert_eq!(vocabulary().stem(""), None);
        assert_eq!(vocabulary().beginning("dashb").collect::<Vec<_>>(), [1, 1]);
        assert_eq!(vocabulary().beginning("x").count(), 0);
    }

    #[test]
    fn the_words_with_the_fewest_mistakes_are_meant() {
        assert_eq!(vocabulary().meant("exprot", false), (vec![2], 1));
        assert_eq!(vocabulary().meant("dahsboadr", false), (vec![1], 2));
        assert_eq!(vocabulary().meant("nvoice", false).0, Vec::<u32>::new());
        assert_eq!(vocabulary().meant("dahsb", true), (vec![1], 1));
    }

    #[test]
    fn words_that_share_most_of_their_letters_are_akin() {
        assert_eq!(vocabulary().akin("invalid").0, Vec::<u32>::new());
        assert_eq!(vocabulary().akin("invoiced"), (vec![4], 0.875));
        assert_eq!(vocabulary().akin("exported"), (vec![3], 0.875));
    }
}
