//! Events for statistics: which questions were shown or opened, which helped, and whether a ticket was sent. They contain nothing that anybody
//! wrote.

use serde::Deserialize;

use super::problem::FieldError;
use super::vocabulary::Kind;
use wire::words;

/// The most questions of an event.
pub const QUESTIONS_MAX: usize = 20;
/// The longest id of a question, in characters.
pub const ID_MAX: usize = 200;
/// The length of a visitor id, in hexadecimal digits.
const VISITOR: usize = 16;
/// The most drafts of a visitor in a week.
const DRAFTS_MAX: u32 = 99_999;

words! {
    /// The name of an event.
    EventName {
        /// Questions were visible for a while.
        Shown = "shown",
        /// A question was opened.
        Opened = "opened",
        /// A question helped; no ticket was needed.
        Solved = "solved",
        /// A question was opened and did not help.
        Unhelpful = "unhelpful",
        /// A ticket was sent.
        Sent = "sent",
    }
}

/// The body of `POST /v1/sites/{site}/events`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The draft that it belongs to: 16 hexadecimal digits for the visitor, which change every week, a dot, and the number of the draft.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(regex(pattern = "^[0-9a-f]{16}\\.(0|[1-9][0-9]{0,4})$")))]
    pub visit: String,
    /// What happened.
    pub name: EventName,
    /// The kind of the draft.
    #[serde(default = "question")]
    pub kind: Kind,
    /// The ids of the questions; may be empty if a ticket was sent.
    #[serde(default)]
    pub questions: Vec<String>,
}

fn question() -> Kind {
    Kind::Question
}

impl Event {
    /// What is wrong with it, beyond its types.
    pub fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut add_error = |pointer: String, detail: &str| errors.push(FieldError { pointer, detail: detail.into() });
        if !is_visit(&self.visit) {
            add_error("/visit".into(), "must be 16 lower-case hexadecimal digits, a dot, and a number up to 99999");
        }
        if self.questions.len() > QUESTIONS_MAX {
            add_error("/questions".into(), "must be a list of at most 20");
        }
        for (index, id) in self.questions.iter().enumerate() {
            if !(1..=ID_MAX).contains(&id.chars().count()) {
                add_error(format!("/questions/{index}"), "must be an id of 1 to 200 characters");
            }
        }
        errors
    }
}

/// Whether a text is a valid [`Event::visit`].
pub fn is_visit(text: &str) -> bool {
    let Some((visitor, draft)) = text.split_once('.') else { return false };
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_canonical = !draft.starts_with('+') && (draft == "0" || !draft.starts_with('0'));
    visitor.len() == VISITOR
        && visitor.bytes().all(is_hex)
        && is_canonical
        && draft.parse::<u32>().is_ok_and(|draft| draft <= DRAFTS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visit_ids_consist_of_visitor_and_draft() {
        for valid in ["0123456789abcdef.0", "0123456789abcdef.99999"] {
            assert!(is_visit(valid), "{valid}");
        }
        for invalid in [
            "",
            "0123456789abcdef",
            "0123456789abcde.0",
            "0123456789ABCDEF.0",
            "0123456789abcdef.100000",
            "0123456789abcdef.-1",
            "0123456789abcdef.+1",
            "0123456789abcdef.01",
            "0123456789abcdef.1.2",
            "ada@example.com..0",
        ] {
            assert!(!is_visit(invalid), "{invalid}");
        }
    }

    #[test]
    fn exceeded_limits_are_reported() {
        let mut questions = vec!["q".to_string(); 20];
        let event = |questions: Vec<String>| Event {
            visit: "0123456789abcdef.1".into(),
            name: EventName::Shown,
            kind: Kind::Bug,
            questions,
        };
        assert_eq!(event(questions.clone()).errors(), []);
        questions.push(String::new());
        let pointers: Vec<String> = event(questions).errors().into_iter().map(|error| error.pointer).collect();
        assert_eq!(pointers, ["/questions", "/questions/20"]);
    }
}
