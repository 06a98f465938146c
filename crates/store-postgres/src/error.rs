//! Maps errors of PostgreSQL to errors of a store.

use std::io;

use sqlx::Error;
use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;

use deskbell_core::ports::StoreError;

// SQLSTATE codes (postgresql.org/docs/current/errcodes-appendix.html).
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const TOO_MANY_CONNECTIONS: &str = "53300";
const DISK_FULL: &str = "53100";
/// The server ended a transaction that was idle for too long.
const TRANSACTION_ENDED: &str = "25P03";
/// The server was a primary and is a replica now.
const READ_ONLY: &str = "25006";
/// Another connection has prepared a statement of this name, or the statement is unknown: a pooler has mixed them up.
const DUPLICATE_STATEMENT: &str = "42P05";
const UNKNOWN_STATEMENT: &str = "26000";
const POOLER_ADVICE: &str = "a pooler in transaction mode has to keep prepared statements apart: \
                             use PgBouncer 1.21 or newer with max_prepared_statements above 0";
const NO_PRIVILEGE: &str = "42501";
/// The classes of errors that mean a lost connection or a server that stops or starts, and a statement that took too long (57014).
const CONNECTION_CLASSES: [&str; 2] = ["08", "57"];
/// The classes of errors that concern a value or a constraint: data exceptions, violated constraints, and what is too long for an index.
const ROW_CLASSES: [&str; 3] = ["22", "23", "54"];

/// The store error for an error of PostgreSQL.
pub fn store_error(error: Error) -> StoreError {
    match &error {
        // The transaction was not committed: COMMIT has an error of its own. Pools are closed when the gateway ends.
        Error::PoolTimedOut | Error::PoolClosed | Error::Io(_) => StoreError::Busy,
        Error::ColumnDecode { .. } | Error::Decode(_) => StoreError::Row(error.to_string()),
        Error::Database(reported) => match reported.code().as_deref() {
            Some(
                SERIALIZATION_FAILURE
                | DEADLOCK
                | LOCK_NOT_AVAILABLE
                | TOO_MANY_CONNECTIONS
                | TRANSACTION_ENDED
                | READ_ONLY,
            ) => StoreError::Busy,
            Some(code) if is_in(&CONNECTION_CLASSES, code) => StoreError::Busy,
            Some(DISK_FULL) => StoreError::Full,
            Some(DUPLICATE_STATEMENT | UNKNOWN_STATEMENT) => StoreError::Database(format!("{error}; {POOLER_ADVICE}")),
            Some(code) if is_in(&ROW_CLASSES, code) => StoreError::Row(error.to_string()),
            _ => StoreError::Database(error.to_string()),
        },
        _ => StoreError::Database(error.to_string()),
    }
}

/// The store error for a failed COMMIT. After a lost connection nobody knows whether the transaction was committed, so it must not be repeated.
pub fn commit_error(error: Error) -> StoreError {
    match &error {
        // The server has not committed, and says why, such as a full disk.
        Error::Database(reported) if !is_in(&CONNECTION_CLASSES, reported.code().as_deref().unwrap_or_default()) => {
            store_error(error)
        }
        _ => StoreError::CommitUnknown(error.to_string()),
    }
}

/// The store error for failed migrations.
pub fn migration_error(error: &MigrateError, target: &PgConnectOptions) -> StoreError {
    let (MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _)) = error else {
        return StoreError::Database(error.to_string());
    };
    match cause.as_database_error() {
        Some(reported) if reported.code().as_deref() == Some(NO_PRIVILEGE) => {
            let (user, database) = (target.get_username(), target.get_database().unwrap_or(target.get_username()));
            StoreError::Database(format!(
                "the tables cannot be created in {}: {}; the user has to own the database: ALTER DATABASE \"{database}\" OWNER TO \"{user}\"",
                name_of(target),
                reported.message()
            ))
        }
        _ => StoreError::Database(error.to_string()),
    }
}

/// The store error for a connection that was not made. [`StoreError::Unreachable`] if that may change by itself.
pub fn connect_error(target: &PgConnectOptions, error: &Error) -> StoreError {
    let database = name_of(target);
    let reason = match error {
        Error::Io(error) => system_reason(error),
        Error::PoolTimedOut => "no answer in time".into(),
        Error::Database(reported) if is_transient(reported.code().as_deref().unwrap_or_default()) => {
            reported.message().to_string()
        }
        _ => {
            let is_pooler = error.to_string().contains("unsupported startup parameter");
            let hint = match is_pooler {
                true => "; this is a pooler: set [postgres] listen_url to the address of the server itself",
                false => "",
            };
            return StoreError::Database(format!("cannot connect to {database}: {error}{hint}"));
        }
    };
    StoreError::Unreachable { database, reason }
}

/// An error of the system within a sentence, such as "connection refused".
fn system_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// The name of a database in messages, without its password.
pub fn name_of(target: &PgConnectOptions) -> String {
    let database = target.get_database().unwrap_or_else(|| target.get_username());
    match target.get_socket() {
        Some(folder) => format!("{database} in {}", folder.display()),
        None => format!("{database} on {}:{}", target.get_host(), target.get_port()),
    }
}

/// Whether a server that refuses a connection with this code may accept one later.
fn is_transient(code: &str) -> bool {
    code == TOO_MANY_CONNECTIONS || is_in(&CONNECTION_CLASSES, code)
}

fn is_in(classes: &[&str], code: &str) -> bool {
    classes.contains(&code.get(..2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, PgConnection};

    use super::*;
    use crate::{PostgresStore, StoreOptions};

    #[test]
    fn a_connection_that_is_lost_during_a_commit_is_no_reason_to_repeat_the_transaction() {
        let lost = || Error::Io(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(commit_error(lost()), StoreError::CommitUnknown(_)));
        assert!(matches!(store_error(lost()), StoreError::Busy));
    }

    #[tokio::test]
    async fn a_user_who_cannot_create_tables_is_told_to_own_the_database() {
        let url = test_postgres::database();
        let mut owner = PgConnection::connect(&url).await.unwrap();
        let weaken = "REVOKE CREATE ON SCHEMA public FROM PUBLIC;
            DO $$ BEGIN CREATE ROLE weak LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$";
        sqlx::raw_sql(weaken).execute(&mut owner).await.unwrap();
        let weak = url.replace("user=postgres", "user=weak");
        let refused = PostgresStore::open(&weak, StoreOptions::default()).await.map(drop);
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("permission denied for schema public; the user has to own the database"), "{error}");
        assert!(error.contains("ALTER DATABASE \"test_") && error.ends_with("OWNER TO \"weak\""), "{error}");
    }

    #[tokio::test]
    async fn statements_that_a_pooler_has_mixed_up_name_the_pooler_that_is_needed() {
        let mut connection = PgConnection::connect(&test_postgres::database()).await.unwrap();
        sqlx::raw_sql("PREPARE sqlx_s_1 AS SELECT 1").execute(&mut connection).await.unwrap();
        let failed = sqlx::query("SELECT 1").execute(&mut connection).await.map(drop);
        let error = store_error(failed.unwrap_err()).to_string();
        assert!(error.contains("already exists") && error.contains("PgBouncer 1.21 or newer"), "{error}");
    }
}
