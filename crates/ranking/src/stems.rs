//! What the ranker is told about stems: by a stemmer in the gateway, by a table in a page.

use std::collections::HashMap;

use super::languages::Language;

/// Brings words to stems.
pub trait Stems: Send + Sync {
    /// The stem of a lower-case word, accents kept, of a language; the word itself where it has none.
    fn stem(&self, word: &str, language: Language) -> String;
}

/// The stems of the words of certain questions, for where no stemmer is at hand. Every other word is its own stem.
///
/// Made with `table` where there is a stemmer.
#[derive(Clone, Debug, Default)]
pub struct Table(HashMap<String, String>);

impl Table {
    /// A table of words and their stems.
    pub fn new(words: impl IntoIterator<Item = (String, String)>) -> Table {
        Table(words.into_iter().collect())
    }
}

impl Stems for Table {
    fn stem(&self, word: &str, _: Language) -> String {
        self.0.get(word).map_or(word, String::as_str).to_string()
    }
}
