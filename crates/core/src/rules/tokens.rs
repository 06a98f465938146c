//! The tokens that tickets are found by. They are made here and not in a store, so that every store finds the same.
//!
//! A token is a word in lower case without accents. Codes and addresses are stored whole and in parts, as the ranker splits them.

use std::collections::BTreeSet;

use crate::ports::StoredTicket;
use ranking::folding::fold;
use ranking::{Piece, words};

/// The most tokens of one text, about a few pages. Later ones are not indexed.
const TEXT_TOKENS_MAX: usize = 500;
/// The most tokens of a ticket with all its messages. Further ones are not indexed.
pub const TICKET_TOKENS_MAX: usize = 3_000;
/// The most terms of a search. The others are ignored.
const TERMS_MAX: usize = 8;

/// The tokens of a new ticket: from its reference, its sender and what they wrote.
pub fn of_ticket(ticket: &StoredTicket) -> BTreeSet<String> {
    let sent = &ticket.ticket;
    let mut texts: Vec<&str> = vec![ticket.reference.as_str(), &sent.contact.name, &sent.contact.email];
    if let Some(user) = &sent.context.user {
        texts.extend([&user.id, &user.name, &user.email, &user.organization.name].map(String::as_str));
        texts.extend(user.attributes.0.iter().map(|(_, value)| value.as_str()));
    }
    texts.push(&sent.message);
    of_texts(&texts)
}

/// The tokens of texts.
pub fn of_texts(texts: &[&str]) -> BTreeSet<String> {
    let mut tokens = BTreeSet::new();
    for text in texts {
        words(text, &mut |word| {
            let token = fold(word.spelled);
            if !token.is_empty() && tokens.len() < TEXT_TOKENS_MAX {
                tokens.insert(token.into_owned());
            }
        });
    }
    tokens
}

/// A term of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The token, or its prefix.
    pub token: String,
    /// Whether it is a prefix: the last word may still be typed.
    pub is_prefix: bool,
}

/// The terms of a search. A ticket has to contain all of them.
pub fn terms(search: &str) -> Vec<Term> {
    let mut found: Vec<(usize, Piece, String)> = Vec::new();
    words(search, &mut |word| {
        if word.piece == Piece::Whole {
            // Somebody who searches for a code wants the whole of it.
            let start = word.range.start;
            found.retain(|(position, piece, _)| *piece != Piece::Part || *position < start);
        }
        found.push((word.range.start, word.piece, fold(word.spelled).into_owned()));
    });
    found.retain(|(_, _, token)| !token.is_empty());
    let last = found.len().saturating_sub(1);
    let mut terms: Vec<Term> = Vec::new();
    for (index, (_, _, token)) in found.into_iter().enumerate() {
        if !terms.iter().any(|term| term.token == token) {
            terms.push(Term { token, is_prefix: index == last });
        }
    }
    // The last word is the one that is being typed, so it is always included.
    if terms.len() > TERMS_MAX {
        terms.drain(TERMS_MAX - 1..terms.len() - 1);
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens_in(search: &str) -> Vec<String> {
        let star = |term: &Term| if term.is_prefix { "*" } else { "" };
        terms(search).iter().map(|term| term.token.clone() + star(term)).collect()
    }

    #[test]
    fn searches_match_whole_codes_and_a_prefix_of_the_last_word() {
        for (search, found) in [
            ("export fails", &["export", "fails*"][..]),
            ("Müller Zoë", &["muller", "zoe*"]),
            ("db-4k7q9", &["db4k7q9*"]),
            ("zoe@example.com", &["zoe", "examplecom*"]),
            ("error ERR_NETWORK_X here", &["error", "errnetworkx", "here*"]),
            ("a a b", &["a", "b*"]),
            ("图表失败", &["图表", "表失", "失败*"]),
            ("รายงาน", &["ราย", "ยงา", "งาน*"]),
            ("% !", &[]),
            ("", &[]),
        ] {
            assert_eq!(tokens_in(search), found, "{search}");
        }
        assert_eq!(tokens_in("a b c d e f g h i j k"), ["a", "b", "c", "d", "e", "f", "g", "k*"]);
    }

    #[test]
    fn texts_are_found_by_their_own_words() {
        for text in [
            "db-00001",
            "zoe@example.com",
            "u-7",
            "v2.14.1",
            "TypeError",
            "Übersicht",
            "导出图表",
            "@zoe-m",
            "ส่งออกรายงาน",
            "비밀번호",
            "ﾛｸﾞｲﾝ",
        ] {
            let tokens = of_texts(&[text]);
            assert!(terms(text).iter().all(|term| tokens.contains(&term.token)), "{text}: {tokens:?}");
        }
    }

    #[test]
    fn tokens_of_a_text_are_bounded() {
        let text: String = (0..5_000).map(|number| format!("w{number} ")).collect();
        assert_eq!(of_texts(&[&text]).len(), TEXT_TOKENS_MAX);
    }
}
