//! The headers of a mail, unfolded, in order.

use super::encoded_words;

/// The longest name and value, in bytes. References grow long, and nothing depends on the rest.
const VALUE_MAX: usize = 16 << 10;
/// The most headers.
const COUNT_MAX: usize = 1_000;

/// The headers of a mail: original names, and values unfolded but not decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    values: Vec<(String, String)>,
    /// Whether some are missing.
    is_cut: bool,
}

impl Headers {
    /// Parses the lines above the first empty one (RFC 5322, 2.2). Lines that are no header are ignored, such as the `From ` line of an mbox.
    pub fn read(block: &str) -> Headers {
        let mut headers = Headers::default();
        for line in block.lines() {
            if line.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.values.last_mut() {
                    append(value, line);
                }
                continue;
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.add(name, value);
            }
        }
        headers
    }

    /// Appends a header; folded lines become one.
    pub fn add(&mut self, name: &str, value: &str) {
        let name = name.trim();
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        if !is_name || name.len() > VALUE_MAX {
            return;
        }
        if self.values.len() >= COUNT_MAX {
            self.is_cut = true;
            return;
        }
        let mut unfolded = String::new();
        value.lines().for_each(|line| append(&mut unfolded, line));
        self.values.push((name.into(), unfolded));
    }

    /// Marks the headers as incomplete.
    pub fn mark_cut(&mut self) {
        self.is_cut = true;
    }

    /// Whether the headers are incomplete: a header that is not among them may still be in the mail.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The first value of a name, in any case.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a name with its encoded words decoded (RFC 2047).
    pub fn decoded(&self, name: &str) -> Option<String> {
        self.value(name).map(encoded_words::decode)
    }

    /// Names with values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn append(value: &mut String, line: &str) {
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    if !value.is_empty() && !line.is_empty() {
        value.push(' ');
    }
    let room = VALUE_MAX.saturating_sub(value.len());
    value.push_str(line.get(..line.floor_char_boundary(room.min(line.len()))).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_joined_and_the_body_is_ignored() {
        let headers = Headers::read(
            "From x@y.example Sat\nSubject: One\r\n two\r\nReceived: a\r\nreceived: b\r\nBad line\r\n\r\nTo: body\r\n",
        );
        assert_eq!(headers.value("subject"), Some("One two"));
        assert_eq!(headers.values("Received").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(headers.value("To"), None);
        assert_eq!(headers.iter().count(), 3);
    }

    #[test]
    fn long_headers_are_cut_and_invalid_names_left_out() {
        let mut headers = Headers::default();
        headers.add("X-Long", &"ä".repeat(VALUE_MAX));
        headers.add("no name", "x");
        assert!(headers.value("x-long").unwrap().len() <= VALUE_MAX);
        assert!(headers.iter().count() == 1 && !headers.is_cut());
        (0..COUNT_MAX).for_each(|_| headers.add("X", "x"));
        assert!(headers.iter().count() == COUNT_MAX && headers.is_cut());
    }
}
