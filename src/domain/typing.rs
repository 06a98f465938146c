//! Typing mistakes.

/// The most bytes by which one mistake makes a word longer or shorter.
pub const BYTES_MAX: usize = 4;

/// How many mistakes a word of so many letters may have: one in short words, two in long ones, none in very short ones.
pub fn allowed(letters: usize) -> usize {
    match letters {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

/// How many letters are left out, added, wrong or swapped with their neighbour between two words, up to a limit; `None` where
/// there are more (the optimal string alignment distance). The first letter is never wrong.
pub fn mistakes(word: &[char], known: &str, limit: usize) -> Option<usize> {
    // Most words are turned away here, before anything is made of them.
    if word.len().abs_diff(known.chars().count()) > limit || word.first() != known.chars().next().as_ref() {
        return None;
    }
    let other: Vec<char> = known.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, against) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX - 1);
            let mut least = at(&last, column) + usize::from(letter != against);
            least = least.min(at(&last, column + 1) + 1).min(at(&next, column) + 1);
            let swapped =
                row > 0 && column > 0 && word.get(row - 1) == Some(against) && other.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            next.push(least);
        }
        if next.iter().all(|mistakes| *mistakes > limit) {
            return None;
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().filter(|mistakes| *mistakes <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn between(word: &str, known: &str) -> Option<usize> {
        mistakes(&word.chars().collect::<Vec<_>>(), known, 2)
    }

    #[test]
    fn letters_left_out_added_wrong_and_swapped_are_one_mistake_each() {
        for (word, known, count) in [
            ("export", "export", Some(0)),
            ("exprot", "export", Some(1)),
            ("expor", "export", Some(1)),
            ("exxport", "export", Some(1)),
            ("expart", "export", Some(1)),
            ("exprat", "export", Some(2)),
            ("xeport", "export", None),
            ("invoice", "export", None),
        ] {
            assert_eq!(between(word, known), count, "{word}");
        }
    }

    #[test]
    fn long_words_may_have_more_mistakes() {
        assert_eq!([3, 4, 7, 8].map(allowed), [0, 1, 1, 2]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_which_of_two_words_is_wrong(one in "a[abü]{0,6}", other in "a[abü]{0,6}") {
            prop_assert_eq!(between(&one, &other), between(&other, &one));
        }
    }
}
