//! The port for a service's status page.

use std::fmt;

use async_trait::async_trait;

use domain::incident::Incident;

/// A status page.
#[async_trait]
pub trait StatusPage: fmt::Debug + Send + Sync {
    /// Its address, for the log.
    fn address(&self) -> String;

    /// The incidents and maintenance that are open now.
    async fn open_incidents(&self) -> Result<Vec<Incident>, StatusPageError>;
}

/// The status page cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StatusPageError(pub String);
