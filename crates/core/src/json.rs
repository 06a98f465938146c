//! Parses JSON, and reports the position of errors.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use domain::problem::FieldError;

/// Why bytes cannot be parsed as a type, with the position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// They are not JSON.
    #[error("not valid JSON: {}", .0.detail)]
    Malformed(FieldError),
    /// They are JSON of another type.
    #[error("{} {}", .0.pointer, .0.detail)]
    Mismatched(FieldError),
}

/// Parses a body.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let wrong = FieldError { pointer: pointer(error.path()), detail: error.inner().to_string() };
        if error.inner().is_data() { JsonError::Mismatched(wrong) } else { JsonError::Malformed(wrong) }
    })?;
    deserializer
        .end()
        .map_err(|error| JsonError::Malformed(FieldError { pointer: String::new(), detail: error.to_string() }))?;
    Ok(value)
}

/// Why an object cannot be parsed as a type: an error for each of its members that is missing or of another type. `valid` has a value for each
/// required member, with which the rest is parsed. Returns also the object as far as it can be parsed.
pub fn mismatches<T: DeserializeOwned>(
    mut object: Map<String, Value>,
    valid: &Map<String, Value>,
) -> (Option<T>, Vec<FieldError>) {
    let (mut errors, mut replaced) = (Vec::new(), Vec::new());
    loop {
        let value = Value::Object(object);
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(parsed) => return (Some(parsed), errors),
            Err(error) => error,
        };
        let (mut pointer, mut detail) = (pointer(error.path()), error.inner().to_string());
        let missing = detail.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        if let Some(name) = missing {
            pointer = format!("{pointer}/{name}");
            detail = "is missing".into();
        }
        let member = pointer.split('/').nth(1).unwrap_or_default().to_string();
        errors.push(FieldError { pointer, detail });
        let Value::Object(parsed) = value else { return (None, errors) };
        if member.is_empty() || replaced.contains(&member) {
            return (None, errors);
        }
        object = parsed;
        object.remove(&member);
        object.extend(valid.get(&member).map(|value| (member.clone(), value.clone())));
        replaced.push(member);
    }
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use domain::ticket::NewTicket;
    use serde_json::json;

    fn read_badly(body: &str) -> (bool, FieldError) {
        match parse::<NewTicket>(body.as_bytes()) {
            Err(JsonError::Mismatched(error)) => (true, error),
            Err(JsonError::Malformed(error)) => (false, error),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_member_that_is_missing_or_of_another_type_is_an_error() {
        let valid = json!({"kind": "bug", "severity": "low", "message": "x", "client": {"name": "", "version": ""}});
        let Value::Object(valid) = valid else { unreachable!() };
        let faults = |body: &str| {
            let (parsed, errors) = mismatches::<NewTicket>(serde_json::from_str(body).unwrap(), &valid);
            let errors: Vec<String> =
                errors.iter().map(|FieldError { pointer, detail }| format!("{pointer} {detail}")).collect();
            (parsed.is_some(), errors)
        };
        let is_missing = ["/kind", "/severity", "/message", "/client"].map(|member| format!("{member} is missing"));
        assert_eq!(faults("{}"), (true, is_missing.to_vec()));
        let (is_parsed, errors) =
            faults(r#"{"kind":"complaint","severity":"low","message":7,"topic":[],"client":{"name":"x"}}"#);
        let pointers: BTreeSet<&str> = errors.iter().filter_map(|error| error.split(' ').next()).collect();
        let expected = BTreeSet::from(["/kind", "/message", "/topic", "/client/version"]);
        assert_eq!((is_parsed, pointers), (true, expected));
        let none = Map::new();
        let (parsed, errors) = mismatches::<NewTicket>(serde_json::from_str("{}").unwrap(), &none);
        assert!(parsed.is_none() && errors.len() == 2, "{errors:?}");
    }

    #[test]
    fn errors_name_the_position_in_the_json() {
        let (data, error) = read_badly(r#"{"kind":"complaint"}"#);
        assert!(data && error.pointer == "/kind" && error.detail.contains("expected one of `question`"), "{error:?}");
        let (data, error) = read_badly(r#"{"kind":"bug","context":{"page_values":{"a/b~c":1}}}"#);
        assert!(data && error.pointer == "/context/page_values/a~1b~0c", "{error:?}");
        let (data, error) = read_badly(r#"{"questions":[{"source":"#);
        assert!(!data && error.pointer == "/questions/0/source", "{error:?}");
        let (data, _) = read_badly("");
        assert!(!data);
    }
}
