//! Values as rows: names with their values.

use crate::browser::intl;
use crate::screens::words;
use crate::texts;
use domain::context::Group;
use domain::context::document::Value;
use domain::join::join_nonempty;

/// A value under its name, with its nesting depth.
pub struct Row {
    /// The nesting depth.
    pub depth: usize,
    /// Its name.
    pub label: String,
    /// Its value; empty if it has rows below it.
    pub text: String,
}

/// From this many members on, a record is more than one line.
const DETAILED: usize = 6;

/// The rows of a value.
pub fn flatten(value: &Value) -> Vec<Row> {
    let mut rows = Vec::new();
    add(value, 0, &mut rows);
    rows
}

/// A value as text.
pub fn written(value: &Value) -> String {
    let mut text = String::new();
    for Row { depth, label, text: value } in flatten(value) {
        for part in ["  ".repeat(depth).as_str(), &label, ": ", &value, "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// The title of an item of a group.
pub fn title(group: Group, item: &Value) -> String {
    let names: &[&str] = match group {
        Group::Errors => &["name", "message"],
        Group::Requests => &["method", "url", "status"],
        _ => &["source", "label", "text"],
    };
    let texts: Vec<String> =
        names.iter().filter_map(|name| item.get(name)).map(text).filter(|text| !text.is_empty()).collect();
    join_nonempty(&texts, " ")
}

fn add(value: &Value, depth: usize, rows: &mut Vec<Row>) {
    match value {
        Value::Members(members) => {
            for (name, value) in &members.0 {
                add_named(texts::label(name), value, depth, rows);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let at = intl::time(item.text_of("at"), &words::lang());
                let label = if at.is_empty() { (index + 1).to_string() } else { at };
                add_named(label, item, depth, rows);
            }
        }
        _ => rows.push(Row { depth, label: String::new(), text: text(value) }),
    }
}

fn add_named(label: String, value: &Value, depth: usize, rows: &mut Vec<Row>) {
    match value {
        // A short record with a time is one line.
        Value::Members(members) if value.get("at").is_some() && members.0.len() < DETAILED => {
            let texts: Vec<String> =
                members.0.iter().filter(|(name, _)| name != "at").map(|(_, value)| text(value)).collect();
            rows.push(Row { depth, label, text: join_nonempty(&texts, " · ") });
        }
        Value::Members(_) | Value::List(_) if value.is_empty() => {}
        Value::Members(_) | Value::List(_) => {
            rows.push(Row { depth, label, text: String::new() });
            add(value, depth + 1, rows);
        }
        _ if value.is_empty() => {}
        _ => rows.push(Row { depth, label, text: text(value) }),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Count(count) => count.to_string(),
        Value::Bool(true) => "✓".into(),
        Value::Bool(false) => "✗".into(),
        Value::List(_) | Value::Members(_) => String::new(),
    }
}
