//! Custom fields: what a site adds to the form, and the answers.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use super::identifier::parse_identifier;
use super::problem::FieldError;
use super::vocabulary::Kind;
use wire::{Pairs, Read, Source, words};

/// The most fields of a ticket.
pub const FIELDS_MAX: usize = 30;
/// The longest answer, in characters.
pub const ANSWER_MAX: usize = 2_000;

wire::types! {
    /// A custom field in the configuration (`fields`).
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    pub struct Field {
        /// Its id, as on tickets.
        pub id: String,
        /// The label that customers see.
        pub label: String,
        pub field_type as "type": FieldType,
        /// Whether an answer is required. Default: false.
        pub needed: bool = default,
        /// The kinds of ticket that have it. Default: all.
        pub kinds: Vec<Kind> = or(every_kind, "every_kind"),
        /// With `choice`: the options.
        pub choices: Vec<Choice> = sparse,
    }
}

words! {
    /// The type of a custom field.
    FieldType else Text {
        /// A line of text.
        Text = "text",
        /// One of several options.
        Choice = "choice",
        /// A number.
        Number = "number",
        /// A checkbox.
        YesNo = "yes_no",
    }
}

/// An option. In a configuration also a plain string, which is both id and label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Choice {
    /// Its id, as on tickets.
    pub id: String,
    /// The label that customers see.
    pub label: String,
}

/// An answer on the wire: a string, which may be a number or the id of an option, or a boolean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FieldAnswer {
    /// The state of a checkbox.
    Yes(bool),
    /// Any other answer.
    Text(String),
}

/// Answers by the ids of their fields.
pub type Fields = Pairs<FieldAnswer>;

/// Why an answer is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerProblem {
    /// An answer is required and missing.
    Missing,
    /// It is not a number.
    NotANumber,
}

