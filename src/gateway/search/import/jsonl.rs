//! Files of questions: JSON lines, one question a line.

use std::collections::HashMap;

use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::reading::{Note, Reading};
use crate::domain::question::{Answer, Question, question_kind};
use crate::gateway::fetch::{Fetcher, Validators, web_address};

/// Reads the JSON lines at an address, unless they are those that had these validators.
pub async fn fetch(fetcher: &Fetcher, url: &Url, validators: &Validators) -> Reading {
    let fetched = match fetcher.text_if_changed(url, validators).await {
        Ok(fetched) => fetched,
        Err(error) => {
            let mut reading = Reading::default();
            reading.failed(url, &error, None);
            return reading;
        }
    };
    let Some(bytes) = fetched.bytes else {
        let mut reading = Reading::new(true);
        (reading.is_unchanged, reading.validators) = (true, fetched.validators);
        return reading;
    };
    let mut reading = read(&String::from_utf8_lossy(&bytes));
    // What is bad is named again the next time.
    reading.validators = if reading.bad.is_empty() { fetched.validators } else { Validators::default() };
    reading
}

/// Reads JSON lines. A bad line is noted, and the rest is read.
pub fn read(text: &str) -> Reading {
    let mut reading = Reading::default();
    let mut places: HashMap<String, (usize, usize)> = HashMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if line.trim().is_empty() {
            continue;
        }
        let mut question = match question(line) {
            Ok(question) => question,
            Err(note) => {
                reading.bad.push(line_note(number, note));
                reading.is_incomplete = true;
                continue;
            }
        };
        let url = web_address(&question.url);
        if url.is_none() && !question.url.is_empty() {
            let note = format!("url: {:?} is no address of the web and is left out", question.url);
            reading.warnings.push(line_note(number, note));
        }
        question.url = url.unwrap_or_default();
        let Some((earlier, place)) = places.get_mut(&question.id) else {
            places.insert(question.id.clone(), (number, reading.questions.len()));
            reading.questions.push(question);
            continue;
        };
        let note = format!("has the id of line {earlier}, {:?}; the later line counts", question.id);
        reading.warnings.push(line_note(number, note));
        *earlier = number;
        if let Some(known) = reading.questions.get_mut(*place) {
            *known = question;
        }
    }
    reading
}

fn line_note(line: usize, note: String) -> Note {
    Note { place: format!("line {line}"), note }
}

/// A question as it stands in a file, where less is needed than on the wire.
#[derive(Deserialize)]
struct Line {
    id: String,
    title: String,
    #[serde(default, deserialize_with = "or_default")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    body: String,
    #[serde(default, deserialize_with = "or_default")]
    url: String,
    #[serde(default, deserialize_with = "or_default")]
    topics: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    solved: bool,
    #[serde(default, deserialize_with = "or_default")]
    created_at: String,
    #[serde(default, deserialize_with = "or_default")]
    answers: Vec<AnswerLine>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "an answer has to be a text, or an object with a body")]
enum AnswerLine {
    Text(String),
    Full {
        body: String,
        #[serde(default, deserialize_with = "or_default")]
        author: String,
        #[serde(default, deserialize_with = "or_default")]
        staff: bool,
        #[serde(default, deserialize_with = "or_default")]
        accepted: bool,
        #[serde(default, deserialize_with = "or_default")]
        created_at: String,
    },
}

/// Exports write `null` for what they do not have.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn question(line: &str) -> Result<Question, String> {
    let mut deserializer = serde_json::Deserializer::from_str(line);
    let line: Line = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let reason = reason(error.inner());
        if path == "." { reason } else { format!("{path}: {reason}") }
    })?;
    deserializer.end().map_err(|error| reason(&error))?;
    if line.id.trim().is_empty() {
        return Err("id: is empty".into());
    }
    if line.title.trim().is_empty() {
        return Err("title: is empty".into());
    }
    Ok(Question {
        id: line.id,
        kind: if line.kind.is_empty() { question_kind() } else { line.kind },
        title: line.title,
        body: line.body,
        url: line.url,
        topics: line.topics,
        solved: line.solved,
        created_at: line.created_at,
        answers: line.answers.into_iter().map(answer).collect(),
    })
}

