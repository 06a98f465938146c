//! Collects questions with unique ids.

use std::collections::HashMap;

use crate::reading::{Note, Reading};
use domain::question::Question;
use outbound_http::web_address;

/// Collects the questions of a file.
#[derive(Default)]
pub struct Collector {
    /// The result so far.
    pub reading: Reading,
    /// The place of each id, and the index of its question.
    places: HashMap<String, (String, usize)>,
}

impl Collector {
    /// Adds a question from a place, such as `line 3`, or notes its error. Of two with the same id the later one counts.
    pub fn add(&mut self, position: String, question: Result<Question, String>) {
        let note = |note: String| Note { position: position.clone(), note };
        let mut question = match question {
            Ok(question) => question,
            Err(reason) => {
                self.reading.bad.push(note(reason));
                self.reading.is_incomplete = true;
                return;
            }
        };
        let url = web_address(&question.url);
        if url.is_none() && !question.url.is_empty() {
            let warning = format!("url: {:?} is not a web address and was ignored", question.url);
            self.reading.warnings.push(note(warning));
        }
        question.url = url.unwrap_or_default();
        let Some((earlier, index)) = self.places.get_mut(&question.id) else {
            self.places.insert(question.id.clone(), (position, self.reading.questions.len()));
            self.reading.questions.push(question);
            return;
        };
        let kind = position.split(' ').next().unwrap_or_default();
        let warning = format!("has the same id as {earlier}, {:?}; the later {kind} is used", question.id);
        self.reading.warnings.push(note(warning));
        *earlier = position;
        if let Some(existing) = self.reading.questions.get_mut(*index) {
            *existing = question;
        }
    }
}
