//! A compact encoding of a question's words, since millions of them are in memory.
//!
//! For each word the difference of its number to the one before, seven bits per byte; then a byte whose lower half says in which of the four
//! fields it occurs; and, unless it occurs once in each of these, a byte with its count for each field.

use super::build::Occurrence;

/// The flag for a word that occurs once in each of its fields.
const ONCE: u8 = 1 << 4;

/// Packs words with ascending numbers.
pub fn pack(words: &[Occurrence]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(words.len() * 4);
    let mut before = 0;
    for Occurrence { word, counts } in words {
        let mut distance = word - before;
        before = *word;
        while distance >= 1 << 7 {
            bytes.push(distance as u8 | 1 << 7);
            distance >>= 7;
        }
        bytes.push(distance as u8);
        let fields = counts.iter().rev().fold(0, |fields, count| fields << 1 | u8::from(*count > 0));
        let is_once = counts.iter().all(|count| *count <= 1);
        bytes.push(if is_once { fields | ONCE } else { fields });
        if !is_once {
            bytes.extend(counts.iter().filter(|count| **count > 0));
        }
    }
    bytes.into()
}

/// Unpacks the words.
pub fn unpack(bytes: &[u8]) -> impl Iterator<Item = Occurrence> {
    let mut bytes = bytes.iter().copied();
    let mut word = 0;
    std::iter::from_fn(move || {
        let (mut distance, mut shift) = (0, 0);
        loop {
            let byte = bytes.next()?;
            distance |= u32::from(byte & 0x7f) << shift;
            if byte < 1 << 7 {
                break;
            }
            shift += 7;
        }
        word += distance;
        let fields = bytes.next()?;
        let mut counts = [0; 4];
        for (field, count) in counts.iter_mut().enumerate() {
            if fields & 1 << field != 0 {
                *count = if fields & ONCE != 0 { 1 } else { bytes.next()? };
            }
        }
        Some(Occurrence { word, counts })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn packed_words_round_trip(words: std::collections::BTreeMap<u32, [u8; 4]>) {
            let words: Vec<Occurrence> =
                words.into_iter().map(|(word, counts)| Occurrence { word, counts }).collect();
            prop_assert_eq!(unpack(&pack(&words)).collect::<Vec<_>>(), words);
        }
    }
}
