//! Text that no mail program shows, such as a preheader, is no part of a reply; agents find it in the whole mail.

use mail_in::reply_text::{Parts, read};
use serde::Deserialize;

use super::letter;
use crate::rows;

#[derive(Deserialize)]
struct Case {
    html: String,
    /// What the customer reads; by default only the reply.
    reads: Option<String>,
    /// Whether something is hidden.
    #[serde(default = "yes")]
    hides: bool,
}

fn yes() -> bool {
    true
}

#[test]
fn customers_read_the_visible_text_and_agents_the_rest() {
    let rows = rows::read::<Case>(include_str!("hidden.toml"));
    rows::check_all(&rows, |case| {
        let reply = read(&Parts { html: case.html.clone(), ..Parts::default() }, &letter::known());
        let expected = case.reads.as_deref().unwrap_or("Fixed, please reload.");
        if reply.text != expected || reply.markdown.contains("secret") {
            return Err(format!("{:?} is read, {:?} as Markdown", reply.text, reply.markdown));
        }
        if (reply.is_shortened, reply.whole.contains("secret preheader")) != (case.hides, case.hides) {
            return Err(format!("the whole mail is {:?}, shortened {}", reply.whole, reply.is_shortened));
        }
        Ok(())
    });
}

#[test]
fn hostile_style_sheets_are_cheap() {
    let rules = ".a{display:none}".repeat(1 << 14);
    let nested = "@media x{".repeat(1 << 14);
    let several = (0..1 << 12).map(|number| format!(".a{}{{display:block}}", ".a".repeat(number % 50))).collect();
    let elements = "<i class='a b c d e'>x</i>".repeat(1 << 13);
    for style in [rules, several, nested, "/*".repeat(1 << 15), "<style>".repeat(1 << 14), ".a,".repeat(1 << 15)] {
        let html = format!("<style>{style}</style>{elements}");
        let reply = read(&Parts { html, ..Parts::default() }, &letter::known());
        assert!(reply.text.len() <= 1 << 20);
    }
}
