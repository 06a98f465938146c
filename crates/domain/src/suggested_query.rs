//! Searches that need no typing: for the page, and for the error that has just happened.

use super::join::join_nonempty;
use markdown::is_part_of_word;

/// The words at the start of an error message that say what it is; later ones say where.
const WORDS_MAX: usize = 16;
/// The longest part of a path that counts as a word, in bytes; longer ones are ids.
const PATH_WORD_MAX: usize = 24;

/// A query for an error with the words that other occurrences share: without numbers, ids, addresses and quoted values. Codes such as `pm_4021`
/// are included, because people search for them.
pub fn error_query(name: &str, message: &str) -> String {
    let line = message.split('\n').next().unwrap_or_default();
    let text = without_quoted(line);
    let mut words: Vec<&str> = Vec::new();
    if !line.starts_with(name) {
        words.push(name);
    }
    words.extend(text.split_ascii_whitespace().map(trimmed));
    words.retain(|word| says_something(word));
    words.truncate(WORDS_MAX);
    join_nonempty(&words, " ")
}

/// A query for a page from its topic and path, without ids.
pub fn page_query(topic: &str, path: &str) -> String {
    let mut words: Vec<&str> = topic.split_ascii_whitespace().collect();
    let parts = path.split(['/', '-', '_', '.']);
    let is_word = |part: &&str| part.len() <= PATH_WORD_MAX && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    for part in parts.filter(|part| part.len() > 1).filter(is_word) {
        if !words.iter().any(|word| word.eq_ignore_ascii_case(part)) {
            words.push(part);
        }
    }
    join_nonempty(&words, " ")
}

/// A line without quoted text. A quote that is not closed or stands inside a word does not count.
fn without_quoted(line: &str) -> String {
    let mut unquoted = String::new();
    let mut rest = line;
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let after = rest.get(letter.len_utf8()..).unwrap_or_default();
        let closing = match letter {
            '"' | '`' | '\'' => letter,
            '“' | '„' => '”',
            '‘' => '’',
            '«' => '»',
            _ => '\0',
        };
        let end = after.char_indices().find(|(_, c)| *c == closing || closing == '”' && *c == '“');
        if let Some((start, end)) = end.filter(|_| closing != '\0' && !is_part_of_word(before)) {
            rest = after.get(start + end.len_utf8()..).unwrap_or_default();
            before = ' ';
            unquoted.push(' ');
            continue;
        }
        unquoted.push(letter);
        before = letter;
        rest = after;
    }
    unquoted
}

fn trimmed(word: &str) -> &str {
    let start = word.char_indices().find(|(_, letter)| is_part_of_word(*letter)).map_or(word.len(), |(index, _)| index);
    let end = word.char_indices().rev().find(|(_, letter)| is_part_of_word(*letter));
    word.get(start..end.map_or(start, |(index, letter)| index + letter.len_utf8())).unwrap_or_default()
}

/// Whether a word is more than a number, an id or an address.
fn says_something(word: &str) -> bool {
    if word.is_empty() || word.bytes().any(|byte| b"/@\\=#?%".contains(&byte)) {
        return false;
    }
    !word.bytes().any(|byte| byte.is_ascii_digit()) || is_code(word)
}

/// Whether a word looks like an error code: letters, `_` or `-`, and at most five digits.
fn is_code(word: &str) -> bool {
    let digits = word.bytes().rev().take_while(u8::is_ascii_digit).count();
    let mut before = word.bytes().rev().skip(digits);
    let separated = matches!(before.next(), Some(b'_' | b'-'));
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    separated && (1..=5).contains(&digits) && word.len() > digits + 1 && before.all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn suggested_queries_use_the_error_without_personal_data() {
        for (name, message, query) in [
            (
                "TypeError",
                "Cannot read properties of undefined (reading 'rows')",
                "TypeError Cannot read properties of undefined reading",
            ),
            ("Error", "Payment failed: pm_4021 for order 8812", "Error Payment failed pm_4021 for order"),
            (
                "AxiosError",
                "Request failed with status code 500 at https://api.example.com/orgs/77?token=x",
                "AxiosError Request failed with status code at",
            ),
            ("", "No user \"ada@example.com\" in “Northwind Tea”", "No user in"),
            ("Error", "Error: row 7f9c2ba4e88f827d is locked by ada@example.com", "Error row is locked by"),
            ("", "It doesn't load the user's list", "It doesn't load the user's list"),
            ("", "'", ""),
            ("Error", "first line\n    at x (y.js:1:2)", "Error first line"),
        ] {
            assert_eq!(error_query(name, message), query, "{name}: {message}");
        }
    }

    #[test]
    fn suggested_queries_use_topic_and_path() {
        assert_eq!(page_query("Billing", "/billing/invoices/8812"), "Billing invoices");
        assert_eq!(page_query("", "/team-settings/3fa85f64-5717-4562-b3fc-2c963f66afa6/edit"), "team settings edit");
        assert_eq!(page_query("", "/"), "");
    }

    proptest! {
        #[test]
        fn suggested_queries_contain_no_addresses_or_long_numbers(
            message in "[a-z '\"“”«»`/@:0-9_-]{0,60}",
        ) {
            let query = error_query("", &message);
            prop_assert!(!query.contains(['/', '@']), "{query}");
            let longest = query.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
            prop_assert!(longest <= 5, "{query}");
        }

        #[test]
        fn every_error_gives_a_query(name: String, message: String) {
            error_query(&name, &message);
        }
    }
}
