//! Parses mails on a blocking thread, because parsing takes long enough to hold up a thread of the runtime.

use tokio::sync::Semaphore;

/// The work panicked; the log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task failed")]
pub struct BlockingError;

/// How many mails are parsed at the same time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Runs work on a blocking thread.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BlockingError> {
    let permit = AT_ONCE.acquire().await.map_err(|_| BlockingError)?;
    let permitted = move || {
        let _permit = permit;
        work()
    };
    tokio::task::spawn_blocking(permitted).await.map_err(|error| {
        tracing::error!(%error, "parsing a mail failed");
        BlockingError
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parsing_does_not_block_and_a_panic_ends_only_one_mail() {
        let (sender, receiver) = std::sync::mpsc::channel();
        // On a single thread, this would be a deadlock.
        let (read, ()) = tokio::join!(blocking(move || receiver.recv()), async move { sender.send(7).unwrap() });
        assert_eq!(read.unwrap(), Ok(7));
        let failed = blocking(|| panic!("a mail that cannot be read")).await;
        assert_eq!(failed, Err::<(), _>(BlockingError));
    }
}
