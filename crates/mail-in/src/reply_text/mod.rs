//! Extracts what somebody wrote in reply to a mail: without the quoted mail, without what only agents may read, with the signature folded. Pure
//! rules over the text or the HTML of a mail.

mod attached;
mod attribution;
mod compose;
mod flowed;
mod gateway_text;
mod header_block;
mod html;
mod line;
mod part;
mod phrases;
mod quotation;
mod render;
mod signature;

pub use attached::is_for_agents;
use compose::Part;
pub use gateway_text::{KnownTexts, MARKER};
use line::Line;
use part::Chosen;

/// How much of a part is read, in bytes: a reply may be below all that it quotes.
const TEXT_READ: usize = 1 << 20;
/// How many lines of it are read.
const LINES_READ: usize = 10_000;

/// The text parts of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The flow of the text (RFC 3676); none if it is not marked.
    pub flowed: Option<Flowed>,
}

/// `format=flowed` and `delsp` of a text (RFC 3676, 4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flowed {
    /// Whether it is flowed.
    pub is_flowed: bool,
    /// Whether the space at a soft break is deleted.
    pub deletes_space: bool,
}

/// The text of a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyText {
    /// What the other side reads, as plain text; empty if nothing was written.
    pub text: String,
    /// The same as Markdown.
    pub markdown: String,
    /// The whole mail as plain text, for agents.
    pub whole: String,
    /// Whether more was removed than a recognised quotation: agents should be able to read the whole mail.
    pub is_shortened: bool,
    /// Whether there was text that is withheld because it contains something that only agents may read.
    pub is_withheld: bool,
    /// Whether the mail is longer than the part that is read.
    pub is_cut: bool,
}

impl ReplyText {
    /// Whether nothing was written.
    pub fn is_without_words(&self) -> bool {
        self.text.is_empty()
    }
}

/// Reads a reply. The other side never reads anything that only agents may read; in doubt it reads less.
pub fn read(parts: &Parts, known_texts: &KnownTexts) -> ReplyText {
    let chosen = part::choose(&parts.text, &parts.html);
    let reply = match chosen {
        Chosen::Text if parts.html.trim().is_empty() && part::is_markup(&parts.text) => {
            read_html(&parts.text, known_texts)
        }
        Chosen::Text => read_text(parts, known_texts),
        Chosen::Html => read_html(&parts.html, known_texts),
    };
    if gateway_text::is_leaked(&reply.text, known_texts) || gateway_text::is_leaked(&reply.markdown, known_texts) {
        let (text, markdown) = (String::new(), String::new());
        return ReplyText { text, markdown, is_shortened: true, is_withheld: true, ..reply };
    }
    reply
}

/// A text as Markdown with the same content.
pub fn markdown(text: &str) -> String {
    render::of_text(text)
}

const SHOWN: &[Part] = &[Part::Own, Part::Quoted];
const ALL: &[Part] = &[Part::Own, Part::Quoted, Part::Folded, Part::Left, Part::Private];

fn read_text(mail: &Parts, known_texts: &KnownTexts) -> ReplyText {
    let mail_text = limit_length(&mail.text);
    let mail_text = mail_text.replace("\r\n", "\n").replace('\r', "\n").replace('\u{a0}', " ");
    let mail_text = mail_text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " ");
    let flowed = mail.flowed.unwrap_or(Flowed { is_flowed: flowed::is_flowed(&mail_text), deletes_space: false });
    let text = if flowed.is_flowed { flowed::unflow(&mail_text, flowed.deletes_space) } else { mail_text.clone() };
    let has_more_lines = text.split('\n').nth(LINES_READ).is_some();
    let lines = text.split('\n').take(LINES_READ).map(Line::of_text).collect();
    let lines = gateway_text::split(lines, Line::of_text);
    let parts = compose::parts(&lines, known_texts);
    let display = render::render_text(&lines, &parts, SHOWN);
    let rows: Vec<&str> = display.lines().collect();
    let display = if flowed.is_flowed { display.clone() } else { flowed::join_broken(&rows).join("\n") };
    ReplyText {
        markdown: render::of_text(&display),
        is_shortened: is_shortened(&lines, &parts),
        is_withheld: false,
        is_cut: has_more_lines || mail.text.len() > TEXT_READ,
        whole: mail_text.trim().to_string(),
        text: display,
    }
}

fn read_html(html: &str, known_texts: &KnownTexts) -> ReplyText {
    let (lines, is_cut) = html::lines(limit_length(html), TEXT_READ, LINES_READ);
    let lines = gateway_text::split(lines, Line::of_markdown);
    let parts = compose::parts(&lines, known_texts);
    let plain = without_marks(&lines);
    let (all_lines, _) = html::all_lines(limit_length(html), TEXT_READ, LINES_READ);
    let all_lines = without_marks(&gateway_text::split(all_lines, Line::of_markdown));
    let has_hidden = letters(&all_lines) > letters(&plain);
    let all_parts: Vec<Part> =
        all_lines.iter().map(|line| if line.depth > 0 { Part::Quoted } else { Part::Own }).collect();
    ReplyText {
        text: render::render_text(&plain, &parts, SHOWN),
        markdown: render::of_markdown(&lines, &parts, SHOWN),
        is_shortened: has_hidden || is_shortened(&lines, &parts),
        is_withheld: false,
        is_cut: is_cut || html.len() > TEXT_READ,
        whole: render::render_text(&all_lines, &all_parts, ALL),
    }
}

/// Lines of Markdown as plain text.
fn without_marks(lines: &[Line]) -> Vec<Line> {
    lines.iter().map(|line| Line { display: line.plain.clone(), ..line.clone() }).collect()
}

/// The number of letters and digits in lines.
fn letters(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.display.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}

/// Whether anything was removed that has no mark of a quotation and is not clearly a signature.
fn is_shortened(lines: &[Line], parts: &[Part]) -> bool {
    let is_missed = |line: &Line, part: &Part| match part {
        Part::Own | Part::Quoted => false,
        Part::Folded => signature::is_sentence(&line.plain),
        Part::Left | Part::Private => line.depth == 0 && !line.is_blank(),
    };
    lines.iter().zip(parts).any(|(line, part)| is_missed(line, part))
}

fn limit_length(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_READ)).unwrap_or_default()
}
