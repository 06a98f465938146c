//! A line of a mail: its quote depth, what it shows, and its text without marks.

/// A place in the HTML that has no line in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The element with the quoted mail begins.
    Quotation,
    /// The element with the signature begins.
    SignatureStart,
    /// The signature ends.
    SignatureEnd,
}

/// A line of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its quote depth.
    pub depth: usize,
    /// What it shows, without quote marks: text, or Markdown if the mail is HTML.
    pub display: String,
    /// Its text for rules: without emphasis, invisible characters and superfluous white space.
    pub plain: String,
    /// Set if it is no line, but a place in the HTML.
    pub mark: Option<Mark>,
}

impl Line {
    /// A line of a plain text.
    pub fn of_text(line: &str) -> Line {
        let (depth, content) = unquoted(line);
        let display = content.trim_end_matches([' ', '\t', '\r']).to_string();
        Line { depth, plain: plain_text(&display), display, mark: None }
    }

    /// A line of Markdown converted from HTML.
    pub fn of_markdown(line: &str) -> Line {
        let (mut depth, mut content) = (0, line);
        while let Some(rest) = content.strip_prefix('>') {
            (depth, content) = (depth + 1, rest.strip_prefix(' ').unwrap_or(rest));
        }
        Line { depth, plain: plain_text(&without_marks(content)), display: content.into(), mark: None }
    }

    /// A place in the HTML.
    pub fn of_mark(mark: Mark) -> Line {
        Line { mark: Some(mark), ..Line::default() }
    }

    /// Whether it is blank.
    pub fn is_blank(&self) -> bool {
        self.mark.is_some() || self.plain.is_empty()
    }
}

/// The quote depth of a line of text, and the rest. Programs write `> > x`, `>> x` and `>x`.
fn unquoted(line: &str) -> (usize, &str) {
    let (mut depth, mut content) = (0, line);
    loop {
        let trimmed = content.strip_prefix(' ').unwrap_or(content);
        let content_start = if depth == 0 { content } else { trimmed };
        // Full-width signs and guillemets are typed, not quote marks.
        match content_start.strip_prefix('>') {
            Some(rest) => (depth, content) = (depth + 1, rest),
            None if depth == 0 => return (0, content),
            None => return (depth, trimmed),
        }
    }
}

/// Whether a character is invisible. Some of these reorder the text beside them.
pub fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe0f}' | '\u{e0000}'..='\u{e007f}')
}

/// A text without emphasis, invisible characters and superfluous white space.
pub fn plain_text(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_hidden(*c) && *c != '*').collect();
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of Markdown: without emphasis, escapes and the marks of headings and code; for a link its text, and its address if that differs.
fn without_marks(markdown: &str) -> String {
    let mut out = String::new();
    let mut rest = markdown.trim_end_matches('\\').trim_start_matches(['#', ' ']);
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let escaped = after.chars().next();
                out.extend(escaped.filter(|c| *c != '*'));
                rest = after.get(escaped.map_or(0, char::len_utf8)..).unwrap_or_default();
                continue;
            }
            '`' | '*' => {}
            '_' if after.starts_with('_') || out.ends_with('_') => {}
            '!' if after.starts_with('[') => {}
            '[' => {
                if let Some((text, url, tail)) = link(after) {
                    let text = without_marks(text);
                    out.push_str(&text);
                    let address = url.strip_prefix("mailto:").unwrap_or(url);
                    if !address.eq_ignore_ascii_case(text.trim()) && !text.contains(address) {
                        out.push_str(&format!(" <{address}>"));
                    }
                    rest = tail;
                    continue;
                }
                out.push(c);
            }
            c => out.push(c),
        }
        rest = after;
    }
    out
}

/// `text](url)` and the text after it.
fn link(text: &str) -> Option<(&str, &str, &str)> {
    let (link_text, tail) = text.split_once("](")?;
    let (url, tail) = tail.split_once(')')?;
    (link_text.len() <= 2_000 && !link_text.contains('\n')).then_some((link_text, url, tail))
}

/// The letters and digits of a text in lower case: what remains whatever wraps, quotes, marks or escapes it.
pub fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_levels_are_counted_and_emphasis_removed() {
        for (text, depth, expected) in [
            ("> > a", 2, "a"),
            (">> a ", 2, "a"),
            (">a", 1, "a"),
            (">   indented", 1, "  indented"),
            (" > typed", 0, " > typed"),
            ("a > b", 0, "a > b"),
        ] {
            let line = Line::of_text(text);
            assert_eq!((line.depth, line.display.as_str()), (depth, expected), "{text:?}");
        }
        assert_eq!(Line::of_text("*From:*\u{a0}Acme\u{200b}").plain, "From: Acme");
        let line = Line::of_markdown("> **From:** Acme \\<[help@acme.example](mailto:help@acme.example)>\\");
        assert_eq!((line.depth, line.plain.as_str()), (1, "From: Acme <help@acme.example>"));
        assert_eq!(Line::of_markdown("[Admin](https://a.example/7) \\*x\\*").plain, "Admin <https://a.example/7> x");
    }
}
