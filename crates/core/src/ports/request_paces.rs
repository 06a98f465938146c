//! The port for the pace of requests to an account elsewhere that several gateways use.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;

/// The paces that all gateways on a store share.
#[async_trait]
pub trait RequestPaces: fmt::Debug + Send + Sync {
    /// Changes the pace of an account by [`crate::rules::request_pace`], one gateway after the other. The inner error is the time after which the
    /// request may be sent. An account that nobody has used yet starts with the default pace.
    async fn change_pace(&self, account: &str, change: PaceChange) -> Result<Result<(), Duration>, StoreError>;
}

/// What happens to a pace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceChange {
    /// A request is to be sent. If it has to wait, its turn is reserved, so that requests of other gateways come after it, and it is sent with
    /// [`PaceChange::TakeReserved`].
    Take,
    /// The request whose turn was reserved is to be sent, because its time has come. Only a pause still holds it up.
    TakeReserved,
    /// An optional look-up of this many requests is to be sent, if they are spare.
    TakeSpare(u32),
    /// This many requests were taken and not sent.
    GiveBack(u32),
    /// The account reports what it allows per minute.
    SetLimit(u32),
    /// The account has refused a request, and demands a pause.
    Pause(Duration),
}
