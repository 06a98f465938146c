//! Draws the references of tickets.

use crate::ids::Reference;
use crate::random;
use domain::reference;

/// How many references are drawn at most. With a million tickets, three percent of the shortest are taken.
pub const DRAWS: usize = 20;
/// How many taken draws of one length make the reference longer.
const DRAWS_A_LENGTH: usize = 5;

/// Draws a reference; the more draws were taken, the longer.
pub fn draw(drawn: usize) -> Reference {
    let length = reference::LENGTH_MIN + drawn / DRAWS_A_LENGTH;
    // Where the system has no randomness they are all the same, and all but the first are refused as taken.
    Reference::new(reference::from_random(random::number().unwrap_or_default(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_grow_when_the_short_ones_are_taken() {
        let lengths: Vec<usize> = (0..=DRAWS).map(|drawn| draw(drawn).as_str().len() - 3).collect();
        assert_eq!((lengths[0], lengths[4], lengths[5], lengths[DRAWS]), (5, 5, 6, reference::LENGTH_MAX));
    }
}
