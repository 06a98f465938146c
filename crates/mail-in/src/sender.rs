//! Parses the senders in a `From` header: valid ones (RFC 5322), and those that programs really write, with a comma in an unquoted name, with
//! encoded words inside quotation marks, with several senders.

use super::encoded_words;

/// How much of a header is read, in bytes.
const READ_MAX: usize = 8 << 10;
/// The most senders that are read.
const SENDERS_MAX: usize = 20;

/// A sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// The decoded name; empty if there is none.
    pub name: String,
    /// The address; empty if none can be recognised.
    pub address: String,
}

/// The senders of a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Senders {
    /// In order.
    pub senders: Vec<Sender>,
    /// Whether the header was read to its end: if not, there may be further senders.
    pub is_complete: bool,
}

/// Parses the senders of a header.
pub fn read(header: &str) -> Senders {
    let is_whole = header.len() <= READ_MAX;
    let header = header.get(..header.floor_char_boundary(READ_MAX)).unwrap_or_default();
    let mut senders = Vec::new();
    let mut part = HeaderPart::default();
    let mut rest = header;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = after;
        match c {
            '=' if after.starts_with('?') => {
                // Commas and brackets inside of an encoded word mean nothing (RFC 2047, 5).
                let word = encoded_word(after);
                part.text.push('=');
                part.text.push_str(word);
                rest = after.get(word.len()..).unwrap_or_default();
            }
            '"' => rest = quoted(after, &mut part),
            '(' => rest = comment(after, &mut part),
            '<' => {
                let (address, tail) = after.split_once('>').unwrap_or((after, ""));
                // Outlook: `<ana@desk.example<mailto:ana@desk.example>>`.
                part.address = Some(address.split('<').next().unwrap_or_default().into());
                rest = tail.trim_start_matches('>');
            }
            // A comma inside of a name without quotation marks comes before the address.
            ',' | ';' if part.is_whole() => senders.extend(std::mem::take(&mut part).sender()),
            // The name of a group (RFC 5322, 3.4).
            ':' if !part.text.contains('@') && part.address.is_none() => part = HeaderPart::default(),
            c => part.text.push(c),
        }
        if senders.len() >= SENDERS_MAX && !rest.trim_matches([' ', ',', ';']).is_empty() {
            return Senders { senders, is_complete: false };
        }
    }
    senders.extend(part.sender());
    Senders { senders, is_complete: is_whole }
}

#[derive(Default)]
struct HeaderPart {
    /// The text outside of brackets.
    text: String,
    /// The first comment.
    comment: String,
    /// The text in angle brackets.
    address: Option<String>,
    /// Whether the text has quotation marks, in which a comma does not separate.
    was_quoted: bool,
}

impl HeaderPart {
    fn is_whole(&self) -> bool {
        self.address.is_some() || address(self.text.trim()).is_some()
    }

    fn sender(self) -> Option<Sender> {
        let text = self.text.trim();
        let (name, address) = match &self.address {
            Some(inner_text) => (text, address(inner_text.trim()).unwrap_or_default()),
            None => match address(text) {
                Some(address) => ("", address),
                // `Ana ana@desk.example`: some programs omit the brackets.
                None => match text.rsplit_once(' ').and_then(|(name, last)| Some((name, address(last)?))) {
                    Some(address) if !self.was_quoted => address,
                    _ => (text, String::new()),
                },
            },
        };
        let name = if name.trim().is_empty() { self.comment.as_str() } else { name };
        let name = encoded_words::decode(name);
        let name = unquoted(name.trim()).trim().to_string();
        let name = if name.eq_ignore_ascii_case(&address) { String::new() } else { name };
        (!address.is_empty() || !name.is_empty()).then_some(Sender { name, address })
    }
}

/// The rest of an encoded word, whose first character was read; only that character if it is none.
fn encoded_word(after: &str) -> &str {
    let content = after.get(1..).unwrap_or_default();
    let mut marks = content.match_indices('?').map(|(start, _)| start);
    let (Some(_), Some(second)) = (marks.next(), marks.next()) else { return "" };
    let end = content.get(second..).and_then(|text| text.find("?=")).map(|end| 1 + second + end + 2);
    end.and_then(|end| after.get(..end)).filter(|word| word.len() <= 600).unwrap_or_default()
}

fn quoted<'a>(text: &'a str, part: &mut HeaderPart) -> &'a str {
    part.was_quoted = true;
    let mut escaped = false;
    for (start, c) in text.char_indices() {
        match c {
            c if escaped => {
                part.text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return text.get(start + 1..).unwrap_or_default(),
            c => part.text.push(c),
        }
    }
    ""
}

fn comment<'a>(text: &'a str, part: &mut HeaderPart) -> &'a str {
    let (mut depth, mut escaped, mut content) = (1, false, String::new());
    let mut end = text.len();
    for (start, c) in text.char_indices() {
        match c {
            c if escaped => {
                content.push(c);
                escaped = false;
                continue;
            }
            '\\' => {
                escaped = true;
                continue;
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            end = start + 1;
            break;
        }
        content.push(c);
    }
    if part.comment.is_empty() {
        part.comment = content;
    }
    text.get(end..).unwrap_or_default()
}

/// An address without the characters around it.
fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let (local, domain) = text.rsplit_once('@')?;
    let is_clean = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>()\"[]".contains(c))
    };
    (is_clean(local) && is_clean(domain) && !local.contains('@')).then(|| text.to_string())
}

/// Without the additional quotes that some programs put around a name: `'Ana Ruiz'`.
fn unquoted(name: &str) -> &str {
    let pair = |open: char, close: char| name.strip_prefix(open).and_then(|name| name.strip_suffix(close));
    pair('\'', '\'').or_else(|| pair('"', '"')).unwrap_or(name)
}
