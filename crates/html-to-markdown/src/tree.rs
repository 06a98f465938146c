//! Parses HTML to a tree of readable elements, nested at most [`DEPTH_MAX`] deep.

use html5gum::{StartTag, Token, Tokenizer};

use super::visibility::{Attributes, StyleSheet, Visibility};

/// The deepest nesting of elements; deeper content belongs to the last element that fits.
const DEPTH_MAX: usize = 48;

/// A part of a document.
#[derive(Debug)]
pub enum Node {
    /// Text with entities decoded.
    Text(String),
    /// An element.
    Element(Element),
}

/// An element with its relevant attributes.
#[derive(Debug, Default)]
pub struct Element {
    /// Its name in lower case.
    pub name: String,
    /// `href` of a link, `src` of a picture.
    pub address: String,
    /// The `alt` of a picture.
    pub alt: String,
    /// Its content.
    pub children: Vec<Node>,
}

/// How to treat text that a browser does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenText {
    /// Dropped.
    Dropped,
    /// Parsed like all other text.
    Kept,
}

/// Parses a document or a part of one. Never fails: invalid HTML is repaired in a simpler way than browsers do.
pub fn parse(html: &str, hidden: HiddenText) -> Vec<Node> {
    let mut tree = Tree {
        open: vec![Element::default()],
        visibilities: vec![Visibility::default()],
        sheet: (hidden == HiddenText::Dropped).then(|| StyleSheet::read(html)),
        skipped_element: None,
    };
    for Ok(token) in Tokenizer::new(html) {
        match token {
            Token::StartTag(tag) => tree.start(&tag),
            Token::EndTag(tag) => tree.end(&decode(&tag.name)),
            Token::String(string) => tree.text(&decode(&string)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    while tree.open.len() > 1 {
        tree.close();
    }
    tree.open.pop().map(|root| root.children).unwrap_or_default()
}

/// The text of nodes without marks.
pub fn text_of(nodes: &[Node]) -> String {
    let text_of_node = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Element(element) if element.name == "br" => "\n".into(),
        Node::Element(element) => text_of(&element.children),
    };
    nodes.iter().map(text_of_node).collect()
}

/// Whether an element is a block element.
pub fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements without content and end tag.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// Elements whose content is not readable.
const UNREADABLE_ELEMENTS: &[&str] = &[
    "audio", "button", "canvas", "head", "iframe", "math", "noembed", "noframes", "noscript", "object", "script",
    "select", "style", "svg", "template", "textarea", "title", "video",
];

struct Tree {
    /// The open elements, the root first.
    open: Vec<Element>,
    /// The visibility of each of them.
    visibilities: Vec<Visibility>,
    /// The style sheets, to drop invisible text; none if all text is kept.
    sheet: Option<StyleSheet>,
    /// The element that is being dropped with all its content.
    skipped_element: Option<SkippedElement>,
}

struct SkippedElement {
    name: String,
    /// How many nested elements of this name are open.
    depth: usize,
}

impl Tree {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = decode(&tag.name).to_ascii_lowercase();
        let attribute = |name: &str| tag.attributes.get(name.as_bytes()).map(|value| decode(value)).unwrap_or_default();
        let class = attribute("class");
        let has_class = |expected: &str| class.split_ascii_whitespace().any(|class| class == expected);
        if let Some(skipped) = &mut self.skipped_element {
            skipped.depth += usize::from(skipped.name == name && !(tag.self_closing && name == "svg"));
            return;
        }
        if UNREADABLE_ELEMENTS.contains(&name.as_str()) {
            let empty = tag.self_closing && matches!(name.as_str(), "svg" | "math");
            self.skipped_element = (!empty).then_some(SkippedElement { name, depth: 1 });
            return;
        }
        // Discourse: the line with name and size below a picture, and the avatar of the quoted author.
        let parent_is_link = self.open.last().is_some_and(|parent| parent.name == "a");
        if name == "div" && has_class("meta") && parent_is_link {
            self.skipped_element = Some(SkippedElement { name, depth: 1 });
            return;
        }
        if name == "img" && has_class("avatar") {
            return;
        }
        if name == "img" && has_class("emoji") {
            self.text(&attribute("alt"));
            return;
        }
        self.close_implied(&name);
        let visibility = self.visibility(&name, tag);
        let address = attribute(if name == "img" { "src" } else { "href" });
        let element = Element { alt: attribute("alt"), address, children: Vec::new(), name };
        if VOID.contains(&element.name.as_str()) {
            if !visibility.hides_pictures() {
                self.add(Node::Element(element));
            }
        } else if self.open.len() <= DEPTH_MAX {
            self.open.push(element);
            self.visibilities.push(visibility);
        } else if visibility.hides_text() {
            self.skipped_element = Some(SkippedElement { name: element.name, depth: 1 });
        }
    }

    fn end(&mut self, name: &str) {
        let name = name.to_ascii_lowercase();
        if let Some(skipped) = &mut self.skipped_element {
            skipped.depth -= usize::from(skipped.name == name);
            if skipped.depth == 0 {
                self.skipped_element = None;
            }
            return;
        }
        if let Some(index) = self.open.iter().skip(1).rposition(|open| open.name == name) {
            self.close_to(index + 1);
        }
    }

    fn text(&mut self, text: &str) {
        let is_seen = self.skipped_element.is_none()
            && !self.visibilities.last().is_some_and(|visibility| visibility.hides_text());
        if is_seen && !text.is_empty() {
            self.add(Node::Text(text.into()));
        }
    }

    /// The visibility of an element that starts here.
    fn visibility(&self, name: &str, tag: &StartTag<()>) -> Visibility {
        let parent = self.visibilities.last().copied().unwrap_or_default();
        let Some(sheet) = &self.sheet else { return parent };
        let attribute = |name: &str| tag.attributes.get(name.as_bytes()).map(|value| decode(value));
        let value = |name: &str| attribute(name).unwrap_or_default();
        let (class, id, style) = (value("class"), value("id"), value("style"));
        let element = Attributes {
            name,
            class: &class,
            id: &id,
            style: &style,
            is_hidden: attribute("hidden").is_some(),
            is_open: attribute("open").is_some(),
        };
        parent.inside(&element, sheet)
    }

    /// Closes elements that a start tag ends implicitly, as `<li>` the item before it.
    fn close_implied(&mut self, name: &str) {
        let (closes, boundaries): (&[&str], &[&str]) = match name {
            "li" => (&["li"], &["ul", "ol"]),
            "dt" | "dd" => (&["dt", "dd"], &["dl"]),
            "tr" => (&["tr"], &["table"]),
            "td" | "th" => (&["td", "th"], &["table", "tr"]),
            "tbody" | "thead" | "tfoot" => (&["tbody", "thead", "tfoot"], &["table"]),
            "a" => (&["a"], &["td", "th", "table"]),
            name if is_block(name) => (&["p"], &["li", "blockquote", "td", "th", "div", "dd", "section", "article"]),
            _ => return,
        };
        for index in (1..self.open.len()).rev() {
            let Some(open) = self.open.get(index) else { return };
            if closes.contains(&open.name.as_str()) {
                return self.close_to(index);
            }
            if boundaries.contains(&open.name.as_str()) {
                return;
            }
        }
    }

    fn close_to(&mut self, length: usize) {
        while self.open.len() > length.max(1) {
            self.close();
        }
    }

    fn close(&mut self) {
        let visibility = self.visibilities.pop().unwrap_or_default();
        if let Some(element) = self.open.pop()
            && !visibility.is_gone
        {
            self.add(Node::Element(element));
        }
    }

    fn add(&mut self, node: Node) {
        if let Some(parent) = self.open.last_mut() {
            parent.children.push(node);
        }
    }
}

fn decode(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
