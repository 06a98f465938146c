//! Where a file is: the same path below a folder and below the prefix of a bucket, so that either can be copied to the other.

use uuid::Uuid;

use deskbell_core::timestamp::Timestamp;

/// The path of a file: below the day on which it was created if its name has a time (UUID version 7), and otherwise below the first two digits of
/// its name.
pub fn place(file: &str) -> String {
    match created_at(file) {
        Some(time) => format!("{}/{file}", time.day()),
        None => format!("{}/{file}", file.get(..2).unwrap_or("00")),
    }
}

/// The time in a name.
pub fn created_at(file: &str) -> Option<Timestamp> {
    let (seconds, _) = Uuid::try_parse(file).ok().filter(|id| id.get_version_num() == 7)?.get_timestamp()?.to_unix();
    Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_below_their_day_or_the_first_digits_of_their_name() {
        assert_eq!(place("0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9"), "0a/0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9");
        assert_eq!(place("019af0f4-6c00-7000-8000-000000000000"), "2025-12-05/019af0f4-6c00-7000-8000-000000000000");
        assert_eq!(place("x"), "00/x");
    }
}
