//! What a device remembers about answers: what was searched for there, and what has helped.

use super::join::join_nonempty;
use markdown::is_part_of_word;

/// How many searches are remembered.
pub const RECENT_MAX: usize = 3;
/// How many questions that helped are remembered.
pub const SOLVED_MAX: usize = 20;
/// The longest search that is remembered, in characters.
const SEARCH_MAX: usize = 80;

/// What is remembered. It is kept as lines of text: `?` with a search, or `!` with the id of a question, a tab, and the words
/// for which it helped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What was searched for, latest first.
    recent: Vec<String>,
    /// Questions that helped, latest first, with the folded words for which they did.
    solved: Vec<(String, String)>,
}

impl Memory {
    /// Reads what [`Memory::text`] wrote; what is not understood is left out.
    pub fn read(text: &str) -> Memory {
        let mut memory = Memory::default();
        for line in text.split('\n') {
            if let Some(search) = line.strip_prefix('?') {
                memory.recent.push(search.to_string());
            } else if let Some((id, words)) = line.strip_prefix('!').and_then(|line| line.split_once('\t')) {
                memory.solved.push((id.to_string(), words.to_string()));
            }
        }
        memory.recent.truncate(RECENT_MAX);
        memory.solved.truncate(SOLVED_MAX);
        memory
    }

    /// What is kept on the device.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for search in &self.recent {
            text.push_str(&["?", search, "\n"].concat());
        }
        for (id, words) in &self.solved {
            text.push_str(&["!", id, "\t", words, "\n"].concat());
        }
        text
    }

    /// The searches that are remembered, latest first.
    pub fn recent(&self) -> &[String] {
        &self.recent
    }

    /// Remembers a search.
    pub fn remember_search(&mut self, query: &str) {
        let words: Vec<&str> = query.split_ascii_whitespace().collect();
        let line: String = join_nonempty(&words, " ").chars().take(SEARCH_MAX).collect();
        if line.is_empty() {
            return;
        }
        self.recent.retain(|known| fold(known) != fold(&line));
        self.recent.insert(0, line);
        self.recent.truncate(RECENT_MAX);
    }

    /// Remembers that a question has helped with a search.
    pub fn remember_solved(&mut self, id: &str, query: &str) {
        let id = id.chars().map(|letter| if letter.is_ascii_control() { ' ' } else { letter }).collect();
        let entry = (id, fold(query));
        self.solved.retain(|known| *known != entry);
        self.solved.insert(0, entry);
        self.solved.truncate(SOLVED_MAX);
    }

    /// Whether a question has helped with the same words before.
    pub fn has_solved(&self, id: &str, query: &str) -> bool {
        let words = fold(query);
        !words.is_empty() && self.solved.iter().any(|(known, with)| known == id && *with == words)
    }
}

/// The words of a search, however they were written.
fn fold(query: &str) -> String {
    let mut words = String::new();
    for letter in query.chars() {
        if is_part_of_word(letter) {
            words.push(letter.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.truncate(words.trim_ascii_end().len());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_question_that_helped_is_known_for_the_same_words_only() {
        let mut memory = Memory::default();
        memory.remember_solved("q1", "Export fails!");
        assert!(memory.has_solved("q1", "export  fails"));
        assert!(!memory.has_solved("q2", "export fails"));
        assert!(!memory.has_solved("q1", "export fails again"));
        memory.remember_solved("q2", "");
        assert!(!memory.has_solved("q2", ""));
    }

    #[test]
    fn the_latest_searches_are_remembered_once_each() {
        let mut memory = Memory::default();
        for search in ["one", "two", "  ", "One", "three\nlines", "four"] {
            memory.remember_search(search);
        }
        assert_eq!(memory.recent(), ["four", "three lines", "One"]);
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back(searches: Vec<String>, helped: Vec<(String, String)>) {
            let mut memory = Memory::default();
            searches.iter().for_each(|search| memory.remember_search(search));
            helped.iter().for_each(|(id, query)| memory.remember_solved(id, query));
            prop_assert_eq!(Memory::read(&memory.text()), memory);
        }

        #[test]
        fn any_text_is_read(text: String) {
            Memory::read(&text);
        }
    }
}
