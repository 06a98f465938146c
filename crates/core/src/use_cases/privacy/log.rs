//! Empties the write-ahead log, which contains erased pages until then.

use std::time::Duration;

use crate::ports::{Erasure, StoreError};

/// How many times emptying the log is attempted while it is being read, and the pauses between attempts.
const LOG_TRIES: u32 = 25;
const LOG_PAUSE: Duration = Duration::from_millis(200);

/// Empties the write-ahead log as soon as nobody reads it; `false` if it is being read all the time.
pub async fn empty_log(store: &dyn Erasure) -> Result<bool, StoreError> {
    for _ in 0..LOG_TRIES {
        match store.truncate_log().await {
            Ok(true) => return Ok(true),
            Ok(false) | Err(StoreError::Busy) => tokio::time::sleep(LOG_PAUSE).await,
            Err(error) => return Err(error),
        }
    }
    tracing::warn!("erased pages stay in the write-ahead log until the next checkpoint");
    Ok(false)
}
