//! Reading a mail takes long enough to hold up what else a thread of the runtime has to do, so that it is done beside.

use tokio::sync::Semaphore;

use crate::gateway::problem::Refusal;

/// How many mails are read at the same time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Does work on a thread of its own.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let permit = AT_ONCE.acquire().await.map_err(|_| Refusal::Internal)?;
    let permitted = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(permitted).await.map_err(|error| {
        tracing::error!(%error, "reading a mail failed");
        Refusal::Internal
    })
}
