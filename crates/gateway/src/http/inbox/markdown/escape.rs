//! Escapes arbitrary text for Markdown (GitHub's and GitLab's, which is CommonMark with tables): it stays text, whatever it contains. It
//! creates no link, mentions nobody by `@name`, refers to no issue by `#123`, and ends nothing around it.

/// A line of text.
pub fn line(text: &str) -> String {
    let mut out = String::new();
    let mut chars = cleaned(text, ' ').trim().chars().collect::<Vec<_>>().into_iter().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let address = c == ':' && next == Some('/') || c == '.' && out.to_ascii_lowercase().ends_with("www");
        let acts = address || "\\`*_{}[]<>|~&$#".contains(c);
        if acts {
            out.push('\\');
        }
        out.push(c);
        // A backslash does not stop the trackers from detecting names and numbers; an invisible gap does.
        let refers = matches!(c, '@' | '#') || c == '-' && out.to_ascii_lowercase().ends_with("gh-");
        if refers && next.is_some() {
            out.push(GAP);
        }
    }
    at_start(out)
}

/// Lines of text as a quotation.
pub fn quote(text: &str) -> String {
    let quoted: Vec<String> = text.trim().lines().map(quoted).collect();
    quoted.join("\n")
}

/// Text as inline code.
pub fn code(text: &str) -> String {
    let text = cleaned(text, ' ');
    let marks = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.trim().is_empty() { String::new() } else { format!("{marks}{space}{text}{space}{marks}") }
}

/// The same in a table, whose cells end at a bar even within code.
pub fn cell_code(text: &str) -> String {
    code(&text.replace('|', "%7C"))
}

/// Text as a fenced code block.
pub fn fence(text: &str) -> String {
    let text = cleaned(text, '\n');
    let marks = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{marks}text\n{}\n{marks}", text.trim_matches('\n'))
}

/// A value: as plain text if nothing in it has a meaning in Markdown, otherwise as code, so that it can be copied completely.
pub fn value(text: &str) -> String {
    let text = text.trim();
    match line(text) == text {
        true => text.to_string(),
        false => code(text),
    }
}

/// A link; the address was checked by `labels::web`.
pub fn link(text: &str, url: &str) -> String {
    let url = url.replace('<', "%3C").replace('>', "%3E").replace('\\', "%5C").replace('|', "%7C");
    format!("[{}](<{url}>)", line(text))
}

/// A zero-width space.
const GAP: char = '\u{200b}';

fn quoted(text: &str) -> String {
    let content = text.trim_start();
    // No-break spaces, because four ordinary spaces would start a code block.
    let indent = "\u{a0}".repeat(text.chars().count() - content.chars().count());
    let content = line(content);
    if content.is_empty() {
        return ">".into();
    }
    // Two spaces at the end force a line break.
    format!("> {indent}{content}  ")
}

/// At the beginning of a paragraph or an item, a dash, plus, equals sign or number would start a list or a heading.
fn at_start(line: String) -> String {
    let number = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (digits, rest) = line.split_at_checked(number).unwrap_or_default();
    let numbered = [".", ")"].iter().any(|end| rest == *end || rest.starts_with(&format!("{end} ")));
    match rest.chars().next() {
        Some('-' | '+' | '=') if digits.is_empty() => format!("\\{line}"),
        Some(_) if !digits.is_empty() && numbered => format!("{digits}\\{rest}"),
        _ => line,
    }
}

/// Removes invisible characters, some of which reverse the text around them, and replaces line ends by `newline`.
fn cleaned(text: &str, newline: char) -> String {
    let text = text.replace("\r\n", "\n");
    let clean = |c: char| match c {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(newline),
        '\t' => Some(if newline == '\n' { '\t' } else { ' ' }),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        c if c.is_control() => None,
        c => Some(c),
    };
    text.chars().filter_map(clean).collect()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_syntax_is_escaped() {
        for (text, escaped) in [
            ("plain, with (brackets) and 1.5 - done!", "plain, with (brackets) and 1.5 - done!"),
            ("**a** _b_ `c` ~d~", "\\*\\*a\\*\\* \\_b\\_ \\`c\\` \\~d\\~"),
            ("[x](javascript:1) ![y](z)", "\\[x\\](javascript:1) !\\[y\\](z)"),
            ("<img onerror=1> &lt; a|b", "\\<img onerror=1\\> \\&lt; a\\|b"),
            ("https://evil.example www.a.example", "https\\://evil.example www\\.a.example"),
            ("@ada #12 a@b", "@\u{200b}ada \\#\u{200b}12 a@\u{200b}b"),
            ("gh-12 GH-3", "gh-\u{200b}12 GH-\u{200b}3"),
            ("- a", "\\- a"),
            ("12) a", "12\\) a"),
            ("1.2.3", "1.2.3"),
            ("two\nlines\r\nor\u{2028}more", "two lines or more"),
            ("\u{202e}gnp.exe\u{0}", "gnp.exe"),
        ] {
            assert_eq!(line(text), escaped, "{text}");
        }
    }

    #[test]
    fn nothing_in_a_quotation_ends_it() {
        assert_eq!(
            quote("# a\n\n    b\n- c\n1. d\n===\n> e\n```\n\rf"),
            "> \\#\u{200b} a  \n>\n> \u{a0}\u{a0}\u{a0}\u{a0}b  \n> \\- c  \n> 1\\. d  \n> \\===  \n> \\> e  \n> \\`\\`\\`  \n> \u{a0}f  "
        );
    }

    #[test]
    fn code_fences_are_longer_than_those_inside() {
        assert_eq!(code("a b"), "`a b`");
        assert_eq!(code("a ``b`` @c"), "```a ``b`` @c```");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(code(" "), "");
        assert_eq!(cell_code("a|b"), "`a%7Cb`");
        assert_eq!(fence("a\r\n````\nb"), "`````text\na\n````\nb\n`````");
    }

    #[test]
    fn values_with_markup_become_code() {
        assert_eq!(value("enterprise"), "enterprise");
        assert_eq!(value("ada@example.com"), "`ada@example.com`");
        assert_eq!(value(""), "");
    }

    #[test]
    fn a_link_ends_where_its_address_does() {
        assert_eq!(link("Sentry [x]", "https://a/>)|<b>"), "[Sentry \\[x\\]](<https://a/%3E)%7C%3Cb%3E>)");
    }
}
