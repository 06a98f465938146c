//! Selects the best of many without sorting all of them.

/// Inserts an item if it is among the best `limit`, in order; `before` says whether one item precedes another. Of equal items the earlier one
/// comes first.
pub fn keep<T>(best: &mut Vec<T>, limit: usize, one: T, before: impl Fn(&T, &T) -> bool) {
    if best.len() >= limit && best.last().is_none_or(|last| !before(&one, last)) {
        return;
    }
    let place = best.partition_point(|known| !before(&one, known));
    best.insert(place, one);
    best.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_the_first_of_all_in_order(all in proptest::collection::vec((0u8..9, 0u8..9), 0..40), limit in 0usize..12) {
            let mut best = Vec::new();
            for one in &all {
                keep(&mut best, limit, *one, |one, other| one.0 < other.0);
            }
            let mut sorted = all;
            sorted.sort_by_key(|one| one.0);
            sorted.truncate(limit);
            prop_assert_eq!(best, sorted);
        }
    }
}
