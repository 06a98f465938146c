//! Parses JSON, and reports the position of errors.

use serde::de::DeserializeOwned;
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
    use super::*;
    use domain::ticket::NewTicket;

    fn read_badly(body: &str) -> (bool, FieldError) {
        match parse::<NewTicket>(body.as_bytes()) {
            Err(JsonError::Mismatched(error)) => (true, error),
            Err(JsonError::Malformed(error)) => (false, error),
            other => panic!("{other:?}"),
        }
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
