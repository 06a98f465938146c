//! The file of a static index: questions that a page searches itself, the stems of their words, and synonyms.
//!
//! `deskbell index` writes it, and the widget reads it: `{"version": 1, "questions": […], "stems": {WORD: STEM}, "synonyms": {BEGINNING:
//! BEGINNING}}`. Synonyms are optional.

use serde::Serialize;

use domain::question::Question;
use wire::Pairs;
use wire::{Read, Source};

/// The version that is written and read.
pub const VERSION: u32 = 1;
/// The most questions that a page should have to fetch and search.
pub const QUESTIONS_MAX: usize = 500;
/// The largest file, in bytes. The widget reads no larger response.
pub const BYTES_MAX: usize = 2_000_000;

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct IndexFile {
    /// The version of the format.
    pub version: u32,
    /// The questions with their answers, ordered by id.
    pub questions: Vec<Question>,
    /// The words that differ from their stem, with their stems.
    pub stems: Pairs<String>,
    /// The beginnings of words, each with the one that represents its synonyms.
    pub synonyms: Pairs<String>,
}

/// Why no file can be made of questions.
#[derive(Debug, PartialEq, Eq)]
pub enum IndexError {
    /// There are no questions.
    Empty,
    /// There are too many questions; this many.
    TooMany(usize),
    /// They are too long; this many bytes.
    TooLarge(usize),
}

impl IndexFile {
    /// The JSON of a file with questions. It is deterministic.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn json(mut questions: Vec<Question>) -> Result<String, IndexError> {
        if questions.is_empty() {
            return Err(IndexError::Empty);
        }
        if questions.len() > QUESTIONS_MAX {
            return Err(IndexError::TooMany(questions.len()));
        }
        questions.sort_by(|a, b| a.id.cmp(&b.id));
        let stems = Pairs(super::table(&questions, &super::Snowball));
        let synonyms = Pairs(super::Stems::synonyms(&super::Snowball).to_vec());
        let file = IndexFile { version: VERSION, questions, stems, synonyms };
        let json = serde_json::to_string(&file).unwrap_or_default();
        if json.len() > BYTES_MAX { Err(IndexError::TooLarge(json.len())) } else { Ok(json) }
    }

    /// Reads a file; `None` if it does not have this version. If it is too long, the first part is read.
    pub fn read(source: &impl Source) -> Option<IndexFile> {
        let version = source.get("version").number() as u32;
        if version != VERSION {
            return None;
        }
        let questions = source.get("questions").items();
        let questions: Vec<Question> = questions.iter().take(QUESTIONS_MAX).map(Question::read).collect();
        let questions = questions.into_iter().filter(|question| !question.id.is_empty()).collect();
        Some(IndexFile { version, questions, stems: source.member("stems"), synonyms: source.member("synonyms") })
    }
}

impl std::fmt::Display for IndexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IndexError::Empty => write!(f, "there are no questions; import some first, or name another site"),
            IndexError::TooMany(count) => write!(
                f,
                "{count} questions are too many for a page to search by itself, {QUESTIONS_MAX} at most; name fewer, or let a \
                 gateway search"
            ),
            IndexError::TooLarge(bytes) => write!(
                f,
                "{bytes} bytes are too many for a page to fetch, {BYTES_MAX} at most; name fewer questions, or let a gateway \
                 search"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Index, Snowball, Table};
    use domain::question::Answer;

    fn question(id: &str, title: &str) -> Question {
        let answers = vec![Answer { body: "Like **this**.".into(), ..Answer::default() }];
        Question { id: id.into(), kind: "question".into(), title: title.into(), answers, ..Question::default() }
    }

    #[test]
    fn index_files_round_trip_and_find_the_same_as_the_gateway() {
        let questions = vec![question("b", "Exporting charts"), question("a", "Where invoices are sent")];
        let json = IndexFile::json(questions.clone()).unwrap();
        let mut reversed = questions.clone();
        reversed.reverse();
        assert_eq!(IndexFile::json(reversed).unwrap(), json);
        let file = IndexFile::read(&serde_json::from_str::<serde_json::Value>(&json).unwrap()).unwrap();
        assert_eq!(file.questions, [questions[1].clone(), questions[0].clone()]);
        let with_table = Index::build(&file.questions, Table::new(file.stems.0, file.synonyms.0));
        let with_snowball = Index::build(&file.questions, Snowball);
        for query in ["export a chart", "invoice", "invoices sent ", "saving a diagram"] {
            let ids = |index: &Index| index.search(query, 5).into_iter().map(|hit| hit.id).collect::<Vec<_>>();
            assert!(!ids(&with_table).is_empty(), "{query}");
            assert_eq!(ids(&with_table), ids(&with_snowball), "{query}");
        }
    }

    #[test]
    fn damaged_index_files_are_refused_or_read_partially() {
        for json in ["null", "7", "[]", "{}", r#"{"version":2,"questions":[]}"#, r#"{"version":"1"}"#] {
            assert_eq!(IndexFile::read(&serde_json::from_str::<serde_json::Value>(json).unwrap()), None, "{json}");
        }
        let inconsistent = serde_json::json!({"version": 1, "stems": 7, "questions": [
            7, null, {"id": 7}, {"id": "a", "title": ["x"], "answers": "none"}, {"id": "b", "title": "<img>"},
        ]});
        let file_read = IndexFile::read(&inconsistent).unwrap();
        let ids: Vec<&str> = file_read.questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
    }

    #[test]
    fn oversized_indexes_are_refused() {
        let too_many = (0..=QUESTIONS_MAX).map(|number| question(&number.to_string(), "x")).collect();
        assert_eq!(IndexFile::json(too_many), Err(IndexError::TooMany(QUESTIONS_MAX + 1)));
        assert_eq!(IndexFile::json(Vec::new()), Err(IndexError::Empty));
        let too_long = Question { body: "word ".repeat(BYTES_MAX / 4), ..question("a", "x") };
        assert!(matches!(IndexFile::json(vec![too_long]), Err(IndexError::TooLarge(_))));
    }
}
