//! Which of somebody's open tickets say what they are about to say again.

use std::collections::BTreeSet;

use ranking::best::keep;
use ranking::{Language, Snowball, Stems, is_stop_word, is_vague, words_of};

/// How many are offered.
pub const SIMILAR_MAX: usize = 3;
/// How many tickets are compared at most: those where something was said last.
pub const COMPARED_MAX: usize = 30;
/// How many characters of a text are compared. Who sends the same again says so at the beginning.
const TEXT_MAX: usize = 2_000;
/// How many words both have to have.
const WORDS_MIN: usize = 2;
/// How much of the shorter of both has to stand in the other.
const SHARE: f32 = 0.5;
/// How much less of it where both are about the same topic.
const SAME_TOPIC: f32 = 0.15;

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The topic; empty where there is none.
    pub topic: &'a str,
    /// What was written.
    pub message: &'a str,
}

/// The places of those tickets that are like a new one, most alike first, and of those alike the earlier in the list.
pub fn find_similar(new: Text<'_>, tickets: &[Text<'_>]) -> Vec<usize> {
    let new_stems = stems(new.message);
    let mut best: Vec<(f32, usize)> = Vec::new();
    for (index, ticket) in tickets.iter().take(COMPARED_MAX).enumerate() {
        let known = stems(ticket.message);
        let shared = new_stems.intersection(&known).count();
        let shorter = new_stems.len().min(known.len());
        let bonus = if !new.topic.is_empty() && new.topic == ticket.topic { SAME_TOPIC } else { 0.0 };
        let share = if shorter == 0 { 0.0 } else { shared as f32 / shorter as f32 + bonus };
        // Who wrote but one word may well write it again.
        if shared >= WORDS_MIN.min(shorter).max(1) && share >= SHARE {
            keep(&mut best, SIMILAR_MAX, (share, index), |one, other| one.0 > other.0);
        }
    }
    best.into_iter().map(|(_, index)| index).collect()
}

/// What a text is about: the stems of its words, without those that say nothing.
fn stems(text: &str) -> BTreeSet<String> {
    let end = text.char_indices().nth(TEXT_MAX).map_or(text.len(), |(end, _)| end);
    let text = text.get(..end).unwrap_or_default();
    let words = words_of(text).into_iter().filter(|word| !is_stop_word(word) && !is_vague(word));
    words.map(|word| Snowball.stem(&word, Language::English)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(message: &str, topic: &str, tickets: &[(&str, &str)]) -> Vec<usize> {
        let tickets: Vec<Text> = tickets.iter().map(|(message, topic)| Text { topic, message }).collect();
        find_similar(Text { topic, message }, &tickets)
    }

    const OPEN: [(&str, &str); 4] = [
        ("The export of my dashboard stops after a few minutes and the file stays empty.", "dashboards"),
        ("How do I invite a colleague to our workspace?", "account"),
        ("Invoice for October has the wrong address", "billing"),
        ("Wie lade ich eine Kollegin in den Arbeitsbereich ein?", ""),
    ];

    #[test]
    fn reworded_tickets_are_found_and_unrelated_ones_are_not() {
        for (message, topic, found) in [
            ("export stops, file is empty", "", vec![0]),
            ("Dashboard exporting stopped", "dashboards", vec![0]),
            ("inviting colleagues", "", vec![1]),
            ("The address on the invoice is wrong", "billing", vec![2]),
            ("Kollegin einladen in den Arbeitsbereich", "", vec![3]),
            ("The chart shows yesterday's numbers only", "dashboards", vec![]),
            ("Please cancel my plan", "billing", vec![]),
            ("I have a question", "", vec![]),
            ("It does not work", "dashboards", vec![]),
            ("", "", vec![]),
            ("ok", "", vec![]),
        ] {
            assert_eq!(like(message, topic, &OPEN), found, "{message}");
        }
    }

    #[test]
    fn similar_tickets_are_few_and_the_most_similar_is_first() {
        let tickets = [("export empty file", ""); 5];
        assert_eq!(like("export file empty", "", &tickets), [0, 1, 2]);
        let tickets = [("export of file slow today", ""), ("export file empty", "")];
        assert_eq!(like("export file empty", "", &tickets), [1, 0]);
    }

    #[test]
    fn the_comparison_is_bounded_in_tickets_and_text() {
        let mut tickets = vec![("Please cancel my plan", ""); COMPARED_MAX];
        tickets.push(("export file empty", ""));
        assert!(like("export file empty", "", &tickets).is_empty());
        assert_eq!(like("export file empty", "", &tickets[1..]), [COMPARED_MAX - 1]);
        let late = format!("{}export file empty", "x ".repeat(TEXT_MAX / 2));
        assert!(like("export file empty", "", &[(&late, "")]).is_empty());
    }

    #[test]
    fn one_equal_word_is_similar() {
        assert_eq!(like("refund", "", &[("Refund", ""), ("Refund of the invoice", "")]), [0, 1]);
    }

    proptest::proptest! {
        #[test]
        fn every_ticket_with_words_is_similar_to_itself(message: String) {
            let found = like(&message, "", &[(&message, "")]);
            proptest::prop_assert_eq!(found.is_empty(), stems(&message).is_empty());
        }
    }
}
