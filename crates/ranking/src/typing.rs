//! Typing mistakes.

/// The longest word that is compared, in letters.
const LETTERS_MAX: usize = 32;

/// How many mistakes a word with this many letters may have: none in very short ones, one in short ones, two in long ones.
pub fn allowed(letters: usize) -> usize {
    match letters {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// The number of letters that are left out, added, wrong or swapped with their neighbour between two words, up to a limit; `None` if there are
/// more (the optimal string alignment distance). The first letter is never wrong. With `beginning` the first word is still typed, and further
/// letters of the second are no mistake.
pub fn mistakes(word: &[char], target: &str, limit: usize, beginning: bool) -> Option<usize> {
    let mut letters = ['\0'; LETTERS_MAX];
    let mut length = 0;
    for (place, letter) in letters.iter_mut().zip(target.chars()) {
        *place = letter;
        length += 1;
    }
    let target = letters.get(..if beginning { length.min(word.len() + limit) } else { length })?;
    let differs = word.len().abs_diff(target.len()) > limit || word.first() != target.first();
    if differs || word.len() >= LETTERS_MAX || length == LETTERS_MAX {
        return None;
    }
    // Rows of small numbers, because this runs for thousands of words.
    let far = limit as u8 + 1;
    let mut rows = [[far; LETTERS_MAX + 1]; 3];
    let [before, last, next] = &mut rows;
    for (cell, place) in last.iter_mut().zip(0..far) {
        *cell = place;
    }
    let mut remaining = None;
    for (row, letter) in word.iter().enumerate() {
        next.fill(far);
        if let Some(cell) = next.first_mut() {
            *cell = (row as u8 + 1).min(far);
        }
        let mut minimum = far;
        let columns = row.saturating_sub(limit)..(row + limit + 1).min(target.len());
        for (column, against) in target.iter().enumerate().take(columns.end).skip(columns.start) {
            let cell = |line: &[u8], place: usize| line.get(place).copied().unwrap_or(far);
            let mut cost = cell(last, column) + u8::from(letter != against);
            cost = cost.min(cell(last, column + 1) + 1).min(cell(next, column) + 1);
            let swapped =
                row > 0 && column > 0 && word.get(row - 1) == Some(against) && target.get(column - 1) == Some(letter);
            if swapped {
                cost = cost.min(cell(before, column - 1) + 1);
            }
            if let Some(cell) = next.get_mut(column + 1) {
                *cell = cost.min(far);
            }
            minimum = minimum.min(cost);
        }
        if minimum >= far {
            return None;
        }
        remaining = if beginning { Some(minimum) } else { next.get(target.len()).copied() };
        std::mem::swap(before, last);
        std::mem::swap(last, next);
    }
    remaining.filter(|mistakes| *mistakes < far).map(usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn between(word: &str, target: &str) -> Option<usize> {
        mistakes(&word.chars().collect::<Vec<_>>(), target, 2, false)
    }

    #[test]
    fn missing_extra_wrong_and_swapped_letters_are_one_mistake_each() {
        for (word, target, count) in [
            ("export", "export", Some(0)),
            ("exprot", "export", Some(1)),
            ("expor", "export", Some(1)),
            ("exxport", "export", Some(1)),
            ("expart", "export", Some(1)),
            ("exprat", "export", Some(2)),
            ("notificaton", "notification", Some(1)),
            ("xeport", "export", None),
            ("invoice", "export", None),
        ] {
            assert_eq!(between(word, target), count, "{word}");
        }
    }

    #[test]
    fn untyped_endings_are_not_mistakes() {
        let dahs: Vec<char> = "dahsb".chars().collect();
        assert_eq!(mistakes(&dahs, "dashboard", 1, true), Some(1));
        assert_eq!(mistakes(&dahs, "dashboard", 1, false), None);
        assert_eq!(mistakes(&dahs, "database", 1, true), None);
    }

    #[test]
    fn long_words_may_have_more_mistakes() {
        assert_eq!([3, 4, 7, 8].map(allowed), [0, 1, 1, 2]);
    }

    proptest! {
        #[test]
        fn distance_is_symmetric(one in "a[abü]{0,6}", other in "a[abü]{0,6}") {
            prop_assert_eq!(between(&one, &other), between(&other, &one));
        }

        #[test]
        fn a_missing_letter_is_one_mistake(word in "[a-e]{4,12}", place in 1usize..4) {
            let mut shorter_word = word.clone();
            shorter_word.remove(place);
            prop_assert_eq!(between(&shorter_word, &word), Some(1));
        }
    }
}
