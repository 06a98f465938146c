//! Titles and passages as runs of text, with matches marked.

use std::ops::Range;

use super::words::words;
use domain::question::Run;

/// The longest passage, in characters.
const PASSAGE_MAX: usize = 160;
/// How far a cut moves back to a space, in bytes.
const CUT_BACK_MAX: usize = 24;

/// A text as runs that add up to it. `matches` is called with lower-case words.
pub fn marked(text: &str, matches: &dyn Fn(&str) -> bool) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut start = 0;
    for range in hits(text, matches) {
        push(&mut runs, text.get(start..range.start), false);
        push(&mut runs, text.get(range.start.max(start)..range.end), true);
        start = start.max(range.end);
    }
    push(&mut runs, text.get(start..), false);
    runs
}

/// The part of a text with most matches, cut between words, with an ellipsis where text is left out.
pub fn passage(text: &str, matches: &dyn Fn(&str) -> bool) -> String {
    let Some(longest) = text.char_indices().nth(PASSAGE_MAX).map(|(offset, _)| offset) else { return text.to_string() };
    let hits = hits(text, matches);
    let (mut best, mut maximum) = (0, 0);
    for (number, first) in hits.iter().enumerate() {
        let within = hits.iter().skip(number).take_while(|hit| hit.end <= first.start + longest).count();
        if within > maximum {
            (best, maximum) = (first.start, within);
        }
    }
    // Some context before the first match.
    let start = space_before(text, best.saturating_sub(longest / 4).min(text.len().saturating_sub(longest)));
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.char_indices().nth(PASSAGE_MAX).map_or(text.len(), |(offset, _)| space_before(text, start + offset));
    let before = if start > 0 { "…" } else { "" };
    let after = if end < text.len() { "…" } else { "" };
    [before, text.get(start..end).unwrap_or_default().trim(), after].concat()
}

/// The last space before a position; the position itself if none is near.
fn space_before(text: &str, place: usize) -> usize {
    let place = text.floor_char_boundary(place);
    let near = text.floor_char_boundary(place.saturating_sub(CUT_BACK_MAX));
    let before = text.get(near..place).unwrap_or_default();
    before.rfind(char::is_whitespace).map_or(place, |start| near + start)
}

/// The ranges of matching words, in order.
fn hits(text: &str, matches: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut hits: Vec<Range<usize>> = Vec::new();
    words(text, &mut |word| {
        if matches(word.spelled) {
            // The whole of a code comes after its parts.
            let place = hits.partition_point(|hit| (hit.start, hit.end) <= (word.range.start, word.range.end));
            hits.insert(place, word.range);
        }
    });
    hits
}

fn push(runs: &mut Vec<Run>, text: Option<&str>, hit: bool) {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return };
    match runs.last_mut() {
        Some(run) if run.hit == hit => run.text.push_str(text),
        _ => runs.push(Run { text: text.to_string(), hit }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marks(text: &str, hits: &[&str]) -> String {
        let runs = marked(text, &|word| hits.contains(&word));
        runs.iter().map(|run| if run.hit { format!("[{}]", run.text) } else { run.text.clone() }).collect()
    }

    #[test]
    fn whole_words_and_parts_are_marked() {
        assert_eq!(marks("Events missing, events!", &["events"]), "[Events] missing, [events]!");
        assert_eq!(marks("a TypeError here", &["error"]), "a Type[Error] here");
        assert_eq!(marks("a TypeError here", &["error", "typeerror"]), "a [TypeError] here");
        assert_eq!(marks("导出图表失败", &["图表", "表失"]), "导出[图表失]败");
    }

    #[test]
    fn passages_are_where_most_words_match() {
        let text = format!("{} the export of the chart fails {}", "before ".repeat(40), "after ".repeat(40));
        let excerpt = passage(&text, &|word| ["export", "chart", "fails"].contains(&word));
        assert!(excerpt.contains("export of the chart fails"), "{excerpt}");
        assert!(excerpt.starts_with("…before") && excerpt.ends_with("after…"), "{excerpt}");
        assert!(excerpt.chars().count() <= PASSAGE_MAX + 2);
    }

    #[test]
    fn without_a_match_the_passage_is_the_start() {
        assert!(passage(&"word ".repeat(100), &|_| false).starts_with("word word"));
        assert_eq!(passage("short", &|_| false), "short");
    }

    proptest! {
        #[test]
        fn runs_add_up_to_the_text(text in "\\PC{0,60}|[a-c_.A-C 图表カ]{0,60}", first in "\\PC?", second in "[a-c]{1,2}") {
            let runs = marked(&text, &|word| word.contains(&first) || word == second);
            prop_assert_eq!(runs.iter().map(|run| run.text.as_str()).collect::<String>(), text);
        }

        #[test]
        fn passages_of_any_text_are_short(text in "\\PC{0,400}|[a-c \u{56fe}]{150,500}") {
            prop_assert!(passage(&text, &|word| word.starts_with('a')).chars().count() <= PASSAGE_MAX + 2);
        }
    }
}
