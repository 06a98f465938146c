//! Converts inline HTML to a line of Markdown. Text stays text, whatever marks it contains.

use super::Page;
use super::tree::{Element, Node, is_block, text_of};
use markdown::safe_url;

/// The deepest nesting of marks, equal to the Markdown parser's.
const DEPTH_MAX: usize = 4;
/// The longest link address, in bytes; longer ones are dropped.
const URL_MAX: usize = 2000;

/// Nodes as one line, with a newline for each line break. White space at the ends becomes one space.
pub fn line(nodes: &[&Node], base: &Page<'_>) -> String {
    let mut line = Line { base, out: String::new(), before: None, depth: 0, in_link: false };
    nodes.iter().for_each(|node| line.node(node));
    line.out
}

/// Text as strong emphasis, if it can be marked.
pub fn strong(text: &str) -> String {
    marked(text, &["**", "__"], None).unwrap_or_else(|| text.into())
}

/// Whether a character is visible. Some invisible ones reorder the text beside them.
pub fn is_seen(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !turns && !c.is_control() && c != '\u{feff}' && c != '\u{200b}'
}

struct Line<'a> {
    base: &'a Page<'a>,
    out: String,
    /// The character before it, in case the marks around it are dropped.
    before: Option<char>,
    depth: usize,
    in_link: bool,
}

