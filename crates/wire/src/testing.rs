//! Asserts that both readers of a wire type read the same. The macros use it in the tests of the crates that declare types.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Pairs, Read};

/// How many samples of a type are tried: more than the largest enum has variants.
const SAMPLES: usize = 12;

/// A type with samples.
pub trait Sample {
    /// A sample with every member present. `number` is counted up, so that no two members are equal.
    fn sample(number: &mut usize) -> Self;
}

/// Panics unless serde and the widget's reader read the same: a whole value, and every value with one part missing or null that serde accepts.
/// If serde rejects it, the widget's reader only must not panic.
#[allow(clippy::expect_used)]
pub fn assert_reads_alike<T: Sample + Read + Serialize + DeserializeOwned + PartialEq + Debug>() {
    for number in 0..SAMPLES {
        let value = T::sample(&mut number.clone());
        let json = serde_json::to_value(&value).expect("a wire type is JSON");
        assert_eq!(serde_json::from_value::<T>(json.clone()).expect("serde reads what it wrote"), value, "{json}");
        assert_eq!(T::read(&json), value, "{json}");
        for part in parts(&json) {
            for changed in [without_part(&json, &part), with_null(&json, &part)] {
                let read_value = T::read(&changed);
                if let Ok(value) = serde_json::from_value::<T>(changed.clone()) {
                    assert_eq!(read_value, value, "{part}: {changed}");
                    let serialized = serde_json::to_value(&value).expect("a wire type is JSON");
                    assert_eq!(T::read(&serialized), value, "{part}: {serialized}");
                }
            }
        }
    }
}

/// The JSON pointers of all members, at any depth.
fn parts(json: &Value) -> Vec<String> {
    let members: Vec<(String, &Value)> = match json {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    let mut parts = Vec::new();
    for (name, value) in members {
        let name = name.replace('~', "~0").replace('/', "~1");
        parts.extend(parts_below(&name, value));
    }
    parts
}

fn parts_below(name: &str, value: &Value) -> Vec<String> {
    let child_parts = parts(value).into_iter().map(|part| format!("/{name}{part}"));
    [format!("/{name}")].into_iter().chain(child_parts).collect()
}

fn with_null(json: &Value, part: &str) -> Value {
    let mut changed = json.clone();
    if let Some(value) = changed.pointer_mut(part) {
        *value = Value::Null;
    }
    changed
}

fn without_part(json: &Value, part: &str) -> Value {
    let mut changed = json.clone();
    let (parent, name) = part.rsplit_once('/').unwrap_or_default();
    match changed.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(name.parse().map(|index: usize| items.remove(index))),
        _ => {}
    }
    changed
}

impl Sample for String {
    fn sample(number: &mut usize) -> String {
        *number += 1;
        format!("text {number}")
    }
}

impl Sample for bool {
    fn sample(_: &mut usize) -> bool {
        true
    }
}

impl Sample for u16 {
    fn sample(number: &mut usize) -> u16 {
        u32::sample(number) as u16
    }
}

impl Sample for u32 {
    fn sample(number: &mut usize) -> u32 {
        *number += 1;
        *number as u32
    }
}

impl Sample for f32 {
    fn sample(number: &mut usize) -> f32 {
        u32::sample(number) as f32 + 0.5
    }
}

impl<T: Sample> Sample for Vec<T> {
    fn sample(number: &mut usize) -> Vec<T> {
        vec![T::sample(number), T::sample(number)]
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(number: &mut usize) -> Option<T> {
        Some(T::sample(number))
    }
}

impl<T: Sample> Sample for Pairs<T> {
    fn sample(number: &mut usize) -> Pairs<T> {
        Pairs(vec![(format!("a {number}"), T::sample(number)), (format!("b/~{number}"), T::sample(number))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;
    use serde::Deserialize;

    /// A type whose readers disagree about missing members.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Unlike {
        #[serde(default = "seven")]
        count: u32,
    }

    fn seven() -> u32 {
        7
    }

    impl Read for Unlike {
        fn read(source: &impl Source) -> Unlike {
            Unlike { count: source.member("count") }
        }
    }

    impl Sample for Unlike {
        fn sample(number: &mut usize) -> Unlike {
            Unlike { count: u32::sample(number) }
        }
    }

    #[test]
    #[should_panic(expected = "/count: {}")]
    fn disagreeing_readers_are_found() {
        assert_reads_alike::<Unlike>();
    }

    #[test]
    fn every_part_can_be_removed() {
        let json = serde_json::json!({"a": [{"b/c": 1}], "d": 2});
        assert_eq!(parts(&json), ["/a", "/a/0", "/a/0/b~1c", "/d"]);
        assert_eq!(without_part(&json, "/a/0/b~1c"), serde_json::json!({"a": [{}], "d": 2}));
        assert_eq!(without_part(&json, "/a/0"), serde_json::json!({"a": [], "d": 2}));
    }
}
