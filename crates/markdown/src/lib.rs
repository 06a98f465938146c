//! A small subset of Markdown, parsed into a tree. HTML is neither read nor produced.
//!
//! Blocks: paragraphs, headings, lists, quotes, fenced code. Inline: `code`, `**strong**`, `*emphasis*`, links, bare addresses. Everything else
//! is plain text. Parsing takes time linear in the length, and nesting is bounded.

mod escape;
pub mod find;

pub use escape::escape;
use find::find;

/// The longest text that is parsed, in bytes; the rest is dropped.
pub const TEXT_MAX: usize = 50_000;
const DEPTH_MAX: usize = 4;

/// A block of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A heading of any level.
    Heading(Vec<Inline>),
    /// Code.
    Code(String),
    /// A list.
    List {
        /// Whether it is numbered.
        ordered: bool,
        /// The blocks of each item.
        items: Vec<Vec<Block>>,
    },
    /// A quote.
    Quote(Vec<Block>),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// Code.
    Code(String),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// A hard line break.
    Break,
    /// A link; its address has passed [`safe_url`].
    Link {
        /// Its address.
        url: String,
        /// Its text.
        text: Vec<Inline>,
    },
    /// A picture; its address has passed [`safe_url`] and is no `mailto:`.
    Picture {
        /// Its address.
        url: String,
        /// Its alternative text; may be empty.
        alt: String,
    },
}

/// Parses a text.
pub fn parse(text: &str) -> Vec<Block> {
    let mut end = text.len().min(TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let lines: Vec<&str> = text.get(..end).unwrap_or_default().lines().collect();
    blocks(&lines, 0)
}

/// The address, if a link may have it: `https:`, `http:` or `mailto:`, without spaces and control characters.
pub fn safe_url(url: &str) -> Option<&str> {
    let scheme = url.split_once(':')?.0.to_ascii_lowercase();
    let allowed = matches!(scheme.as_str(), "https" | "http" | "mailto");
    let clean = !url.chars().any(|c| c.is_whitespace() || c.is_control());
    (allowed && clean).then_some(url)
}

fn blocks(lines: &[&str], depth: usize) -> Vec<Block> {
    let mut out = Vec::new();
    let mut rest = lines;
    while let Some((line, after)) = rest.split_first() {
        let trimmed = line.trim_ascii_start();
        if trimmed.is_empty() {
            rest = after;
        } else if let Some(fence) = fence(trimmed) {
            let length = after.iter().position(|line| line.trim_ascii() == fence).unwrap_or(after.len());
            let (code, after) = after.split_at(length);
            out.push(Block::Code(code.join("\n")));
            rest = after.get(1..).unwrap_or_default();
        } else if let Some(heading) = heading(trimmed) {
            out.push(Block::Heading(inlines(heading)));
            rest = after;
        } else if depth < DEPTH_MAX && trimmed.starts_with('>') {
            let length = rest.iter().position(|line| !line.trim_ascii_start().starts_with('>')).unwrap_or(rest.len());
            let (quote, after) = rest.split_at(length);
            let inner: Vec<&str> = quote
                .iter()
                .map(|line| line.trim_ascii_start().strip_prefix('>').unwrap_or(line))
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect();
            out.push(Block::Quote(blocks(&inner, depth + 1)));
            rest = after;
        } else if let Some(marker) = marker(line).filter(|_| depth < DEPTH_MAX) {
            let (list, after) = list(rest, marker.ordered, depth);
            out.push(list);
            rest = after;
        } else {
            let length = 1 + after.iter().position(|line| ends_paragraph(line, depth)).unwrap_or(after.len());
            let (paragraph, after) = rest.split_at(length);
            out.push(Block::Paragraph(inlines(&join(paragraph))));
            rest = after;
        }
    }
    out
}

/// The lines of a paragraph as one, with a newline for each hard break.
fn join(lines: &[&str]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let content = line.trim_ascii();
        text.push_str(content.strip_suffix('\\').unwrap_or(content));
        if index + 1 < lines.len() {
            text.push(if line.ends_with("  ") || content.ends_with('\\') { '\n' } else { ' ' });
        }
    }
    text
}

