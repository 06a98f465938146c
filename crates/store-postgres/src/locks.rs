//! Locks on names that need not have a row, such as the mailbox of a quota.

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, query};

use super::error::store_error;
use deskbell_core::ports::StoreError;

/// Locks names of a kind until the transaction ends. All transactions lock in the same order, so several names are locked by one call.
pub async fn lock_names<'a>(
    write: &mut PgConnection,
    names: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), StoreError> {
    let mut keys: Vec<i64> = names.into_iter().map(|(kind, name)| key_of(kind, name)).collect();
    keys.sort_unstable();
    keys.dedup();
    // A scan of an array returns its elements in order.
    let lock = query("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key").bind(keys);
    lock.execute(write).await.map_err(store_error)?;
    Ok(())
}

fn key_of(kind: &str, name: &[u8]) -> i64 {
    let mut digest = Sha256::new();
    digest.update(kind);
    digest.update([0]);
    digest.update(name);
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(digest.finalize());
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
