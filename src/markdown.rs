//! Markdown as DOM nodes, for the screens that show what others wrote. No HTML is involved.

use crate::browser::{HtmlElement, Node};
use wasm_bindgen_futures::spawn_local;

use crate::browser::dom;
use crate::browser::nodes::{Drawing, show_picture};
use domain::texts::fill;
use markdown::{self, Block, Inline};

/// The labels of the buttons in a text.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// The button beside code.
    pub copy_code: String,
    /// The code was copied.
    pub copied: String,
    /// The button for a picture without a name.
    pub picture: String,
    /// The button for a picture with its name, `{name}`.
    pub named_picture: String,
}

/// The nodes of a Markdown text. `live` is the panel's live region.
pub fn nodes(drawing: &mut Drawing, labels: &Labels, live: &HtmlElement, text: &str) -> Node {
    let inner = Writer { drawing, labels, live }.blocks(&markdown::parse(text));
    drawing.element("div", &[("class", "prose")], inner)
}

/// A link that opens outside of the page. Its address has passed `safe_url`.
pub fn outside(drawing: &Drawing, class: &str, url: &str, text: &str) -> Node {
    let text = drawing.text(text);
    let rel = "noopener noreferrer nofollow ugc";
    drawing.element("a", &[("class", class), ("href", url), ("target", "_blank"), ("rel", rel)], vec![text])
}

struct Writer<'a> {
    drawing: &'a mut Drawing,
    labels: &'a Labels,
    live: &'a HtmlElement,
}

impl Writer<'_> {
    fn blocks(&mut self, list: &[Block]) -> Vec<Node> {
        list.iter().map(|one| self.block(one)).collect()
    }

    fn block(&mut self, block: &Block) -> Node {
        let (tag, inner) = match block {
            Block::Paragraph(parts) => ("p", self.inlines(parts)),
            Block::Heading(parts) => ("h4", self.inlines(parts)),
            Block::Code(code) => return self.code(code),
            Block::Quote(inner) => ("blockquote", self.blocks(inner)),
            Block::List { ordered, items } => {
                let mut list = Vec::new();
                for item in items {
                    let inner = self.blocks(item);
                    list.push(self.drawing.element("li", &[], inner));
                }
                (if *ordered { "ol" } else { "ul" }, list)
            }
        };
        self.drawing.element(tag, &[], inner)
    }

    fn inlines(&mut self, parts: &[Inline]) -> Vec<Node> {
        parts.iter().map(|one| self.inline(one)).collect()
    }

    fn inline(&mut self, part: &Inline) -> Node {
        let (tag, inner) = match part {
            Inline::Text(text) => return self.drawing.text(text),
            Inline::Code(code) => ("code", vec![self.drawing.text(code)]),
            Inline::Strong(inner) => ("strong", self.inlines(inner)),
            Inline::Emphasis(inner) => ("em", self.inlines(inner)),
            Inline::Break => ("br", Vec::new()),
            Inline::Picture { url, alt } => return self.picture(url, alt),
            Inline::Link { url, text } => {
                let text: String = text.iter().map(markdown::plain_text).collect();
                return outside(self.drawing, "", url, &text);
            }
        };
        self.drawing.element(tag, &[], inner)
    }

    /// Code wider than the panel scrolls, also by keyboard.
    fn code(&mut self, code: &str) -> Node {
        let text = self.drawing.text(code);
        let inner = self.drawing.element("code", &[], vec![text]);
        let pre = self.drawing.element("pre", &[("tabindex", "0")], vec![inner]);
        let name = self.labels.copy_code.as_str();
        let copy = self.drawing.element("button", &[("class", "copy"), ("aria-label", name)], vec![]);
        let (code, live) = (code.to_string(), self.live.clone());
        let copied = self.labels.copied.clone();
        self.drawing.on_press(&copy, move |_| {
            let (code, live, copied) = (code.clone(), live.clone(), copied.clone());
            spawn_local(async move {
                if dom::copy(&code).await {
                    dom::set_text(&live, &copied);
                }
            });
        });
        self.drawing.element("div", &[("class", "code")], vec![pre, copy])
    }

    /// A button in place of a picture, so that no server learns of a reader who does not want to see it.
    fn picture(&mut self, url: &str, alt: &str) -> Node {
        let name = match alt.is_empty() {
            true => self.labels.picture.clone(),
            false => fill(&self.labels.named_picture, "{name}", alt),
        };
        let text = self.drawing.text(&name);
        let button = self.drawing.element("button", &[("class", "button")], vec![text]);
        let (url, alt) = (url.to_string(), alt.to_string());
        self.drawing.on_press(&button, move |event| show_picture(&event, &url, &alt));
        button
    }
}
