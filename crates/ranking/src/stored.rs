//! What an index stores of a question to show it as a hit.

use super::marks::{marked, passage};
use super::plain::plain_text;
use domain::question::{Hit, Question};

/// The longest text that a passage is taken from, in characters.
const PREVIEW_MAX: usize = 400;

/// What is shown of a question, with its texts in one string, because there are a hundred thousand of them.
#[derive(Debug)]
pub struct Stored {
    texts: Box<str>,
    /// The ends of id, kind, title, address, time and preview in the string.
    ends: [u32; 6],
    solved: bool,
    answers: u32,
}

impl Stored {
    /// Stores what is shown of a question.
    pub fn new(question: &Question) -> Stored {
        let preview = match question.body.trim().is_empty() {
            true => question.answers.first().map(|answer| plain_text(&answer.body)).unwrap_or_default(),
            false => plain_text(&question.body),
        };
        let preview =
            preview.char_indices().nth(PREVIEW_MAX).and_then(|(index, _)| preview.get(..index)).unwrap_or(&preview);
        let parts = [&question.id, &question.kind, &question.title, &question.url, &question.created_at, preview];
        let mut end = 0;
        let ends = parts.map(|part| {
            end += part.len() as u32;
            end
        });
        Stored { texts: parts.concat().into(), ends, solved: question.solved, answers: question.answers.len() as u32 }
    }

    /// The hit, with matches marked; `matches` is called with lower-case words.
    pub fn hit(&self, score: f32, matches: &dyn Fn(&str) -> bool) -> Hit {
        let mut start = 0;
        let [id, kind, title, url, created_at, preview] = self.ends.map(|end| {
            let part = self.texts.get(start as usize..end as usize).unwrap_or_default();
            start = end;
            part
        });
        Hit {
            id: id.into(),
            kind: kind.into(),
            title: marked(title, matches),
            excerpt: marked(&passage(preview, matches), matches),
            url: url.into(),
            solved: self.solved,
            answers: self.answers,
            created_at: created_at.into(),
            score,
            ..Hit::default()
        }
    }
}