impl Field {
    /// Whether tickets of this kind have the field.
    pub fn applies_to(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Parses an answer; `None` if it is empty.
    pub fn answer(&self, text: &str) -> Option<FieldAnswer> {
        let text = text.trim_ascii();
        let shortened = || text.chars().take(ANSWER_MAX).collect::<String>();
        (!text.is_empty()).then(|| match self.field_type {
            FieldType::YesNo => FieldAnswer::Yes(text == "true"),
            FieldType::Number => FieldAnswer::Text(with_decimal_point(&shortened()).unwrap_or_else(shortened)),
            _ => FieldAnswer::Text(shortened()),
        })
    }

    /// Why an answer is not valid, if it is not.
    pub fn problem_with(&self, answer: Option<&FieldAnswer>) -> Option<AnswerProblem> {
        match answer {
            // A required checkbox has to be ticked.
            None | Some(FieldAnswer::Yes(false)) => self.needed.then_some(AnswerProblem::Missing),
            Some(FieldAnswer::Text(text)) if self.field_type == FieldType::Number && !is_number(text) => {
                Some(AnswerProblem::NotANumber)
            }
            Some(_) => None,
        }
    }
}

/// The answers on a ticket of a kind, from what the form holds by the ids of the fields (`true` for a ticked checkbox). Before the fields are
/// known, everything stays as it is.
pub fn answers(fields: &[Field], kind: Kind, texts: &Pairs<String>) -> Fields {
    if fields.is_empty() {
        let answer =
            |text: &String| if text == "true" { FieldAnswer::Yes(true) } else { FieldAnswer::Text(text.clone()) };
        return Pairs(texts.0.iter().map(|(id, text)| (id.clone(), answer(text))).collect());
    }
    let shown = fields.iter().filter(|field| field.applies_to(kind));
    let answers = shown.filter_map(|field| Some((field.id.clone(), field.answer(texts.get(&field.id)?)?)));
    Pairs(answers.collect())
}

/// A number that was typed with a decimal comma (`0,5`), with a decimal point. None for any other text, and for `1,000`, which may mean a thousand.
fn with_decimal_point(text: &str) -> Option<String> {
    let (integer, decimals) = text.split_once(',')?;
    let is_ambiguous = decimals.len() == 3 && integer.trim_start_matches('-') != "0";
    Some([integer, ".", decimals].concat()).filter(|number| !is_ambiguous && is_number(number))
}

/// Whether a text is a decimal number.
pub fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (integer, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(integer) && are_digits(part)
}

/// What is wrong with the custom fields of a configuration, and what is allowed.
pub fn check(fields: &[Field]) -> Option<String> {
    if fields.len() > FIELDS_MAX {
        return Some("fields: more than 30; remove some".into());
    }
    fields.iter().enumerate().find_map(|(index, field)| {
        let earlier = fields.get(..index).unwrap_or_default();
        let problem = if parse_identifier(&field.id).is_none() {
            "is not an id; use 1 to 64 letters, digits or -_.:/"
        } else if earlier.iter().any(|other| other.id == field.id) {
            "is used twice; give each field its own id"
        } else if field.label.trim_ascii().is_empty() {
            "has no label; set the text that customers read"
        } else if field.kinds.is_empty() {
            "has empty kinds; use at least one of question, bug, feedback, or leave kinds out for all of them"
        } else if (field.field_type == FieldType::Choice) == field.choices.is_empty() {
            "has choices without type choice, or type choice without choices"
        } else if field.choices.iter().any(|choice| choice.id.is_empty() || choice.label.is_empty()) {
            "has an empty choice"
        } else {
            return None;
        };
        Some(["fields: \"", &field.id, "\" ", problem].concat())
    })
}

/// What is wrong with the answers of a ticket. Answers to unknown fields are accepted: the configuration may have changed since the form was
/// opened.
pub fn check_answers(answers: &Fields) -> Vec<FieldError> {
    let field_error = |name: &str, detail: String| {
        let pointer = if name.is_empty() { "/fields".to_string() } else { format!("/fields/{name}") };
        FieldError { pointer, detail }
    };
    let mut errors = Vec::new();
    if answers.0.len() > FIELDS_MAX {
        errors.push(field_error("", format!("has more than {FIELDS_MAX} entries")));
    }
    for (name, answer) in &answers.0 {
        if parse_identifier(name).is_none() {
            errors.push(field_error("", "has a name that is not an id; use 1 to 64 letters, digits or -_.:/".into()));
        }
        if matches!(answer, FieldAnswer::Text(text) if text.chars().count() > ANSWER_MAX) {
            errors.push(field_error(name, format!("is longer than {ANSWER_MAX} characters")));
        }
    }
    errors
}

fn every_kind() -> Vec<Kind> {
    Kind::ALL.to_vec()
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Choice, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum ChoiceForm {
            LabelIsId(String),
            IdAndLabel { id: String, label: String },
        }
        Ok(match ChoiceForm::deserialize(deserializer)? {
            ChoiceForm::LabelIsId(text) => Choice { id: text.clone(), label: text },
            ChoiceForm::IdAndLabel { id, label } => Choice { id, label },
        })
    }
}

impl<'de> Deserialize<'de> for FieldAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldAnswer, D::Error> {
        deserializer.deserialize_any(FieldAnswerVisitor)
    }
}

/// Names the allowed types in its error, which an untagged enum does not.
struct FieldAnswerVisitor;

