//! A set of questions that changes now and then. What was read of a question is stored, so that only changed questions are read again.

use std::collections::BTreeMap;

use super::Index;
use super::build::{Entry, Forms, assemble};
use super::stems::Stems;
use domain::question::Question;

/// How many questions may be replaced or removed before the share of them counts.
const DROPPED_FREELY: usize = 1_000;

/// Questions that have been read, ordered by id.
#[derive(Default)]
pub struct Corpus {
    forms: Forms,
    entries: BTreeMap<String, Entry>,
    /// How many questions were replaced or removed. Their words are still stored.
    dropped: usize,
}

impl Corpus {
    /// Reads a question and replaces the one with the same id.
    pub fn insert(&mut self, question: &Question) {
        let entry = self.forms.read(question);
        self.dropped += usize::from(self.entries.insert(question.id.clone(), entry).is_some());
    }

    /// Removes a question.
    pub fn remove(&mut self, id: &str) {
        self.dropped += usize::from(self.entries.remove(id).is_some());
    }

    /// How many questions there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether so many words of replaced or removed questions are stored that all questions should be read again into a new corpus.
    pub fn is_wasteful(&self) -> bool {
        self.dropped > self.len() + DROPPED_FREELY
    }

    /// The index of the questions, the same as if all of them had just been read.
    pub fn index(&self, stems: impl Stems + 'static) -> Index {
        assemble(&self.forms, self.entries.values().collect(), Box::new(stems))
    }
}

impl std::fmt::Debug for Corpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Corpus of {} questions", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Snowball;
    use super::*;
    use domain::question::Answer;
    use proptest::prelude::*;

    const WORDS: &[&str] = &[
        "export",
        "exports",
        "exporting",
        "chart",
        "charts",
        "dashboard",
        "billing",
        "invoice",
        "invoices",
        "caf\u{e9}",
        "cafe",
        "stra\u{df}e",
        "strasse",
        "ERR_NETWORK_CHANGED",
        "the",
        "and",
        "is",
        "wir",
        "haben",
        "das",
        "nicht",
        "die",
        "rechnungen",
        "rechnung",
        "nous",
        "avons",
        "les",
        "factures",
        "facture",
        "\u{56fe}\u{8868}",
    ];

    fn sentence() -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(WORDS), 0..12).prop_map(|words| words.join(" "))
    }

    fn question() -> impl Strategy<Value = Question> {
        let answers = prop::collection::vec(sentence(), 0..3);
        (0..8_u8, sentence(), sentence(), answers, any::<bool>(), 2019..2027_u16).prop_map(
            |(id, title, body, answers, solved, year)| Question {
                id: format!("q{id}"),
                kind: "question".into(),
                title,
                body,
                solved,
                created_at: format!("{year}-05-01T00:00:00Z"),
                answers: answers.into_iter().map(|body| Answer { body, ..Answer::default() }).collect(),
                ..Question::default()
            },
        )
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Put(Question),
        Remove(u8),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        prop_oneof![3 => question().prop_map(Edit::Put), 1 => (0..8_u8).prop_map(Edit::Remove)]
    }

    proptest! {
        #[test]
        fn updated_and_rebuilt_indexes_find_the_same(
            edits in prop::collection::vec(edit(), 1..40),
            queries in prop::collection::vec(sentence(), 1..6),
        ) {
            let mut corpus = Corpus::default();
            let mut questions: BTreeMap<String, Question> = BTreeMap::new();
            for edit in edits {
                match edit {
                    Edit::Put(question) => {
                        corpus.insert(&question);
                        questions.insert(question.id.clone(), question);
                    }
                    Edit::Remove(id) => {
                        corpus.remove(&format!("q{id}"));
                        questions.remove(&format!("q{id}"));
                    }
                }
            }
            let questions: Vec<Question> = questions.into_values().collect();
            let (updated, rebuilt) = (corpus.index(Snowball), Index::build(&questions, Snowball));
            prop_assert_eq!(updated.len(), rebuilt.len());
            let words = WORDS.iter().flat_map(|word| [word.to_string(), format!("{word} "), word.chars().take(4).collect()]);
            for query in words.chain(queries) {
                prop_assert_eq!(updated.search(&query, 10), rebuilt.search(&query, 10), "{}", query);
            }
        }
    }

    #[test]
    fn unused_words_are_detected() {
        let mut corpus = Corpus::default();
        let question = Question { id: "a".into(), title: "Export a chart".into(), ..Question::default() };
        for _ in 0..=DROPPED_FREELY {
            corpus.insert(&question);
            assert!(!corpus.is_wasteful());
        }
        corpus.insert(&question);
        corpus.insert(&question);
        assert!(corpus.is_wasteful());
    }
}
