//! The source of stems and synonyms: a stemmer in the gateway, a table in a page.

use std::collections::HashMap;

use super::languages::Language;

/// Provides stems and synonyms.
pub trait Stems: Send + Sync {
    /// The stem of a lower-case word, with accents, in a language; the word itself if it has none.
    fn stem(&self, word: &str, language: Language) -> String;

    /// The beginnings of words, each with the one that represents its synonyms.
    fn synonyms(&self) -> &[(String, String)];
}

/// The stems of the words of certain questions, for use without a stemmer. Every other word is its own stem.
///
/// Create it with `table` where a stemmer exists.
#[derive(Clone, Debug, Default)]
pub struct Table {
    stems: HashMap<String, String>,
    synonyms: Vec<(String, String)>,
}

impl Table {
    /// A table of words with their stems, and of beginnings of words with the one that represents their synonyms.
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