impl Visitor<'_> for FieldAnswerVisitor {
    type Value = FieldAnswer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false")
    }

    fn visit_bool<E>(self, answer: bool) -> Result<FieldAnswer, E> {
        Ok(FieldAnswer::Yes(answer))
    }

    fn visit_str<E>(self, text: &str) -> Result<FieldAnswer, E> {
        Ok(FieldAnswer::Text(text.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<FieldAnswer, E> {
        Ok(FieldAnswer::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<FieldAnswer, E> {
        Ok(FieldAnswer::Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<FieldAnswer, E> {
        Ok(FieldAnswer::Text(number.to_string()))
    }
}

impl Read for Choice {
    fn read(source: &impl Source) -> Choice {
        match source.as_text() {
            Some(text) => Choice { id: text.clone(), label: text },
            None => Choice { id: source.text_of("id"), label: source.text_of("label") },
        }
    }
}

#[cfg(test)]
impl wire::testing::Sample for Choice {
    fn sample(number: &mut usize) -> Choice {
        Choice { id: String::sample(number), label: String::sample(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, from_value, json};

    fn field(more: Value) -> Field {
        let mut field = json!({"id": "seats", "label": "Seats", "type": "text"});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        from_value(field).unwrap()
    }

    #[test]
    fn fields_are_optional_and_for_every_kind_by_default() {
        let minimal = field(json!({}));
        assert!(Kind::ALL.iter().all(|kind| minimal.applies_to(*kind)));
        assert_eq!(minimal.problem_with(None), None);
        let bugs = field(json!({"kinds": ["bug"], "needed": true}));
        assert_eq!([bugs.applies_to(Kind::Bug), bugs.applies_to(Kind::Question)], [true, false]);
        assert_eq!(bugs.problem_with(bugs.answer("  ").as_ref()), Some(AnswerProblem::Missing));
        assert_eq!(bugs.problem_with(bugs.answer(" 7 ").as_ref()), None);
    }

    #[test]
    fn values_must_match_their_type() {
        let number = field(json!({"type": "number"}));
        for (text, problem) in [
            ("12", None),
            ("-1.5", None),
            ("1,5", None),
            ("-0,125", None),
            ("1,000", Some(AnswerProblem::NotANumber)),
            ("1.000,5", Some(AnswerProblem::NotANumber)),
            ("1,2,3", Some(AnswerProblem::NotANumber)),
            ("1e3", Some(AnswerProblem::NotANumber)),
            (".5", Some(AnswerProblem::NotANumber)),
        ] {
            assert_eq!(number.problem_with(number.answer(text).as_ref()), problem, "{text}");
        }
        assert_eq!(number.answer(" 0,5 "), Some(FieldAnswer::Text("0.5".into())));
        let yes_no = field(json!({"type": "yes_no", "needed": true}));
        assert_eq!(yes_no.answer("true"), Some(FieldAnswer::Yes(true)));
        assert_eq!(yes_no.problem_with(yes_no.answer("false").as_ref()), Some(AnswerProblem::Missing));
        assert_eq!(yes_no.problem_with(yes_no.answer("true").as_ref()), None);
    }

    #[test]
    fn invalid_field_settings_are_reported() {
        let valid = [
            field(json!({})),
            field(json!({"id": "region", "type": "choice", "choices": ["eu", {"id": "us", "label": "America"}]})),
        ];
        assert_eq!(check(&valid), None);
        assert_eq!(valid[1].choices[0], Choice { id: "eu".into(), label: "eu".into() });
        for (more, expected) in [
            (json!({"id": "a b"}), "not an id"),
            (json!({"label": " "}), "no label"),
            (json!({"kinds": []}), "empty kinds"),
            (json!({"type": "choice"}), "type choice"),
            (json!({"choices": ["a"]}), "type choice"),
            (json!({"type": "choice", "choices": [""]}), "empty choice"),
        ] {
            let problem = check(&[field(more)]).unwrap();
            assert!(problem.starts_with("fields: \"") && problem.contains(expected), "{problem}");
        }
        assert!(check(&[field(json!({})), field(json!({}))]).unwrap().contains("twice"));
        assert!(check(&vec![field(json!({})); FIELDS_MAX + 1]).unwrap().contains("more than 30"));
    }

    #[test]
    fn widget_and_gateway_read_the_same_field() {
        for json in [
            json!({"id": "a", "label": "A", "type": "choice", "choices": ["x", {"id": "y", "label": "Y"}], "needed": true}),
            json!({"id": "a", "label": "A", "type": "yes_no", "kinds": ["feedback"]}),
        ] {
            assert_eq!(Field::read(&json), from_value::<Field>(json.clone()).unwrap());
        }
    }

    #[test]
    fn overlong_values_are_reported_and_unknown_fields_kept() {
        let answers =
            |name: &str, length: usize| Pairs(vec![(name.to_string(), FieldAnswer::Text("x".repeat(length)))]);
        assert_eq!(check_answers(&answers("whatever", ANSWER_MAX)), []);
        assert_eq!(check_answers(&answers("seats", ANSWER_MAX + 1))[0].pointer, "/fields/seats");
        assert_eq!(check_answers(&answers("a b", 1))[0].pointer, "/fields");
    }

    proptest! {
        #[test]
        fn widget_and_gateway_agree_on_numbers(text in "-?[0-9]{0,4}[.e,]?[0-9]{0,3}") {
            if is_number(&text) {
                prop_assert!(text.parse::<f64>().is_ok());
            }
        }
    }
}
