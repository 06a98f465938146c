//! Whatever a program does to a mail that it quotes, no customer reads what only agents may read.

use mail_in::reply_text::{KnownTexts, Parts, read};
use proptest::prelude::*;

use super::{letter, quotations};

/// How a program changes each line.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    Quoted,
    QuotedTwice,
    /// Only the first part of a broken line is marked.
    QuotedAtStart,
    Stars,
    Indented,
    /// Labels are in a column of their own.
    Columns,
    /// Labels and values are assignments, several in one line.
    Assigned,
}

/// Breaks lines at spaces, like mail programs.
fn wrapped(text: &str, columns: usize) -> Vec<Vec<String>> {
    let wrap = |line: &str| {
        let mut out = vec![String::new()];
        for word in line.split(' ') {
            let last = out.last_mut().unwrap();
            if !last.is_empty() && last.len() + 1 + word.len() > columns {
                out.push(word.into());
            } else {
                last.push_str(if last.is_empty() { "" } else { " " });
                last.push_str(word);
            }
        }
        out
    };
    text.lines().map(wrap).collect()
}

fn formed(text: &str, columns: usize, form: Form) -> String {
    let mut out = Vec::new();
    for line in wrapped(text, columns) {
        for (index, part) in line.iter().enumerate() {
            out.push(match form {
                Form::Plain => part.clone(),
                Form::Quoted => format!("> {part}"),
                Form::QuotedTwice => format!("> > {part}"),
                Form::QuotedAtStart if index == 0 => format!("> {part}"),
                Form::QuotedAtStart => part.clone(),
                Form::Stars => {
                    part.split_once(": ").map_or(part.clone(), |(label, value)| format!("*{label}:* {value}"))
                }
                Form::Indented => format!("  {part}"),
                Form::Columns => part.replacen(": ", "   ", 1),
                Form::Assigned => part.replacen(": ", " = ", 1),
            });
        }
    }
    out.join("\n")
}

fn html(text: &str, kind: u8) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let lines: Vec<&str> = escaped.lines().collect();
    match kind {
        0 => format!("<div>{}</div>", lines.join("<br>")),
        1 => lines.iter().map(|line| format!("<p class=\"MsoNormal\">{line}</p>")).collect(),
        2 => format!("<blockquote type=\"cite\">{}</blockquote>", lines.join("<br>\n")),
        3 => format!("<pre>{escaped}</pre>"),
        4 => lines
            .iter()
            .map(|line| {
                format!("<div><span style=\"color:black\"><b>{}</b></span></div>", line.replacen(": ", ":</b> <b>", 1))
            })
            .collect(),
        5 => format!("<div>{}</div>", lines.join(" ")),
        6 => format!(
            "<table>{}</table>",
            lines
                .iter()
                .map(|line| format!("<tr><td>{}</td></tr>", line.replacen(": ", "</td><td>", 1)))
                .collect::<String>()
        ),
        7 => format!(
            "<p>{}</p>",
            lines.iter().map(|line| line.replacen(": ", " = ", 1)).collect::<Vec<_>>().join("<br>")
        ),
        _ => format!(
            "<table>{}</table>",
            lines
                .iter()
                .map(|line| format!("<tr><td>{}</td></tr>", line.replacen(": ", ":</td><td>", 1)))
                .collect::<String>()
        ),
    }
}

fn forms() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Plain),
        Just(Form::Quoted),
        Just(Form::QuotedTwice),
        Just(Form::QuotedAtStart),
        Just(Form::Stars),
        Just(Form::Indented),
        Just(Form::Columns),
        Just(Form::Assigned)
    ]
}

fn announcements() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("On Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\n\n".to_string()),
        Just("From: Acme <help@acme.example>\nSent: today\nTo: Desk\nSubject: [DB-4K7Q9] x\n\n".to_string()),
        Just("________________________________\n".to_string()),
        Just("Zib: zab\nwub\n".to_string()),
    ]
}

fn answers() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Fixed, please reload.".to_string()),
        Just(String::new()),
        "[a-zA-Z0-9 .,:>_*-]{0,60}(\n[a-zA-Z0-9 .,:>_*-]{0,60}){0,4}",
    ]
}

#[test]
fn facts_of_the_ticket_are_removed_except_for_single_ones() {
    for (text, is_shown) in [
        ("Plan scale\nTeam growth", false),
        ("Plan = scale\nSeverity = high", false),
        ("Reference DB-4K7Q9, Plan scale, Team growth", false),
        ("Plan\nscale\nTeam\ngrowth", false),
        ("Plan scale Team growth Severity high", false),
        ("You are on the plan scale.", true),
        ("Plan scale is what you have, and a growth team helps.", true),
        ("Your plan: see the page Billing.", true),
    ] {
        for html in [String::new(), format!("<div>{}</div>", text.replace('\n', "<br>"))] {
            let text = if html.is_empty() { text.to_string() } else { String::new() };
            let reply = read(&Parts { text, html, flowed: None }, &letter::known());
            assert_eq!(!reply.is_without_words(), is_shown, "{reply:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn lines_for_agents_are_removed_from_wrapped_and_quoted_texts(
        answer in answers(), above in announcements(), below in answers(), columns in 20_usize..100, form in forms(), which in 0_usize..3, flowed in any::<bool>(),
    ) {
        let letter = formed(&letter::texts()[which], columns, form);
        let letter = if flowed { letter.replace('\n', " \n") } else { letter };
        let text = format!("{answer}\n\n{above}{letter}\n\n{below}");
        let reply = read(&Parts { text: text.clone(), html: String::new(), flowed: None }, &letter::known());
        prop_assert!(quotations::check_private(&reply).is_ok(), "{:?} of {text:?}", quotations::check_private(&reply));
    }

    #[test]
    fn lines_for_agents_are_removed_from_any_html(
        answer in answers(), columns in 20_usize..100, kind in 0_u8..9, which in 0_usize..3, below in answers(),
    ) {
        let broken: Vec<String> = wrapped(&letter::texts()[which], columns).into_iter().flatten().collect();
        let html = format!("<p>{}</p>{}<p>{}</p>", answer.replace('>', "&gt;"), html(&broken.join("\n"), kind), below.replace('>', "&gt;"));
        let reply = read(&Parts { text: String::new(), html: html.clone(), flowed: None }, &letter::known());
        prop_assert!(quotations::check_private(&reply).is_ok(), "{:?} of {html:?}", quotations::check_private(&reply));
    }

    #[test]
    fn any_mail_is_read(text in "[a>On@:0-9, wrote\\-\n\r\t<>/div*_\u{e9}\u{202e}]{0,120}") {
        for parts in [Parts { text: text.clone(), ..Parts::default() }, Parts { html: text.clone(), ..Parts::default() }] {
            let reply = read(&parts, &KnownTexts::default());
            prop_assert!(reply.text.chars().count() <= text.chars().count() * 4 + 8);
        }
    }
}
