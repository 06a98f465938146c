//! References: the names that tickets have among people, such as `DB-4K7Q9`.

/// Crockford's base 32: no I, L, O or U, so nothing that is read aloud or copied by hand is mistaken.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 5;

/// The reference of a random number; only its lowest 25 bits count.
pub fn from_random(random: u32) -> String {
    let mut reference = String::from("DB-");
    for place in (0..LENGTH).rev() {
        let digit = (random >> (5 * place)) & 31;
        reference.push(ALPHABET.get(digit as usize).copied().unwrap_or(b'0') as char);
    }
    reference
}

/// Reads a reference as people write it: any case, with or without the prefix, `O` for zero, `I` or `L` for one.
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let body = text.strip_prefix("DB-").or_else(|| text.strip_prefix("DB")).unwrap_or(&text);
    let digits: Option<String> = body
        .chars()
        .map(|c| match c {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => Some(c),
            _ => None,
        })
        .collect();
    digits.filter(|digits| digits.len() == LENGTH).map(|digits| format!("DB-{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_reference_is_read_as_people_write_it() {
        assert_eq!(parse("db-4k7q9"), Some("DB-4K7Q9".into()));
        assert_eq!(parse(" 4K7Q9 "), Some("DB-4K7Q9".into()));
        assert_eq!(parse("DB-OIL00"), Some("DB-01100".into()));
        assert_eq!(parse("DB-4K7Q"), None);
        assert_eq!(parse("DB-4K7QU"), None);
    }

    proptest! {
        #[test]
        fn every_reference_is_read_back_as_itself(random: u32) {
            let reference = from_random(random);
            prop_assert_eq!(parse(&reference), Some(reference));
        }
    }
}
