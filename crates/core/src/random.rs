//! Randomness, from the operating system.

/// The operating system has none to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random number generator failed")]
pub struct NoRandomness;

/// Random bytes, fit for secrets.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A number, all of whose bits are random.
pub fn number() -> Result<u64, NoRandomness> {
    bytes().map(u64::from_ne_bytes)
}

/// Any byte, or one in the middle where the system has none to give. For jitter, not for secrets.
pub fn jitter() -> u8 {
    bytes().map_or(u8::MAX / 2, |[byte]| byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_varies() {
        let (mut any, mut all) = (0, u64::MAX);
        // A bit that is the same 200 times is no accident.
        for _ in 0..200 {
            let number = number().unwrap();
            (any, all) = (any | number, all & number);
        }
        assert_eq!((any, all), (u64::MAX, 0));
        assert_ne!(bytes::<32>().unwrap(), bytes::<32>().unwrap());
    }
}
