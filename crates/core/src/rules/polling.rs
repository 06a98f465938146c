//! Which tickets a destination is asked for first, and after what.

use crate::ports::What;

/// How many of so many tickets that are polled together are those that have waited for longest, so that none waits for ever. The others are those that
/// have changed last, so that a bulk change keeps no new reply waiting.
pub fn longest_waiting(limit: u32) -> u32 {
    limit.div_ceil(5)
}

/// Whether a ticket is polled right after a delivery about it: nobody has replied yet to one that has just come.
pub fn is_polled_after(delivered: What) -> bool {
    delivered != What::Ticket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_five_and_always_one_has_waited_for_longest() {
        assert_eq!([1, 5, 6, 50].map(longest_waiting), [1, 1, 2, 10]);
    }
}