impl Line<'_> {
    fn node(&mut self, node: &Node) {
        let element = match node {
            Node::Text(text) => return self.text(text),
            Node::Element(element) => element,
        };
        match element.name.as_str() {
            "br" => self.out.push('\n'),
            "img" => self.picture(element),
            "a" => self.link(element),
            "strong" | "b" => self.marks(element, &["**", "__"]),
            "em" | "i" | "cite" | "dfn" | "var" => self.marks(element, &["*", "_"]),
            "code" | "kbd" | "samp" | "tt" => self.code(element),
            "q" => {
                self.text("“");
                self.children(element);
                self.text("”");
            }
            name if is_block(name) => {
                self.space();
                self.children(element);
                self.space();
            }
            _ => self.children(element),
        }
    }

    fn children(&mut self, element: &Element) {
        element.children.iter().for_each(|node| self.node(node));
    }

    /// The content of an element, by itself.
    fn content_of(&self, element: &Element, in_link: bool) -> String {
        let mut line =
            Line { base: self.base, out: String::new(), before: self.last(), depth: self.depth + 1, in_link };
        line.children(element);
        line.out
    }

    fn last(&self) -> Option<char> {
        self.out.chars().next_back().or(self.before)
    }

    fn space(&mut self) {
        if !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
    }

    fn text(&mut self, text: &str) {
        let mut chars = text.chars().filter(|c| c.is_whitespace() || is_seen(*c)).peekable();
        while let Some(c) = chars.next() {
            if c.is_whitespace() {
                self.space();
                continue;
            }
            let before = self.out.chars().next_back();
            let acts = match c {
                '\\' | '`' | '*' | '[' => true,
                '_' => !before.is_some_and(is_part_of_word),
                '(' => before == Some(']'),
                '!' => chars.peek().is_none(),
                ':' => ["http", "https", "mailto"].iter().any(|scheme| self.out.ends_with(scheme)),
                _ => false,
            };
            if acts {
                self.out.push('\\');
            }
            self.out.push(c);
        }
    }

    fn marks(&mut self, element: &Element, marks: &[&str]) {
        let content = self.content_of(element, self.in_link);
        if self.depth >= DEPTH_MAX {
            return self.append(&content, None);
        }
        let leading = content.starts_with([' ', '\n']);
        let before = if leading { None } else { self.last() };
        let marked = marked(&content, marks, before);
        self.append(&content, marked.as_deref());
    }

    fn code(&mut self, element: &Element) {
        let text = text_of(&element.children);
        let text: String =
            text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| is_seen(*c)).collect();
        // Code cannot contain a backtick, nor in a link what ends the link's text.
        if text.contains('`') || self.in_link && text.contains("](") {
            return self.text(&text);
        }
        if text.trim().is_empty() { self.space() } else { self.out.push_str(&format!("`{}`", text.trim())) }
    }

    fn link(&mut self, element: &Element) {
        if let Some(name) = self.file(element) {
            return self.text(&format!("({name})"));
        }
        let url = self.address(&element.address).filter(|_| !self.in_link && self.depth < DEPTH_MAX);
        let content = self.content_of(element, url.is_some() || self.in_link);
        let Some(url) = url.filter(|_| !content.trim().is_empty()) else { return self.append(&content, None) };
        let text = one_break(content.trim());
        self.append(&content, Some(&format!("[{text}]({url})")));
    }

    /// A picture becomes a link to it. Inside of a link it becomes its name, because the link leads elsewhere.
    fn picture(&mut self, element: &Element) {
        if let Some(name) = self.file(element) {
            return self.text(&format!("({name})"));
        }
        let url = self.address(&element.address).filter(|url| !url.starts_with("mailto:"));
        let mut name = Line { base: self.base, out: String::new(), before: None, depth: 0, in_link: true };
        name.text(&element.alt);
        if let Some(url) = url.as_deref().filter(|_| name.out.trim().is_empty()) {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            name.text(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default());
        }
        let name = name.out.trim();
        match url.filter(|_| !self.in_link && self.depth < DEPTH_MAX && !name.is_empty()) {
            Some(url) => self.out.push_str(&format!("![{name}]({url})")),
            None => self.out.push_str(name),
        }
    }

    /// Appends a converted element, with the white space at the ends of its content outside of its marks.
    fn append(&mut self, inner: &str, marked: Option<&str>) {
        let Some(marked) = marked else {
            // Separates text that would form a mark with what precedes it.
            let glued = self.out.ends_with(']') && inner.starts_with('(');
            let inner = if inner.starts_with(' ') && self.out.ends_with([' ', '\n']) {
                inner.trim_start_matches(' ')
            } else {
                inner
            };
            self.out.push_str(if glued { "\\" } else { "" });
            self.out.push_str(inner);
            return;
        };
        let content = inner.trim();
        let edge = |text: &str| {
            if text.contains('\n') {
                "\n"
            } else if text.is_empty() {
                ""
            } else {
                " "
            }
        };
        let (leading, trailing) = inner.split_once(content).unwrap_or_default();
        match edge(leading) {
            " " => self.space(),
            edge => self.out.push_str(edge),
        }
        self.out.push_str(marked);
        self.out.push_str(edge(trailing));
    }

    /// The name of the attachment at the address of an element.
    fn file(&self, element: &Element) -> Option<String> {
        let url = self.base.url.join(element.address.trim()).ok().filter(|_| !element.address.trim().is_empty())?;
        (self.base.file)(&url)
    }

    /// A link address, resolved relative to the page.
    fn address(&self, address: &str) -> Option<String> {
        let address = address.trim();
        let url = self.base.url.join(address).ok().filter(|_| !address.is_empty())?;
        let encode = |c: char| match c {
            '(' => "%28".into(),
            ')' => "%29".into(),
            '*' => "%2A".into(),
            '\\' => "%5C".into(),
            '`' => "%60".into(),
            c => c.to_string(),
        };
        let url: String = url.as_str().chars().map(encode).collect();
        safe_url(&url).filter(|url| url.len() <= URL_MAX).map(str::to_string)
    }
}

/// Text between marks; none if no mark is possible. `before` is the character before it.
fn marked(inner: &str, marks: &[&str], before: Option<char>) -> Option<String> {
    let content = one_break(inner.trim());
    let is_safe = |mark: &&&str| {
        let first = mark.get(..1).unwrap_or_default();
        let clear = match mark.len() {
            1 => !content.contains(first),
            _ => !content.contains(**mark) && !content.starts_with(first) && !content.ends_with(first),
        };
        clear && (first != "_" || !before.is_some_and(is_part_of_word))
    };
    let mark = marks.iter().find(is_safe).filter(|_| !content.is_empty())?;
    Some(format!("{mark}{content}{mark}"))
}

/// Removes empty lines, which would end a paragraph within a mark.
fn one_break(text: &str) -> String {
    let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// The Markdown parser's rule, by which `_` is part of a word.
fn is_part_of_word(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric()
}
