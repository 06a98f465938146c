//! Ids, revisions and jitter.

use domain::desk::ids::Random;

use crate::browser::random::bytes;

/// The browser's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeviceRandom;

impl Random for DeviceRandom {
    fn id(&mut self) -> String {
        let digits = bytes::<16>().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }

    fn number(&mut self) -> u64 {
        u64::from_le_bytes(bytes()) >> 11
    }
}
