//! Programs × languages × parts: the lines that each writes above a quoted mail.

use mail_in::reply_text::{KnownTexts, Parts, ReplyText, read};
use serde::Deserialize;

use super::letter;
use crate::rows;

const ANSWER: &str = "Fixed, please reload.";

#[derive(Deserialize)]
struct Case {
    /// The plain text. `{letter}` is replaced by the mail, `{quoted}` by the mail with `> ` before each line.
    text: Option<String>,
    /// The HTML. `{letter}` is replaced by the mail with a `<br>` at the end of each line.
    html: Option<String>,
    /// What the customer reads; by default only the reply.
    reads: Option<String>,
    /// Set if the mail is recognised only by its parts for agents.
    #[serde(default)]
    needs_facts: bool,
}

fn filled(template: &str, letter: &str, is_html: bool) -> String {
    let quoted: Vec<String> = letter.lines().map(|line| format!("> {line}").trim_end().to_string()).collect();
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let letter = if is_html { escape(letter).replace('\n', "<br>\n") } else { letter.to_string() };
    template.replace("{answer}", ANSWER).replace("{letter}", &letter).replace("{quoted}", &quoted.join("\n"))
}

/// Fails if the customer reads anything that only agents may read.
pub fn check_private(reply: &ReplyText) -> Result<(), String> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let shown = letters(&[reply.text.as_str(), reply.markdown.as_str()].join(" "));
    let private = letter::private();
    // The customer knows the reference; the line of the mail that begins with it is for agents.
    if reply.text.to_lowercase().contains("reference: db-") {
        return Err(format!("the line of the reference is shown in {:?}", reply.text));
    }
    let facts = private.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with("Reference:"));
    let lines = facts.map(|line| (line, letters(line)));
    let mut leaked = lines.filter(|(_, line)| line.len() >= 8 && shown.contains(line.as_str()));
    match leaked.next() {
        Some((line, _)) => Err(format!("{line:?} is shown in {:?}", reply.text)),
        None => Ok(()),
    }
}

fn check(parts: &Parts, reads: &str, needs_facts: bool) -> Result<(), String> {
    let ticket = [(letter::known(), "known"), (KnownTexts::default(), "unknown")];
    for (known, name) in ticket.into_iter().take(if needs_facts { 1 } else { 2 }) {
        let reply = read(parts, &known);
        if reply.text != reads {
            return Err(format!("{:?} is read where the ticket is {name}", reply.text));
        }
        check_private(&reply)?;
        if !reply.whole.contains("Every time.") {
            return Err(format!("the whole mail is {:?}", reply.whole));
        }
    }
    Ok(())
}

#[test]
fn answers_below_long_html_quotations_are_read() {
    let quotation = "<p>Some older words that fill a line.</p>".repeat(3_000);
    let html = format!("<blockquote type=\"cite\">{quotation}</blockquote><p>{ANSWER}</p>");
    let reply = read(&Parts { html, ..Parts::default() }, &letter::known());
    assert!(reply.text.ends_with(ANSWER) && !reply.is_cut, "{}", reply.text.len());
    let html = format!("<blockquote type=\"cite\">{}</blockquote><p>{ANSWER}</p>", "<p>older</p>".repeat(60_000));
    assert!(
        read(&Parts { html, ..Parts::default() }, &letter::known()).is_cut,
        "what is not read is said to be missing"
    );
}

#[test]
fn customers_read_the_answer_without_the_quotation() {
    let rows = rows::read::<Case>(include_str!("quotations.toml"));
    assert!(rows.len() >= 100, "{}", rows.len());
    rows::check_all(&rows, |case| {
        let reads = case.reads.as_deref().unwrap_or(ANSWER).replace("{answer}", ANSWER);
        let letters = letter::texts();
        let last = if case.needs_facts { letters.len() - 1 } else { letters.len() };
        for letter in &letters[..last] {
            let text = case.text.as_deref().map(|text| filled(text, letter, false)).unwrap_or_default();
            let html = case.html.as_deref().map(|html| filled(html, letter, true)).unwrap_or_default();
            // Each part alone, and both.
            for (text, html) in [(&text, &html), (&text, &String::new()), (&String::new(), &html)] {
                if !text.is_empty() || !html.is_empty() {
                    let parts = Parts { text: text.clone(), html: html.clone(), flowed: None };
                    check(&parts, &reads, case.needs_facts).map_err(|error| format!("{error}\n    for {parts:?}"))?;
                }
            }
        }
        Ok(())
    });
}
