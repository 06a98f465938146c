//! Splits text into words.
//!
//! Letters and digits make words. Codes and names are kept whole and split as well, because people copy the one and remember the other:
//! `pm_4021`, `ERR_NETWORK_X`, `TypeError`, `2.14.1`. Scripts without spaces between words become pairs of what a reader takes for a letter:
//! Han, Hiragana, Thai, Lao, Khmer, Burmese. A run of Katakana is a word.
//!
//! The rules need only the letters themselves, so that every gateway and every browser splits the same way.

use std::ops::Range;

/// The longest word, in letters. A longer one in ASCII is data and is left out; in other scripts it is a sentence without spaces, and is split.
const WORD_MAX: usize = 64;

/// A word of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// In lower case, with accents.
    pub spelled: &'a str,
    /// Its range in the text, in bytes.
    pub range: Range<usize>,
    /// Its relation to a longer word.
    pub piece: Piece,
}

/// The relation of a word to a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A word of its own.
    None,
    /// A part of a code or name; the whole follows its parts.
    Part,
    /// A code or name whose parts came before.
    Whole,
    /// Two letters of a text without spaces, each with its marks, or a single one.
    Pair,
}

/// Calls `emit_word` with the words of a text, in order.
pub fn words(text: &str, emit_word: &mut dyn FnMut(Word<'_>)) {
    let mut spelled = String::new();
    let mut start = 0;
    while let Some((kind, range)) = next_run(text, start) {
        start = range.end;
        match kind {
            Kind::Letter => code(text, range, &mut spelled, emit_word),
            Kind::Syllable => emit(text, range, Piece::None, &mut spelled, emit_word),
            _ => pairs(text, range, &mut spelled, emit_word),
        }
    }
}

/// Whether a word has Hiragana. It is mostly grammar then.
pub fn has_hiragana(word: &str) -> bool {
    word.chars().any(|c| matches!(c, '\u{3041}'..='\u{309f}'))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// Katakana.
    Syllable,
    /// A letter of a script without spaces.
    Ideograph,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Letter,
        '\0'..='\x7f' => Kind::Other,
        '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
            Kind::Syllable
        }
        // Thai, Lao, Burmese, Khmer, Tai Le, New Tai Lue, Tai Tham and Tai Viet with their marks: the class SA of Unicode's LineBreak.txt (UAX
        // #14), which is for scripts that need a dictionary to be divided.
        '\u{e01}'..='\u{e3a}'
        | '\u{e40}'..='\u{e4e}'
        | '\u{e81}'..='\u{ece}'
        | '\u{edc}'..='\u{edf}'
        | '\u{1000}'..='\u{103f}'
        | '\u{1050}'..='\u{108f}'
        | '\u{109a}'..='\u{109f}'
        | '\u{1780}'..='\u{17d3}'
        | '\u{17d7}'
        | '\u{17dc}'..='\u{17dd}'
        | '\u{1950}'..='\u{19c9}'
        | '\u{1a20}'..='\u{1a7c}'
        | '\u{a9e0}'..='\u{a9ef}'
        | '\u{a9fa}'..='\u{a9fe}'
        | '\u{aa60}'..='\u{aadf}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{309f}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' => Kind::Ideograph,
        // Marks that belong to the letter before them: accents, the points of Arabic and Hebrew, the signs of Indian scripts, and invisible
        // characters.
        '\u{300}'..='\u{36f}'
        | '\u{591}'..='\u{5bd}'
        | '\u{5bf}'..='\u{5c7}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}'
        | '\u{900}'..='\u{dff}'
        | '\u{ad}'
        | '\u{200c}'
        | '\u{200d}' => Kind::Letter,
        _ if c.is_alphanumeric() => Kind::Letter,
        _ => Kind::Other,
    }
}

/// Whether a letter continues the one before it in a script without spaces: its marks and vowel signs (General_Category M, and the vowels of
/// Thai and Lao that are written after their consonant), letters stacked below it, and letters after a vowel that is written first
/// (Logical_Order_Exception in PropList.txt).
fn goes_on(before: char, c: char) -> bool {
    matches!(
        c,
        '\u{e30}'..='\u{e3a}'
            | '\u{e45}'
            | '\u{e47}'..='\u{e4e}'
            | '\u{eb0}'..='\u{ebc}'
            | '\u{ec8}'..='\u{ece}'
            | '\u{102b}'..='\u{103e}'
            | '\u{1056}'..='\u{1059}'
            | '\u{1082}'..='\u{108d}'
            | '\u{17b4}'..='\u{17d3}'
            | '\u{17dd}'
            | '\u{19b0}'..='\u{19c9}'
            | '\u{1a55}'..='\u{1a7c}'
            | '\u{aab0}'..='\u{aabf}'
            | '\u{200b}'
    ) || joins_any(c)
        || matches!(
            before,
            '\u{e40}'..='\u{e44}' | '\u{ec0}'..='\u{ec4}' | '\u{1039}' | '\u{17d2}' | '\u{1a60}' | '\u{aab5}'..='\u{aab9}'
        )
}

