//! A digest of all rows of a table, whatever their order.

use sha2::{Digest, Sha256};

use crate::ports::Value;

/// The number of rows, and the sum of their SHA-256. Tables with the same digest have the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableDigest {
    /// The number of rows.
    pub rows: u64,
    sum: [u128; 2],
}

impl TableDigest {
    /// Adds a row.
    pub fn add(&mut self, row: impl IntoIterator<Item = Value>) {
        let mut hash = Sha256::new();
        for value in row {
            add_value(&mut hash, &value);
        }
        let hash: [u8; 32] = hash.finalize().into();
        self.rows += 1;
        for (sum, half) in self.sum.iter_mut().zip(hash.chunks_exact(16)) {
            let half: [u8; 16] = half.try_into().unwrap_or_default();
            *sum = sum.wrapping_add(u128::from_be_bytes(half));
        }
    }
}

/// Each value begins with its kind, and those of different lengths with their length, so that different rows are different bytes.
fn add_value(hash: &mut Sha256, value: &Value) {
    let mut add = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        Value::None => add(0, &[]),
        Value::Integer(number) => add(1, &number.to_be_bytes()),
        Value::Boolean(is_true) => add(2, &[u8::from(*is_true)]),
        Value::Text(text) => add(3, text.as_bytes()),
        Value::Bytes(bytes) => add(4, bytes),
        Value::Time(time) => add(5, &time.as_milliseconds().to_be_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    fn digest(rows: &[&[Value]]) -> TableDigest {
        let mut digest = TableDigest::default();
        rows.iter().for_each(|row| digest.add(row.to_vec()));
        digest
    }

    #[test]
    fn the_order_of_rows_is_irrelevant_and_everything_else_is_not() {
        let [a, b, c] = ["a", "b", "c"].map(|text| [Value::Text(text.into()), Value::Integer(1)]);
        assert_eq!(digest(&[&a, &b, &c]), digest(&[&c, &a, &b]));
        for other in [&[&a[..], &b][..], &[&a, &b, &b], &[&a, &b, &c, &c], &[&a, &a, &c]] {
            assert_ne!(digest(&[&a, &b, &c]), digest(other));
        }
    }

    #[test]
    fn rows_of_different_values_differ() {
        let text = |text: &str| Value::Text(text.into());
        let rows: [&[Value]; 10] = [
            &[text("ab"), text("c")],
            &[text("a"), text("bc")],
            &[text("abc"), Value::None],
            &[text("abc"), text("")],
            &[Value::Bytes(b"abc".to_vec()), text("")],
            &[Value::Integer(1), Value::None],
            &[Value::Integer(0), Value::None],
            &[Value::Boolean(true), Value::None],
            &[Value::Time(Timestamp::from_milliseconds(1)), Value::None],
            &[Value::Time(Timestamp::from_milliseconds(2)), Value::None],
        ];
        let digests = rows.map(|row| digest(&[row]));
        for (index, one) in digests.iter().enumerate() {
            assert!(digests.iter().skip(index + 1).all(|other| other != one), "{:?}", rows[index]);
        }
    }
}
