//! Selects the best of many without sorting all of them.

/// Inserts an item if it is among the best `limit`, in order; `before` says whether one item precedes another. Of equal items the earlier one
/// comes first.
pub fn keep<T>(best: &mut Vec<T>, limit: usize, item: T, before: impl Fn(&T, &T) -> bool) {
    if best.len() >= limit && best.last().is_none_or(|last| !before(&item, last)) {
        return;
    }
    let index = best.partition_point(|existing| !before(&item, existing));
    best.insert(index, item);
    best.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_are_the_first_in_sorted_order(all in proptest::collection::vec((0u8..9, 0u8..9), 0..40), limit in 0usize..12) {
            let mut best = Vec::new();
            for item in &all {
                keep(&mut best, limit, *item, |item, kept| item.0 < kept.0);
            }
            let mut sorted = all;
            sorted.sort_by_key(|item| item.0);
            sorted.truncate(limit);
            prop_assert_eq!(best, sorted);
        }
    }
}