/// Marks that combine with letters of several scripts: accents, the voice marks of Kana and its long vowel, joiners, and variation selectors.
fn joins_any(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' | '\u{30fc}' | '\u{ff9e}' | '\u{ff9f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// The next run of one kind from an offset; runs of letters continue across the joints of codes.
fn next_run(text: &str, start: usize) -> Option<(Kind, Range<usize>)> {
    let rest = text.get(start..)?;
    let (offset, first) = rest.char_indices().find(|(_, c)| kind(*c) != Kind::Other)?;
    let run = kind(first);
    let begin = start + offset;
    let mut end = begin;
    let mut before = first;
    let mut chars = text.get(begin..)?.chars().peekable();
    while let Some(c) = chars.next() {
        let joins = run == Kind::Letter
            && is_joiner(c, before, chars.peek().copied())
            && chars.peek().is_some_and(|next| kind(*next) == Kind::Letter);
        // In scripts without spaces the zero-width space divides lines and not words.
        let goes_on = joins_any(c) || c == '\u{200b}' && run == Kind::Ideograph;
        if kind(c) != run && !joins && !goes_on {
            break;
        }
        before = c;
        end += c.len_utf8();
    }
    Some((run, begin..end))
}

fn is_joiner(c: char, before: char, after: Option<char>) -> bool {
    match c {
        '_' | '-' | '.' => before != c,
        ',' => before.is_ascii_digit() && after.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    }
}

/// The parts of a run of letters, and the whole if there are several.
fn code(text: &str, range: Range<usize>, spelled: &mut String, emit_word: &mut dyn FnMut(Word<'_>)) {
    let run = text.get(range.clone()).unwrap_or_default();
    let Some(first_end) = part_end(run, 0) else { return };
    if first_end == run.len() {
        return emit(text, range, Piece::None, spelled, emit_word);
    }
    let mut start = 0;
    while let Some(end) = part_end(run, start) {
        let part = run.get(start..end).unwrap_or_default();
        // A single letter or digit says nothing beside the whole.
        if part.chars().nth(1).is_some() {
            emit(text, range.start + start..range.start + end, Piece::Part, spelled, emit_word);
        }
        start = run
            .get(end..)
            .and_then(|rest| rest.find(|c| kind(c) == Kind::Letter))
            .map_or(run.len(), |index| end + index);
    }
    emit(text, range, Piece::Whole, spelled, emit_word);
}

/// The end of the part that starts at an offset: at a joint, or before a capital that starts another word.
fn part_end(run: &str, start: usize) -> Option<usize> {
    let rest = run.get(start..).filter(|rest| !rest.is_empty())?;
    let mut chars = rest.char_indices().peekable();
    let mut before: Option<char> = None;
    while let Some((offset, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let hump = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || before.is_uppercase() && next.is_some_and(char::is_lowercase)
            });
        // A plural of capitals is one word: URLs, IDs.
        let plural = next == Some('s') && chars.clone().nth(1).is_none_or(|(_, c)| !c.is_alphanumeric());
        if kind(c) == Kind::Other || hump && !(plural && before.is_some_and(char::is_uppercase)) {
            return Some(start + offset);
        }
        before = Some(c);
    }
    Some(run.len())
}

fn pairs(text: &str, range: Range<usize>, spelled: &mut String, emit_word: &mut dyn FnMut(Word<'_>)) {
    let run = text.get(range.clone()).unwrap_or_default();
    // The starts of the last two letters.
    let (mut previous, mut current): (Option<usize>, Option<usize>) = (None, None);
    let mut before = ' ';
    for (offset, c) in run.char_indices().chain([(run.len(), ' ')]) {
        if offset == 0 || offset == run.len() || !goes_on(before, c) {
            if let Some(start) = previous.or(current.filter(|_| offset == run.len())) {
                emit(text, range.start + start..range.start + offset, Piece::Pair, spelled, emit_word);
            }
            (previous, current) = (current, Some(offset));
        }
        before = c;
    }
}

fn emit(text: &str, range: Range<usize>, piece: Piece, spelled: &mut String, emit_word: &mut dyn FnMut(Word<'_>)) {
    let word = text.get(range.clone()).unwrap_or_default();
    if let Some((end, _)) = word.char_indices().nth(WORD_MAX) {
        if !word.is_ascii() {
            emit(text, range.start..range.start + end, piece, spelled, emit_word);
            emit(text, range.start + end..range.end, piece, spelled, emit_word);
        }
        return;
    }
    let is_number = word.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',');
    spelled.clear();
    for c in word.chars() {
        match c {
            'A'..='Z' => spelled.push(c.to_ascii_lowercase()),
            'a'..='z' | '0'..='9' => spelled.push(c),
            // The points of a version distinguish it from another; all other joints are optional.
            '.' if is_number => spelled.push(c),
            _ if c.is_ascii() => {}
            _ => spelled.extend(c.to_lowercase()),
        }
    }
    emit_word(Word { spelled, range, piece });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &str) -> Vec<String> {
        let mut spellings = Vec::new();
        words(text, &mut |word| spellings.push(word.spelled.to_string()));
        spellings
    }

    #[test]
    fn words_are_lowercased() {
        assert_eq!(split("Where are MY events?"), ["where", "are", "my", "events"]);
        assert_eq!(split("Übergröße: 3 €"), ["übergröße", "3"]);
        assert_eq!(split(""), Vec::<String>::new());
    }

    #[test]
    fn codes_and_names_are_indexed_whole_and_in_parts() {
        for (text, parts) in [
            ("pm_4021", &["pm", "4021", "pm4021"][..]),
            ("ERR_NETWORK_X", &["err", "network", "errnetworkx"]),
            ("TypeError", &["type", "error", "typeerror"]),
            ("exportCSVFile", &["export", "csv", "file", "exportcsvfile"]),
            ("two-factor", &["two", "factor", "twofactor"]),
            ("e-mail", &["mail", "email"]),
            ("app.example.com", &["app", "example", "com", "appexamplecom"]),
        ] {
            assert_eq!(split(text), parts, "{text}");
        }
    }

    #[test]
    fn versions_keep_dots_and_numbers_lose_commas() {
        assert_eq!(split("2.14.1"), ["14", "2.14.1"]);
        assert_eq!(split("10,000"), ["10", "000", "10000"]);
        assert_eq!(split("1, 2"), ["1", "2"]);
    }

    #[test]
    fn acronyms_and_their_plurals_are_words() {
        assert_eq!(split("URLs of APIs, IDs"), ["urls", "of", "apis", "ids"]);
    }

    #[test]
    fn dots_and_hyphens_that_join_nothing_end_a_word() {
        assert_eq!(split("ends. -starts wait...what"), ["ends", "starts", "wait", "what"]);
    }

    #[test]
    fn chinese_is_split_into_pairs() {
        assert_eq!(split("导出图表失败"), ["导出", "出图", "图表", "表失", "失败"]);
        assert_eq!(split("图"), ["图"]);
        assert_eq!(split("CSV导出"), ["csv", "导出"]);
    }

    #[test]
    fn japanese_is_split_into_pairs_and_katakana_runs() {
        assert_eq!(split("グラフを書く"), ["グラフ", "を書", "書く"]);
        assert_eq!(split("ダッシュボード"), ["ダッシュボード"]);
    }

    #[test]
    fn scripts_without_spaces_are_split_into_pairs_with_marks() {
        for (text, pairs) in [
            ("ส่งออก", &["ส่ง", "งอ", "ออ", "อก"][..]),
            ("เปลี่ยน", &["เปลี่", "ลี่ย", "ยน"]),
            ("ລາຍງານ", &["ລາຍ", "ຍງາ", "ງານ"]),
            ("ពាក្យ", &["ពាក្យ"]),
            ("စကားဝှက်", &["စကား", "ကားဝှ", "ဝှက်"]),
            ("ก", &["ก"]),
            ("らーめん", &["らーめ", "めん"]),
            ("CSV ได้", &["csv", "ได้"]),
        ] {
            assert_eq!(split(text), pairs, "{text}");
        }
    }

    #[test]
    fn long_runs_are_split_and_long_data_is_skipped() {
        assert_eq!(split(&"가".repeat(70)).iter().map(|word| word.chars().count()).collect::<Vec<_>>(), [64, 6]);
        assert_eq!(split(&"รายงาน".repeat(30)).len(), 30 * 4 - 1);
        assert_eq!(split(&"a".repeat(65)), Vec::<String>::new());
    }

    #[test]
    fn marks_stay_with_their_letters() {
        assert_eq!(split("cafe\u{301}s"), ["cafe\u{301}s"]);
        assert_eq!(split("مُحَمَّد"), ["مُحَمَّد"]);
        assert_eq!(split("हिन्दी"), ["हिन्दी"]);
    }

    proptest! {
        #[test]
        fn every_word_lies_within_its_text(text in "\\PC{0,80}|[a-zA-Z_.,0-9 -]{0,40}|[ぁ-んァ-ヶ一-丿a-c]{0,20}") {
            words(&text, &mut |word| {
                assert!(text.get(word.range.clone()).is_some_and(|part| !part.is_empty()));
            });
        }
    }
}
