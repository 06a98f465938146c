//! What an answer by mail says: without what it quotes, and as Markdown, in which its lines stay lines and its text stays text.

use crate::gateway::markdown::escaped as escaped_text;

/// A plain text as Markdown.
pub fn markdown(text: &str) -> String {
    as_markdown(&text.lines().collect::<Vec<_>>())
}

/// Reads the text of a mail as plain text, without what it quotes; empty where it says nothing.
pub fn read_plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), " ");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let own = own(&lines);
    // Whoever writes between the marks of a quotation means it.
    let all = own.iter().all(|line| line.is_empty());
    (if all { &lines } else { &own }).join("\n").trim().to_string()
}

/// The lines that are not quoted.
fn own<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    let end = (0..lines.len()).find(|at| begins_quotation(lines.get(*at..).unwrap_or_default())).unwrap_or(lines.len());
    let own = lines.iter().take(end).copied();
    own.filter(|line| !is_quoted(line)).collect()
}

/// Whether all that follows is an older mail.
fn begins_quotation(lines: &[&str]) -> bool {
    let Some((line, rest)) = lines.split_first() else { return false };
    let only_quoted = || {
        let mut rest = rest.iter().filter(|line| !line.is_empty()).peekable();
        rest.peek().is_some() && rest.all(|line| is_quoted(line))
    };
    let names_whom =
        |line: &str| line.contains('@') || line.contains(',') || line.bytes().any(|byte| byte.is_ascii_digit());
    // Programs break the line that names whom they quote where it is long.
    let joined = || lines.iter().take(3).take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>().join(" ");
    is_headline(line)
        || line.starts_with("On ") && names_whom(line) && wrote(&joined())
        // In whatever language: "… schrieb:", "… a écrit :".
        || line.ends_with(':') && names_whom(line) && only_quoted()
}

/// `On Thu, 26 Nov 2026 at 10:00, Ana <ana@example.com> wrote:`
fn wrote(text: &str) -> bool {
    let Some(end) = text.find(" wrote:") else { return false };
    let said = text.get(..end).unwrap_or_default();
    said.contains('@') || said.contains(',')
}

/// `-----Original Message-----`, in whatever language.
fn is_headline(line: &str) -> bool {
    let dashes = |text: &str| text.len() - text.trim_start_matches('-').len();
    let reversed: String = line.chars().rev().collect();
    dashes(line) >= 5 && dashes(&reversed) >= 5 && line.chars().any(char::is_alphabetic)
}

fn is_quoted(line: &str) -> bool {
    line.starts_with('>')
}

fn as_markdown(lines: &[&str]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        let words: Vec<String> = line.split(' ').map(escaped).collect();
        out.push_str(&words.join(" "));
        // Two spaces at the end keep a line apart from the next.
        let more = lines.get(at + 1).is_some_and(|next| !next.is_empty());
        out.push_str(if more && !line.is_empty() { "  \n" } else { "\n" });
    }
    out.trim().into()
}

/// A word that Markdown leaves as it is; addresses of pages become links as they are.
fn escaped(word: &str) -> String {
    if word.starts_with("https://") || word.starts_with("http://") {
        return word.into();
    }
    escaped_text(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::domain::markdown::{Block, Inline, parse};
    use proptest::prelude::*;

    fn read(text: &str) -> String {
        markdown(&read_plain(text))
    }

    #[test]
    fn what_is_quoted_below_an_answer_is_cut_off() {
        for quoted in [
            "On Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\n> The export stops.\n> Every time.",
            "On Thu, 26 Nov 2026 at 10:00, Acme Support Desk With A Long Name\n<reply+0123@in.acme.example> wrote:\n\n> The export",
            "On 26.11.2026, 10:00, Acme wrote:\nThe export stops.",
            "On Thu, Ada wrote:\n> The export stops.",
            "Am Do., 26. Nov. 2026 um 10:00 Uhr schrieb Acme <help@acme.example>:\n\n> The export stops.\n",
            "Le jeu. 26 nov. 2026 à 10:00, Acme <help@acme.example> a écrit :\n> The export stops.",
            "> The export stops.\n>\n> Every time.",
            "-----Original Message-----\nFrom: Acme\nSent: today\n\nThe export stops.",
            "----- Ursprüngliche Nachricht -----\nVon: Acme",
        ] {
            for gap in ["\n", "\n\n", "\r\n\r\n"] {
                assert_eq!(read(&format!("Fixed.{gap}{quoted}")), "Fixed.", "{quoted}");
            }
        }
    }

    #[test]
    fn what_support_writes_stays_wherever_it_stands() {
        for (text, says) in [
            ("On page 3 you wrote: nothing.\nSo look there.", "On page 3 you wrote: nothing.  \nSo look there."),
            ("See your log of 10:00:\n> error\nThat is it.", "See your log of 10:00:  \nThat is it."),
            ("> Does it work?\nYes.\n> And now?\nNo.", "Yes.  \nNo."),
            ("> only a quotation", "\\> only a quotation"),
            ("-----\nA rule is no headline", "-----  \nA rule is no headline"),
            ("One\n\n\nTwo  \nThree\t", "One\n\n\nTwo  \nThree"),
            (" \n\n", ""),
            ("", ""),
        ] {
            assert_eq!(read(text), says, "{text}");
        }
    }

    #[test]
    fn as_plain_text_it_says_what_was_written_without_what_it_quotes() {
        let mail = "It *still* stops_here.\r\n2\n\nOn Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:\n> The export";
        assert_eq!(read_plain(mail), "It *still* stops_here.\n2");
    }

    #[test]
    fn text_stays_text_and_lines_stay_lines() {
        let told = read("# No heading\nuse *args and snake_case <b>\nhttps://a.example/x_y*z_");
        let [Block::Paragraph(inlines)] = &parse(&told)[..] else { panic!("{told}") };
        let text: String = inlines
            .iter()
            .map(|inline| match inline {
                Inline::Text(text) => text.clone(),
                Inline::Break => "|".into(),
                Inline::Link { url, .. } => format!("({url})"),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(text, "# No heading|use *args and snake_case <b>|(https://a.example/x_y)*z_");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_and_only_nothing_says_nothing(text in "[a>On@:0-9, wrote\\-\n\r\t\u{e9}]{0,80}") {
            let says_nothing = text.chars().all(|c| c.is_whitespace() || c.is_control());
            prop_assert_eq!(read(&text).is_empty(), says_nothing);
            prop_assert_eq!(read_plain(&text).is_empty(), says_nothing);
        }
    }
}
