//! Question files in JSON: one object per line, one array, an object with a single list, or concatenated objects.

use serde_json::{Map, Value};

use crate::collector::Collector;
use crate::line::question;
use crate::reading::Reading;

/// The accepted formats, for errors.
pub const WANTED: &str = "use one JSON object per line with id and title, or an array of such objects";
/// The names under which exports have their list, in order of precedence.
const LISTS: &[&str] = &[
    "questions",
    "items",
    "data",
    "results",
    "records",
    "rows",
    "docs",
    "documents",
    "entries",
    "articles",
    "topics",
    "posts",
    "issues",
    "tickets",
    "values",
    "value",
];

/// Reads lines of JSON. Bad lines are noted and skipped.
pub fn read(text: &str) -> Reading {
    let mut collector = Collector::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        if !line.trim().is_empty() {
            collector.add(format!("line {number}"), question(line));
        }
    }
    collector.reading
}

/// Reads a file of questions; the error says in one sentence what it is instead.
pub fn read_document(text: &str) -> Result<Reading, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut filled = text.lines().filter(|line| !line.trim().is_empty());
    let Some(first) = filled.next() else { return Ok(Reading::default()) };
    let is_alone = filled.next().is_none();
    match serde_json::from_str::<Value>(first) {
        Ok(Value::Object(object))
            if !is_alone || is_question(&object) || list_of(&object).is_none() && is_flat(&object) =>
        {
            return lines(text);
        }
        Ok(Value::Object(_) | Value::Array(_)) if is_alone => {}
        Ok(_) => return lines(text),
        Err(_) => {}
    }
    let values = match values(text) {
        Ok(values) => values,
        // If some lines are valid, the others are bad lines.
        Err(_) if text.lines().any(|line| serde_json::from_str::<Map<String, Value>>(line).is_ok()) => {
            return lines(text);
        }
        Err(broken) => return Err(unreadable(text, &broken)),
    };
    match &values[..] {
        [(_, Value::Array(items))] => Ok(items_of(items)),
        [(_, Value::Object(object))] if !is_question(object) => match list_of(object) {
            Some(items) => Ok(items_of(items)),
            None => {
                let members: Vec<&str> = object.keys().map(String::as_str).take(10).collect();
                Err(format!(
                    "is one JSON object with {}, and none of them is a list of questions; {WANTED}",
                    members.join(", ")
                ))
            }
        },
        several => {
            let mut collector = Collector::default();
            for (line, value) in several {
                collector.add(format!("line {line}"), question(&value.to_string()));
            }
            Ok(collector.reading)
        }
    }
}

/// Reads lines, unless there are several and none is a question: then the error of the first is the error of the file.
fn lines(text: &str) -> Result<Reading, String> {
    let reading = read(text);
    match &reading.bad[..] {
        [first, _, ..] if reading.questions.is_empty() => {
            let count = reading.bad.len();
            Err(format!("has {count} lines, but none is a question; {first}; {WANTED}"))
        }
        _ => Ok(reading),
    }
}

fn items_of(items: &[Value]) -> Reading {
    let mut collector = Collector::default();
    for (index, item) in items.iter().enumerate() {
        collector.add(format!("item {}", index + 1), question(&item.to_string()));
    }
    collector.reading
}

/// The JSON values in a text, each with the line on which it begins.
fn values(text: &str) -> Result<Vec<(usize, Value)>, serde_json::Error> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let (mut values, mut line, mut lines_counted) = (Vec::new(), 1, 0);
    loop {
        let start = stream.byte_offset();
        let Some(value) = stream.next() else { return Ok(values) };
        let blank = text.get(start..).map_or(0, |rest| rest.len() - rest.trim_start().len());
        line += text.get(lines_counted..start + blank).map_or(0, |part| part.matches('\n').count());
        lines_counted = start + blank;
        values.push((line, value?));
    }
}

fn is_question(object: &Map<String, Value>) -> bool {
    object.contains_key("title")
}

/// Whether no member of an object is a list or an object.
fn is_flat(object: &Map<String, Value>) -> bool {
    !object.values().any(|value| value.is_array() || value.is_object())
}

/// The list of questions in an object: one with a usual name, or else the only list of objects; one level deeper if there is none.
fn list_of(object: &Map<String, Value>) -> Option<&Vec<Value>> {
    let is_list =
        |value: &&Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_object));
    let list_named = LISTS.iter().find_map(|name| object.get(*name).filter(is_list));
    let mut lists = object.values().filter(is_list);
    let only = lists.next().filter(|_| lists.next().is_none());
    let deeper = || object.values().filter_map(Value::as_object).find_map(list_of);
    list_named.or(only).and_then(Value::as_array).or_else(deeper)
}

/// The error for a text that is no JSON of questions.
fn unreadable(text: &str, broken: &serde_json::Error) -> String {
    let start = text.trim_start();
    if start.starts_with(['{', '[']) {
        let kind = if start.starts_with('[') { "array" } else { "object" };
        return format!("is invalid JSON ({kind}), line {}: {broken}", broken.line());
    }
    let first: String = start.lines().next().unwrap_or_default().chars().take(60).collect();
    let is_table = [',', ';', '\t'].iter().any(|delimiter| first.contains(*delimiter));
    let table = if is_table { "; use --from csv for a table" } else { "" };
    format!("is not JSON, it starts with {first:?}; {WANTED}{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_title_suffice_and_answers_may_be_texts() {
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
    fn bad_lines_are_listed_and_the_rest_is_read() {
        let reading = read(concat!(
            "{\"id\":\"a\",\"title\":\"One\"}\n",
            "{\"id\":\"b\"}\n",
            "{\"id\":\"c\",\"title\":\"Three\",\"topics\":[[]]}\n",
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
        for (note, expected) in notes.iter().zip([
            "line 2: missing field `title`",
            "line 3: topics[0]: invalid type: sequence, expected a text",
            "line 4: title: EOF while parsing",
            "line 5: ",
            "line 6: id: is empty",
            "line 7: trailing characters",
            "line 8: answers[0]: invalid type: integer `1`, expected a text, or an object with a body",
        ]) {
            assert!(note.starts_with(expected), "{note} is not {expected}");
        }
        assert_eq!(notes.len(), 7);
    }

    #[test]
    fn invalid_addresses_are_left_out_and_listed() {
        let reading = read(concat!(
            "{\"id\":\"a\",\"title\":\"One\",\"url\":\"https://a.example/1\"}\n",
            "{\"id\":\"b\",\"title\":\"Two\",\"url\":\"javascript:alert(1)\"}\n",
            "{\"id\":\"c\",\"title\":\"Three\",\"url\":\"/questions/3\"}\n",
        ));
        let urls: Vec<&str> = reading.questions.iter().map(|question| question.url.as_str()).collect();
        assert_eq!(urls, ["https://a.example/1", "", ""]);
        let warnings: Vec<String> = reading.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings[0], "line 2: url: \"javascript:alert(1)\" is not a web address and was ignored");
        assert_eq!((warnings.len(), reading.bad.len()), (2, 0));
    }

    #[test]
    fn the_later_of_two_lines_with_one_id_counts_with_a_warning() {
        let reading = read("{\"id\":\"a\",\"title\":\"One\"}\n{\"id\":\"a\",\"title\":\"Two\"}");
        assert_eq!(reading.questions.len(), 1);
        assert_eq!(reading.questions[0].title, "Two");
        assert_eq!(reading.warnings[0].to_string(), "line 2: has the same id as line 1, \"a\"; the later line is used");
    }
}
