//! A configuration file as a document, which knows the line of each field and reports errors by file, line and field.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::SettingsError;
use super::suggestion::{unknown_field, with_suggestion};

/// The text of a file, and its parsed tables.
pub struct Document<'a> {
    text: &'a str,
    name: &'a str,
    root: Spanned<DeTable<'a>>,
}

/// The line of each field, by its path: `sites.acme.imports[0].url`.
#[derive(Clone, Debug, Default)]
pub struct LineNumbers {
    name: String,
    lines: BTreeMap<String, usize>,
    /// Those of sites that are in texts of their own.
    sites: BTreeMap<String, LineNumbers>,
}

impl<'a> Document<'a> {
    /// Parses a document; `name` is its name in errors.
    pub fn parse(text: &'a str, name: &'a str) -> Result<Document<'a>, SettingsError> {
        let root = DeTable::parse(text)
            .map_err(|error| located((text, name), error.span(), String::new(), error.message().to_string()))?;
        Ok(Document { text, name, root })
    }

    /// The tables of the sites, with their names.
    pub fn sites(&mut self) -> impl Iterator<Item = (String, Range<usize>, &mut DeTable<'a>)> {
        let sites = self.root.get_mut().get_mut("sites").and_then(|sites| table(sites.get_mut()));
        sites.into_iter().flat_map(DeTable::iter_mut).filter_map(|(name, site)| {
            let span = site.span();
            Some((name.get_ref().to_string(), span, table(site.get_mut())?))
        })
    }

    /// An error about a field and its position.
    pub fn error(&self, span: Range<usize>, path: &str, message: String) -> SettingsError {
        located((self.text, self.name), Some(span), format!("{path}: "), message)
    }

    /// The line of each field.
    pub fn lines(&self) -> LineNumbers {
        let mut lines = LineNumbers { name: self.name.to_string(), ..LineNumbers::default() };
        // Found once, because a file with many sites has very many fields.
        let ends: Vec<usize> = self.text.match_indices('\n').map(|(end, _)| end).collect();
        let line = |start: usize| ends.partition_point(|end| *end < start) + 1;
        note(&mut lines.lines, &line, "", self.root.get_ref());
        lines
    }

    /// Deserializes the document. `suggest` is called with the path of an unknown field, and says where such a field belongs.
    pub fn read<T: DeserializeOwned>(self, suggest: fn(&str, &str) -> Option<String>) -> Result<T, SettingsError> {
        let Document { text, name, root } = self;
        serde_path_to_error::deserialize(toml::Deserializer::from(root)).map_err(|error| {
            let (path, message) = (path(error.path()), error.inner().message());
            let suggestion = unknown_field(message).and_then(|field| Some((field, suggest(&path, field)?)));
            let message = match suggestion {
                Some((field, suggestion)) => format!("unknown field `{field}`, did you mean {suggestion}?"),
                None => with_suggestion(message),
            };
            let field = if path.is_empty() { path } else { format!("{path}: ") };
            located((text, name), error.inner().span(), field, message)
        })
    }
}

impl LineNumbers {
    /// Adds the lines of a site that is in a text of its own.
    pub fn add_site(&mut self, key: &str, lines: LineNumbers) {
        self.sites.insert(format!("sites.{key}"), lines);
    }

    /// A field with its file and line; the line of the table that it belongs to if it is not in the file.
    pub fn location(&self, field: &str) -> String {
        let is_of = |site: &str| field.strip_prefix(site).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        // A key may have dots itself, so the longest one counts.
        if let Some((_, lines)) = self.sites.iter().rev().find(|(site, _)| is_of(site)) {
            return lines.location(field);
        }
        if self.name.is_empty() {
            return field.to_string();
        }
        let mut path = field;
        let line = loop {
            match (self.lines.get(path), path.rfind(['.', '['])) {
                (Some(line), _) => break Some(line),
                (None, Some(end)) => path = path.get(..end).unwrap_or_default(),
                (None, None) => break None,
            }
        };
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: {field}", self.name)
    }
}

fn note(lines: &mut BTreeMap<String, usize>, line: &dyn Fn(usize) -> usize, path: &str, table: &DeTable<'_>) {
    for (key, value) in table {
        let path = joined(path, key.get_ref());
        lines.insert(path.clone(), line(key.span().start));
        note_within(lines, line, &path, value.get_ref());
    }
}

fn note_within(lines: &mut BTreeMap<String, usize>, line: &dyn Fn(usize) -> usize, path: &str, value: &DeValue<'_>) {
    match value {
        DeValue::Table(table) => note(lines, line, path, table),
        DeValue::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                lines.insert(path.clone(), line(value.span().start));
                note_within(lines, line, &path, value.get_ref());
            }
        }
        _ => {}
    }
}

/// The fields of a value, if it is a table.
pub fn table<'a, 'b>(value: &'b mut DeValue<'a>) -> Option<&'b mut DeTable<'a>> {
    match value {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// The path of a field in a table.
pub fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

fn located((text, name): (&str, &str), span: Option<Range<usize>>, field: String, message: String) -> SettingsError {
    let line = line(text, span.map_or(0, |span| span.start));
    SettingsError::File { file: name.into(), line, field, message }
}

/// The line of a byte offset, from 1.
fn line(text: &str, index: usize) -> usize {
    text.get(..index).unwrap_or_default().matches('\n').count() + 1
}

/// A path as written in the file, without the kind of a destination.
fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => text = joined(&text, key),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}
