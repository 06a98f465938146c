//! A hash that every version of the widget computes alike: tabs with different versions compare what they have hashed.

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// A byte that no text has, because UTF-8 does not use it.
const END: u8 = 0xff;

/// A hash of texts and numbers: FNV-1a, with its bits mixed at the end. It keeps no secrets.
#[derive(Clone, Copy, Debug)]
pub struct StableHash(u64);

impl StableHash {
    /// The hash of nothing. Hashes with different seeds have nothing in common.
    pub fn new(seed: u64) -> StableHash {
        StableHash(BASIS).number(seed)
    }

    /// Adds a number.
    pub fn number(self, number: u64) -> StableHash {
        number.to_le_bytes().into_iter().fold(self, StableHash::byte)
    }

    /// Adds a text. What follows cannot be taken for a part of it.
    pub fn text(self, text: &str) -> StableHash {
        text.bytes().fold(self, StableHash::byte).byte(END)
    }

    /// Adds texts. What follows cannot be taken for one of them.
    pub fn texts(self, texts: &[String]) -> StableHash {
        texts.iter().fold(self.number(texts.len() as u64), |hash, text| hash.text(text))
    }

    /// The hash, in which every bit depends on every byte.
    pub fn finish(self) -> u64 {
        let StableHash(mut bits) = self;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn byte(self, byte: u8) -> StableHash {
        StableHash((self.0 ^ u64::from(byte)).wrapping_mul(PRIME))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_same_in_every_version() {
        assert_eq!(StableHash::new(0).finish(), 0x813f_0174_a236_7c13);
        let hash = StableHash::new(1).number(1_800_000_000_000).text("It broke").texts(&["a".into(), "ü".into()]);
        assert_eq!(hash.finish(), 0x2482_e507_db3b_2ee7);
    }

    #[test]
    fn where_a_text_ends_matters() {
        let hash = |texts: &[&str]| texts.iter().fold(StableHash::new(0), |hash, text| hash.text(text)).finish();
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["", "a"]), hash(&["a", ""]));
        let lists = |one: &[&str], other: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
            StableHash::new(0).texts(&owned(one)).texts(&owned(other)).finish()
        };
        assert_ne!(lists(&["a", "b"], &[]), lists(&["a"], &["b"]));
    }
}