fn ends_paragraph(line: &str, depth: usize) -> bool {
    let trimmed = line.trim_ascii_start();
    trimmed.is_empty()
        || fence(trimmed).is_some()
        || heading(trimmed).is_some()
        || depth < DEPTH_MAX && (trimmed.starts_with('>') || marker(line).is_some())
}

fn fence(trimmed: &str) -> Option<&'static str> {
    ["```", "~~~"].into_iter().find(|fence| trimmed.starts_with(fence))
}

fn heading(trimmed: &str) -> Option<&str> {
    let text = trimmed.trim_start_matches('#');
    let level = trimmed.len() - text.len();
    text.strip_prefix(' ').filter(|_| (1..=6).contains(&level)).map(|text| text.trim_matches([' ', '#']))
}

struct Marker {
    ordered: bool,
    indent: usize,
    /// The indentation of the item's content.
    content: usize,
}

fn marker(line: &str) -> Option<Marker> {
    let trimmed = line.trim_start_matches(' ');
    let indent = line.len() - trimmed.len();
    let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after = trimmed.get(digits..)?;
    let ordered = (1..=9).contains(&digits) && (after.starts_with(". ") || after.starts_with(") "));
    let bullet = digits == 0 && (after.starts_with("- ") || after.starts_with("* ") || after.starts_with("+ "));
    (ordered || bullet).then_some(Marker { ordered, indent, content: indent + digits + 2 })
}

fn list<'a, 'b>(lines: &'a [&'b str], ordered: bool, depth: usize) -> (Block, &'a [&'b str]) {
    let mut items: Vec<Vec<&str>> = Vec::new();
    let mut content = 0;
    let mut first_indent = 0;
    let mut used = 0;
    for (index, line) in lines.iter().enumerate() {
        let starts_item = marker(line).filter(|marker| items.is_empty() || marker.indent < content);
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(marker) = starts_item {
            if marker.ordered != ordered || !items.is_empty() && marker.indent < first_indent {
                break;
            }
            if items.is_empty() {
                first_indent = marker.indent;
            }
            content = marker.content;
            items.push(vec![line.get(content..).unwrap_or_default()]);
        } else if line.trim_ascii().is_empty() {
            // A blank line belongs to the list only if the list continues after it.
            let goes_on = lines.get(index + 1).is_some_and(|next| {
                let indent = next.len() - next.trim_start_matches(' ').len();
                !next.trim_ascii().is_empty()
                    && (indent >= content || marker(next).is_some_and(|m| m.ordered == ordered))
            });
            if !goes_on {
                break;
            }
            if let Some(item) = items.last_mut() {
                item.push("");
            }
        } else {
            let previous_blank = index > 0 && lines.get(index - 1).is_some_and(|line| line.trim_ascii().is_empty());
            if indent < content && previous_blank {
                break;
            }
            if let Some(item) = items.last_mut() {
                item.push(line.get(indent.min(content)..).unwrap_or_default());
            }
        }
        used = index + 1;
    }
    let items = items.iter().map(|item| blocks(item, depth + 1)).collect();
    (Block::List { ordered, items }, lines.get(used..).unwrap_or_default())
}

/// Parses the parts of a line.
fn inlines(text: &str) -> Vec<Inline> {
    Line::new(text).read(0, text.len(), 0)
}

const CLOSERS: [&str; 7] = ["`", "**", "__", "*", "_", "](", ")"];
const OF_LINK: usize = 5;
const OF_TARGET: usize = 6;

