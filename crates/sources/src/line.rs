//! A question in a file. It needs fewer fields than in the API, and accepts the ways in which other programs write numbers and texts.

use std::fmt;

use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use domain::question::{Answer, Question, question_kind};

/// Seconds since 1970 beyond this are milliseconds: the year 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

#[derive(Deserialize)]
struct Line {
    id: Text,
    title: Text,
    #[serde(default)]
    kind: Text,
    #[serde(default)]
    body: Text,
    #[serde(default)]
    url: Text,
    #[serde(default)]
    topics: Several<Text>,
    #[serde(default)]
    tags: Several<Text>,
    #[serde(default)]
    solved: Truth,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    answers: Several<AnswerLine>,
}

/// A string or a number; `null` is empty.
#[derive(Default)]
struct Text(String);

/// A list or a single entry; `null` is empty.
struct Several<T>(Vec<T>);

impl<T> Default for Several<T> {
    fn default() -> Several<T> {
        Several(Vec::new())
    }
}

/// A boolean, also as a number or a word.
#[derive(Default)]
struct Truth(bool);

/// A time as a string; numbers are seconds or milliseconds since 1970.
#[derive(Default)]
struct Time(String);

/// An answer: its text, or an object.
#[derive(Default)]
struct AnswerLine(Answer);

#[derive(Deserialize)]
struct FullAnswer {
    body: Text,
    #[serde(default)]
    author: Text,
    #[serde(default)]
    staff: Truth,
    #[serde(default)]
    accepted: Truth,
    #[serde(default)]
    created_at: Time,
}

/// Parses a question; the error says what is wrong.
pub fn question(text: &str) -> Result<Question, String> {
    // The library accepts a list of values for an object as well.
    if text.trim_start().starts_with('[') {
        return Err("is an array, not an object".into());
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let line: Line = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = reason(error.inner());
        if path == "." { reason } else { format!("{path}: {reason}") }
    })?;
    deserializer.end().map_err(|error| reason(&error))?;
    if line.id.0.trim().is_empty() {
        return Err("id: is empty".into());
    }
    if line.title.0.trim().is_empty() {
        return Err("title: is empty".into());
    }
    let topics = if line.topics.0.is_empty() { line.tags } else { line.topics };
    Ok(Question {
        id: line.id.0,
        kind: if line.kind.0.is_empty() { question_kind() } else { line.kind.0 },
        title: line.title.0,
        body: line.body.0,
        url: line.url.0,
        topics: topics.0.into_iter().map(|topic| topic.0).filter(|topic| !topic.trim().is_empty()).collect(),
        solved: line.solved.0,
        created_at: line.created_at.0,
        answers: line.answers.0.into_iter().map(|answer| answer.0).collect(),
    })
}

/// Parses a word for yes or no; none for any other.
pub fn truth(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "x" | "solved" | "resolved" | "closed" | "done" => Some(true),
        "false" | "no" | "n" | "0" | "" | "open" | "unsolved" => Some(false),
        _ => None,
    }
}

/// The error without the line number: every question is a document of one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&position) {
        Some(text) => format!("{text} (column {})", error.column()),
        None => text,
    }
}

/// Deserialises `null` and a missing value as empty.
macro_rules! nothing {
    () => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }
    };
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        struct TextVisitor;
        impl Visitor<'_> for TextVisitor {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.into()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Text, E> {
                // Pandas writes ids in this form if one in the column is missing: 12.0.
                Ok(Text(number.to_string()))
            }
            nothing!();
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Several<T>, D::Error> {
        struct ListVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = Several<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(Several(entries))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Several<T>, E> {
                if text.trim().is_empty() {
                    return Ok(Several::default());
                }
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|item| Several(vec![item]))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Several<T>, E> {
                T::deserialize(serde::de::value::U64Deserializer::new(number)).map(|item| Several(vec![item]))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Several<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|item| Several(vec![item]))
            }
            nothing!();
        }
        deserializer.deserialize_any(ListVisitor(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Truth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Truth, D::Error> {
        struct TruthVisitor;
        impl Visitor<'_> for TruthVisitor {
            type Value = Truth;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Truth, E> {
                Ok(Truth(value))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Truth, E> {
                Ok(Truth(number != 0))
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Truth, E> {
                truth(word).map(Truth).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(word), &self))
            }
            nothing!();
        }
        deserializer.deserialize_any(TruthVisitor)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Time;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
                Ok(Time(text.into()))
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Time, E> {
                let is_seconds = number.abs() < SECONDS_MAX;
                let time =
                    if is_seconds { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) };
                Ok(Time(time.map(|time| time.to_string()).unwrap_or_default()))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Time, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Time, E> {
                self.visit_i64(number as i64)
            }
            nothing!();
        }
        deserializer.deserialize_any(TimeVisitor)
    }
}

impl<'de> Deserialize<'de> for AnswerLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AnswerLine, D::Error> {
        struct AnswerVisitor;
        impl<'de> Visitor<'de> for AnswerVisitor {
            type Value = AnswerLine;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or an object with a body")
            }
            fn visit_str<E: Error>(self, body: &str) -> Result<AnswerLine, E> {
                Ok(AnswerLine(Answer { body: body.into(), ..Answer::default() }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnswerLine, A::Error> {
                let full = FullAnswer::deserialize(MapAccessDeserializer::new(map))?;
                Ok(AnswerLine(Answer {
                    body: full.body.0,
                    author: full.author.0,
                    staff: full.staff.0,
                    accepted: full.accepted.0,
                    created_at: full.created_at.0,
                }))
            }
        }
        deserializer.deserialize_any(AnswerVisitor)
    }
}
