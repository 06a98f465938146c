//! Tables of questions, as exported by spreadsheets and trackers: RFC 4180 with any common delimiter.

use std::collections::BTreeMap;

use crate::collector::Collector;
use crate::line::truth;
use crate::reading::{Note, Reading};
use domain::join::one_line;
use domain::question::{Answer, Question, question_kind};

/// The delimiters that are tried; of equally frequent ones the earlier wins.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
/// The fields of a question, and the headers under which each is found by default.
const FIELDS: &[(&str, &[&str])] = &[
    ("id", &["id", "key", "issue key", "number", "ticket id", "article id", "post id"]),
    ("title", &["title", "question", "subject", "summary", "headline", "name"]),
    ("body", &["body", "description", "details", "text", "content"]),
    ("answer", &["answer", "answers", "reply", "solution", "resolution", "response"]),
    ("url", &["url", "link", "permalink", "address"]),
    ("topics", &["topics", "topic", "tags", "labels", "category", "categories"]),
    ("kind", &["kind", "type"]),
    ("solved", &["solved", "is solved", "accepted"]),
    ("created_at", &["created_at", "created", "created at", "date"]),
];

/// Maps fields to the headers of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<String, String>);

impl Columns {
    /// Checks the names of the fields; the error says what is wrong.
    pub fn new(columns: BTreeMap<String, String>) -> Result<Columns, String> {
        match columns.keys().find(|field| FIELDS.iter().all(|(candidate, _)| candidate != field)) {
            Some(unknown) => {
                let candidate: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
                Err(format!("{unknown:?} is not a field of a question; use one of {}", candidate.join(", ")))
            }
            None => Ok(Columns(columns)),
        }
    }

    /// Parses `FIELD=HEADER` pairs; the error says what is wrong.
    pub fn parse(pairs: &[String]) -> Result<Columns, String> {
        let pair = |text: &String| {
            let (field, header) =
                text.split_once('=').ok_or_else(|| format!("{text:?} is not FIELD=HEADER, such as id=Key"))?;
            Ok((field.trim().to_string(), header.trim().to_string()))
        };
        Columns::new(pairs.iter().map(pair).collect::<Result<_, String>>()?)
    }

    /// The column of each field that the table has; the error says what is ambiguous or missing.
    fn find(&self, headers: &[String]) -> Result<BTreeMap<&'static str, usize>, String> {
        let index = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name.trim()));
        let header_list = || headers.iter().map(|header| format!("{header:?}")).collect::<Vec<_>>().join(", ");
        let mut columns_found = BTreeMap::new();
        for (field, usual) in FIELDS {
            let column = match self.0.get(*field) {
                Some(header) => Some(
                    index(header)
                        .ok_or_else(|| format!("has no column {header:?}; its columns are {}", header_list()))?,
                ),
                None => usual.iter().find_map(|header| index(header)),
            };
            columns_found.extend(column.map(|column| (*field, column)));
        }
        for field in ["id", "title"] {
            if !columns_found.contains_key(field) {
                return Err(format!(
                    "has no column {field:?}; its columns are {}; assign one with --column {field}=HEADER, or columns \
                     = {{ {field} = \"HEADER\" }}",
                    header_list()
                ));
            }
        }
        Ok(columns_found)
    }
}

/// Reads a table with a header row; the error says in one sentence why it is none.
pub fn read(text: &str, columns: &Columns) -> Result<Reading, String> {
    // Lines are counted by their last character.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (delimiter, skipped, table) = delimiter(&text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .from_reader(table.as_bytes());
    let mut records = reader.records();
    let headers: Vec<String> = match records.next() {
        None => return Ok(Reading::default()),
        Some(Ok(record)) => record.iter().map(one_line).collect(),
        Some(Err(error)) => return Err(format!("is not a table: {error}")),
    };
    let columns_found = columns.find(&headers)?;
    let mut collector = Collector::default();
    let mut last = None;
    for record in records {
        let record = record.map_err(|error| format!("cannot be read as a table: {error}"))?;
        let position = record.position();
        let line = position.map_or(0, |position| position.line() as usize + skipped);
        last = position.map(|position| (line, position.byte() as usize));
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell =
            |field: &str| columns_found.get(field).and_then(|column| record.get(*column)).unwrap_or_default().trim();
        let question = if record.len() > headers.len() {
            let (cells, columns) = (record.len(), headers.len());
            Err(format!("has {cells} cells, but there are {columns} headers; quote cells that contain a {delimiter:?}"))
        } else {
            question(&cell)
        };
        collector.add(format!("line {line}"), question);
    }
    let mut reading = collector.reading;
    // A quotation without an end includes everything after it.
    if let Some((line, start)) = last
        && table.get(start..).is_some_and(|rest| rest.matches('"').count() % 2 == 1 && rest.trim().contains('\n'))
    {
        reading
            .bad
            .push(Note { position: format!("line {line}"), note: "has a quotation mark that is never closed".into() });
        reading.is_incomplete = true;
    }
    Ok(reading)
}

fn question<'a>(cell: &impl Fn(&str) -> &'a str) -> Result<Question, String> {
    let (id, title) = (cell("id"), one_line(cell("title")));
    for (field, text) in [("id", id), ("title", &title)] {
        if text.is_empty() {
            return Err(format!("{field}: is empty"));
        }
    }
    let solved = truth(cell("solved")).ok_or_else(|| format!("solved: {:?} must be yes or no", cell("solved")))?;
    let (answer, kind) = (cell("answer"), cell("kind"));
    let answers =
        if answer.is_empty() { Vec::new() } else { vec![Answer { body: answer.into(), ..Answer::default() }] };
    Ok(Question {
        id: id.into(),
        kind: if kind.is_empty() { question_kind() } else { kind.to_lowercase() },
        title,
        body: cell("body").into(),
        url: cell("url").into(),
        topics: cell("topics").split([',', ';', '|']).map(one_line).filter(|topic| !topic.is_empty()).collect(),
        solved,
        created_at: cell("created_at").into(),
        answers,
    })
}

/// The delimiter of a table, how many lines precede it, and the table: from Excel's line `sep=;`, or else the most frequent delimiter in the
/// headers, outside of quotations.
fn delimiter(text: &str) -> (char, usize, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let separator = first.trim_end_matches('\r').trim_matches('"');
    if let Some(separator) =
        separator.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and(separator.get(4..))
    {
        return (separator.chars().next().filter(char::is_ascii).unwrap_or(','), 1, rest);
    }
    let blank = text.len() - text.trim_start_matches(['\r', '\n']).len();
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut is_quoted = false;
    for c in text.get(blank..).unwrap_or_default().chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\n' if !is_quoted => break,
            _ if is_quoted => {}
            c => counts
                .iter_mut()
                .zip(DELIMITERS)
                .filter(|(_, candidate)| *candidate == c)
                .for_each(|(count, _)| *count += 1),
        }
    }
    let maximum = counts.iter().max().copied().unwrap_or_default();
    let delimiter =
        counts.iter().zip(DELIMITERS).find(|(count, _)| **count == maximum).map_or(',', |(_, candidate)| candidate);
    (delimiter, 0, text)
}
