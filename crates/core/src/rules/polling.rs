//! Which tickets are polled first, and after which deliveries.

use crate::ports::DeliveryKind;

/// How many of `limit` polls go to the tickets that have waited longest, so that none waits for ever. The rest go to those that changed last,
/// so that a bulk change does not delay new replies.
pub fn longest_waiting(limit: u32) -> u32 {
    limit.div_ceil(5)
}

/// Whether a ticket is polled right after a delivery. A ticket that was just created has no reply yet.
pub fn is_polled_after(delivered: DeliveryKind) -> bool {
    delivered != DeliveryKind::Ticket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_each_poll_but_at_least_one_is_for_the_longest_waiting() {
        assert_eq!([1, 5, 6, 50].map(longest_waiting), [1, 1, 2, 10]);
    }
}
