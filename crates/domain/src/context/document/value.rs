//! The context as the widget builds it: a document of plain values.
//!
//! The gateway parses it into [`super::super::Context`] and its groups. In the widget, code for every field of every group would be larger than
//! all of its screens (measured: 25 kB of gzip), so there a few functions process the document by the tables in [`super::shape`]. A test holds
//! that both mean the same document.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use wire::Pairs;
use wire::{Read, Source};

/// A plain value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Count(u32),
    /// A boolean.
    Bool(bool),
    /// An ordered list.
    List(Vec<Value>),
    /// Values by name.
    Members(Pairs<Value>),
}

impl Value {
    /// The member with a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Members(members) => members.get(name),
            _ => None,
        }
    }

    /// The member with a name, mutable.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        match self {
            Value::Members(members) => {
                members.0.iter_mut().find(|(candidate, _)| candidate == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text of a member; empty if it has none.
    pub fn text_of(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// Adds or replaces a member.
    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(existing) = self.get_mut(name) {
            *existing = value;
        } else if let Value::Members(members) = self {
            members.0.push((name.to_string(), value));
        }
    }

    /// Removes a member; `true` if it existed.
    pub fn remove(&mut self, name: &str) -> bool {
        let Value::Members(members) = self else { return false };
        let before = members.0.len();
        members.0.retain(|(candidate, _)| candidate != name);
        members.0.len() < before
    }

    /// The items of a list member, mutable; none if it is not a list.
    pub fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Value>> {
        match self.get_mut(name) {
            Some(Value::List(items)) => Some(items),
            _ => None,
        }
    }

    /// The items of a list member; empty if it is not a list.
    pub fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// Whether it is an empty text, list or object.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Members(members) => members.is_empty(),
            Value::Count(_) | Value::Bool(_) => false,
        }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::Members(Pairs::default())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_string())
    }
}

impl Read for Value {
    fn read(source: &impl Source) -> Value {
        if let Some(text) = source.as_text() {
            return Value::Text(text);
        }
        if let Some(yes) = source.as_bool() {
            return Value::Bool(yes);
        }
        if let Some(number) = source.as_number() {
            return Value::Count(number as u32);
        }
        if source.is_list() {
            return Value::List(source.items().iter().map(Value::read).collect());
        }
        let members = source.entries().into_iter().map(|(name, value)| (name, Value::read(&value)));
        Value::Members(Pairs(members.collect()))
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Count(count) => serializer.serialize_u32(*count),
            Value::Bool(yes) => serializer.serialize_bool(*yes),
            Value::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Value::Members(members) => members.serialize(serializer),
        }
    }
}
