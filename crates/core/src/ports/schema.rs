//! The schema of a database: its migrations, compared with those of a program.

use std::collections::BTreeSet;

use super::error::StoreError;

/// A migration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Migration {
    /// Its number. Later ones have greater numbers.
    pub number: i64,
    /// What it is about, in a few words.
    pub name: String,
}

/// What opening a database does about the migrations that it lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PendingMigrations {
    /// They are applied.
    #[default]
    Apply,
    /// The database is refused, and stays as it is.
    Refuse,
    /// The database is used as it is. What later migrations bring cannot be read.
    Ignore,
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

    /// Refuses a database, with its name in the error, if it lacks migrations.
    pub fn require_current(&self, database: String) -> Result<(), StoreError> {
        let missing = match self.pending.len() {
            0 => return Ok(()),
            1 => "1 migration".into(),
            count => format!("{count} migrations"),
        };
        Err(StoreError::Outdated { database, missing })
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

    #[test]
    fn a_database_that_lacks_migrations_is_refused_with_what_to_do_and_a_newer_one_is_not() {
        let migration = |number: i64| Migration { number, name: number.to_string() };
        let status = |found: &[i64]| {
            SchemaStatus::compare(&[1, 2, 3].map(migration), found.iter().copied().map(migration).collect())
        };
        for current in [&[1, 2, 3][..], &[1, 2, 3, 4]] {
            assert!(status(current).require_current("x.db".into()).is_ok());
        }
        for (found, missing) in [(&[1, 2, 4][..], "lacks 1 migration; run `deskbell migrate`"), (&[], "3 migrations")] {
            let refused = status(found).require_current("x.db".into()).unwrap_err().to_string();
            assert!(refused.starts_with("x.db: ") && refused.contains(missing), "{refused}");
        }
    }
}