fn answer(line: AnswerLine) -> Answer {
    match line {
        AnswerLine::Text(body) => Answer { body, ..Answer::default() },
        AnswerLine::Full { body, author, staff, accepted, created_at } => {
            Answer { body, author, staff, accepted, created_at }
        }
    }
}

/// What is wrong, without the line number: every line is a document of one line.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(text) => format!("{text} (column {})", error.column()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_title_are_enough_and_an_answer_may_be_a_text() {
        let reading = read(
            "\u{feff}{\"id\":\"a\",\"title\":\"One\"}\n\n  \r\n{\"id\":\"b\",\"title\":\"Two\",\"body\":null,\"answers\":[\"So\",{\"body\":\"Or so\",\"staff\":true}]}\r\n",
        );
        assert_eq!(reading.bad, []);
        let [one, two] = &reading.questions[..] else { panic!("{reading:?}") };
        assert_eq!((one.kind.as_str(), one.title.as_str()), ("question", "One"));
        let answers: Vec<(&str, bool)> =
            two.answers.iter().map(|answer| (answer.body.as_str(), answer.staff)).collect();
        assert_eq!(answers, [("So", false), ("Or so", true)]);
    }

    #[test]
    fn a_bad_line_is_named_by_number_and_reason_and_the_rest_is_read() {
        let reading = read(concat!(
            "{\"id\":\"a\",\"title\":\"One\"}\n",
            "{\"id\":\"b\"}\n",
            "{\"id\":\"c\",\"title\":\"Three\",\"topics\":[1]}\n",
            "{\"id\":\"d\",\"title\":\n",
            "[1]\n",
            "{\"id\":\" \",\"title\":\"x\"}\n",
            "{\"id\":\"e\",\"title\":\"Five\"} trailing\n",
            "{\"id\":\"f\",\"title\":\"Six\",\"answers\":[1]}\n",
            "{\"id\":\"g\",\"title\":\"Seven\"}\n",
        ));
        let ids: Vec<&str> = reading.questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["a", "g"]);
        let notes: Vec<String> = reading.bad.iter().map(ToString::to_string).collect();
        for (note, said) in notes.iter().zip([
            "line 2: missing field `title`",
            "line 3: topics[0]: invalid type: integer `1`, expected a string",
            "line 4: title: EOF while parsing",
            "line 5: ",
            "line 6: id: is empty",
            "line 7: trailing characters",
            "line 8: answers[0]: an answer has to be a text, or an object with a body",
        ]) {
            assert!(note.starts_with(said), "{note} is not {said}");
        }
        assert_eq!(notes.len(), 7);
    }

    #[test]
    fn an_address_that_nobody_can_open_is_left_out_and_told() {
        let reading = read(concat!(
            "{\"id\":\"a\",\"title\":\"One\",\"url\":\"https://a.example/1\"}\n",
            "{\"id\":\"b\",\"title\":\"Two\",\"url\":\"javascript:alert(1)\"}\n",
            "{\"id\":\"c\",\"title\":\"Three\",\"url\":\"/questions/3\"}\n",
        ));
        let urls: Vec<&str> = reading.questions.iter().map(|question| question.url.as_str()).collect();
        assert_eq!(urls, ["https://a.example/1", "", ""]);
        let said: Vec<String> = reading.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(said[0], "line 2: url: \"javascript:alert(1)\" is no address of the web and is left out");
        assert_eq!((said.len(), reading.bad.len()), (2, 0));
    }

    #[test]
    fn of_two_lines_with_one_id_the_later_counts_and_that_is_told() {
        let reading = read("{\"id\":\"a\",\"title\":\"One\"}\n{\"id\":\"a\",\"title\":\"Two\"}");
        assert_eq!(reading.questions.len(), 1);
        assert_eq!(reading.questions[0].title, "Two");
        assert_eq!(reading.warnings[0].to_string(), "line 2: has the id of line 1, \"a\"; the later line counts");
    }
}
