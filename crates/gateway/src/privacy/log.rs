//! Emptying the write-ahead log, in which erased pages stay until then.

use std::time::Duration;

use crate::store::{Erasure, StoreError};

/// How often, and with which pauses, the log is tried to be emptied while somebody reads it.
const LOG_TRIES: u32 = 25;
const LOG_PAUSE: Duration = Duration::from_millis(200);

/// Empties the write-ahead log as soon as nobody reads it; `false` where somebody does all the time.
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
