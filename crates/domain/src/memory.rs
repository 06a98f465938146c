//! What a device stores about searches: recent ones, and questions that helped.

use super::join::join_nonempty;
use markdown::is_part_of_word;

/// How many searches are stored.
pub const RECENT_MAX: usize = 3;
/// How many questions that helped are stored.
pub const SOLVED_MAX: usize = 20;
/// The longest search that is stored, in characters.
const SEARCH_MAX: usize = 80;

/// Recent searches and questions that helped. The text form has a line for each: `?` with a search, or `!` with the id of a question, a tab,
/// and the search for which it helped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Searches, latest first.
    recent: Vec<String>,
    /// Questions that helped, latest first, with the folded search for which they did.
    solved: Vec<(String, String)>,
}

impl Memory {
    /// Parses the output of [`Memory::text`]; lines that cannot be parsed are ignored.
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

    /// The text form for storage on the device.
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

    /// The stored searches, latest first.
    pub fn recent(&self) -> &[String] {
        &self.recent
    }

    /// Stores a search.
    pub fn remember_search(&mut self, query: &str) {
        let words: Vec<&str> = query.split_ascii_whitespace().collect();
        let line: String = join_nonempty(&words, " ").chars().take(SEARCH_MAX).collect();
        if line.is_empty() {
            return;
        }
        self.recent.retain(|candidate| fold(candidate) != fold(&line));
        self.recent.insert(0, line);
        self.recent.truncate(RECENT_MAX);
    }

    /// Stores that a question helped with a search.
    pub fn remember_solved(&mut self, id: &str, query: &str) {
        let id = id.chars().map(|letter| if letter.is_ascii_control() { ' ' } else { letter }).collect();
        let entry = (id, fold(query));
        self.solved.retain(|candidate| *candidate != entry);
        self.solved.insert(0, entry);
        self.solved.truncate(SOLVED_MAX);
    }

    /// Whether a question has helped with the same search before.
    pub fn has_solved(&self, id: &str, query: &str) -> bool {
        let words = fold(query);
        !words.is_empty() && self.solved.iter().any(|(question, query)| question == id && *query == words)
    }
}

/// The words of a search in lower case (ASCII), with single spaces and without punctuation.
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
    fn helpful_questions_are_remembered_for_the_same_words() {
        let mut memory = Memory::default();
        memory.remember_solved("q1", "Export fails!");
        assert!(memory.has_solved("q1", "export  fails"));
        assert!(!memory.has_solved("q2", "export fails"));
        assert!(!memory.has_solved("q1", "export fails again"));
        memory.remember_solved("q2", "");
        assert!(!memory.has_solved("q2", ""));
    }

    #[test]
    fn recent_searches_are_remembered_once_each() {
        let mut memory = Memory::default();
        for search in ["one", "two", "  ", "One", "three\nlines", "four"] {
            memory.remember_search(search);
        }
        assert_eq!(memory.recent(), ["four", "three lines", "One"]);
    }

    proptest! {
        #[test]
        fn the_memory_round_trips(searches: Vec<String>, helped: Vec<(String, String)>) {
            let mut memory = Memory::default();
            searches.iter().for_each(|search| memory.remember_search(search));
            helped.iter().for_each(|(id, query)| memory.remember_solved(id, query));
            prop_assert_eq!(Memory::read(&memory.text()), memory);
        }

        #[test]
        fn any_text_is_accepted(text: String) {
            Memory::read(&text);
        }
    }
}
