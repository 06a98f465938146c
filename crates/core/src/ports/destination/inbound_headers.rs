//! The headers of an inbound event.

use std::collections::HashMap;

/// The headers of a destination's request: for each name the first value that is text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboundHeaders(HashMap<String, String>);

impl InboundHeaders {
    /// The value of a header. The name has to be in lower case: any other finds nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for InboundHeaders {
    /// The names have to be in lower case and unique.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> InboundHeaders {
        InboundHeaders(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
