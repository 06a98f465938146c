//! The parts of a mail that are read: replies that look like something else, inline replies, signatures, flowed text, parts.

use mail_in::reply_text::{Flowed, Parts, read};
use serde::Deserialize;

use super::{letter, quotations};
use crate::rows;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    text: String,
    #[serde(default)]
    html: String,
    /// `format=flowed` and `delsp=yes`.
    #[serde(default)]
    flowed: bool,
    #[serde(default)]
    delsp: bool,
    /// What the customer reads, as plain text.
    reads: Option<String>,
    /// The same as Markdown, if it differs.
    markdown: Option<String>,
    /// Whether nothing was written.
    #[serde(default)]
    empty: bool,
}

#[test]
fn written_texts_are_extracted_unchanged() {
    let rows = rows::read::<Case>(include_str!("words.toml"));
    rows::check_all(&rows, |case| {
        let flowed = case.flowed.then_some(Flowed { is_flowed: true, deletes_space: case.delsp });
        let reply = read(&Parts { text: case.text.clone(), html: case.html.clone(), flowed }, &letter::known());
        quotations::check_private(&reply)?;
        let expected = case.reads.as_deref().unwrap_or_default();
        assert_eq!(expected.is_empty(), case.empty);
        if reply.text != expected {
            return Err(format!("{:?} in place of {expected:?}", reply.text));
        }
        match &case.markdown {
            Some(markdown) if *markdown != reply.markdown => Err(format!("Markdown {:?}", reply.markdown)),
            _ => Ok(()),
        }
    });
}

#[test]
fn hostile_mails_are_cheap() {
    for piece in [
        "<a",
        "[",
        "> x\ny\n",
        ">x\n",
        "a:\n",
        "From: a@b.example\n",
        "Reference: DB-4K7Q9\n",
        "a@b.example> wrote:\n",
        "-----\n",
        "<!--",
        "<div class=gmail_quote>",
        ": ",
    ] {
        let text = piece.repeat((1 << 18) / piece.len());
        for parts in
            [Parts { text: text.clone(), ..Parts::default() }, Parts { html: text.clone(), ..Parts::default() }]
        {
            assert!(read(&parts, &letter::known()).text.len() <= 1 << 20, "{piece:?}");
        }
    }
}