struct Line<'a> {
    text: &'a str,
    /// For each closer the last offset it was searched from, and the next occurrence, so that no stretch is searched twice.
    closers_found: [Option<(usize, Option<usize>)>; CLOSERS.len()],
    /// How many bytes were searched for closers.
    #[cfg(test)]
    searched: usize,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Line<'a> {
        Line {
            text,
            closers_found: [None; CLOSERS.len()],
            #[cfg(test)]
            searched: 0,
        }
    }

    fn read(&mut self, start: usize, end: usize, depth: usize) -> Vec<Inline> {
        let mut out = Vec::new();
        let mut text_start = start;
        let mut position = start;
        while position < end {
            let Some((part, next)) = self.special(position, end, depth) else {
                position += self.slice(position, end).chars().next().map_or(1, char::len_utf8);
                continue;
            };
            push_text(&mut out, self.slice(text_start, position));
            out.push(part);
            position = next;
            text_start = next;
        }
        push_text(&mut out, self.slice(text_start, end));
        out
    }

    /// The part that begins at an offset, and its end.
    fn special(&mut self, position: usize, end: usize, depth: usize) -> Option<(Inline, usize)> {
        let rest = self.slice(position, end);
        let first = rest.chars().next()?;
        match first {
            '\n' => return Some((Inline::Break, position + 1)),
            '\\' => {
                let escaped = rest.chars().nth(1).filter(char::is_ascii_punctuation)?;
                return Some((Inline::Text(escaped.into()), position + 2));
            }
            '`' => {
                let close = self.find(0, position + 1, end)?;
                let code = self.slice(position + 1, close).to_string();
                return (!code.is_empty()).then_some((Inline::Code(code), close + 1));
            }
            'h' | 'm' => return self.bare_address(position, end),
            _ if depth >= DEPTH_MAX => return None,
            '!' if rest.starts_with("![") => {
                let (link, after) = self.link(position + 1, end, depth)?;
                return Some((picture(link), after));
            }
            '[' => return self.link(position, end, depth),
            '*' | '_' => {}
            _ => return None,
        }
        // `_` inside a word is part of the word, as in `snake_case`.
        let before = self.slice(0, position).chars().next_back();
        if first == '_' && before.is_some_and(is_part_of_word) {
            return None;
        }
        let closer = CLOSERS.iter().skip(1).position(|closer| rest.starts_with(closer)).map(|index| index + 1)?;
        let length = CLOSERS.get(closer).map_or(1, |closer| closer.len());
        let inner = position + length;
        if self.slice(inner, end).starts_with(char::is_whitespace) {
            return None;
        }
        let close = self.find(closer, inner, end).filter(|close| *close > inner)?;
        let content = self.read(inner, close, depth + 1);
        let part = if length == 2 { Inline::Strong(content) } else { Inline::Emphasis(content) };
        Some((part, close + length))
    }

    fn link(&mut self, position: usize, end: usize, depth: usize) -> Option<(Inline, usize)> {
        let middle = self.find(OF_LINK, position + 1, end)?;
        let close = self.find(OF_TARGET, middle + 2, end)?;
        let url = safe_url(self.slice(middle + 2, close).trim_ascii()).map(str::to_string);
        let text = self.read(position + 1, middle, depth + 1);
        let after = close + 1;
        match url {
            Some(url) => Some((Inline::Link { url, text: without_links(text) }, after)),
            // The text of a link without a valid address is still worth reading.
            None => Some((Inline::Emphasis(text), after)),
        }
    }

    fn bare_address(&self, position: usize, end: usize) -> Option<(Inline, usize)> {
        if self.slice(0, position).chars().next_back().is_some_and(is_part_of_word) {
            return None;
        }
        let rest = self.slice(position, end);
        let scheme = ["https://", "http://", "mailto:"].into_iter().find(|scheme| rest.starts_with(scheme))?;
        let stop = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '*' | '|');
        let url = rest.split(stop).next()?.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '_']);
        let url = safe_url(url).filter(|url| url.len() > scheme.len())?;
        let text = vec![Inline::Text(url.into())];
        Some((Inline::Link { url: url.into(), text }, position + url.len()))
    }

    /// The next occurrence of a closer before an end.
    fn find(&mut self, closer: usize, start: usize, end: usize) -> Option<usize> {
        let needle = CLOSERS.get(closer)?;
        let candidate = self.closers_found.get_mut(closer)?;
        // The next occurrence after an earlier offset is the next one after every offset in between.
        let is_current = |(searched_from, next): (usize, Option<usize>)| {
            searched_from <= start && next.is_none_or(|next| start <= next)
        };
        let next = match candidate.filter(|candidate| is_current(*candidate)) {
            Some((_, next)) => next,
            None => {
                let next = find(self.text.get(start..)?, needle).map(|offset| start + offset);
                *candidate = Some((start, next));
                #[cfg(test)]
                {
                    self.searched += next.unwrap_or(self.text.len()) - start;
                }
                next
            }
        };
        next.filter(|next| next + needle.len() <= end)
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Turns a link into the picture that it describes.
fn picture(link: Inline) -> Inline {
    match link {
        Inline::Link { url, text } if url.starts_with("http") => {
            Inline::Picture { url, alt: text.iter().map(plain_text).collect() }
        }
        other => other,
    }
}

/// The text of a part without formatting.
pub fn plain_text(part: &Inline) -> String {
    match part {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Break => " ".into(),
        Inline::Picture { alt, .. } => alt.clone(),
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { text: inner, .. } => {
            inner.iter().map(plain_text).collect()
        }
    }
}

fn push_text(out: &mut Vec<Inline>, text: &str) {
    if !text.is_empty() {
        out.push(Inline::Text(text.into()));
    }
}

/// Whether a character is part of a word. Unicode's table would cost the widget kilobytes; beyond ASCII a letter is by far the likelier case.
pub fn is_part_of_word(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric()
}

/// A link inside a link cannot be clicked; its text stays.
fn without_links(parts: Vec<Inline>) -> Vec<Inline> {
    parts
        .into_iter()
        .flat_map(|part| match part {
            Inline::Link { text, .. } => without_links(text),
            Inline::Strong(inner) => vec![Inline::Strong(without_links(inner))],
            Inline::Emphasis(inner) => vec![Inline::Emphasis(without_links(inner))],
            other => vec![other],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes a tree in a form that is readable in tests.
    fn show(blocks: &[Block]) -> String {
        let line = |parts: &[Inline]| parts.iter().map(part).collect::<String>();
        let show_block = |block: &Block| match block {
            Block::Paragraph(parts) => format!("p({})", line(parts)),
            Block::Heading(parts) => format!("h({})", line(parts)),
            Block::Code(code) => format!("code({code})"),
            Block::Quote(inner) => format!("quote({})", show(inner)),
            Block::List { ordered, items } => {
                let items: Vec<String> = items.iter().map(|item| show(item)).collect();
                format!("{}({})", if *ordered { "ol" } else { "ul" }, items.join(" | "))
            }
        };
        blocks.iter().map(show_block).collect::<Vec<_>>().join(" ")
    }

    fn part(part: &Inline) -> String {
        let line = |parts: &[Inline]| parts.iter().map(self::part).collect::<String>();
        match part {
            Inline::Text(text) => text.clone(),
            Inline::Code(code) => format!("`{code}`"),
            Inline::Strong(inner) => format!("<{}>", line(inner)),
            Inline::Emphasis(inner) => format!("/{}/", line(inner)),
            Inline::Break => "⏎".into(),
            Inline::Picture { url, alt } => format!("!{alt} -> {url}!"),
            Inline::Link { url, text } => format!("[{} -> {url}]", line(text)),
        }
    }

    #[test]
    fn parsing_time_is_linear_in_the_line_length() {
        for (name, times, end) in [
            ("](", 25_000, ""),
            ("[](", 16_000, ""),
            ("[", 49_000, "]("),
            ("[a](b", 10_000, ")"),
            ("[a](", 12_000, " )"),
            ("**a ", 12_000, ""),
            ("*a_b", 12_000, "`"),
            ("![", 24_000, "](x"),
            ("[*a](_b", 7_000, ")"),
        ] {
            let text = name.repeat(times) + end;
            let mut line = Line::new(&text);
            assert!(!line.read(0, text.len(), 0).is_empty());
            assert!(line.searched <= 8 * text.len(), "{name}: {} of {}", line.searched, text.len());
        }
    }

    #[test]
    fn the_subset_is_parsed() {
        for (text, tree) in [
            ("one\ntwo\n\nthree", "p(one two) p(three)"),
            ("one  \ntwo", "p(one⏎two)"),
            ("# Title\ntext", "h(Title) p(text)"),
            ("- a\n- b\n  more\n\nend", "ul(p(a) | p(b more)) p(end)"),
            ("1. a\n2. b\n   - c\n   - d\n3. e", "ol(p(a) | p(b) ul(p(c) | p(d)) | p(e))"),
            ("1. a\n\n   ```\n   x\n   ```\n\n2. b", "ol(p(a) code(x) | p(b))"),
            ("> said\n> so\n\nme", "quote(p(said so)) p(me)"),
            ("```js\nlet a = 1;\n\nb\n```\nafter", "code(let a = 1;\n\nb) p(after)"),
            ("```\nnever closed", "code(never closed)"),
            ("a **b *c* d** `e*f`", "p(a <b /c/ d> `e*f`)"),
            ("snake_case_name and _this_", "p(snake_case_name and /this/)"),
            ("2 * 3 * 4", "p(2 * 3 * 4)"),
            (r"\*not\* this", "p(*not* this)"),
            ("[the docs](https://d.example/a) here", "p([the docs -> https://d.example/a] here)"),
            ("see https://d.example/a, or not.", "p(see [https://d.example/a -> https://d.example/a], or not.)"),
            ("[click](javascript:alert(1))", "p(/click/))"),
            ("<b>no</b>", "p(<b>no</b>)"),
            ("see ![the *menu*](https://d.example/a.png)", "p(see !the menu -> https://d.example/a.png!)"),
            ("![x](mailto:a@d.example)", "p([x -> mailto:a@d.example])"),
            ("![x](javascript:alert(1))", "p(/x/))"),
        ] {
            assert_eq!(show(&parse(text)), tree, "{text}");
        }
    }

    fn urls(blocks: &[Block]) -> Vec<String> {
        fn of_line(parts: &[Inline], urls: &mut Vec<String>) {
            for part in parts {
                match part {
                    Inline::Link { url, text } => {
                        urls.push(url.clone());
                        of_line(text, urls);
                    }
                    Inline::Strong(inner) | Inline::Emphasis(inner) => of_line(inner, urls),
                    Inline::Picture { url, .. } => urls.push(url.clone()),
                    Inline::Text(_) | Inline::Code(_) | Inline::Break => {}
                }
            }
        }
        let mut all = Vec::new();
        for block in blocks {
            match block {
                Block::Paragraph(parts) | Block::Heading(parts) => of_line(parts, &mut all),
                Block::Quote(inner) => all.extend(urls(inner)),
                Block::List { items, .. } => items.iter().for_each(|item| all.extend(urls(item))),
                Block::Code(_) => {}
            }
        }
        all
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_with_allowed_schemes_only(
            text in "([a-z]|[-*_`>#!\\[\\]()\\\\:/. \n]|javascript:|https://|data:|\\[x\\]\\(|é|1\\. |```\n){0,200}",
        ) {
            for url in urls(&parse(&text)) {
                let scheme = url.split(':').next().unwrap().to_ascii_lowercase();
                prop_assert!(["https", "http", "mailto"].contains(&scheme.as_str()), "{}", url);
            }
        }

        #[test]
        fn any_string_is_read(text: String) {
            parse(&text);
        }
    }

    #[test]
    fn parsing_hostile_text_is_linear() {
        for unit in ["*a", "[", "[a](", "`", "**", "_", "> ", "- ", "](", "![x]("] {
            parse(&unit.repeat(TEXT_MAX / unit.len()));
        }
    }
}
