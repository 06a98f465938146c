//! Asks the store about what gateways share, or leaves it alone for a while after it has not answered ([`Sharing`]). Meanwhile the gateway decides
//! alone.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::gateway_count::GatewayCount;
use crate::ports::StoreError;
use crate::rules::sharing::{Sharing, SharingChange};

/// Asks about one subject.
#[derive(Debug)]
pub struct SharedAnswers {
    subject: &'static str,
    time_limit: Duration,
    gateways: GatewayCount,
    sharing: Mutex<Sharing>,
}

impl SharedAnswers {
    /// An answer may take `time_limit`. After the first failure the store is left alone for `first_pause`. The log names the subject.
    pub fn new(
        subject: &'static str,
        time_limit: Duration,
        first_pause: Duration,
        gateways: GatewayCount,
    ) -> SharedAnswers {
        SharedAnswers { subject, time_limit, gateways, sharing: Mutex::new(Sharing::new(first_pause)) }
    }

    /// Whether the store is left alone now.
    pub fn is_paused(&self) -> bool {
        self.sharing().is_paused(Instant::now().into_std())
    }

    /// How many gateways share, this one included, as far as is known.
    pub fn gateways(&self) -> u32 {
        self.gateways.get()
    }

    /// The answer of the store, which is asked only if it is not left alone now; none if there is none in time.
    pub async fn ask<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
        if self.is_paused() {
            return None;
        }
        let answer = timeout(self.time_limit, answer).await.unwrap_or(Err(StoreError::Busy));
        let (mut sharing, now) = (self.sharing(), Instant::now().into_std());
        let change = if answer.is_ok() { sharing.note_answer(now) } else { sharing.note_failure(now) };
        match (change, answer.as_ref().err()) {
            (Some(SharingChange::Stopped), Some(error)) => tracing::warn!(%error, "{} not shared", self.subject),
            (Some(SharingChange::Resumed), _) => tracing::info!("{} shared again", self.subject),
            _ => {}
        }
        answer.ok()
    }

    fn sharing(&self) -> MutexGuard<'_, Sharing> {
        self.sharing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
