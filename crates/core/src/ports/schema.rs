//! The schema of a database: its migrations, compared with those of a program.

use std::collections::BTreeSet;

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Migration {
    /// Its number. Later ones have greater numbers.
    pub number: i64,
    /// What it is about, in a few words.
    pub name: String,
}

/// The migrations of a database, compared with those that this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaStatus {
    /// Those that it has, in order.
    pub applied: Vec<Migration>,
    /// Those that it does not have, in order.
    pub pending: Vec<Migration>,
    /// Those that it has from a newer program, in order.
    pub newer: Vec<Migration>,
}

impl SchemaStatus {
    /// Compares those that a program knows with those that a database has.
    pub fn compare(known: &[Migration], found: Vec<Migration>) -> SchemaStatus {
        let known_numbers: BTreeSet<i64> = known.iter().map(|migration| migration.number).collect();
        let (applied, newer): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|migration| known_numbers.contains(&migration.number));
        let applied_numbers: BTreeSet<i64> = applied.iter().map(|migration| migration.number).collect();
        let pending = known.iter().filter(|migration| !applied_numbers.contains(&migration.number)).cloned().collect();
        SchemaStatus { applied, pending, newer }
    }

    /// Whether the database has all migrations of this program.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_and_newer_migrations_are_distinguished() {
        let migration = |number: i64| Migration { number, name: number.to_string() };
        let status = SchemaStatus::compare(&[1, 2, 3].map(migration), [1, 3, 4].map(migration).to_vec());
        assert_eq!(status.applied, [1, 3].map(migration));
        assert_eq!(status.pending, [migration(2)]);
        assert_eq!(status.newer, [migration(4)]);
    }
}
