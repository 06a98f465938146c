//! References that people use for tickets, such as `DB-4K7Q9`.

/// Crockford's base 32: without I, L, O and U, so that references survive being read aloud or copied by hand.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The fewest characters after the prefix: 33 million references. The longest form has a million million.
pub const LENGTH_MIN: usize = 5;
/// The most characters after the prefix.
pub const LENGTH_MAX: usize = 8;

/// The reference for a random number, with `length` characters after the prefix; each takes five bits.
pub fn from_random(random: u64, length: usize) -> String {
    let mut reference = String::from("DB-");
    for position in (0..length.clamp(LENGTH_MIN, LENGTH_MAX)).rev() {
        let digit = (random >> (5 * position)) & 31;
        reference.push(ALPHABET.get(digit as usize).copied().unwrap_or(b'0') as char);
    }
    reference
}

/// Parses a reference as people write it: in any case, with a hyphen after `DB` or a space if a digit follows, `O` for zero, `I` or `L` for
/// one. Without the prefix it is a word like any other.
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let body = text.strip_prefix("DB")?;
    let hyphenated = body.strip_prefix(['-', '\u{2010}', '\u{2011}', '\u{2013}']);
    // "db export" is two words.
    let spaced = || body.strip_prefix(' ').filter(|body| body.contains(|c: char| c.is_ascii_digit()));
    let digits: Option<String> = hyphenated
        .or_else(spaced)?
        .trim_start()
        .chars()
        .map(|c| match c {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => Some(c),
            _ => None,
        })
        .collect();
    digits.filter(|digits| (LENGTH_MIN..=LENGTH_MAX).contains(&digits.len())).map(|digits| format!("DB-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn references_are_parsed_in_common_spellings() {
        for (text, reference) in [
            ("db-4k7q9", "DB-4K7Q9"),
            (" DB 4K7Q9 ", "DB-4K7Q9"),
            ("Db-  4k7q9", "DB-4K7Q9"),
            ("DB‑4K7Q9", "DB-4K7Q9"),
            ("DB-OIL00", "DB-01100"),
            ("DB-4K7Q9ABC", "DB-4K7Q9ABC"),
        ] {
            assert_eq!(parse(text).as_deref(), Some(reference), "{text}");
        }
    }

    #[test]
    fn words_are_not_references() {
        for text in
            ["login", "4K7Q9", "DBEAVER", "db4k7q9", "DB-4K7Q", "DB-4K7QU", "DB-4K7Q9ABCD", "db export", "", "DB-"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn references_round_trip(random: u64, length in LENGTH_MIN..=LENGTH_MAX) {
            let reference = from_random(random, length);
            prop_assert_eq!(reference.len(), 3 + length);
            prop_assert_eq!(parse(&reference), Some(reference));
        }
    }
}
