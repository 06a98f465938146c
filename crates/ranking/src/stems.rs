//! What the ranker is told about stems and about words that mean the same: by a stemmer in the gateway, by a table in a page.

use std::collections::HashMap;

use super::languages::Language;

/// Brings words to stems.
pub trait Stems: Send + Sync {
    /// The stem of a lower-case word, accents kept, of a language; the word itself where it has none.
    fn stem(&self, word: &str, language: Language) -> String;

    /// The beginnings of words, each with one that stands for all that mean the same.
    fn synonyms(&self) -> &[(String, String)];
}

/// The stems of the words of certain questions, for where no stemmer is at hand. Every other word is its own stem.
///
/// Made with `table` where there is a stemmer.
#[derive(Clone, Debug, Default)]
pub struct Table {
    stems: HashMap<String, String>,
    synonyms: Vec<(String, String)>,
}

impl Table {
    /// A table of words with their stems, and of the beginnings of words with the one that stands for all that mean the same.
    pub fn new(words: impl IntoIterator<Item = (String, String)>, synonyms: Vec<(String, String)>) -> Table {
        Table { stems: words.into_iter().collect(), synonyms }
    }
}

impl Stems for Table {
    fn stem(&self, word: &str, _: Language) -> String {
        self.stems.get(word).map_or(word, String::as_str).to_string()
    }

    fn synonyms(&self) -> &[(String, String)] {
        &self.synonyms
    }
}
